"""The correction's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.corrections.models import Correction

OPERATOR = frozenset({Role.OPERATOR})


def need_other_person(row: Correction, actor: Actor, at: datetime) -> None:
    """somebody other than who proposed it"""
    need_four_eyes(actor, row.proposed_by)


CORRECTION: Workflow[Correction] = Workflow(
    noun="correction",
    initial="proposed",
    states=(
        State("proposed", "제안", "proposed"),
        State("booked", "정정", "booked", final=True),
        State("refused", "반려", "refused", final=True),
    ),
    transitions=(
        Transition(
            "book", ("proposed",), "booked", "정정", "Book", OPERATOR, need_other_person
        ),
        Transition("refuse", ("proposed",), "refused", "반려", "Refuse", OPERATOR),
    ),
)
