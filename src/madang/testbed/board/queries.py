"""Reading the board. It is public."""

from __future__ import annotations

from django.db.models import OuterRef, Q, QuerySet, Subquery

from madang.testbed.board.models import BoardReport, BoardStep, StepKind
from madang.testbed.errors import ReportUnknown


def reports() -> QuerySet[BoardReport]:
    """Every report that was ever public, each with the last that was decided about it."""
    last = BoardStep.objects.filter(report=OuterRef("pk")).order_by("-at", "-id")
    decided = {f"last_{name}": Subquery(last.values(name)[:1]) for name in ("kind", "reason")}
    return BoardReport.objects.annotate(**decided)


def board(
    *, device: str = "", model: str = "", scenario: str = "", site: str = ""
) -> QuerySet[BoardReport]:
    """What stands on the board: by model and scenario, then device, newest first."""
    standing = reports().filter(Q(last_kind=None) | Q(last_kind=StepKind.RESTORED))
    wanted = {"device": device, "model": model, "scenario": scenario, "site": site}
    standing = standing.filter(**{name: text for name, text in wanted.items() if text})
    return standing.order_by("model", "scenario", "device", "-measured_at")


def history_of(device: str) -> QuerySet[BoardReport]:
    """All reports of one device, also what was taken off, newest first."""
    rows = reports().filter(device=device).prefetch_related("steps")
    return rows.order_by("-measured_at", "-id")


def pilots() -> QuerySet[BoardReport]:
    """What was measured in a data centre: by place, then by date."""
    return board().exclude(site="").order_by("site", "-measured_at")


def report_by_sha256(sha256: str) -> BoardReport:
    """One report, also a withdrawn one: what was public stays readable."""
    row = reports().filter(sha256=sha256).first()
    if row is None:
        raise ReportUnknown(report=sha256[:12])
    return row


def is_standing(report: BoardReport) -> bool:
    last = report.steps.order_by("at", "id").last()
    return last is None or last.kind == StepKind.RESTORED
