"""The life of a receipt that was parked, as a table."""

from __future__ import annotations

from madang.metering.deposits.models import Receipt
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

RECEIPT: Workflow[Receipt] = Workflow(
    noun="receipt",
    initial="parked",
    states=(
        State("parked", "미확인", "Parked"),
        State("matched", "대사완료", "Matched"),
        State("returned", "반환", "Sent back", final=True),
    ),
    transitions=(
        Transition("match", ("parked",), "matched", "대사", "Match", OPERATOR),
        Transition("return", ("parked",), "returned", "반환", "Send back", OPERATOR),
        Transition(
            "rematch", ("matched",), "matched", "정정", "Move to another voucher", OPERATOR
        ),
    ),
)
