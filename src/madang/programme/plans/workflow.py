"""The table of a goal's states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.plans.models import Goal

OPERATOR = frozenset({Role.OPERATOR})


def _by_another(goal: Goal, actor: Actor, at: datetime) -> None:
    need_four_eyes(actor, goal.reported_by)


GOAL: Workflow[Goal] = Workflow(
    noun="goal",
    initial="planned",
    states=(
        State("planned", "계획", "planned"),
        State("reported", "보고", "reported"),
        State("reached", "달성", "reached", final=True),
    ),
    transitions=(
        Transition("report", ("planned",), "reported", "달성 보고", "Report", OPERATOR),
        Transition(
            "confirm", ("reported",), "reached", "달성 확인", "Confirm", OPERATOR, _by_another
        ),
        Transition("reject", ("reported",), "planned", "반려", "Reject", OPERATOR),
    ),
)
