"""The award's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.awards.models import Award

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})
SIGNERS = frozenset({Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER})

AWARD: Workflow[Award] = Workflow(
    noun="award",
    initial="offered",
    states=(
        State("offered", "선정통보", "offered"),
        State("agreed", "협약체결", "agreed"),
        State("issued", "발급", "issued", final=True),
        State("lapsed", "실효", "lapsed", final=True),
        State("declined", "포기", "declined", final=True),
    ),
    transitions=(
        Transition("agree", ("offered",), "agreed", "협약 체결", "Agree", SIGNERS),
        Transition("issue", ("agreed",), "issued", "발급", "Issue", OPERATOR),
        Transition("lapse", ("offered", "agreed"), "lapsed", "실효", "Let lapse", OPERATOR),
        Transition(
            "decline", ("offered", "agreed"), "declined", "포기", "Decline", BENEFICIARY
        ),
    ),
)
