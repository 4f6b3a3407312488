"""REST routes of the calendar that days are counted by. Public to read."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from ninja import Field, Router, Schema

from madang.parties.api import ApiRequest
from madang.parties.calendar import actions
from madang.parties.calendar.models import Holiday
from madang.parties.calendar.queries import days_off, holidays_of

router = Router(tags=["parties"])


Year = Annotated[int, Field(ge=2000, le=2200)]


class HolidayIn(Schema):
    name: Annotated[str, Field(min_length=1, max_length=100)]


class HolidayOut(Schema):
    day: date
    name: str
    is_off: bool
    is_computed: bool


class YearOut(Schema):
    """`days_off` is what counts; `entered` is what stands in the table."""

    year: int
    days_off: list[date]
    entered: list[HolidayOut]


def year_out(year: int, at: datetime) -> YearOut:
    return YearOut(
        year=year,
        days_off=sorted(day for day in days_off([year], at) if day.year == year),
        entered=[holiday_out(row) for row in holidays_of(year)],
    )


def holiday_out(row: Holiday) -> HolidayOut:
    return HolidayOut.from_orm(row)


@router.get("/holidays/years/{year}", response=YearOut, operation_id="list_holidays", auth=None)
def list_holidays(
    request: ApiRequest, year: Annotated[int, Field(ge=2000, le=2200)]
) -> YearOut:
    """The days on which no term ends."""
    return year_out(year, request.at)


@router.post("/holidays/years/{year}", response=YearOut, operation_id="fill_holidays")
def fill(request: ApiRequest, year: Year) -> YearOut:
    """Write the computed days of a year into the table; again, nothing changes."""
    actions.fill_year(request.actor, year, at=request.at)
    return year_out(year, request.at)


@router.put("/holidays/{day}", response=HolidayOut, operation_id="set_holiday")
def put(request: ApiRequest, day: date, body: HolidayIn) -> HolidayOut:
    return holiday_out(actions.set_holiday(request.actor, day, name=body.name, at=request.at))


@router.delete("/holidays/{day}", response=HolidayOut, operation_id="take_out_holiday")
def take_out(request: ApiRequest, day: date) -> HolidayOut:
    """The day stays on record as one that is not off."""
    return holiday_out(actions.take_out_holiday(request.actor, day, at=request.at))
