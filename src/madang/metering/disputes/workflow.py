"""How a supplier's dispute ends, as a table."""

from __future__ import annotations

from datetime import datetime

from madang.metering.disputes.models import DisputeEnd
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})


def need_other_person(row: DisputeEnd, actor: Actor, at: datetime) -> None:
    """somebody other than who proposed it"""
    need_four_eyes(actor, row.proposed_by)


DISPUTE_END: Workflow[DisputeEnd] = Workflow(
    noun="dispute_end",
    initial="proposed",
    states=(
        State("proposed", "제안", "Proposed"),
        State("ended", "종결", "Ended", final=True),
        State("refused", "반려", "Refused", final=True),
    ),
    transitions=(
        Transition("end", ("proposed",), "ended", "종결", "End", OPERATOR, need_other_person),
        Transition("refuse", ("proposed",), "refused", "반려", "Refuse", OPERATOR),
    ),
)
