"""Amounts are integers of micro-won, read one way or not at all."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from madang.core.money import (
    Ratio,
    floor_to_won,
    is_whole_won,
    microwon_from_text,
    microwon_from_won,
    price_from_won_each,
    price_from_won_per_million,
)


@given(st.integers(0, 10**18 - 1), st.integers(0, 10**6 - 1))
def test_decimal_text_is_read_exactly(won, micro):
    text = f"{won}.{micro:06d}"
    assert microwon_from_text(text) == int(Decimal(text) * 1_000_000)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-1",
        "+1",
        "1e3",
        "1,000",
        "1.",
        ".5",
        "1.1234567",
        " 1",
        "1 ",
        "0x1",
        "NaN",
        "1" * 19,
    ],
)
def test_text_that_two_readers_could_read_differently_is_refused(text):
    with pytest.raises(ValueError, match="decimal amount"):
        microwon_from_text(text)


@pytest.mark.parametrize(
    ("read", "text", "wanted"),
    [
        (price_from_won_per_million, "1400", 1_400_000_000),
        (price_from_won_per_million, "0.35", 350_000),
        (price_from_won_each, "35.5", 35_500_000_000_000),
    ],
)
def test_prices_are_micro_won_per_million_units(read, text, wanted):
    assert read(text) == wanted


@given(st.integers(0, 10**15))
def test_floor_to_won_is_whole_and_loses_less_than_a_won(amount):
    floored = floor_to_won(amount)
    assert is_whole_won(floored)
    assert 0 <= amount - floored < 1_000_000


@given(st.integers(0, 10**18), st.integers(1, 10**9 - 1), st.data())
def test_ratio_floors_exactly(amount, denominator, data):
    numerator = data.draw(st.integers(0, denominator))
    ratio = Ratio(numerator, denominator)
    assert ratio.floor_of(amount) == amount * Fraction(numerator, denominator) // 1
    assert Ratio.parse(str(ratio)) == ratio


@pytest.mark.parametrize("text", ["", "4", "4/0", "5/4", "-1/2", "0.8", "4 / five", "1/2/3"])
def test_what_is_no_ratio_from_0_to_1_is_refused(text):
    with pytest.raises(ValueError, match="ratio"):
        Ratio.parse(text)


def test_whole_won_become_micro_won():
    assert microwon_from_won(1_980_000) == 1_980_000_000_000
