"""The appeal's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.review.appeals.models import Appeal
from madang.review.appeals.queries import appeal_panel, is_heard
from madang.review.errors import BelowQuorum
from madang.review.rules import rules_from

OPERATOR = frozenset({Role.OPERATOR})


def need_heard(row: Appeal, actor: Actor, at: datetime) -> None:
    """the appeal's panel has its quorum of reviews; where none was formed, another person
    than who found it admissible"""
    panel = appeal_panel(row)
    if panel is None:
        need_four_eyes(actor, row.judged_by)
    elif not is_heard(panel):
        raise BelowQuorum(quorum=rules_from(panel.rules).quorum, subject=str(row.subject_id))


APPEAL: Workflow[Appeal] = Workflow(
    noun="appeal",
    initial="filed",
    states=(
        State("filed", "접수", "filed"),
        State("admissible", "적법", "admissible"),
        State("inadmissible", "각하", "not admissible"),
        State("under_review", "심의중", "under review"),
        State("upheld", "인용", "upheld"),
        State("denied", "기각", "denied"),
        State("closed", "종결", "closed", final=True),
    ),
    transitions=(
        Transition("admit", ("filed",), "admissible", "적법 확인", "Admit", OPERATOR),
        Transition("refuse", ("filed",), "inadmissible", "각하", "Refuse to admit", OPERATOR),
        Transition(
            "hear", ("admissible",), "under_review", "심의 회부", "Bring to review", OPERATOR
        ),
        Transition(
            "uphold", ("under_review",), "upheld", "인용", "Uphold", OPERATOR, need_heard
        ),
        Transition("deny", ("under_review",), "denied", "기각", "Deny", OPERATOR, need_heard),
        Transition(
            "close",
            ("inadmissible", "upheld", "denied"),
            "closed",
            "종결",
            "Close",
            OPERATOR,
        ),
    ),
)
