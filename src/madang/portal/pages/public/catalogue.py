"""The catalogue: products by model size and use, with their prices and what these were."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby

from django import forms
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from madang.core.units import Unit
from madang.metering.offerings.models import PriceVersion
from madang.metering.offerings.queries import catalogue, listed_offering, price_versions
from madang.portal.charts import LineChart, step_lines
from madang.portal.labels import KIND_NAMES, SIZE_NAMES, UNIT_NAMES, USE_NAMES
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken

ANY = ("", _("any"))


class CatalogueFilter(forms.Form):
    """Every field may stay empty; an unknown value filters nothing."""

    size_class = forms.ChoiceField(
        label=_("Model size"), choices=[ANY, *SIZE_NAMES.items()], required=False
    )
    use = forms.ChoiceField(label=_("Use"), choices=[ANY, *USE_NAMES.items()], required=False)
    kind = forms.ChoiceField(
        label=_("Prices for"), choices=[ANY, *KIND_NAMES.items()], required=False
    )


@takes("GET")
def catalogue_page(request: PageRequest) -> HttpResponse:
    form = CatalogueFilter(request.GET)
    asked = form.cleaned_data if form.is_valid() else {}
    rows = catalogue(
        at=request.at,
        organisation_kind=asked.get("kind", ""),
        size_class=asked.get("size_class", ""),
        use=asked.get("use", ""),
    )
    return render(request, "public/catalogue.html", {"form": form, "rows": rows})


@takes("GET")
def offering_page(request: PageRequest, code: str) -> HttpResponse:
    """One product, with the history of its prices as a picture and as a table."""
    offering = listed_offering(code)
    versions = list(price_versions(offering))
    facts = {
        "offering": offering,
        "versions": versions,
        "chart": price_chart(versions, until=request.at),
    }
    return render(request, "public/offering.html", facts)


def price_chart(versions: Iterable[PriceVersion], *, until: datetime) -> LineChart | None:
    """General prices only: those for certain kinds stand in the table."""
    general = [row for row in versions if not row.for_kinds]
    series = [
        (
            str(UNIT_NAMES[Unit(unit)]),
            [(row.valid_from, int(row.microwon_per_million)) for row in rows],
        )
        for unit, rows in groupby(general, key=lambda row: row.unit)
    ]
    return step_lines(series, until=until, language=spoken())
