"""What falls due by the clock: called by the worker."""

from __future__ import annotations

from madang.core.clock import Clock
from madang.parties.documents.store import default_store
from madang.testbed.submissions.worker import testbed_due as submissions_due


def testbed_due(clock: Clock) -> None:
    """Safe to do again."""
    submissions_due(clock, store=default_store())
