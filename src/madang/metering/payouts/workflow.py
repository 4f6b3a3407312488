"""The life of a payout, as a table."""

from __future__ import annotations

from datetime import datetime

from madang.metering.payouts.models import Payout
from madang.parties.actor import Actor, Role
from madang.parties.errors import FourEyes
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})


def _by_another(payout: Payout, actor: Actor, at: datetime) -> None:
    if actor.is_system or actor.id == payout.created_by:
        raise FourEyes


PAYOUT: Workflow[Payout] = Workflow(
    noun="payout",
    initial="created",
    states=(
        State("created", "생성", "Created"),
        State("approved", "승인", "Approved"),
        State("sent", "송금중", "Sent"),
        State("settled", "지급완료", "Settled"),
        State("failed", "실패", "Failed", final=True),
        State("held", "보류", "On hold"),
        State("withdrawn", "철회", "Withdrawn", final=True),
    ),
    transitions=(
        Transition("approve", ("created",), "approved", "승인", "Approve", OPERATOR,
                   _by_another),
        Transition("send", ("approved",), "sent", "송금", "Send", OPERATOR),
        Transition("settle", ("sent",), "settled", "지급확인", "Settle", OPERATOR),
        Transition("fail", ("sent",), "failed", "지급실패", "Fail", OPERATOR),
        Transition("bounce", ("settled",), "failed", "지급 반송", "It came back", OPERATOR),
        Transition("hold", ("created",), "held", "보류", "Put on hold", OPERATOR),
        Transition("release", ("held",), "created", "보류해제", "Release", OPERATOR),
        Transition("withdraw", ("created",), "withdrawn", "철회", "Withdraw", OPERATOR),
    ),
)  # fmt: skip
