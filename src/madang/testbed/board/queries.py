"""Reading the board. It is public."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.testbed.board.models import BoardReport
from madang.testbed.errors import ReportUnknown


def board() -> QuerySet[BoardReport]:
    """What stands on the board: by device, newest first."""
    standing = BoardReport.objects.filter(withdrawal=None)
    return standing.order_by("device", "scenario", "-measured_at")


def report_by_sha256(sha256: str) -> BoardReport:
    """One report, also a withdrawn one: what was public stays readable."""
    row = BoardReport.objects.filter(sha256=sha256).first()
    if row is None:
        raise ReportUnknown(report=sha256[:12])
    return row
