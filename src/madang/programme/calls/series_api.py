"""REST routes of rolling calls: cut-offs, each a call of its own."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from ninja import Field, Router, Schema

from madang.core.clock import seoul_date
from madang.parties.actor import Role
from madang.parties.api import ApiRequest
from madang.parties.instants import Instant
from madang.programme.calls import series
from madang.programme.calls.api import CallIn, CallOut, call_out, content_of
from madang.programme.calls.models import CallSeries
from madang.programme.years.queries import year_on

router = Router(tags=["calls"])
ONE = "/series/{code}"


class SeriesIn(CallIn):
    """The words of every call; `closes_at` is not looked at, the cut-offs take its place."""

    cut_offs: Annotated[list[Instant], Field(min_length=1, max_length=52)]


class SeriesOut(Schema):
    code: str
    calls: list[CallOut]


def series_out(row: CallSeries, at: datetime) -> SeriesOut:
    return SeriesOut(code=row.code, calls=[call_out(call, at) for call in series.calls_of(row)])


@router.post("/series", response=SeriesOut, operation_id="create_series")
def create(request: ApiRequest, body: SeriesIn) -> SeriesOut:
    """Drafts from cut-off to cut-off; the budget is shared out evenly."""
    request.actor.need(Role.OPERATOR)
    year = year_on(body.programme, seoul_date(body.opens_at))
    made = series.create_series(
        request.actor, year, content_of(body), cut_offs=body.cut_offs, at=request.at
    )
    return series_out(made, request.at)


@router.get(ONE, response=SeriesOut, operation_id="show_series")
def show_series(request: ApiRequest, code: str) -> SeriesOut:
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    return series_out(series.series_by_code(code), request.at)


@router.post(ONE + "/approve", response=SeriesOut, operation_id="approve_series")
def approve(request: ApiRequest, code: str) -> SeriesOut:
    """A second person, for all of them or for none."""
    return series_out(series.approve_series(request.actor, code, at=request.at), request.at)
