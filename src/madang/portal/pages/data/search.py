"""Finding data sets: words in Korean or English, and facets beside what was found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.datahub.search.queries import FACETS, search
from madang.datahub.uses.queries import uses_of
from madang.portal.pages.data.roadmap import FIELD_NAMES
from madang.portal.request import PageRequest, takes

PAGE = 20
VALUES_SHOWN = 12
PAGES_MAX = 500
FACET_NAMES: dict[str, str | Promise] = {
    "field": _("Field"),
    "licence": _("Licence"),
    "access": _("Access"),
    "kind": _("Kind of file"),
    "language": _("Language"),
}
ACCESS_NAMES: dict[str, str | Promise] = {
    "open": _("Everybody"),
    "gated": _("On application"),
    "secure": _("Secure room only"),
}
LANGUAGE_NAMES: dict[str, str | Promise] = {"ko": _("Korean"), "en": _("English")}
NAMES: dict[str, Mapping[str, str | Promise]] = {
    "field": FIELD_NAMES,
    "access": ACCESS_NAMES,
    "language": LANGUAGE_NAMES,
}


@dataclass(frozen=True, slots=True)
class Value:
    """One value of a facet: how many sets, and the address that puts or takes it."""

    label: str | Promise
    count: int
    is_chosen: bool
    href: str


@takes("GET")
def search_page(request: PageRequest) -> HttpResponse:
    query = request.GET.get("q", "")[:200]
    chosen = {name: request.GET.getlist(name)[:VALUES_SHOWN] for name in FACETS}
    asked = request.GET.get("page", "1")
    number = min(max(int(asked), 1), PAGES_MAX) if asked.isascii() and asked.isdigit() else 1
    found = search(
        request.actor, query, chosen, start=(number - 1) * PAGE, count=PAGE, at=request.at
    )
    facets = [
        (FACET_NAMES[name], [_value(query, chosen, name, *one) for one in shown])
        for name, values in found.facets.items()
        if (shown := values[:VALUES_SHOWN])
    ]
    facts = {
        "query": query,
        "found": found,
        "facets": facets,
        "rows": [(one, FIELD_NAMES[one.field], uses_of(one)) for one in found.rows],
        "before": _address(query, chosen, number - 1) if number > 1 else "",
        "after": _address(query, chosen, number + 1) if number * PAGE < found.total else "",
        "chosen": [(name, value) for name, values in chosen.items() for value in values],
    }
    return render(request, "data/search.html", facts)


def _value(
    query: str, chosen: Mapping[str, list[str]], name: str, value: str, count: int
) -> Value:
    is_chosen = value in chosen[name]
    others = [one for one in chosen[name] if one != value]
    changed = {**chosen, name: others if is_chosen else [*others, value]}
    label = NAMES.get(name, {}).get(value, value)
    return Value(label, count, is_chosen, _address(query, changed, 1))


def _address(query: str, chosen: Mapping[str, list[str]], number: int) -> str:
    given = [("q", query)] if query else []
    given += [(name, value) for name, values in chosen.items() for value in values]
    given += [("page", str(number))] if number > 1 else []
    return f"?{urlencode(given)}"
