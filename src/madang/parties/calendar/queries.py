"""Which days are off. A year that was filled in is read from the table alone."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from functools import cache

from django.db.models import QuerySet

from madang.parties.calendar.models import Holiday, HolidayYear
from madang.parties.policies.queries import current_policy


def days_off(years: Collection[int], at: datetime) -> frozenset[date]:
    """Of these years: the table's where it was filled in, else the computed ones; what policy
    lists besides; and always what an operator entered, less what an operator took out."""
    filled = set(HolidayYear.objects.filter(year__in=years).values_list("year", flat=True))
    computed = {day for year in years if year not in filled for day, _ in computed_days(year)}
    listed = {
        date.fromisoformat(day) for day in current_policy("calendar", at).texts("holidays")
    }
    rows = Holiday.objects.filter(day__year__in=years).values_list("day", "is_off")
    entered = {day for day, is_off in rows if is_off}
    taken_out = {day for day, is_off in rows if not is_off}
    return frozenset((computed | listed | entered) - taken_out)


def holidays_of(year: int) -> QuerySet[Holiday]:
    """What the table says of a year. Public."""
    return Holiday.objects.filter(day__year=year).order_by("day")


@cache
def computed_days(year: int) -> tuple[tuple[date, str], ...]:
    """공휴일 with their substitutes, as far as the law of today tells."""
    from holidays import country_holidays  # noqa: PLC0415  slow: every country's tables

    return tuple(sorted(country_holidays("KR", years=year, language="ko").items()))
