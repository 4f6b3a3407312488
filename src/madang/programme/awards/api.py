"""REST routes of awards: agreement, co-payment, voucher, and what is not taken."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.vouchers.api import (
    DepositIn,
    ReceiptOut,
    VoucherOut,
    receipt_out,
    voucher_out,
)
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.programme.agreements.actions import sign_agreement
from madang.programme.agreements.models import Agreement, PartyRole
from madang.programme.agreements.queries import agreement_for, agreements_for
from madang.programme.awards import actions
from madang.programme.awards.models import Award
from madang.programme.awards.queries import award_for, awards_for
from madang.programme.calls.queries import call_by_code
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.public import concluded, public_award

router = Router(tags=["awards"])
AWARD = "/awards/{award_id}"


class CoPaymentOut(Schema):
    """What is to be deposited, and until when. What was paid, the voucher says."""

    state: str
    cash_microwon: int
    due_at: datetime


class AwardOut(Schema):
    """`copayment` is there from the last signature on; a direct grant has none."""

    id: UUID
    call: str
    application: UUID | None
    organisation: str
    supplier: str | None
    amount_microwon: int
    state: str
    voucher: str | None
    copayment: CoPaymentOut | None


class PublicAwardOut(Schema):
    call: str
    organisation_ko: str
    organisation_en: str
    kind: str
    region: str
    amount_microwon: int


class PartyOut(Schema):
    role: str
    signed_by: str
    signed_at: datetime | None


class AgreementOut(Schema):
    id: UUID
    award: UUID
    call: str
    organisation: str
    state: str
    terms: dict[str, object]
    terms_sha256: str
    sign_due_at: datetime
    signed_at: datetime | None
    parties: list[PartyOut]


class SignIn(Schema):
    """The digest of the text that was read; the role only where one may sign for several."""

    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    role: PartyRole | None = None


class ReasonIn(Schema):
    reason: Annotated[str, Field(max_length=4000)] = ""


def award_out(row: Award) -> AwardOut:
    owed: CoPaymentObligation | None = getattr(row, "copayment", None)
    return AwardOut(
        id=row.id,
        call=row.call.code,
        application=row.application_id,
        organisation=row.organisation.code,
        supplier=row.supplier.code if row.supplier else None,
        amount_microwon=row.amount_microwon,
        state=row.state,
        voucher=row.voucher.code if row.voucher else None,
        copayment=None
        if owed is None
        else CoPaymentOut(
            state=owed.state, cash_microwon=owed.cash_microwon, due_at=owed.due_at
        ),
    )


def agreement_out(row: Agreement) -> AgreementOut:
    return AgreementOut(
        id=row.id,
        award=row.award_id,
        call=row.award.call.code,
        organisation=row.award.organisation.code,
        state=row.state,
        terms=row.terms,
        terms_sha256=row.terms_sha256,
        sign_due_at=row.sign_due_at,
        signed_at=row.signed_at,
        parties=[PartyOut.from_orm(party) for party in row.parties.order_by("id")],
    )


@router.get(
    "/public/awards",
    response=list[PublicAwardOut],
    operation_id="list_public_awards",
    auth=None,
)
def list_public_awards(request: ApiRequest) -> list[PublicAwardOut]:
    """Agreements that were concluded: who received how much. No person, no score."""
    return [PublicAwardOut.from_orm(public_award(row)) for row in concluded()]


@router.get("/awards", response=list[AwardOut], operation_id="list_awards")
def list_awards(request: ApiRequest) -> list[AwardOut]:
    return [award_out(row) for row in awards_for(request.actor)[:ROWS_MAX]]


@router.get(AWARD, response=AwardOut, operation_id="show_award")
def show_award(request: ApiRequest, award_id: UUID) -> AwardOut:
    return award_out(award_for(request.actor, award_id))


@router.get("/agreements", response=list[AgreementOut], operation_id="list_agreements")
def list_agreements(request: ApiRequest) -> list[AgreementOut]:
    return [agreement_out(row) for row in agreements_for(request.actor)[:ROWS_MAX]]


@router.get("/agreements/{agreement_id}", response=AgreementOut, operation_id="show_agreement")
def show_agreement(request: ApiRequest, agreement_id: UUID) -> AgreementOut:
    return agreement_out(agreement_for(request.actor, agreement_id))


@router.post(
    "/agreements/{agreement_id}/sign", response=AgreementOut, operation_id="sign_agreement"
)
def sign(request: ApiRequest, agreement_id: UUID, body: SignIn) -> AgreementOut:
    """One person signs for one party; the last signature concludes it."""
    row = agreement_for(request.actor, agreement_id)
    sign_agreement(request.actor, row.id, sha256=body.sha256, role=body.role, at=request.at)
    return agreement_out(agreement_for(request.actor, agreement_id))


@router.post(AWARD + "/deposits", response=ReceiptOut, operation_id="record_deposit")
def deposit(request: ApiRequest, award_id: UUID, body: DepositIn) -> ReceiptOut:
    """The own part, under the bank's reference; another payer's money is parked."""
    row = award_for(request.actor, award_id)
    done = record_deposit(
        request.actor,
        row.id,
        payer=body.payer,
        amount_microwon=body.amount_microwon,
        reference=body.reference,
        received_at=body.received_at,
        at=request.at,
    )
    return receipt_out(done)


@router.post(AWARD + "/voucher", response=VoucherOut, operation_id="issue_voucher")
def issue(request: ApiRequest, award_id: UUID) -> VoucherOut:
    """Agreement signed, deposit in. Issuing again answers with the same voucher."""
    row = award_for(request.actor, award_id)
    return voucher_out(issue_voucher(request.actor, row.id, at=request.at), request.at)


@router.post(AWARD + "/decline", response=AwardOut, operation_id="decline_award")
def decline(request: ApiRequest, award_id: UUID, body: ReasonIn) -> AwardOut:
    row = award_for(request.actor, award_id)
    return award_out(
        actions.decline_award(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post(AWARD + "/lapse", response=AwardOut, operation_id="lapse_award")
def lapse(request: ApiRequest, award_id: UUID, body: ReasonIn) -> AwardOut:
    row = award_for(request.actor, award_id)
    return award_out(
        actions.lapse_award(request.actor, row.id, reason=body.reason, at=request.at)
    )


@router.post("/calls/{code}/promote", response=AwardOut, operation_id="promote_reserve")
def promote(request: ApiRequest, code: str) -> AwardOut:
    """The next on the reserve list, when the call can still pay for it."""
    call = call_by_code(request.actor, code)
    return award_out(actions.promote_reserve(request.actor, call.id, at=request.at))
