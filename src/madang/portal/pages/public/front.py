"""The front page: what this is, what is open, and where the money went."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.http import HttpResponse
from django.shortcuts import render

from madang.ledger.queries import trial_balance
from madang.metering.models import Voucher
from madang.metering.offerings.queries import catalogue
from madang.parties.suppliers.queries import suppliers
from madang.portal.charts import BarChart, part_bars
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken
from madang.programme.calls.queries import open_calls
from madang.programme.public import public_awards
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.queries import years

SHOWN_CALLS, SHOWN_PRODUCTS = 6, 6


@dataclass(frozen=True, slots=True)
class BudgetLine:
    """One programme-year: its budget, what of it is bound, and what is spent."""

    year: ProgrammeYear
    budget_microwon: int
    bound_microwon: int
    executed_microwon: int


@takes("GET")
def front(request: PageRequest) -> HttpResponse:
    lines = budget_lines()
    products = catalogue(at=request.at)
    facts = {
        "open_calls": open_calls(request.at)[:SHOWN_CALLS],
        "lines": lines,
        "chart": _chart(lines),
        "budget": sum(line.budget_microwon for line in lines),
        "executed": sum(line.executed_microwon for line in lines),
        "award_count": len(public_awards()),
        "supplier_count": suppliers().count(),
        "product_count": len(products),
        "products": products[:SHOWN_PRODUCTS],
    }
    return render(request, "public/front.html", facts)


@takes("GET")
def awards(request: PageRequest) -> HttpResponse:
    """Who received how much: concluded agreements, no person and no score."""
    rows = public_awards()
    facts = {"rows": rows, "total": sum(row.amount_microwon for row in rows)}
    return render(request, "public/awards.html", facts)


def budget_lines() -> list[BudgetLine]:
    """From the ledger: B100 appropriated, B200 unallotted, B500 and B520 consumed.

    Years without a budget yet are left out.
    """
    by_year: dict[str, dict[str, int]] = defaultdict(lambda: defaultdict(int))
    year_of = {str(pk): str(year) for pk, year in _vouchers()}
    for line in trial_balance().accounts:
        year = line.dimensions.get("programme_year") or year_of.get(
            line.dimensions.get("voucher", "")
        )
        if year is not None:
            by_year[year][line.code] += line.net
    lines = (_line(year, by_year[str(year.id)]) for year in years())
    return [line for line in lines if line.budget_microwon]


def _vouchers() -> Iterable[tuple[UUID, UUID]]:
    return Voucher.objects.values_list("id", "programme_year")


def _line(year: ProgrammeYear, sums: Mapping[str, int]) -> BudgetLine:
    budget = sums["B100"]
    return BudgetLine(
        year=year,
        budget_microwon=budget,
        bound_microwon=budget - sums["B200"],
        executed_microwon=sums["B500"] + sums["B520"],
    )


def _chart(lines: Sequence[BudgetLine]) -> BarChart:
    rows = [
        (
            f"{getattr(line.year.programme, f'name_{spoken()}')} {line.year.year}",
            line.budget_microwon,
            line.executed_microwon,
        )
        for line in lines
    ]
    return part_bars(rows)
