from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from madang.core.clock import SEOUL
from madang.programme.deadlines import due_after

HOLIDAYS = {date(2026, 5, 5), date(2026, 5, 25)}


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL).astimezone(UTC)


@pytest.mark.parametrize(
    ("start", "days", "due"),
    [
        ("2026-03-02 00:00", 1, "2026-03-04 00:00"),  # the first day is not counted
        ("2026-03-02 23:59:59.999999", 1, "2026-03-04 00:00"),
        ("2026-03-05 10:00", 2, "2026-03-10 00:00"),  # a Saturday moves to Monday
        ("2026-03-05 10:00", 3, "2026-03-10 00:00"),  # a Sunday too
        ("2026-05-01 10:00", 4, "2026-05-07 00:00"),  # Children's day
        ("2026-05-22 10:00", 1, "2026-05-27 00:00"),  # Saturday, Sunday, substitute holiday
        ("2026-12-30 10:00", 2, "2027-01-02 00:00"),  # across the year
        ("2026-03-02 10:00", 0, "2026-03-03 00:00"),
    ],
)
def test_last_day_counts_to_its_end_and_moves_past_days_off(start, days, due) -> None:
    assert due_after(seoul(start), days, holidays=HOLIDAYS) == seoul(due)


def test_day_is_that_of_seoul_not_of_utc() -> None:
    late_in_utc = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)  # 3 March, 00:00 in Seoul
    assert due_after(late_in_utc, 1, holidays=()) == seoul("2026-03-05 00:00")
