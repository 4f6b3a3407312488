"""Whether a call is open, read from the clock at the moment of asking, never set by a job."""

from __future__ import annotations

from datetime import datetime

from madang.core.clock import rfc3339, seoul_day_ends
from madang.programme.calls.models import Call, CallState
from madang.programme.errors import CallNotOpen, YearOver

OPEN, CLOSED = "open", "closed"


def phase_at(call: Call, at: datetime) -> str:
    """The state for people: half open, [opens_at, closes_at)."""
    if call.state != CallState.APPROVED or call.is_hidden or at < call.opens_at:
        return call.state
    return OPEN if at < call.closes_at else CLOSED


def need_open(call: Call, at: datetime) -> None:
    """Raises CallNotOpen, with both ends of the period."""
    if phase_at(call, at) != OPEN:
        raise CallNotOpen(opens_at=rfc3339(call.opens_at), closes_at=rfc3339(call.closes_at))


def is_year_over(call: Call, at: datetime) -> bool:
    """After its year's last day nothing can be bought any more, whatever is amended."""
    return at >= seoul_day_ends(call.programme_year.ends_on)


def need_year_running(call: Call, at: datetime) -> None:
    """Raises YearOver."""
    if is_year_over(call, at):
        raise YearOver(ends_on=call.programme_year.ends_on.isoformat())
