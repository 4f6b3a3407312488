"""The life of a statement, as a table."""

from __future__ import annotations

from madang.metering.statements.models import Statement
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

EITHER_SIDE = frozenset({Role.OPERATOR, Role.SUPPLIER})

STATEMENT: Workflow[Statement] = Workflow(
    noun="statement",
    initial="frozen",
    states=(
        State("frozen", "확정대기", "Frozen"),
        State("disputed", "이의", "Disputed"),
        State("confirmed", "확정", "Confirmed"),
        State("paid", "지급완료", "Paid"),
    ),
    transitions=(
        Transition("dispute", ("frozen",), "disputed", "이의제기", "Dispute", EITHER_SIDE),
        Transition("settle_dispute", ("disputed",), "frozen", "이의종결", "Settle the dispute",
                   frozenset({Role.OPERATOR})),
        Transition("confirm", ("frozen",), "confirmed", "확정", "Confirm", EITHER_SIDE),
        Transition("pay", ("confirmed",), "paid", "지급완료", "Paid in full",
                   frozenset({Role.OPERATOR})),
        Transition("reopen", ("paid",), "confirmed", "지급 반송", "A payout came back",
                   frozenset({Role.OPERATOR})),
    ),
)  # fmt: skip
