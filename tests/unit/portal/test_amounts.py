"""Amounts as people read them: exact, in both languages."""

from __future__ import annotations

import pytest

from madang.portal.amounts import percent_text, won_digits, won_short, won_text


@pytest.mark.parametrize(
    ("amount_microwon", "shown"),
    [
        (0, "0"),
        (1, "0.000001"),
        (1_234_567_890, "1,234.56789"),
        (1_000_000, "1"),
        (1_500_000, "1.5"),
        (-1_234_567_890, "-1,234.56789"),
        (8_500_000_000_000_000, "8,500,000,000"),
        (10**30 + 1, "1,000,000,000,000,000,000,000,000.000001"),
    ],
)
def test_an_amount_is_shown_exactly_without_trailing_zeros(amount_microwon, shown):
    assert won_digits(amount_microwon) == shown


def test_the_unit_follows_in_korean_and_leads_in_english():
    assert won_text(1_234_567_890, "ko") == "1,234.56789원"
    assert won_text(1_234_567_890, "en") == "₩1,234.56789"
    assert won_text(-1_500_000, "ko") == "-1.5원"
    assert won_text(-1_500_000, "en") == "-₩1.5"


@pytest.mark.parametrize(
    ("won", "ko", "en"),
    [
        (8_500_000_000, "85억원", "₩8.5bn"),
        (8_599_999_999, "85.9억원", "₩8.5bn"),
        (19_999, "1.9만원", "₩19.9k"),
        (999, "999원", "₩999"),
        (-20_000, "-2만원", "-₩20k"),
    ],
)
def test_a_short_amount_is_cut_and_never_rounded_up(won, ko, en):
    assert won_short(won * 10**6, "ko") == ko
    assert won_short(won * 10**6, "en") == en


def test_a_share_is_cut_to_one_decimal():
    assert percent_text(1, 3) == "33.3%"
    assert percent_text(2, 3) == "66.6%"
    assert percent_text(5, 0) == "0%"
