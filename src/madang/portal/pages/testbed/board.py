"""The board for everybody: devices by scenario, with intervals, and the report to fetch."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.shortcuts import render

from madang.portal.request import PageRequest, takes
from madang.testbed.board.models import BoardReport
from madang.testbed.board.queries import board, report_by_sha256


@dataclass(frozen=True, slots=True)
class Row:
    """One report as the table shows it."""

    report: BoardReport
    throughput: str
    interval: str
    latency: str
    per_joule: str


def row_of(report: BoardReport) -> Row:
    rate, late = report.figures["samples_per_s"], report.figures["latency_p99_ms"]
    joule = report.power.get("samples_per_joule")
    return Row(
        report,
        f"{rate['value']:,.2f}",
        f"{rate['low']:,.2f} – {rate['high']:,.2f}",
        f"{late['value']:,.3f}",
        "—" if joule is None else f"{joule:,.3f}",
    )


@takes("GET")
def board_page(request: PageRequest) -> HttpResponse:
    return render(request, "testbed/board.html", {"rows": [row_of(one) for one in board()]})


@takes("GET")
def envelope(_request: PageRequest, sha256: str) -> HttpResponse:
    """The signed bytes themselves: `madang testbed verify` takes them."""
    report = report_by_sha256(sha256)
    answer = HttpResponse(bytes(report.envelope), content_type="application/json")
    answer["Content-Disposition"] = "attachment; filename=report.json"
    return answer
