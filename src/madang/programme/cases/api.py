"""REST routes of clawback cases."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Literal, Protocol
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.vouchers.api import Amount, Reason
from madang.parties.actor import Actor
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.programme.awards.queries import award_for
from madang.programme.cases import actions, collecting, deciding
from madang.programme.cases.models import ClawbackCase, Ground
from madang.programme.cases.queries import (
    case_for,
    cases_for,
    instalments_of,
    money_of,
    reasons_for,
)

router = Router(tags=["cases"])
CASE = "/cases/{case_id}"
Reference = Annotated[str, Field(min_length=1, max_length=100)]


class InstalmentOut(Schema):
    number: int
    amount_microwon: int
    paid_microwon: int
    due_at: datetime


class CaseReasonOut(Schema):
    step: str
    at: datetime
    text: str


class CaseOut(Schema):
    id: UUID
    award: UUID
    voucher: str | None
    debtor: str
    supplier: str | None
    ground: str
    state: str
    found_microwon: int
    principal_microwon: int
    surcharge_microwon: int
    multiplier: int
    owed_microwon: int
    to_remit_microwon: int
    hearing_due_at: datetime | None
    pay_due_at: datetime | None
    instalments: list[InstalmentOut]
    reasons: list[CaseReasonOut]


class OpenIn(Reason):
    award: UUID
    ground: Ground
    found_microwon: Annotated[Whole, Field(ge=0, le=2**62)] = 0
    debtor: Literal["beneficiary", "supplier"] = "beneficiary"
    supplier: Annotated[str, Field(max_length=64)] = ""
    """The debtor is this one: the award's, or one that sold under its voucher."""


class AnswerIn(Schema):
    text: Annotated[str, Field(min_length=1, max_length=20000)]


class DecideIn(Reason):
    principal_microwon: Amount


class PlanIn(Reason):
    count: Annotated[Whole, Field(ge=2, le=60)]
    every_days: Annotated[Whole, Field(ge=1, le=366)] = 30


class CollectIn(Schema):
    amount_microwon: Amount
    reference: Reference


class ReferenceIn(Schema):
    reference: Reference


def case_out(actor: Actor, row: ClawbackCase) -> CaseOut:
    money = money_of(row)
    return CaseOut(
        id=row.id,
        award=row.award_id,
        voucher=row.voucher.code if row.voucher else None,
        debtor=row.debtor.code,
        supplier=row.supplier.code if row.supplier else None,
        ground=row.ground,
        state=row.state,
        found_microwon=row.found_microwon,
        principal_microwon=row.principal_microwon,
        surcharge_microwon=row.surcharge_microwon,
        multiplier=row.multiplier,
        owed_microwon=money.owed,
        to_remit_microwon=money.to_remit,
        hearing_due_at=row.hearing_due_at,
        pay_due_at=row.pay_due_at,
        instalments=[
            InstalmentOut(
                number=one.number,
                amount_microwon=one.amount_microwon,
                paid_microwon=paid,
                due_at=one.due_at,
            )
            for one, paid in instalments_of(row)
        ],
        reasons=[
            CaseReasonOut(
                step=one.action.removeprefix("case."), at=one.at, text=one.reason_row.text
            )
            for one in reasons_for(actor, row)
        ],
    )


def _again(request: ApiRequest, case_id: UUID) -> CaseOut:
    return case_out(request.actor, case_for(request.actor, case_id))


class CaseStep(Protocol):
    """What is done to a case, with its words bound to it already."""

    def __call__(self, actor: Actor, case_id: UUID, /, *, at: datetime) -> ClawbackCase: ...


def _took(request: ApiRequest, case_id: UUID, step: CaseStep) -> CaseOut:
    """One step of a case that the actor may see, and the case as it stands then."""
    case_for(request.actor, case_id)
    step(request.actor, case_id, at=request.at)
    return _again(request, case_id)


@router.get("/cases", response=list[CaseOut], operation_id="list_cases")
def list_cases(request: ApiRequest) -> list[CaseOut]:
    return [case_out(request.actor, row) for row in cases_for(request.actor)[:ROWS_MAX]]


@router.get(CASE, response=CaseOut, operation_id="show_case")
def show_case(request: ApiRequest, case_id: UUID) -> CaseOut:
    return _again(request, case_id)


