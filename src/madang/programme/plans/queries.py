"""What a plan promised, and what the ledger says became of it. Plans are public."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.programme.plans.models import BudgetLine, Goal, GoalState, Plan
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.queries import YearBooks, books_of


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
    return _with_figures(plan.lines.all())


def totals() -> list[tuple[Plan, Figures]]:
    """Every plan with its sums."""
    lines: dict[UUID, list[LineFigures]] = defaultdict(list)
    for one in _with_figures(BudgetLine.objects.all()):
        lines[one.line.plan_id].append(one)
    return [(plan, total_of(lines[plan.id])) for plan in plans()]


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


def _with_figures(rows: QuerySet[BudgetLine]) -> list[LineFigures]:
    """Committed is what was awarded and not given back: B100 less B200 and the calls' B300."""
    lines = list(
        rows.select_related("programme", "ministry").order_by("year", "ministry__code")
    )
    years = ProgrammeYear.objects.filter(programme__in={row.programme_id for row in lines})
    of_line = {row.pk: [one.id for one in years if _is_within(one, row)] for row in lines}
    books = books_of({one for some in of_line.values() for one in some})
    return [
        LineFigures(row, _figures(row, [books[one] for one in of_line[row.pk]]))
        for row in lines
    ]


def _is_within(year: ProgrammeYear, line: BudgetLine) -> bool:
    return year.programme_id == line.programme_id and line.year <= year.year <= line.through


def _figures(line: BudgetLine, books: Sequence[YearBooks]) -> Figures:
    appropriated = sum(one.appropriated_microwon for one in books)
    free = sum(one.unallotted_microwon + one.in_calls_microwon for one in books)
    spent = sum(one.consumed_microwon for one in books)
    return Figures(line.planned_microwon, appropriated, appropriated - free, spent)
