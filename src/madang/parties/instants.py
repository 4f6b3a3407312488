"""Instants and days as they come over the API: with a zone, in years that can be reckoned with.

An instant without a zone means another one on every machine, and near the ends of the calendar
Seoul has no day for it: both are refused at the door, by the field's name.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, TypeVar

from pydantic import AfterValidator, AwareDatetime

YEARS = range(1900, 9000)
Dated = TypeVar("Dated", date, datetime)


def _within_reach(value: Dated) -> Dated:
    if value.year not in YEARS:
        raise ValueError(f"the year is from {YEARS.start} to {YEARS.stop - 1}")
    return value


Instant = Annotated[AwareDatetime, AfterValidator(_within_reach)]
Day = Annotated[date, AfterValidator(_within_reach)]
