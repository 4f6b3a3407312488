"""Days off: computed, entered by decree, taken out; and terms counted by them."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from madang.core.clock import SEOUL
from madang.core.errors import NotAllowed
from madang.parties.actor import Actor, Role
from madang.parties.calendar.actions import fill_year, set_holiday, take_out_holiday
from madang.parties.calendar.queries import days_off, holidays_of
from madang.parties.errors import FactInvalid
from madang.programme.deadlines import due_after, holidays_at

OPERATOR = Actor("op", frozenset({Role.OPERATOR}))


@pytest.fixture
def at(database) -> datetime:
    return datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL).astimezone(UTC)


def test_substitute_holidays_are_computed(at) -> None:
    off = days_off([2026], at)
    for day in ("2026-03-02", "2026-05-25", "2026-08-17", "2026-10-05", "2026-02-17"):
        assert date.fromisoformat(day) in off


def test_filled_year_is_the_tables_alone(at) -> None:
    assert fill_year(OPERATOR, 2027, at=at) > 10
    assert fill_year(OPERATOR, 2027, at=at) == 0
    row = holidays_of(2027).get(day=date(2027, 3, 1))
    assert (row.name, row.is_computed) == ("삼일절", True)
    row.delete()
    assert date(2027, 3, 1) not in days_off([2027], at)


def test_decree_adds_and_takes_away(at) -> None:
    assert due_after(seoul("2026-04-14 10:00"), 1, holidays=holidays_at(at)) == seoul(
        "2026-04-16 00:00"
    )
    set_holiday(OPERATOR, date(2026, 4, 15), name="임시공휴일", at=at)
    assert due_after(seoul("2026-04-14 10:00"), 1, holidays=holidays_at(at)) == seoul(
        "2026-04-17 00:00"
    )
    take_out_holiday(OPERATOR, date(2026, 4, 15), at=at)
    take_out_holiday(OPERATOR, date(2026, 5, 5), at=at)
    off = days_off([2026], at)
    assert not {date(2026, 4, 15), date(2026, 5, 5)} & off


def test_what_an_operator_entered_survives_the_filling(at) -> None:
    take_out_holiday(OPERATOR, date(2028, 3, 1), at=at)
    fill_year(OPERATOR, 2028, at=at)
    assert date(2028, 3, 1) not in days_off([2028], at)


def test_terms_reach_over_the_end_of_the_year(at) -> None:
    new_year = seoul("2026-12-31 10:00")
    assert due_after(new_year, 1, holidays=holidays_at(new_year)) == seoul("2027-01-05 00:00")


@pytest.mark.parametrize(
    ("step", "refusal"),
    [
        (lambda at: fill_year(OPERATOR, 1999, at=at), FactInvalid),
        (lambda at: fill_year(OPERATOR, 2201, at=at), FactInvalid),
        (lambda at: set_holiday(OPERATOR, date(2026, 1, 2), name=" ", at=at), FactInvalid),
        (lambda at: fill_year(Actor("x"), 2026, at=at), NotAllowed),
        (lambda at: set_holiday(Actor("x"), date(2026, 1, 2), name="x", at=at), NotAllowed),
        (lambda at: take_out_holiday(Actor("x"), date(2026, 1, 1), at=at), NotAllowed),
    ],
)
def test_change_of_the_calendar_is_refused(at, step, refusal) -> None:
    with pytest.raises(refusal):
        step(at)
