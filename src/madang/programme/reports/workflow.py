"""The report's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.reports.models import Report

OPERATOR = frozenset({Role.OPERATOR})
BENEFICIARY = frozenset({Role.BENEFICIARY})

REPORT: Workflow[Report] = Workflow(
    noun="report",
    initial="due",
    states=(
        State("due", "제출대기", "due"),
        State("submitted", "제출", "handed in"),
        State("returned", "보완요청", "to be completed"),
        State("accepted", "승인", "accepted", final=True),
    ),
    transitions=(
        Transition("submit", ("due", "returned"), "submitted", "제출", "Hand in", BENEFICIARY),
        Transition("return", ("submitted",), "returned", "보완요청", "Return", OPERATOR),
        Transition("accept", ("submitted",), "accepted", "승인", "Accept", OPERATOR),
    ),
)
