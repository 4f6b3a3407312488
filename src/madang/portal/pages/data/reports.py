"""The quality report as a page: a verdict, pictures, and the numbers that they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.datahub.quality.models import QualityCheck
from madang.datahub.quality.queries import check_for
from madang.portal.pages.data.columns import shortened
from madang.portal.pages.data.pictures import Panel, bars_panel
from madang.portal.pages.data.wishes import TARGET_NAMES, found_text, wanted_text
from madang.portal.request import PageRequest, takes

BARS_MAX = 16
PERSON_KINDS: dict[str, str | Promise] = {
    "resident": _("resident number"),
    "foreigner": _("foreigner number"),
    "business": _("business number"),
    "phone": _("telephone"),
    "licence": _("driver's licence"),
    "passport": _("passport"),
    "plate": _("number plate"),
    "email": _("e-mail"),
}


@dataclass(frozen=True, slots=True)
class FindingLine:
    """One target with its result, in words."""

    code: str
    name: str | Promise
    wanted: str
    found: str
    is_met: bool
    places: tuple[str, ...]


@takes("GET")
def report(request: PageRequest, quality_check: UUID) -> HttpResponse:
    row = check_for(request.actor, quality_check)
    facts = {
        "check": row,
        "data_set": row.commit.data_set,
        "lines": lines_of(row),
        "panels": panels_of(row),
        "waiver": getattr(row, "waiver", None),
    }
    return render(request, "data/report.html", facts)


def lines_of(row: QualityCheck) -> list[FindingLine]:
    return [
        FindingLine(
            one["code"],
            TARGET_NAMES[one["code"]],
            wanted_text(one["code"], one["target"]),
            found_text(one["code"], one["result"]),
            one["is_met"],
            _places(one),
        )
        for one in row.report.get("findings", [])
    ]


def _places(finding: Mapping[str, object]) -> tuple[str, ...]:
    """Where the first faults are: file, column and row, and never the value."""
    detail = finding["detail"]
    assert isinstance(detail, Mapping)
    if finding["code"] == "schema":
        return tuple(detail["rows"][:BARS_MAX])
    if finding["code"] == "near_duplicates":
        return tuple(f"{a} ≈ {b}" for a, b in detail["pairs"][:BARS_MAX])
    if finding["code"] == "media":
        return tuple(detail["unreadable"][:BARS_MAX])
    if finding["code"] == "personal":
        hits = detail["hits"][:BARS_MAX]
        return tuple(f"{one['file']} · {one['column']} · {one['row']}" for one in hits)
    return ()


def panels_of(row: QualityCheck) -> list[Panel]:
    """A picture for each finding that has more to show than one number."""
    drawn = [_panel(one) for one in row.report.get("findings", [])]
    return [one for one in drawn if one is not None]


Bars = list[tuple[str | Promise, list[tuple[str, int]]]]


def _panel(finding: Mapping[str, object]) -> Panel | None:
    code, detail = str(finding["code"]), finding["detail"]
    assert isinstance(detail, Mapping)
    draw = BARS.get(code)
    rows = (
        draw(int(str(finding["target"])), int(str(finding["result"])), detail) if draw else []
    )
    if not rows:
        return None
    scale = max([n for _, bars in rows for _, n in bars], default=0) or 1
    return bars_panel(TARGET_NAMES[code], rows, scale)


def _completeness(target: int, result: int, detail: Mapping[str, int]) -> Bars:
    return [(_("promised"), [("target", target)]), (_("delivered"), [("delivered", result)])]


def _balance(target: int, result: int, detail: Mapping[str, Mapping[str, int]]) -> Bars:
    most = list(detail["counts"].items())[:BARS_MAX]
    return [(shortened(name) or "–", [("delivered", n)]) for name, n in most]


def _uniqueness(target: int, result: int, detail: Mapping[str, int]) -> Bars:
    return [(_("rows"), [("target", detail["rows"])]), (_("repeated"), [("promised", result)])]


def _near(target: int, result: int, detail: Mapping[str, int]) -> Bars:
    return [(_("rows like others"), [("promised", detail["rows"])])]


def _leakage(target: int, result: int, detail: Mapping[str, int]) -> Bars:
    return [(name, [("promised", n)]) for name, n in detail.items()]


def _media(target: int, result: int, detail: Mapping[str, int]) -> Bars:
    files, bad = [("target", detail["files"])], [("promised", result)]
    return [(_("files"), files), (_("unreadable"), bad)]


def _personal(target: int, result: int, detail: Mapping[str, Mapping[str, int]]) -> Bars:
    return [(PERSON_KINDS[name], [("promised", n)]) for name, n in detail["kinds"].items()]


BARS: dict[str, Callable[[int, int, Mapping[str, Any]], Bars]] = {  # JSON of the report
    "completeness": _completeness,
    "balance": _balance,
    "uniqueness": _uniqueness,
    "near_duplicates": _near,
    "leakage": _leakage,
    "media": _media,
    "personal": _personal,
}
