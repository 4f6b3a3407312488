"""REST routes of a year's end: closing, the treasury, roll-over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.vouchers.api import Amount, Reason
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.people.queries import actor_for, person_by_id
from madang.programme.years import closing, rolling, treasury
from madang.programme.years.models import ProgrammeYear, RollOver, TreasuryReturn
from madang.programme.years.queries import year_of

router = Router(tags=["years"])
YEAR = "/years/{programme}/{year}"
ROLL_OVER = "/roll-overs/{roll_over_id}"
READERS = (Role.OPERATOR, Role.AUDITOR)
Won = Annotated[Whole, Field(ge=0, le=2**62)]


class YearOut(Schema):
    programme: str
    year: int
    state: str
    starts_on: date
    ends_on: date
    closed_at: datetime | None
    open: list[str]
    """What still keeps it from being closed."""


class TreasuryOut(Schema):
    id: UUID
    kind: str
    amount_microwon: int
    remitted_microwon: int
    state: str
    prepared_by: str


class AmountIn(Schema):
    amount_microwon: Amount


class InterestIn(AmountIn):
    reference: Annotated[str, Field(pattern="^[A-Za-z0-9._:/#+=,~-]{1,100}$")]


class RollOverIn(Schema):
    budget_microwon: Won
    carried_microwon: Won = 0


class RollOverOut(Schema):
    id: UUID
    programme: str
    from_year: int
    to_year: int | None
    budget_microwon: int
    carried_microwon: int
    state: str


def year_out(row: ProgrammeYear) -> YearOut:
    return YearOut(
        programme=row.programme.code,
        year=row.year,
        state=row.state,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        closed_at=row.closed_at,
        open=[str(one) for one in closing.what_is_open(row)] if row.state != "closed" else [],
    )


def treasury_out(row: TreasuryReturn) -> TreasuryOut:
    return TreasuryOut(
        id=row.id,
        kind=row.kind,
        amount_microwon=row.amount_microwon,
        remitted_microwon=row.remitted_microwon,
        state=row.state,
        prepared_by=row.prepared_by,
    )


def roll_over_out(row: RollOver) -> RollOverOut:
    return RollOverOut(
        id=row.id,
        programme=row.from_year.programme.code,
        from_year=row.from_year.year,
        to_year=row.to_year.year if row.to_year else None,
        budget_microwon=row.budget_microwon,
        carried_microwon=row.carried_microwon,
        state=row.state,
    )


@router.get(YEAR, response=YearOut, operation_id="show_year")
def show_year(request: ApiRequest, programme: str, year: int) -> YearOut:
    """A year's state, and everything that is still open in it."""
    request.actor.need(*READERS)
    return year_out(year_of(programme, year))


@router.post(YEAR + "/begin-close", response=YearOut, operation_id="begin_year_close")
def begin(request: ApiRequest, programme: str, year: int) -> YearOut:
    """After its last day, when nothing is open: the unspent rest is owed to the treasury."""
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    closing.begin_year_close(request.actor, row.id, at=request.at)
    return year_out(year_of(programme, year))


@router.post(YEAR + "/close", response=YearOut, operation_id="close_year")
def close(request: ApiRequest, programme: str, year: int) -> YearOut:
    """A second person shuts the books: only corrections after this."""
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    closing.close_year(request.actor, row.id, at=request.at)
    return year_out(year_of(programme, year))


@router.get(
    YEAR + "/treasury",
    response=list[TreasuryOut],
    operation_id="list_treasury_returns",
)
def list_returns(request: ApiRequest, programme: str, year: int) -> list[TreasuryOut]:
    request.actor.need(*READERS)
    rows = year_of(programme, year).treasury_returns.order_by("prepared_at", "id")
    return [treasury_out(row) for row in rows[:ROWS_MAX]]


@router.post(YEAR + "/treasury", response=TreasuryOut, operation_id="return_unspent_part")
def return_part(request: ApiRequest, programme: str, year: int, body: AmountIn) -> TreasuryOut:
    """Part of what is unallotted goes back before the close."""
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    done = closing.return_part(
        request.actor, row.id, amount_microwon=body.amount_microwon, at=request.at
    )
    return treasury_out(done)


@router.post(YEAR + "/interest", response=YearOut, operation_id="record_interest")
def interest(request: ApiRequest, programme: str, year: int, body: InterestIn) -> YearOut:
    """On the subsidy account, under the bank's reference."""
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    treasury.record_interest(
        request.actor,
        row.id,
        amount_microwon=body.amount_microwon,
        reference=body.reference,
        at=request.at,
    )
    return year_out(row)


@router.post(
    YEAR + "/interest/return", response=TreasuryOut, operation_id="prepare_interest_return"
)
def interest_return(request: ApiRequest, programme: str, year: int) -> TreasuryOut:
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    return treasury_out(treasury.prepare_interest(request.actor, row.id, at=request.at))


@router.post(
    "/treasury-returns/{treasury_id}/remit",
    response=TreasuryOut,
    operation_id="remit_treasury",
)
def remit(request: ApiRequest, treasury_id: UUID) -> TreasuryOut:
    """By a second person; in tens of won, fractions with the next one."""
    request.actor.need(Role.OPERATOR)
    return treasury_out(treasury.remit_treasury(request.actor, treasury_id, at=request.at))


@router.post(YEAR + "/roll-over", response=RollOverOut, operation_id="propose_roll_over")
def propose(request: ApiRequest, programme: str, year: int, body: RollOverIn) -> RollOverOut:
    """The next year, with its own budget and what is carried over from this one."""
    request.actor.need(Role.OPERATOR)
    row = year_of(programme, year)
    done = rolling.propose_roll_over(
        request.actor,
        row.id,
        budget_microwon=body.budget_microwon,
        carried_microwon=body.carried_microwon,
        at=request.at,
    )
    return roll_over_out(done)


@router.get("/roll-overs", response=list[RollOverOut], operation_id="list_roll_overs")
def list_roll_overs(request: ApiRequest) -> list[RollOverOut]:
    request.actor.need(*READERS)
    rows = RollOver.objects.select_related("from_year__programme", "to_year")
    return [roll_over_out(row) for row in rows.order_by("-proposed_at")[:ROWS_MAX]]


@router.post(ROLL_OVER + "/approve", response=RollOverOut, operation_id="approve_roll_over")
def approve(request: ApiRequest, roll_over_id: UUID) -> RollOverOut:
    """A second person; the proposer must still be an operator."""
    request.actor.need(Role.OPERATOR)
    held = rolling.roll_over_of(roll_over_id)
    proposer = actor_for(
        person_by_id(held.proposed_by), at=request.at, origin=request.actor.origin
    )
    done = rolling.approve_roll_over(
        request.actor, roll_over_id, proposer=proposer, at=request.at
    )
    return roll_over_out(done)


@router.post(ROLL_OVER + "/refuse", response=RollOverOut, operation_id="refuse_roll_over")
def refuse(request: ApiRequest, roll_over_id: UUID, body: Reason) -> RollOverOut:
    request.actor.need(Role.OPERATOR)
    done = rolling.refuse_roll_over(
        request.actor, roll_over_id, reason=body.reason, at=request.at
    )
    return roll_over_out(done)
