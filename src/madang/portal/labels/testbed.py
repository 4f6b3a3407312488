"""Chip tests: the names people read."""

from __future__ import annotations

from collections.abc import Callable

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.testbed.submissions.workflow import APPEAL as TESTBED_APPEAL
from madang.testbed.submissions.workflow import SUBMISSION

NOTE_NAMES: dict[str, str | Promise] = {
    "unsteady": _("unsteady"),
    "tokens_unproved": _("tokens unproved"),
}

NOTE_MEANINGS: dict[str, str | Promise] = {
    "unsteady": _("throughput varied by more than a tenth between repetitions"),
    "tokens_unproved": _("it says that it made more tokens than chunks arrived"),
}

FIGURE_NAMES: dict[str, str | Promise] = {
    "latency_p90_ms": _("p90 latency, ms"),
    "latency_p99_ms": _("p99 latency, ms"),
    "samples_per_s": _("samples a second"),
    "tokens_per_s": _("tokens a second"),
}

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
