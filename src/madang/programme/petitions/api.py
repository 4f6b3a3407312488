"""REST routes of petitions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import WHOLE_MAX, Whole
from madang.parties.instants import Day
from madang.programme.petitions import actions
from madang.programme.petitions.models import Petition, PetitionKind
from madang.programme.petitions.queries import petition_for, petitions_for

router = Router(tags=["petitions"])
Words = Annotated[str, Field(min_length=1, max_length=4000)]


class PetitionIn(Schema):
    """`charge` for a use that is wrong, `until_on` for more time."""

    kind: PetitionKind
    text: Words
    charge: Annotated[Whole, Field(ge=1, le=WHOLE_MAX)] | None = None
    until_on: Day | None = None


class WordOut(Schema):
    side: str
    text: str
    at: datetime


class PetitionOut(Schema):
    id: UUID
    voucher: str
    kind: str
    charge: int | None
    until_on: date | None
    state: str
    refunded_microwon: int
    asked_at: datetime
    words: list[WordOut]


class AnswerIn(Schema):
    text: Words


class GrantIn(Schema):
    reason: Words
    refund_microwon: Annotated[Whole, Field(ge=0, le=2**62)] = 0


class RefusalIn(Schema):
    reason: Words


def petition_out(row: Petition) -> PetitionOut:
    return PetitionOut(
        id=row.id,
        voucher=row.voucher.code,
        kind=row.kind,
        charge=row.charge_id,
        until_on=row.until_on,
        state=row.state,
        refunded_microwon=row.refunded_microwon,
        asked_at=row.asked_at,
        words=[
            WordOut(side=one.side, text=one.text, at=one.at)
            for one in row.words.order_by("at", "id")
        ],
    )


@router.get("/petitions", response=list[PetitionOut], operation_id="list_petitions")
def list_petitions(request: ApiRequest) -> list[PetitionOut]:
    return [petition_out(row) for row in petitions_for(request.actor)[:ROWS_MAX]]


@router.get("/petitions/{petition_id}", response=PetitionOut, operation_id="show_petition")
def show_petition(request: ApiRequest, petition_id: UUID) -> PetitionOut:
    return petition_out(petition_for(request.actor, petition_id))


@router.post("/vouchers/{code}/petitions", response=PetitionOut, operation_id="ask_agency")
def ask(request: ApiRequest, code: str, body: PetitionIn) -> PetitionOut:
    """By the voucher's own people: a use is wrong, more time is needed, a booking is wrong."""
    wish = actions.Wish(body.kind, body.text, body.charge, body.until_on)
    voucher = voucher_for(request.actor, code)
    return petition_out(actions.ask_agency(request.actor, voucher, wish, at=request.at))


@router.post(
    "/petitions/{petition_id}/answer", response=PetitionOut, operation_id="answer_petition"
)
def answer(request: ApiRequest, petition_id: UUID, body: AnswerIn) -> PetitionOut:
    """The supplier's word on a charge of its own."""
    done = actions.answer_petition(request.actor, petition_id, text=body.text, at=request.at)
    return petition_out(done)


@router.post(
    "/petitions/{petition_id}/grant", response=PetitionOut, operation_id="grant_petition"
)
def grant(request: ApiRequest, petition_id: UUID, body: GrantIn) -> PetitionOut:
    """Refunds the charge, or proposes the amendment, in the same transaction."""
    done = actions.grant_petition(
        request.actor, petition_id, refund_microwon=body.refund_microwon, reason=body.reason,
        at=request.at,
    )  # fmt: skip
    return petition_out(done)


@router.post(
    "/petitions/{petition_id}/refuse", response=PetitionOut, operation_id="refuse_petition"
)
def refuse(request: ApiRequest, petition_id: UUID, body: RefusalIn) -> PetitionOut:
    done = actions.refuse_petition(
        request.actor, petition_id, reason=body.reason, at=request.at
    )
    return petition_out(done)


@router.post(
    "/petitions/{petition_id}/withdraw", response=PetitionOut, operation_id="withdraw_petition"
)
def withdraw(request: ApiRequest, petition_id: UUID) -> PetitionOut:
    return petition_out(actions.withdraw_petition(request.actor, petition_id, at=request.at))
