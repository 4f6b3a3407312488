"""Request rates: approximate counters, kept apart from money.

A sliding window from two fixed ones: the share of the last minute that still counts, plus this
minute. Each worker counts what it sees.
"""

from __future__ import annotations

WINDOW_S = 60


class RateWindow:
    """The requests of one key in this worker."""

    __slots__ = ("_before", "_count", "_minute")

    def __init__(self) -> None:
        self._minute = -1
        self._count = 0
        self._before = 0

    def admit(self, now_s: float, rpm_max: int) -> bool:
        """Count one request if it fits. `rpm_max` 0 means no limit."""
        minute = int(now_s // WINDOW_S)
        if minute != self._minute:
            self._before = self._count if minute == self._minute + 1 else 0
            self._minute, self._count = minute, 0
        if not rpm_max:
            return True
        share = 1.0 - (now_s % WINDOW_S) / WINDOW_S
        if self._before * share + self._count + 1 > rpm_max:
            return False
        self._count += 1
        return True

    def retry_after_s(self, now_s: float) -> int:
        """Whole seconds until this minute is over: by then a request fits again."""
        return int(WINDOW_S - now_s % WINDOW_S) + 1
