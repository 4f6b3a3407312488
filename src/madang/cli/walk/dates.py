"""Dates of the demonstration, written relative to its first start.

`{{start-30d}}` is an instant, `{{today+60d}}` a day of Seoul, `"{{year}}"` (quotes included)
the year of that day as a number, and any other `{{name}}` a value that is handed in.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta

from madang.core.clock import rfc3339, seoul_date

_MARK = re.compile(r'"\{\{year\}\}"|\{\{(start|today)(?:([+-]\d+)d)?\}\}|\{\{(\w+)\}\}')


def rendered(text: str, start: datetime, values: Mapping[str, str] | None = None) -> str:
    """The text with its marks filled in. Raises KeyError for a value that is not given."""
    known = values or {}

    def fill(match: re.Match[str]) -> str:
        kind, days, name = match.groups()
        if kind is None and name is None:
            return str(seoul_date(start).year)
        if name is not None:
            return known[name]
        at = start + timedelta(days=int(days or 0))
        return rfc3339(at) if kind == "start" else seoul_date(at).isoformat()

    return _MARK.sub(fill, text)
