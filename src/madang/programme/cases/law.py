"""The law's dated table: multipliers of the surcharge, strikes, how long an exclusion lasts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from madang.core.clock import seoul_date
from madang.core.money import MICRO_PER_WON
from madang.parties.policies.queries import current_policy
from madang.programme.cases.models import Ground

LAW = "law"
TEN_WON = 10 * MICRO_PER_WON
MONTHS = 12
DAYS_LEAST = 28


@dataclass(frozen=True, slots=True)
class LawLine:
    """What the version that holds at an instant says of one ground. 0 strikes: never."""

    version: UUID
    multiplier: int
    strikes: int
    exclusion_months: int
    truncate: bool


def law_at(ground: str, at: datetime) -> LawLine:
    policy = current_policy(LAW, at)
    name = Ground(ground).value
    return LawLine(
        version=policy.id,
        multiplier=policy.number(f"surcharge_{name}"),
        strikes=policy.number(f"strikes_{name}"),
        exclusion_months=policy.number(f"exclusion_months_{name}"),
        truncate=policy.flag("treasury_ten_won"),
    )


def without_fraction(amount_microwon: int, *, truncate: bool) -> int:
    """국고금 관리법 §47: below ten won nothing is counted."""
    return amount_microwon // TEN_WON * TEN_WON if truncate else amount_microwon


def in_instalments(total_microwon: int, count: int) -> list[int]:
    """Equal parts in tens of won; what they leave joins the first (시행령 §109의2)."""
    each = total_microwon // count // TEN_WON * TEN_WON
    return [total_microwon - each * (count - 1), *[each] * (count - 1)]


def last_day_after(at: datetime, months: int) -> date:
    """The last day of an exclusion from now on: the same day of a later month, or its end."""
    day = seoul_date(at)
    index = day.month - 1 + months
    year, month = day.year + index // MONTHS, index % MONTHS + 1
    number = day.day
    while number > DAYS_LEAST:
        try:
            return date(year, month, number)
        except ValueError:
            number -= 1
    return date(year, month, number)
