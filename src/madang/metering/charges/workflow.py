"""The life of a refund that was agreed after settlement, as a table."""

from __future__ import annotations

from datetime import datetime

from madang.metering.charges.models import SettledRefund
from madang.metering.charges.queries import open_proposal
from madang.parties.actor import Actor, Role
from madang.parties.errors import FourEyes
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})


def need_other_than_proposer(row: SettledRefund, actor: Actor, at: datetime) -> None:
    """somebody other than who proposed it, and no platform"""
    proposal = open_proposal(row)
    assert proposal is not None, "what is proposed has its proposal"
    if actor.is_system or actor.id == proposal.proposed_by:
        raise FourEyes


REFUND: Workflow[SettledRefund] = Workflow(
    noun="refund",
    initial="agreed",
    states=(
        State("agreed", "회수 전", "To be collected"),
        State("proposed", "결손 제안", "Write-off proposed"),
        State("collected", "회수완료", "Collected", final=True),
        State("written_off", "결손", "Written off"),
    ),
    transitions=(
        Transition(
            "propose", ("agreed",), "proposed", "결손 제안", "Propose to write it off", OPERATOR
        ),
        Transition("refuse", ("proposed",), "agreed", "결손 반려", "Not so", OPERATOR),
        Transition(
            "write_off",
            ("proposed",),
            "written_off",
            "결손 처분",
            "Write off",
            OPERATOR,
            need_other_than_proposer,
        ),
        Transition(
            "collect", ("agreed", "proposed"), "collected", "회수 완료", "All came in", OPERATOR
        ),
        Transition(
            "revive",
            ("written_off",),
            "agreed",
            "결손 취소",
            "The supplier pays after all",
            OPERATOR,
        ),
    ),
)
