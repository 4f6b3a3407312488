"""Where the next reading of an engine's usage begins."""

from __future__ import annotations

from datetime import datetime


def set_back(cursor: str, at: datetime) -> str:
    """The cursor, or an earlier one by which what was submitted at that instant is read."""
    since_s = int(at.timestamp())
    return str(since_s) if cursor.isdigit() and int(cursor) > since_s else cursor
