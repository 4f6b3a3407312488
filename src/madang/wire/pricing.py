"""From quantities to a charge: the one place where money is rounded.

charge = ⌈Σ quantity × price per million / 10⁶⌉, rounded up once per call.
Everything after this adds and splits exactly (ledger).
"""

from __future__ import annotations

from collections.abc import Mapping

from madang.core.money import UNITS_PER_PRICE, MicroWon
from madang.core.units import Unit

QUANTITY_MAX = 2**32 - 1
"""Largest quantity of one unit in one call: the width of the journal's fields."""

Prices = Mapping[Unit, int]
"""Micro-won per 1,000,000 units, for every unit that the offering sells."""


def charge_microwon(quantities: Mapping[Unit, int], prices: Prices) -> MicroWon:
    """Price one call. Raises KeyError when a unit was used that has no price."""
    return rounded_up(
        sum(quantity * prices[unit] for unit, quantity in quantities.items() if quantity)
    )


def rounded_up(total: int) -> MicroWon:
    """Σ quantity × price per million, as a charge: the one rounding there is."""
    return MicroWon(-(-total // UNITS_PER_PRICE))


def worst_input_price(prices: Prices) -> int:
    """The dearest class that an input token could fall into: no cache discount is assumed."""
    classes = (Unit.TOKEN_IN, Unit.TOKEN_IN_CACHED, Unit.TOKEN_IN_CACHE_WRITE)
    return max(prices.get(unit, 0) for unit in classes)
