"""The tranche's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.tranches.models import Tranche

OPERATOR = frozenset({Role.OPERATOR})

TRANCHE: Workflow[Tranche] = Workflow(
    noun="tranche",
    initial="planned",
    states=(
        State("planned", "예정", "planned"),
        State("released", "지급", "released", final=True),
        State("cancelled", "취소", "cancelled", final=True),
    ),
    transitions=(
        Transition("release", ("planned",), "released", "지급", "Release", OPERATOR),
        Transition("cancel", ("planned",), "cancelled", "취소", "Cancel", OPERATOR),
    ),
)
