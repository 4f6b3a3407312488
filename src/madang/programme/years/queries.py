"""Reading programmes and what the ledger says of a year. Budgets are public."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.ledger import queries as ledger
from madang.metering.models import Voucher
from madang.programme.awards.models import Award, AwardState
from madang.programme.errors import ProgrammeUnknown
from madang.programme.money import balance_microwon
from madang.programme.years.models import Programme, ProgrammeYear

NOT_ISSUED = (AwardState.OFFERED, AwardState.AGREED)
"""Where an award's money still lies in B310."""


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
    """B100 appropriated, B200 unallotted, B500 and B520 consumed; by voucher, or by an award
    that is paid without one. Years without a budget yet are left out."""
    by_year = ledger.sums_by("programme_year", ("B100", "B200", "B520"))
    without_voucher = _spent_without_voucher()
    found = []
    for year in years():
        budget = by_year.get(("B100", str(year.id)), 0)
        vouchers = Voucher.objects.filter(programme_year=year.id).values_list("id", flat=True)
        spent = ledger.sum_of_vouchers("B500", vouchers)
        spent += by_year.get(("B520", str(year.id)), 0)
        spent += without_voucher[year.id]
        if budget:
            bound = budget - by_year.get(("B200", str(year.id)), 0)
            found.append(PublicFigures(year, budget, bound, spent))
    return found


def _spent_without_voucher() -> Counter[UUID]:
    """B500 of awards that are paid for accepted work, by their year."""
    spent = {award: amount for (_, award), amount in ledger.sums_by("award", ("B500",)).items()}
    rows = Award.objects.filter(id__in=spent).values_list("id", "call__programme_year")
    by_year: Counter[UUID] = Counter()
    for award, year in rows:
        by_year[year] += spent[str(award)]
    return by_year


def budget_figures(year: ProgrammeYear) -> BudgetFigures:
    """Appropriation, what is unallotted, what stands in calls, and in awards not yet issued."""
    calls = list(year.calls.values_list("id", flat=True))
    unspent = Q(state__in=NOT_ISSUED) | Q(state=AwardState.ISSUED, voucher=None)
    waiting = Award.objects.filter(unspent, call__in=calls).values_list("id")
    return BudgetFigures(
        appropriation_microwon=balance_microwon("B100", programme_year=year.id),
        unallocated_microwon=balance_microwon("B200", programme_year=year.id),
        allotted_microwon=sum(balance_microwon("B300", call=call) for call in calls),
        awarded_microwon=sum(balance_microwon("B310", award=award) for (award,) in waiting),
        bank_microwon=balance_microwon("1100", programme_year=year.id),
        grant_held_microwon=balance_microwon("2100", programme_year=year.id),
    )
