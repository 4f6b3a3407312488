"""The charge of one call against an oracle that shares no code with it."""

from __future__ import annotations

import math
import os
import random
from fractions import Fraction

import pytest

from madang.core.units import Unit
from madang.wire.pricing import QUANTITY_MAX, charge_microwon, worst_input_price

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
UNITS = (Unit.TOKEN_IN, Unit.TOKEN_IN_CACHED, Unit.TOKEN_IN_CACHE_WRITE, Unit.TOKEN_OUT)


def oracle(quantities: dict[Unit, int], won_per_million: dict[Unit, str]) -> int:
    won = sum(
        (Fraction(won_per_million[unit]) * n / 1_000_000 for unit, n in quantities.items()),
        Fraction(0),
    )
    return math.ceil(won * 1_000_000)


def test_a_charge_equals_the_fraction_oracle():
    rng = random.Random(3)
    for _ in range(COUNT):
        decimals = rng.choice((0, 1, 6))
        prices = {u: f"{rng.randrange(10**6)}.{rng.randrange(10**decimals)}" for u in UNITS}
        small = rng.random() < 0.5
        quantities = {u: rng.randrange(50 if small else QUANTITY_MAX) for u in UNITS}
        micro = {
            u: int(Fraction(text) * 1_000_000) for u, text in prices.items()
        }  # exact: at most six decimals
        assert charge_microwon(quantities, micro) == oracle(quantities, prices)


def test_rounding_is_up_and_once_per_call():
    prices = {Unit.TOKEN_IN: 1, Unit.TOKEN_OUT: 1}
    assert charge_microwon({Unit.TOKEN_IN: 1}, prices) == 1
    assert charge_microwon({Unit.TOKEN_IN: 1, Unit.TOKEN_OUT: 1}, prices) == 1
    assert charge_microwon({Unit.TOKEN_IN: 0}, prices) == 0


def test_a_unit_without_a_price_is_an_error_only_when_used():
    assert charge_microwon({Unit.TOKEN_OUT: 0}, {}) == 0
    with pytest.raises(KeyError):
        charge_microwon({Unit.TOKEN_OUT: 1}, {})


def test_no_cache_discount_is_assumed_for_a_bound():
    prices = {Unit.TOKEN_IN: 10, Unit.TOKEN_IN_CACHED: 2, Unit.TOKEN_IN_CACHE_WRITE: 12}
    assert worst_input_price(prices) == 12
