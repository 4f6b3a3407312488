"""The life of an idle case, as a table: due process before cards go back."""

from __future__ import annotations

from madang.compute.findings.models import IdleCase
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})

IDLE: Workflow[IdleCase] = Workflow(
    noun="idle_case",
    initial="found",
    states=(
        State("found", "발견", "Found"),
        State("noticed", "1차 안내", "Noticed"),
        State("noticed_again", "2차 안내", "Noticed again"),
        State("objected", "이의제기", "Objected"),
        State("cleared", "해소", "In use again", final=True),
        State("upheld", "이의인정", "Objection upheld", final=True),
        State("reclaimed", "회수", "Reclaimed", final=True),
        State("lapsed", "이용권 종료", "Grant over", final=True),
    ),
    transitions=(
        Transition("notice", ("found",), "noticed", "1차 안내", "First notice"),
        Transition("notice_again", ("noticed",), "noticed_again", "2차 안내", "Second notice"),
        Transition("object", ("noticed", "noticed_again"), "objected", "이의제기", "Object",
                   BENEFICIARY),
        Transition(
            "clear", ("found", "noticed", "noticed_again"), "cleared", "해소", "In use again"
        ),
        Transition("uphold", ("objected",), "upheld", "이의인정", "Uphold", OPERATOR),
        Transition(
            "reclaim", ("noticed_again", "objected"), "reclaimed", "회수", "Reclaim", OPERATOR
        ),
        Transition("lapse", ("found", "noticed", "noticed_again", "objected"), "lapsed",
                   "이용권 종료", "End with the grant"),
    ),
)  # fmt: skip
