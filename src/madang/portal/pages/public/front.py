"""The front page: what this is, what is open, and where the money went."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import render

from madang.metering.offerings.queries import catalogue
from madang.parties.suppliers.queries import suppliers
from madang.portal.charts import BarChart, part_bars
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken
from madang.programme.calls.queries import open_calls
from madang.programme.public import concluded, public_award
from madang.programme.years.queries import PublicFigures, public_figures

SHOWN_CALLS, SHOWN_PRODUCTS = 6, 6
PER_PAGE = 100


@takes("GET")
def front(request: PageRequest) -> HttpResponse:
    lines = public_figures()
    products = catalogue(at=request.at)
    facts = {
        "open_calls": open_calls(request.at)[:SHOWN_CALLS],
        "lines": lines,
        "chart": _chart(lines),
        "budget": sum(line.budget_microwon for line in lines),
        "executed": sum(line.executed_microwon for line in lines),
        "award_count": concluded().count(),
        "supplier_count": suppliers().count(),
        "product_count": len(products),
        "products": products[:SHOWN_PRODUCTS],
    }
    return render(request, "public/front.html", facts)


@takes("GET")
def awards(request: PageRequest) -> HttpResponse:
    """Who received how much: concluded agreements, no person and no score."""
    rows = concluded()
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    facts = {
        "rows": [public_award(row) for row in page],
        "page": page,
        "total": rows.aggregate(all=Sum("amount_microwon"))["all"] or 0,
    }
    return render(request, "public/awards.html", facts)


def _chart(lines: Sequence[PublicFigures]) -> BarChart:
    rows = [
        (
            f"{getattr(line.year.programme, f'name_{spoken()}')} {line.year.year}",
            line.budget_microwon,
            line.executed_microwon,
        )
        for line in lines
    ]
    return part_bars(rows)
