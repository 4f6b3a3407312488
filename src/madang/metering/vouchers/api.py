"""REST routes of vouchers, their deposits and their charges."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Query, Router, Schema

from madang.metering.charges.models import Charge
from madang.metering.charges.queries import charges_of
from madang.metering.deposits.actions import check_received, record_deposit
from madang.metering.deposits.models import Receipt
from madang.metering.vouchers import actions
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import (
    state_at,
    voucher_for,
    voucher_report,
    vouchers_of,
)
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.instants import Instant
from madang.parties.organisations.queries import organisation_by_code

router = Router(tags=["vouchers"])
Amount = Annotated[Whole, Field(gt=0, le=2**62)]


class VoucherOut(Schema):
    code: str
    state: str
    organisation: str
    programme: str
    offerings: list[str]
    expires_at: datetime


class SubsidyOut(Schema):
    limit_microwon: int
    available_microwon: int
    held_microwon: int
    consumed_microwon: int
    expired_microwon: int


class DepositPositionOut(Schema):
    paid_microwon: int
    available_microwon: int
    held_microwon: int


class SupplyOut(Schema):
    spendable_microwon: int
    charged_microwon: int


class CallsOut(Schema):
    committed: int
    unsettled: int
    estimated: int


class VoucherReportOut(Schema):
    """The answer of `madang voucher show`."""

    code: str
    state: str
    organisation: str
    programme: str
    expires_at: str
    subsidy: SubsidyOut
    deposit: DepositPositionOut
    supply: SupplyOut
    vat_charged_microwon: int
    calls: CallsOut


class Reason(Schema):
    reason: Annotated[str, Field(min_length=1, max_length=1000)]


class ChargeOut(Schema):
    no: int
    kind: str
    call: UUID
    voucher: str
    offering: str
    quantities: dict[str, int]
    amount_microwon: int
    outcome: str
    started_at: datetime
    ended_at: datetime
    recorded_at: datetime
    refunds: int | None


class DepositIn(Schema):
    """`payer` is an organisation's code; without one, or with another than the beneficiary,
    the money is parked until a person says whose it is."""

    payer: str | None = None
    amount_microwon: Amount
    reference: Annotated[str, Field(min_length=1, max_length=100)]
    received_at: Instant


class ReceiptOut(Schema):
    id: UUID
    reference: str
    voucher: str | None
    payer: str | None
    amount_microwon: int
    received_at: datetime
    state: str
    park_reason: str


class Page(Schema):
    """`after`: the number of the last row seen; the next page is older."""

    after: Annotated[int, Field(ge=1)] | None = None
    limit: Annotated[int, Field(ge=1, le=ROWS_MAX)] = 100


def voucher_out(voucher: Voucher, at: datetime) -> VoucherOut:
    return VoucherOut(
        code=voucher.code,
        state=state_at(voucher, at).value,
        organisation=voucher.organisation.code,
        programme=voucher.programme_code,
        offerings=voucher.offerings,
        expires_at=voucher.expires_at,
    )


def charge_out(charge: Charge) -> ChargeOut:
    usage = charge.usage
    return ChargeOut(
        no=charge.no,
        kind=charge.kind,
        call=usage.call,
        voucher=charge.voucher.code,
        offering=usage.offering.code,
        quantities=usage.quantities,
        amount_microwon=charge.amount_microwon,
        outcome=usage.outcome,
        started_at=usage.started_at,
        ended_at=usage.ended_at,
        recorded_at=charge.recorded_at,
        refunds=charge.refunds_id,
    )


def receipt_out(receipt: Receipt) -> ReceiptOut:
    return ReceiptOut(
        id=receipt.id,
        reference=receipt.reference,
        voucher=receipt.voucher.code if receipt.voucher else None,
        payer=receipt.payer.code if receipt.payer else None,
        amount_microwon=receipt.amount_microwon,
        received_at=receipt.received_at,
        state=receipt.state,
        park_reason=receipt.park_reason,
    )


@router.get("/vouchers", response=list[VoucherOut], operation_id="list_vouchers")
def list_vouchers(request: ApiRequest) -> list[VoucherOut]:
    """Vouchers of one's own organisations; all for operators and auditors."""
    return [voucher_out(row, request.at) for row in vouchers_of(request.actor)[:ROWS_MAX]]


@router.get("/vouchers/{code}", response=VoucherReportOut, operation_id="show_voucher")
def show_voucher(request: ApiRequest, code: str) -> dict[str, object]:
    return voucher_report(request.actor, code, request.at)


@router.post("/vouchers/{code}/suspend", response=VoucherOut, operation_id="suspend_voucher")
def suspend_voucher(request: ApiRequest, code: str, body: Reason) -> VoucherOut:
    voucher = voucher_for(request.actor, code)
    done = actions.suspend_voucher(request.actor, voucher, at=request.at, reason=body.reason)
    return voucher_out(done, request.at)


@router.post(
    "/vouchers/{code}/reinstate", response=VoucherOut, operation_id="reinstate_voucher"
)
def reinstate_voucher(request: ApiRequest, code: str, body: Reason) -> VoucherOut:
    voucher = voucher_for(request.actor, code)
    done = actions.reinstate_voucher(request.actor, voucher, at=request.at, reason=body.reason)
    return voucher_out(done, request.at)


@router.post("/vouchers/{code}/cancel", response=VoucherOut, operation_id="cancel_voucher")
def cancel_voucher(request: ApiRequest, code: str, body: Reason) -> VoucherOut:
    voucher = voucher_for(request.actor, code)
    done = actions.cancel_voucher(request.actor, voucher, at=request.at, reason=body.reason)
    return voucher_out(done, request.at)


@router.post("/vouchers/{code}/close", response=VoucherOut, operation_id="close_voucher")
def close_voucher(request: ApiRequest, code: str) -> VoucherOut:
    voucher = voucher_for(request.actor, code)
    return voucher_out(actions.close_voucher(request.actor, voucher, at=request.at), request.at)


@router.get("/charges", response=list[ChargeOut], operation_id="list_charges")
def list_charges(
    request: ApiRequest, page: Query[Page], voucher: str | None = None
) -> list[ChargeOut]:
    """Charges and refunds, newest first: of one's vouchers, or of one's products."""
    rows = charges_of(request.actor)
    if voucher is not None:
        rows = rows.filter(voucher__code=voucher)
    if page.after is not None:
        rows = rows.filter(no__lt=page.after)
    return [charge_out(row) for row in rows[: page.limit]]


@router.post(
    "/vouchers/{code}/deposits", response=ReceiptOut, operation_id="record_voucher_deposit"
)
def deposit(request: ApiRequest, code: str, body: DepositIn) -> ReceiptOut:
    """Book a receipt under the bank's reference; another payer's money is parked."""
    voucher = voucher_for(request.actor, code)
    check_received(body.received_at, request.at)
    payer = organisation_by_code(body.payer) if body.payer is not None else None
    done = record_deposit(
        request.actor,
        voucher,
        payer=payer,
        amount_microwon=body.amount_microwon,
        reference=body.reference,
        received_at=body.received_at,
        at=request.at,
    )
    return receipt_out(done)
