"""How far a job has come, by its own word: a line `madang-progress: 40` in what it writes."""

from __future__ import annotations

import re

_LINE = re.compile(r"^madang-progress: *(\d{1,3})\s*$", re.MULTILINE)
WHOLE = 100


def progress_in(log: str) -> int | None:
    """The last that it said, in per cent. None: it said nothing."""
    found = _LINE.findall(log)
    return min(int(found[-1]), WHOLE) if found else None
