"""Reading programmes and what the ledger says of a year. Budgets are public."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Model, QuerySet

from madang.ledger import queries as ledger
from madang.metering.models import Voucher
from madang.programme.awards.models import Award
from madang.programme.calls.models import Call
from madang.programme.errors import ProgrammeUnknown
from madang.programme.years.models import Programme, ProgrammeYear

OF_YEARS = ("B100", "B200", "B520", "1100", "2100")


def programmes() -> QuerySet[Programme]:
    return Programme.objects.order_by("code")


def years() -> QuerySet[ProgrammeYear]:
    return ProgrammeYear.objects.select_related("programme").order_by("programme__code", "year")


def year_of(programme: str, year: int) -> ProgrammeYear:
    row = years().filter(programme__code=programme, year=year).first()
    if row is None:
        raise ProgrammeUnknown(programme=programme)
    return row


def year_on(programme: str, day: date) -> ProgrammeYear:
    """The year of a programme that a day falls into. Raises ProgrammeUnknown."""
    row = (
        years()
        .filter(programme__code=programme, starts_on__lte=day, ends_on__gte=day)
        .order_by("-year")
        .first()
    )
    if row is None:
        raise ProgrammeUnknown(programme=programme)
    return row


@dataclass(frozen=True, slots=True)
class BudgetFigures:
    """A year's budget as it stands in book B, and its bank account."""

    appropriation_microwon: int
    unallocated_microwon: int
    allotted_microwon: int
    awarded_microwon: int
    bank_microwon: int
    grant_held_microwon: int


@dataclass(frozen=True, slots=True)
class PublicFigures:
    """One programme-year: its budget, what of it is bound, and what is spent."""

    year: ProgrammeYear
    budget_microwon: int
    bound_microwon: int
    executed_microwon: int


def public_figures() -> list[PublicFigures]:
    """Years without a budget yet are left out."""
    rows = list(years())
    books = books_of([row.id for row in rows])
    return [
        PublicFigures(
            row,
            books[row.id].appropriated_microwon,
            books[row.id].appropriated_microwon - books[row.id].unallotted_microwon,
            books[row.id].consumed_microwon,
        )
        for row in rows
        if books[row.id].appropriated_microwon
    ]


@dataclass(frozen=True, slots=True)
class YearBooks:
    """Of one programme-year: B100, B200, B300 of its calls, B310 of its awards, what is
    consumed (B500 by voucher or by an award that is paid without one, and B520), the bank's
    1100 and the grant's 2100."""

    appropriated_microwon: int
    unallotted_microwon: int
    in_calls_microwon: int
    awarded_microwon: int
    consumed_microwon: int
    bank_microwon: int
    grant_held_microwon: int


def books_of(identifiers: Collection[UUID]) -> dict[UUID, YearBooks]:
    """Added up by the database: no more is asked of a year in which more happened."""
    by_year = Counter(ledger.sums_by("programme_year", OF_YEARS))
    calls = Call.objects.filter(programme_year__in=identifiers)
    awards = Award.objects.filter(call__programme_year__in=identifiers)
    in_calls = _summed("call", "B300", calls.values_list("id", "programme_year"))
    year_of_awards = awards.values_list("id", "call__programme_year")
    awarded = _summed("award", "B310", year_of_awards)
    by_award = _summed("award", "B500", year_of_awards)
    return {
        year: YearBooks(
            appropriated_microwon=by_year["B100", str(year)],
            unallotted_microwon=by_year["B200", str(year)],
            in_calls_microwon=in_calls[year],
            awarded_microwon=awarded[year],
            consumed_microwon=by_year["B520", str(year)]
            + by_award[year]
            + ledger.sum_of_vouchers("B500", _vouchers_of(year)),
            bank_microwon=by_year["1100", str(year)],
            grant_held_microwon=by_year["2100", str(year)],
        )
        for year in identifiers
    }


def _summed(
    dimension: str, code: str, rows: QuerySet[Model, tuple[UUID, UUID]]
) -> Counter[UUID]:
    """One code by programme-year; `rows` are what the dimension names, each with its year."""
    held = {key: net for (_, key), net in ledger.sums_by(dimension, (code,)).items() if net}
    by_year: Counter[UUID] = Counter()
    for identifier, year in rows.filter(id__in=held):
        by_year[year] += held[str(identifier)]
    return by_year


def _vouchers_of(year: UUID) -> QuerySet[Voucher, UUID]:
    return Voucher.objects.filter(programme_year=year).values_list("id", flat=True)


def budgets_of(rows: Sequence[ProgrammeYear]) -> list[BudgetFigures]:
    """Appropriation, what is unallotted, what stands in calls, and in awards not yet issued."""
    books = books_of([row.id for row in rows])
    return [
        BudgetFigures(
            appropriation_microwon=one.appropriated_microwon,
            unallocated_microwon=one.unallotted_microwon,
            allotted_microwon=one.in_calls_microwon,
            awarded_microwon=one.awarded_microwon,
            bank_microwon=one.bank_microwon,
            grant_held_microwon=one.grant_held_microwon,
        )
        for one in (books[row.id] for row in rows)
    ]
