"""Counting days as 민법 §157 and §161 do.

The first day is not counted, the last one counts to 24:00 in Asia/Seoul, and a last day on a
Saturday, a Sunday or a holiday moves to the next working day. Which days are holidays, the
calendar says: substitute ones come by decree.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime, timedelta

from madang.core.clock import seoul_date, seoul_day_ends
from madang.parties.calendar.queries import days_off

SATURDAY = 5


YEARS_AHEAD = 3


def holidays_at(at: datetime) -> frozenset[date]:
    """The holidays of the years in which a term that begins now may end."""
    year = seoul_date(at).year
    return days_off(range(year, year + YEARS_AHEAD), at)


def due_after(at: datetime, days: int, *, holidays: Collection[date]) -> datetime:
    """The first instant that is too late: 24:00 of the last day."""
    last = seoul_date(at) + timedelta(days=days)
    while last.weekday() >= SATURDAY or last in holidays:
        last += timedelta(days=1)
    return seoul_day_ends(last)
