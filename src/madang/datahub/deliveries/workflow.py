"""The life of a delivery, as a table."""

from __future__ import annotations

from madang.datahub.deliveries.models import Delivery
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

OPERATOR = frozenset({Role.OPERATOR})

DELIVERY: Workflow[Delivery] = Workflow(
    noun="delivery",
    initial="handed_in",
    states=(
        State("handed_in", "납품", "Handed in"),
        State("accepted", "인수", "Accepted", final=True),
        State("returned", "반려", "Returned", final=True),
    ),
    transitions=(
        Transition("accept", ("handed_in",), "accepted", "인수", "Accept", OPERATOR),
        Transition("return", ("handed_in",), "returned", "반려", "Return", OPERATOR),
    ),
)
