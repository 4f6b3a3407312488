"""The sanction's table of states. It expires by the clock alone."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.sanctions.models import Sanction
from madang.parties.workflow import State, Transition, Workflow


def need_other_person(row: Sanction, actor: Actor, at: datetime) -> None:
    """somebody other than who decided it"""
    need_four_eyes(actor, row.decided_by)


SANCTION: Workflow[Sanction] = Workflow(
    noun="sanction",
    initial="active",
    states=(
        State("active", "참여제한", "in force"),
        State("expired", "종료", "ended", final=True, derived=True),
        State("lifted", "해제", "lifted", final=True),
    ),
    transitions=(
        Transition("expire", ("active",), "expired", "종료", "its last day is over"),
        Transition(
            "lift",
            ("active",),
            "lifted",
            "해제",
            "Lift",
            frozenset({Role.OPERATOR}),
            need_other_person,
        ),
    ),
)
