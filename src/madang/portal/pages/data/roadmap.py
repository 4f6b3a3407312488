"""The roadmap as a picture and a table, and one page for each of the eight fields."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

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
from madang.portal.charts import BarChart, part_bars
from madang.portal.request import PageRequest, takes

SETS_MAX = 200
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


@dataclass(frozen=True, slots=True)
class Row:
    """A standing with the name of its field."""

    name: str | Promise
    now: Standing


@takes("GET")
def roadmap_page(request: PageRequest) -> HttpResponse:
    rows = [Row(FIELD_NAMES[one.field], one) for one in roadmap()]
    late = late_releases(seoul_date(request.at))
    facts = {
        "rows": rows,
        "chart": _chart(rows),
        "late": [one for one in late if not one.data_set.is_private],
        "unused": [one for one in unused_sets() if not one.is_private],
        "fields": [(code, FIELD_NAMES[code]) for code in Field.values],
    }
    return render(request, "data/roadmap.html", facts)


@takes("GET")
def field_page(request: PageRequest, field: str) -> HttpResponse:
    """What was promised and opened in one field, and its data sets."""
    if field not in Field.values:
        raise NotFound
    rows = [Row(one.half_year, one) for one in roadmap() if one.field == field]
    sets = data_sets_for(request.actor).filter(field=field)[:SETS_MAX]
    facts = {
        "name": FIELD_NAMES[field],
        "rows": rows,
        "chart": part_bars([(str(row.name), row.now.target, row.now.shown) for row in rows]),
        "sets": [(one, uses_of(one)) for one in sets],
    }
    return render(request, "data/field.html", facts)


def _chart(rows: Sequence[Row]) -> BarChart:
    """A bar for each field and half-year: the target, and of it what was opened."""
    return part_bars(
        [(f"{row.now.half_year} · {row.name}", row.now.target, row.now.shown) for row in rows]
    )
