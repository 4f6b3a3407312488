"""REST routes of the board: public, with the signed bytes and the key."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest, HttpResponse
from ninja import Field, Query, Router, Schema

from madang.parties.api import ROWS_MAX
from madang.testbed.board.costs import results_per_won
from madang.testbed.board.models import BoardReport
from madang.testbed.board.queries import board, history_of, is_standing, report_by_sha256
from madang.testbed.board.said import said_by

router = Router(tags=["testbed"], auth=None)
ONE = "/testbed/reports/{sha256}"
Short = Annotated[str, Field(max_length=200)]


class BoardFilter(Schema):
    device: Short = ""
    model: Short = ""
    scenario: Short = ""
    site: Short = ""


class FigureOut(Schema):
    """A value with its 95 % interval; early-stopping bounds come by repetition."""

    value: float | None = None
    low: float | None = None
    high: float | None = None
    method: str | None = None
    by_repetition: list[float | None] | None = None


class NoteOut(Schema):
    code: str
    meaning: str
    detail: str


class ReportOut(Schema):
    sha256: str
    key_id: str
    device: str
    maker: str
    model: str
    site: str
    scenario: str
    measured_at: datetime
    published_at: datetime
    standing: bool
    figures: dict[str, FigureOut]
    power_class: str
    watts_mean: float | None
    samples_per_joule: float | None
    results: int | None
    cost_microwon: int | None
    cost_basis: str
    results_per_won: str
    notes: list[NoteOut]
    """What is no reason against a pass, and against the figures all the same."""


class StepOut(Schema):
    kind: str
    reason: str
    at: datetime


class HistoryOut(ReportOut):
    steps: list[StepOut]


def report_out(row: BoardReport) -> dict[str, object]:
    names = (
        *("sha256", "key_id", "device", "maker", "model", "site", "scenario", "measured_at"),
        *("published_at", "figures", "results", "cost_microwon", "cost_basis"),
    )
    return {
        **{name: getattr(row, name) for name in names},
        "standing": is_standing(row),
        "power_class": str(row.power.get("class", "none")),
        "watts_mean": row.power.get("watts_mean"),
        "samples_per_joule": row.power.get("samples_per_joule"),
        "results_per_won": results_per_won(row),
        "notes": [
            {"code": one.code, "meaning": one.meaning, "detail": one.detail}
            for one in said_by(row).notes
        ],
    }


@router.get("/testbed/reports", response=list[ReportOut], operation_id="list_board_reports")
def list_board_reports(
    request: HttpRequest, wanted: Query[BoardFilter]
) -> list[dict[str, object]]:
    """What stands on the board, by model and scenario, then device, newest first."""
    rows = board(
        device=wanted.device, model=wanted.model, scenario=wanted.scenario, site=wanted.site
    )
    return [report_out(row) for row in rows[:ROWS_MAX]]


@router.get("/testbed/history", response=list[HistoryOut], operation_id="show_device_history")
def show_device_history(request: HttpRequest, device: Short) -> list[dict[str, object]]:
    """Every report of one device, also what was taken off, with reasons."""
    return [_history_out(row) for row in history_of(device)[:ROWS_MAX]]


def _history_out(row: BoardReport) -> dict[str, object]:
    steps = [
        {"kind": one.kind, "reason": one.reason, "at": one.at}
        for one in row.steps.order_by("at", "id")
    ]
    return {**report_out(row), "steps": steps}


@router.get(
    "/testbed/reports/{sha256}",
    response=HistoryOut,
    operation_id="show_board_report",
    auth=None,
)
def show_board_report(request: HttpRequest, sha256: str) -> dict[str, object]:
    return _history_out(report_by_sha256(sha256))


@router.get(ONE + "/report.json", operation_id="read_board_report")
def read_board_report(request: HttpRequest, sha256: str) -> HttpResponse:
    """The signed bytes themselves: `madang testbed verify` takes them."""
    return file_answer(bytes(report_by_sha256(sha256).envelope), "report.json")


@router.get(ONE + "/key.pub.pem", operation_id="read_board_report_key")
def read_board_report_key(request: HttpRequest, sha256: str) -> HttpResponse:
    """The key that the report was verified with here. Ask its signer for it as well."""
    return file_answer(report_by_sha256(sha256).public_key.encode(), "key.pub.pem")


TYPES = {"json": "application/json", "pem": "application/x-pem-file", "zip": "application/zip"}


def file_answer(content: bytes, name: str) -> HttpResponse:
    kind = TYPES[name.rpartition(".")[2]]
    return HttpResponse(
        content,
        content_type=kind,
        headers={"Content-Disposition": f"attachment; filename={name}"},
    )
