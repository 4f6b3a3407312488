"""Chip tests: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from madang.testbed.submissions.workflow import APPEAL as TESTBED_APPEAL
from madang.testbed.submissions.workflow import SUBMISSION

LABELS: dict[str, Callable[[str, str], str]] = {
    "testbed_submission": SUBMISSION.label,
    "testbed_appeal": TESTBED_APPEAL.label,
}

OTHER_STATES: dict[str, dict[str, tuple[str, str]]] = {
    "submission_kind": {"report": ("보고서", "report"), "run": ("시험 의뢰", "ordered run")},
    "test_verdict": {
        "passed": ("통과", "passed"),
        "failed": ("불합격", "failed"),
        "simulated": ("모의 장치", "simulated device"),
    },
}
