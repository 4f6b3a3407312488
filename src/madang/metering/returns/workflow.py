"""The life of a deposit's return, as a table."""

from __future__ import annotations

from datetime import datetime

from madang.metering.returns.models import DepositReturn
from madang.parties.actor import Actor, Role
from madang.parties.errors import FourEyes
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})


def need_other_person(row: DepositReturn, actor: Actor, at: datetime) -> None:
    """somebody other than who made it, and no platform"""
    if actor.is_system or actor.id == row.created_by:
        raise FourEyes


DEPOSIT_RETURN: Workflow[DepositReturn] = Workflow(
    noun="deposit_return",
    initial="created",
    states=(
        State("created", "생성", "Created"),
        State("approved", "승인", "Approved"),
        State("paid", "지급완료", "Paid", final=True),
        State("failed", "실패", "Failed", final=True),
    ),
    transitions=(
        Transition(
            "approve", ("created",), "approved", "승인", "Approve", OPERATOR, need_other_person
        ),
        Transition("pay", ("approved",), "paid", "지급확인", "The bank has paid", OPERATOR),
        Transition("fail", ("approved",), "failed", "지급실패", "Sent back", OPERATOR),
    ),
)