@router.post("/cases", response=CaseOut, operation_id="open_clawback")
def open_case(request: ApiRequest, body: OpenIn) -> CaseOut:
    """A suspicion on an award: nothing is stopped yet."""
    award = award_for(request.actor, body.award)
    suspicion = actions.Suspicion(
        body.ground, body.found_microwon, body.debtor == "supplier", body.supplier
    )
    row = actions.open_clawback(
        request.actor, award.id, suspicion, reason=body.reason, at=request.at
    )
    return _again(request, row.id)


@router.post(CASE + "/investigate", response=CaseOut, operation_id="investigate_clawback")
def investigate(request: ApiRequest, case_id: UUID, body: Reason) -> CaseOut:
    """The voucher is suspended, what would be paid out waits."""
    return _took(request, case_id, partial(actions.investigate_clawback, reason=body.reason))


@router.post(CASE + "/hearing", response=CaseOut, operation_id="call_hearing")
def hearing(request: ApiRequest, case_id: UUID, body: Reason) -> CaseOut:
    """The debtor is told and has the days of policy to answer."""
    return _took(request, case_id, partial(actions.call_hearing, reason=body.reason))


@router.post(CASE + "/answer", response=CaseOut, operation_id="answer_clawback")
def answer(request: ApiRequest, case_id: UUID, body: AnswerIn) -> CaseOut:
    """The debtor's own word."""
    return _took(request, case_id, partial(actions.answer_clawback, text=body.text))


@router.post(CASE + "/hear", response=CaseOut, operation_id="hear_clawback")
def hear(request: ApiRequest, case_id: UUID) -> CaseOut:
    return _took(request, case_id, actions.hear_clawback)


@router.post(CASE + "/decide", response=CaseOut, operation_id="decide_clawback")
def decide(request: ApiRequest, case_id: UUID, body: DecideIn) -> CaseOut:
    """By somebody other than who opened it; the surcharge is the law's of this day."""
    return _took(
        request,
        case_id,
        partial(
            deciding.decide_clawback,
            principal_microwon=body.principal_microwon,
            reason=body.reason,
        ),
    )


@router.post(CASE + "/demand", response=CaseOut, operation_id="demand_clawback")
def demand(request: ApiRequest, case_id: UUID) -> CaseOut:
    """By somebody other than who decided it: booked, demanded, and the strike counted."""
    return _took(request, case_id, deciding.demand_clawback)


@router.post(CASE + "/drop", response=CaseOut, operation_id="drop_clawback")
def drop(request: ApiRequest, case_id: UUID, body: Reason) -> CaseOut:
    return _took(request, case_id, partial(actions.drop_clawback, reason=body.reason))


@router.post(CASE + "/instalments", response=CaseOut, operation_id="plan_instalments")
def plan(request: ApiRequest, case_id: UUID, body: PlanIn) -> CaseOut:
    return _took(
        request,
        case_id,
        partial(
            collecting.plan_instalments,
            count=body.count,
            every_days=body.every_days,
            reason=body.reason,
        ),
    )


@router.post(CASE + "/collect", response=CaseOut, operation_id="collect_clawback")
def collect(request: ApiRequest, case_id: UUID, body: CollectIn) -> CaseOut:
    """Under the bank's reference; the same again changes nothing."""
    return _took(
        request,
        case_id,
        partial(
            collecting.collect_clawback,
            amount_microwon=body.amount_microwon,
            reference=body.reference,
        ),
    )


@router.post(CASE + "/set-off", response=CaseOut, operation_id="set_off_clawback")
def set_off(request: ApiRequest, case_id: UUID, body: CollectIn) -> CaseOut:
    """A supplier's own debt, against its unpaid statements of the same year."""
    return _took(
        request,
        case_id,
        partial(
            collecting.set_off_clawback,
            amount_microwon=body.amount_microwon,
            reference=body.reference,
        ),
    )


@router.post(CASE + "/write-off/propose", response=CaseOut, operation_id="propose_write_off")
def propose(request: ApiRequest, case_id: UUID, body: Reason) -> CaseOut:
    return _took(request, case_id, partial(collecting.propose_write_off, reason=body.reason))


@router.post(CASE + "/write-off", response=CaseOut, operation_id="write_off_clawback")
def write_off(request: ApiRequest, case_id: UUID) -> CaseOut:
    """By somebody other than who proposed it."""
    return _took(request, case_id, collecting.write_off_clawback)


@router.post(CASE + "/remit", response=CaseOut, operation_id="remit_clawback")
def remit(request: ApiRequest, case_id: UUID, body: ReferenceIn) -> CaseOut:
    """What was collected goes to the treasury."""
    return _took(request, case_id, partial(collecting.remit_clawback, reference=body.reference))
