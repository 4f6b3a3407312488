"""The board for everybody: devices by model and scenario, their history, pilots by place."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from madang.portal.labels.testbed import FIGURE_NAMES, NOTE_MEANINGS, NOTE_NAMES
from madang.portal.request import PageRequest, takes
from madang.testbed.board.api import file_answer
from madang.testbed.board.costs import results_per_won
from madang.testbed.board.models import BoardReport
from madang.testbed.board.queries import board, history_of, pilots, report_by_sha256
from madang.testbed.board.said import Note, Predicted, said_by
from madang.testbed.errors import ReportUnknown
from madang.testbed.submissions.queries import trials

ROWS_MAX = 500
NONE = "—"


@dataclass(frozen=True, slots=True)
class NoteShown:
    """What a report says against its own figures, though it passed."""

    name: str
    meaning: str
    detail: str


@dataclass(frozen=True, slots=True)
class Foretold:
    figure: str
    value: str
    measured: str
    apart: str


@dataclass(frozen=True, slots=True)
class Row:
    """One report as the tables show it."""

    report: BoardReport
    throughput: str
    interval: str
    latency: str
    per_joule: str
    per_won: str
    notes: tuple[NoteShown, ...]
    predicted: Foretold | None


def row_of(report: BoardReport) -> Row:
    rate, late = report.figures["samples_per_s"], report.figures["latency_p99_ms"]
    joule, said = report.power.get("samples_per_joule"), said_by(report)
    return Row(
        report,
        f"{rate['value']:,.2f}",
        f"{rate['low']:,.2f} – {rate['high']:,.2f}",
        f"{late['value']:,.3f}",
        NONE if joule is None else f"{joule:,.3f}",
        results_per_won(report) or NONE,
        tuple(_note(one) for one in said.notes),
        None if said.prediction is None else _foretold(said.prediction),
    )


def _note(one: Note) -> NoteShown:
    name = str(NOTE_NAMES.get(one.code, one.code))
    return NoteShown(name, str(NOTE_MEANINGS.get(one.code, one.meaning)), one.detail)


def _foretold(one: Predicted) -> Foretold:
    return Foretold(
        str(FIGURE_NAMES.get(one.figure, one.figure)),
        f"{one.value:,.3f}",
        NONE if one.measured is None else f"{one.measured:,.3f}",
        NONE if one.error is None else f"{100 * one.error:+.0f} %",
    )


class FilterForm(forms.Form):
    """By what runs on the device, and how it is asked: only such results compare."""

    model = forms.ChoiceField(label=_("Model"), required=False)
    scenario = forms.ChoiceField(label=_("Scenario"), required=False)

    def __init__(self, data: object) -> None:
        super().__init__(data)  # type: ignore[arg-type]  # a query string
        for name in ("model", "scenario"):
            values = board().order_by(name).values_list(name, flat=True).distinct()
            field = self.fields[name]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [("", _("all")), *((one, one) for one in values if one)]


@takes("GET")
def board_page(request: PageRequest) -> HttpResponse:
    form = FilterForm(request.GET)
    wanted = form.cleaned_data if form.is_valid() else {}
    found = board(model=wanted.get("model", ""), scenario=wanted.get("scenario", ""))
    rows = [row_of(one) for one in found[:ROWS_MAX]]
    notes = {note.name: note for row in rows for note in row.notes}
    facts = {"rows": rows, "form": form, "notes": list(notes.values())}
    return render(request, "testbed/board.html", facts)


@takes("GET")
def device_page(request: PageRequest) -> HttpResponse:
    """All reports of one device, newest first, with what was decided about them."""
    device = request.GET.get("device", "")
    found = list(history_of(device)[:ROWS_MAX])
    if not found:
        raise ReportUnknown(report=device[:50])
    facts = {"device": device, "rows": [row_of(one) for one in found]}
    return render(request, "testbed/device.html", facts)


@takes("GET")
def pilots_page(request: PageRequest) -> HttpResponse:
    """What was measured in data centres, by place and date."""
    rows = [row_of(one) for one in pilots()[:ROWS_MAX]]
    return render(request, "testbed/pilots.html", {"rows": rows})


@takes("GET")
def trials_page(request: PageRequest) -> HttpResponse:
    """Apart from the board: runs that are on record and compare with nothing."""
    return render(request, "testbed/trials.html", {"rows": trials()[:ROWS_MAX]})


@takes("GET")
def envelope(_request: PageRequest, sha256: str) -> HttpResponse:
    """The signed bytes themselves: `madang testbed verify` takes them."""
    return file_answer(bytes(report_by_sha256(sha256).envelope), "report.json")


@takes("GET")
def public_key(_request: PageRequest, sha256: str) -> HttpResponse:
    return file_answer(report_by_sha256(sha256).public_key.encode(), "key.pub.pem")
