"""What a plan promised, and what the ledger says became of it. Plans are public."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.chart import account
from madang.metering.models import Voucher
from madang.programme.awards.models import Award
from madang.programme.calls.models import Call
from madang.programme.plans.models import BudgetLine, Goal, GoalState, Plan
from madang.programme.years.models import ProgrammeYear


@dataclass(frozen=True, slots=True)
class Figures:
    """Four amounts in micro-won: promised, appropriated, bound by awards, and consumed."""

    planned: int
    appropriated: int
    committed: int
    spent: int

    def __add__(self, other: Figures) -> Figures:
        return Figures(
            self.planned + other.planned,
            self.appropriated + other.appropriated,
            self.committed + other.committed,
            self.spent + other.spent,
        )


NOTHING = Figures(0, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class LineFigures:
    line: BudgetLine
    figures: Figures


def plans() -> QuerySet[Plan]:
    return Plan.objects.order_by("code")


def plan_by_code(code: str) -> Plan:
    row = plans().filter(code=code).first()
    if row is None:
        raise NotFound
    return row


def lines_of(plan: Plan) -> list[LineFigures]:
    """By year, then ministry. A line whose year does not exist yet has only its promise."""
    rows = plan.lines.select_related("programme", "ministry").order_by("year", "ministry__code")
    return [LineFigures(row, _figures(row)) for row in rows]


def by_ministry(lines: Iterable[LineFigures]) -> dict[str, Figures]:
    """Sums by the ministry's code."""
    sums: dict[str, Figures] = {}
    for one in lines:
        code = one.line.ministry.code
        sums[code] = sums.get(code, NOTHING) + one.figures
    return sums


def total_of(lines: Iterable[LineFigures]) -> Figures:
    return sum((one.figures for one in lines), NOTHING)


def goals_of(plan: Plan) -> QuerySet[Goal]:
    return plan.goals.select_related("evidence").order_by("due_on", "code")


def is_overdue(goal: Goal, today: date) -> bool:
    """Not confirmed by the end of its day."""
    return goal.state != GoalState.REACHED and today > goal.due_on


def _figures(line: BudgetLine) -> Figures:
    """Committed is what was awarded and not given back: B100 less B200 and the calls' B300."""
    years = list(
        ProgrammeYear.objects.filter(
            programme=line.programme_id, year__gte=line.year, year__lte=line.through
        ).values_list("id", flat=True)
    )
    calls = Call.objects.filter(programme_year__in=years).values_list("id", flat=True)
    appropriated = _sum([account("B100", programme_year=year).key for year in years])
    free = _sum(
        [account("B200", programme_year=year).key for year in years]
        + [account("B300", call=call).key for call in calls]
    )
    return Figures(line.planned_microwon, appropriated, appropriated - free, _spent(years))


def _spent(years: Sequence[UUID]) -> int:
    vouchers = Voucher.objects.filter(programme_year__in=years).values_list("id", flat=True)
    awards = Award.objects.filter(call__programme_year__in=years, voucher=None)
    return _sum(
        [account("B500", voucher=one).key for one in vouchers]
        + [account("B500", award=one).key for one in awards.values_list("id", flat=True)]
    )


def _sum(keys: Sequence[str]) -> int:
    return sum(ledger.balances_of(keys).values())
