"""The roadmap as pictures and a table, and one page for each of the eight fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.datahub.plan.queries import Standing, late_releases, roadmap, unused_sets
from madang.datahub.sets.models import Field
from madang.datahub.sets.queries import data_sets_for
from madang.datahub.uses.queries import uses_of
from madang.portal.pages.data.pictures import Panel, panel, scale_of
from madang.portal.request import PageRequest, takes

SETS_MAX, PANELS_MAX = 200, 6
FIELD_NAMES: dict[str, str | Promise] = {
    "speech-language": _("Speech and language"),
    "vision": _("Vision"),
    "healthcare": _("Health care"),
    "driving": _("Autonomous driving"),
    "land-environment": _("Land and environment"),
    "agriculture": _("Agriculture and fisheries"),
    "safety": _("Safety"),
    "other": _("Other"),
    "": _("All fields, since the beginning"),
}
SHORT_NAMES: dict[str, str | Promise] = {
    **FIELD_NAMES,
    "speech-language": _("Speech, language"),
    "driving": _("Driving"),
    "land-environment": _("Land, environment"),
    "agriculture": _("Farming, fishing"),
}
"""As many letters as stand beside a bar on a phone."""


@dataclass(frozen=True, slots=True)
class Row:
    """A standing with the name of its field."""

    name: str | Promise
    now: Standing


@dataclass(frozen=True, slots=True)
class FieldCard:
    """One field over all half-years."""

    code: str
    name: str | Promise
    target: int
    told: int
    opened: int


@takes("GET")
def roadmap_page(request: PageRequest) -> HttpResponse:
    standings = roadmap()
    late = late_releases(seoul_date(request.at))
    facts = {
        "rows": [Row(FIELD_NAMES[one.field], one) for one in standings],
        "panels": _panels(standings),
        "goal": _last([one for one in standings if not one.field]),
        "told": _last([one for one in standings if not one.field and one.published]),
        "opened": sum(one.opened for one in standings if one.field),
        "used": sum(one.used for one in standings if one.field),
        "late": [one for one in late if not one.data_set.is_private],
        "unused": [one for one in unused_sets() if not one.is_private],
        "cards": [_card(code, standings) for code in Field.values],
    }
    return render(request, "data/roadmap.html", facts)


@takes("GET")
def field_page(request: PageRequest, field: str) -> HttpResponse:
    """What was promised and opened in one field, and its data sets."""
    if field not in Field.values:
        raise NotFound
    standings = [one for one in roadmap() if one.field == field]
    sets = data_sets_for(request.actor).filter(field=field)[:SETS_MAX]
    drawn = [(one.half_year, one) for one in standings]
    facts = {
        "name": FIELD_NAMES[field],
        "rows": [Row(FIELD_NAMES[field], one) for one in standings],
        "panels": [panel(FIELD_NAMES[field], drawn, scale_of(standings))] if drawn else [],
        "card": _card(field, standings),
        "sets": [(one, uses_of(one)) for one in sets],
        "late": [
            one
            for one in late_releases(seoul_date(request.at))
            if one.data_set.field == field and not one.data_set.is_private
        ],
    }
    return render(request, "data/field.html", facts)


def _panels(standings: Sequence[Standing]) -> list[Panel]:
    """The whole first, on its own scale; then the last half-years, by field, on one scale."""
    whole = [one for one in standings if not one.field]
    parts = [one for one in standings if one.field]
    halves = sorted({one.half_year for one in parts})[-PANELS_MAX:]
    order = {code: at for at, code in enumerate(Field.values)}
    drawn = []
    for half in halves:
        rows = sorted(
            (one for one in parts if one.half_year == half), key=lambda one: order[one.field]
        )
        named = [(SHORT_NAMES[one.field], one) for one in rows]
        drawn.append(panel(half, named, scale_of(parts)))
    if whole:
        named = [(one.half_year, one) for one in _so_far(whole)]
        drawn.insert(0, panel(FIELD_NAMES[""], named, scale_of(whole)))
    return drawn


def _so_far(whole: Sequence[Standing]) -> list[Standing]:
    """Beside a goal that no source speaks of yet stands what the last source said."""
    told, rows = None, []
    for one in sorted(whole, key=lambda one: one.half_year):
        told = one.published if one.published is not None else told
        rows.append(replace(one, published=told))
    return rows


def _card(code: str, standings: Sequence[Standing]) -> FieldCard:
    own = [one for one in standings if one.field == code]
    return FieldCard(
        code,
        FIELD_NAMES[code],
        sum(one.target for one in own),
        sum(one.published or 0 for one in own),
        sum(one.opened for one in own),
    )


def _last(rows: Sequence[Standing]) -> Standing | None:
    return max(rows, key=lambda one: one.half_year, default=None)
