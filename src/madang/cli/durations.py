"""Instants, days, months and durations as people write them on a command line."""

from __future__ import annotations

import re
from datetime import date, datetime, timedelta

from madang.core.clock import SEOUL, seoul_day_starts
from madang.core.errors import WrongUsage

_PART = re.compile(r"(\d{1,9})([smhdw])")
_SECONDS = {"s": 1, "m": 60, "h": 3600, "d": 86_400, "w": 604_800}
_MONTH = re.compile(r"\d{4}-(0[1-9]|1[0-2])")


def parse_instant(text: str) -> datetime:
    """RFC 3339; a bare day means its 00:00 in Asia/Seoul, a time without zone is Seoul's."""
    try:
        if len(text) == len("2026-01-01"):
            return seoul_day_starts(date.fromisoformat(text))
        at = datetime.fromisoformat(text)
    except ValueError as err:
        raise WrongUsage(reason=f"not an RFC 3339 instant: {text}") from err
    return at if at.tzinfo else at.replace(tzinfo=SEOUL)


def parse_duration(text: str) -> timedelta:
    """90s, 15m, 36h, 14d, 2w, or any chain of them; plain digits are seconds."""
    if text.isdigit():
        return timedelta(seconds=int(text))
    parts = _PART.findall(text)
    if not parts or "".join(count + unit for count, unit in parts) != text:
        raise WrongUsage(reason=f"not a duration such as 36h or 1d12h: {text}")
    return timedelta(seconds=sum(int(count) * _SECONDS[unit] for count, unit in parts))


def parse_month(text: str) -> str:
    """YYYY-MM."""
    if not _MONTH.fullmatch(text):
        raise WrongUsage(reason=f"not a month such as 2026-03: {text}")
    return text
