"""One clock: Seoul's days, half open, and an offset that only test mode may have."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from madang.core.clock import (
    CLOCK_FILE,
    FixedClock,
    OffsetClock,
    SystemClock,
    clock_for,
    rfc3339,
    seoul_date,
    seoul_day_ends,
    seoul_day_starts,
)

DAY = date(2026, 12, 31)


def test_a_day_begins_at_its_midnight_in_seoul_and_ends_at_the_next():
    assert seoul_day_starts(DAY) == datetime(2026, 12, 30, 15, tzinfo=UTC)
    assert seoul_day_ends(DAY) == datetime(2026, 12, 31, 15, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "wanted"),
    [
        (seoul_day_starts(DAY), DAY),
        (seoul_day_starts(DAY) - timedelta(microseconds=1), DAY - timedelta(days=1)),
        (seoul_day_ends(DAY) - timedelta(microseconds=1), DAY),
        (seoul_day_ends(DAY), date(2027, 1, 1)),
    ],
)
def test_every_instant_belongs_to_one_day(at, wanted):
    assert seoul_date(at) == wanted


def test_every_reader_of_one_installation_sees_the_offset_at_once(tmp_path):
    path = tmp_path / CLOCK_FILE
    reader, writer = OffsetClock(path), OffsetClock(path)
    assert reader.offset == timedelta(0)
    for days in (30, 31, -2):
        writer.set_offset(timedelta(days=days))
        assert reader.offset == timedelta(days=days)
    assert reader.now() < SystemClock().now()
    path.unlink()
    assert reader.offset == timedelta(0)


@pytest.mark.parametrize(("mode", "kind"), [("1", OffsetClock), ("0", SystemClock)])
def test_only_test_mode_has_a_movable_clock(tmp_path, monkeypatch, mode, kind):
    monkeypatch.setenv("MADANG_TEST", mode)
    assert type(clock_for(tmp_path)) is kind


def test_fixed_clock_stands_until_it_is_moved():
    clock = FixedClock(datetime(2026, 3, 1, tzinfo=UTC))
    assert clock.now() == clock.now()
    clock.advance(timedelta(hours=1))
    assert rfc3339(clock.now()) == "2026-03-01T01:00:00Z"
