"""What the answers of a run cost: charged money, or the price of the product that gave them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from madang.core.money import MICRO_PER_WON
from madang.core.units import Unit
from madang.metering.offerings.models import Offering
from madang.metering.offerings.prices import price_set_at, prices_in
from madang.testbed.board.models import BoardReport, CostBasis
from madang.wire.pricing import charge_microwon

BY_TIME = (Unit.SECOND, Unit.GPU_SECOND)
BY_RESULT = (Unit.REQUEST, Unit.IMAGE)
DIGITS = 3


@dataclass(frozen=True, slots=True)
class Cost:
    """`results` answers for `amount_microwon`."""

    results: int
    amount_microwon: int
    basis: CostBasis


@dataclass(frozen=True, slots=True)
class Work:
    """What all repetitions of a report did: answers, and seconds rounded up."""

    results: int
    seconds: int


def work_of(report: Mapping[str, object]) -> Work:
    """From the repetitions of a verified report; exact, for it becomes money."""
    results, seconds = 0, Fraction(0)
    rows = report.get("repetitions")
    for one in rows if isinstance(rows, list) else []:
        samples, rate = one.get("samples"), one.get("samples_per_s")
        if isinstance(samples, int) and isinstance(rate, float) and rate > 0:
            results += samples
            seconds += samples / Fraction(rate)
    return Work(results, -(-seconds.numerator // seconds.denominator))


def cost_by_price(offering: Offering, work: Work, *, at: datetime) -> Cost | None:
    """By the price of everybody on the day of the measurement. None: it has none by time or
    by answer, or nothing was answered."""
    pinned = price_set_at(offering, organisation_kind="", at=at)
    sold = prices_in(pinned) if pinned is not None else {}
    for unit in (*BY_TIME, *BY_RESULT):
        quantity = work.seconds if unit in BY_TIME else work.results
        if unit in sold and quantity:
            amount = charge_microwon({unit: quantity}, {unit: sold[unit]})
            return Cost(work.results, amount, CostBasis.PRICE)
    return None


def results_per_won(report: BoardReport) -> str:
    """Answers for one won, to three digits, worked out in whole numbers; empty if unknown."""
    if not report.results or not report.cost_microwon:
        return ""
    thousandths = report.results * MICRO_PER_WON * 10**DIGITS // report.cost_microwon
    return f"{thousandths // 10**DIGITS:,}.{thousandths % 10**DIGITS:0{DIGITS}}"
