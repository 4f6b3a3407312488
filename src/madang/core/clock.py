"""Time, taken as an argument wherever it matters.

Instants are aware and in UTC. A calendar date of the programme is a day of Asia/Seoul,
half open: [00:00, 24:00). In test mode every process of one installation reads one offset
from a file in the data folder, so that `madang clock set` moves them all together.
"""

from __future__ import annotations

import json
import os
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Protocol
from zoneinfo import ZoneInfo

SEOUL = ZoneInfo("Asia/Seoul")
CLOCK_FILE = "clock.json"


class Clock(Protocol):
    def now(self) -> datetime:
        """The present instant, aware, UTC."""


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class FixedClock:
    """A clock for tests: stands still until moved."""

    def __init__(self, at: datetime) -> None:
        self._at = at.astimezone(UTC)

    def now(self) -> datetime:
        return self._at

    def advance(self, by: timedelta) -> None:
        self._at += by


class OffsetClock:
    """The machine's clock plus an offset from a file, which is read again when it changes."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp: tuple[int, int] | None = None
        self._offset = timedelta(0)

    def now(self) -> datetime:
        return datetime.now(UTC) + self.offset

    @property
    def offset(self) -> timedelta:
        try:
            found = os.stat(self._path)
        except FileNotFoundError:
            self._stamp, self._offset = None, timedelta(0)
            return self._offset
        stamp = (found.st_mtime_ns, found.st_ino)
        if stamp != self._stamp:
            microseconds = json.loads(self._path.read_text())["offset_us"]
            self._stamp, self._offset = stamp, timedelta(microseconds=microseconds)
        return self._offset

    def set_offset(self, offset: timedelta) -> None:
        """Write the offset whole or not at all (rename), so that no reader sees half a file."""
        fresh = self._path.with_suffix(".new")
        fresh.write_text(json.dumps({"offset_us": offset // timedelta(microseconds=1)}))
        os.replace(fresh, self._path)


def is_test_mode() -> bool:
    """True when MADANG_TEST=1: secrets in files, a movable clock, a banner on the portal."""
    return os.environ.get("MADANG_TEST") == "1"


def clock_for(data_dir: Path) -> Clock:
    """The clock of an installation: movable only in test mode."""
    return OffsetClock(data_dir / CLOCK_FILE) if is_test_mode() else SystemClock()


def seoul_day_starts(day: date) -> datetime:
    """00:00 of a day in Asia/Seoul, as an instant in UTC."""
    return datetime.combine(day, time(0), SEOUL).astimezone(UTC)


def seoul_day_ends(day: date) -> datetime:
    """24:00 of a day in Asia/Seoul: the first instant that no longer belongs to it."""
    return seoul_day_starts(day + timedelta(days=1))


def seoul_date(at: datetime) -> date:
    return at.astimezone(SEOUL).date()


def rfc3339(at: datetime) -> str:
    """An instant as RFC 3339 text in UTC."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")
