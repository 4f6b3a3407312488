"""Multi-year plans for everybody: what was promised, and what the ledger says became of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

from django.http import HttpResponse
from django.shortcuts import render

from madang.core.clock import seoul_date
from madang.portal.charts import BarChart, part_bars
from madang.portal.request import PageRequest, takes
from madang.programme.plans import queries
from madang.programme.plans.queries import NOTHING, Figures, LineFigures


@takes("GET")
def plans(request: PageRequest) -> HttpResponse:
    return render(request, "public/plans.html", {"rows": queries.totals()})


@takes("GET")
def plan(request: PageRequest, code: str) -> HttpResponse:
    """Year by year and ministry by ministry, and the goals with their days."""
    row = queries.plan_by_code(code)
    lines = queries.lines_of(row)
    today = seoul_date(request.at)
    facts = {
        "plan": row,
        "lines": lines,
        "ministries": _by_ministry(lines),
        "total": queries.total_of(lines),
        "chart": _chart(lines),
        "goals": [(goal, queries.is_overdue(goal, today)) for goal in queries.goals_of(row)],
    }
    return render(request, "public/plan.html", facts)


def _by_ministry(lines: Sequence[LineFigures]) -> list[tuple[object, Figures]]:
    sums = queries.by_ministry(lines)
    ministries = {one.line.ministry.code: one.line.ministry for one in lines}
    return [(ministries[code], figures) for code, figures in sums.items()]


def _chart(lines: Sequence[LineFigures]) -> BarChart:
    """A bar for each year: planned, and of it what is bound by awards."""
    by_years: dict[str, Figures] = defaultdict(lambda: NOTHING)
    for one in lines:
        by_years[_years(one)] += one.figures
    return part_bars([(year, sums.planned, sums.committed) for year, sums in by_years.items()])


def _years(one: LineFigures) -> str:
    first, last = one.line.year, one.line.through
    return str(first) if first == last else f"{first}–{last}"
