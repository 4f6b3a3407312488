"""The execution check's table of states."""

from __future__ import annotations

from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow
from madang.programme.checks.models import ExecutionCheck

OPERATOR = frozenset({Role.OPERATOR})

CHECK: Workflow[ExecutionCheck] = Workflow(
    noun="check",
    initial="planned",
    states=(
        State("planned", "예정", "planned"),
        State("improve", "시정요구", "to be improved"),
        State("passed", "적합", "passed", final=True),
        State("failed", "부적합", "failed", final=True),
    ),
    transitions=(
        Transition("pass", ("planned", "improve"), "passed", "적합", "Pass", OPERATOR),
        Transition("improve", ("planned",), "improve", "시정요구", "Ask to improve", OPERATOR),
        Transition("fail", ("planned", "improve"), "failed", "부적합", "Fail", OPERATOR),
    ),
)
