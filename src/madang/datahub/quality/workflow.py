"""The life of a quality check, as a table."""

from __future__ import annotations

from madang.datahub.quality.models import QualityCheck
from madang.parties.actor import Role
from madang.parties.workflow import State, Transition, Workflow

RUNNERS = frozenset({Role.BUILDER, Role.OPERATOR})
OPERATOR = frozenset({Role.OPERATOR})
DONE = ("passed", "failed", "waived")

QUALITY: Workflow[QualityCheck] = Workflow(
    noun="quality_check",
    initial="queued",
    states=(
        State("queued", "대기", "Queued"),
        State("running", "검사중", "Running"),
        State("passed", "적합", "Passed"),
        State("failed", "부적합", "Failed"),
        State("waived", "조건부면제", "Waived"),
        State("rechecked", "재검사", "Checked again", final=True),
    ),
    transitions=(
        Transition("run", ("queued",), "running", "검사", "Run", RUNNERS),
        Transition("pass", ("running",), "passed", "적합", "Pass", RUNNERS),
        Transition("fail", ("running",), "failed", "부적합", "Fail", RUNNERS),
        Transition("waive", ("failed",), "waived", "면제", "Waive", OPERATOR),
        Transition("recheck", DONE, "rechecked", "재검사", "Check again", RUNNERS),
    ),
)
