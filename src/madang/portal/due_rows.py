"""One line of what is due of the money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class MoneyDue:
    """What to do, about what, until when, and where."""

    what: str
    about: str
    href: str
    until: datetime | None
