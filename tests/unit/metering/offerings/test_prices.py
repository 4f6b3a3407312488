"""Which prices hold together, from when, for whom."""

from __future__ import annotations

from datetime import UTC, datetime

from madang.core.units import Unit
from madang.metering.offerings.models import PriceVersion
from madang.metering.offerings.prices import group_for, windows_of

JAN, FEB, MAR = (datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3))


def version(unit: Unit, price: int, start: datetime, *kinds: str) -> PriceVersion:
    return PriceVersion(
        unit=unit, microwon_per_million=price, valid_from=start, for_kinds=sorted(kinds)
    )


def test_windows_meet_without_gap_and_the_last_has_no_end() -> None:
    first, second = windows_of([version(Unit.TOKEN_IN, 1, JAN), version(Unit.TOKEN_IN, 2, MAR)])

    assert (first.valid_from, first.valid_until, first.prices) == (JAN, MAR, {Unit.TOKEN_IN: 1})
    assert (second.valid_from, second.valid_until) == (MAR, None)
    assert first.holds_at(JAN)
    assert not first.holds_at(MAR)
    assert second.holds_at(MAR)


def test_offering_without_prices_has_no_window() -> None:
    assert windows_of([]) == []


def test_a_unit_that_does_not_change_is_carried_into_the_next_window() -> None:
    windows = windows_of(
        [
            version(Unit.TOKEN_IN, 1, JAN),
            version(Unit.TOKEN_OUT, 5, JAN),
            version(Unit.TOKEN_OUT, 6, FEB),
        ]
    )

    assert [window.prices for window in windows] == [
        {Unit.TOKEN_IN: 1, Unit.TOKEN_OUT: 5},
        {Unit.TOKEN_IN: 1, Unit.TOKEN_OUT: 6},
    ]


def test_named_kinds_pay_their_own_price_and_the_general_one_for_the_rest() -> None:
    windows = windows_of(
        [
            version(Unit.TOKEN_IN, 10, JAN),
            version(Unit.TOKEN_OUT, 20, JAN),
            version(Unit.TOKEN_IN, 7, FEB, "sme", "midsize"),
        ]
    )
    group = group_for(windows, "sme")
    mine = [window for window in windows if window.kinds == group]

    assert group == ("midsize", "sme")
    assert group_for(windows, "large") == ()
    assert [window.prices[Unit.TOKEN_IN] for window in mine] == [10, 7]
    assert mine[1].prices[Unit.TOKEN_OUT] == 20


def test_a_later_general_price_does_not_touch_a_kind_with_its_own() -> None:
    windows = windows_of(
        [
            version(Unit.TOKEN_IN, 10, JAN),
            version(Unit.TOKEN_IN, 7, JAN, "sme"),
            version(Unit.TOKEN_IN, 99, FEB),
        ]
    )
    mine = [window for window in windows if window.kinds == ("sme",)]

    assert [window.prices[Unit.TOKEN_IN] for window in mine] == [7, 7]


def test_digest_names_the_content_and_nothing_else() -> None:
    (one,) = windows_of([version(Unit.TOKEN_IN, 1, JAN)])
    (same,) = windows_of([version(Unit.TOKEN_IN, 1, JAN)])
    (other,) = windows_of([version(Unit.TOKEN_IN, 2, JAN)])

    assert one.sha256(1) == same.sha256(1)
    assert len({one.sha256(1), one.sha256(2), other.sha256(1)}) == 3
