"""REST routes of refunds: given back, collected, or written off when nothing more will come."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID, uuid5

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.metering.charges import writing_off
from madang.metering.charges.actions import refund_charge
from madang.metering.charges.collecting import collect_refund, left_to_collect
from madang.metering.charges.models import LossGround, RefundWriteOff, SettledRefund
from madang.metering.charges.queries import (
    charges_of,
    loss_reasons,
    settled_refund_for,
    settled_refunds_of,
)
from madang.metering.vouchers.api import Amount, Reason
from madang.parties.actor import Actor
from madang.parties.api import ROWS_MAX, ApiRequest

router = Router(tags=["refunds"])
REFUND = "/refunds/{refund_id}"


class RefundIn(Schema):
    refund: UUID
    amount_microwon: Amount
    reason: Annotated[str, Field(max_length=1000)] = ""


class RefundOut(Schema):
    refund: UUID
    charge: int
    amount_microwon: int
    settled: bool
    left_microwon: int
    """What the supplier still owes: own part and VAT included."""


class CollectIn(Schema):
    """All that is left, or an instalment; `collection` is the caller's id for it, which the
    request's `Idempotency-Key` may stand for."""

    by: Literal["offset", "cash"]
    amount_microwon: Amount | None = None
    collection: UUID | None = None


class WriteOffIn(Reason):
    """`document` shows that nothing more will come: a court's paper, the supplier's word."""

    ground: LossGround
    document: UUID


class WriteOffOut(Schema):
    """`outcome` is empty while it waits; the amounts are those that were given up."""

    ground: str
    document: UUID | None
    outcome: str
    proposed_at: datetime
    decided_at: datetime | None
    subsidy_microwon: int
    deposit_microwon: int


class SettledRefundOut(Schema):
    """What a supplier agreed to give back after a settlement. `deposit`: own part and VAT."""

    refund: UUID
    charge: int
    voucher: str
    supplier: str
    state: str
    subsidy_microwon: int
    deposit_microwon: int
    left_subsidy_microwon: int
    left_deposit_microwon: int
    agreed_at: datetime
    write_offs: list[WriteOffOut]
    why: str
    """Why it is, or is to be, written off: for operators and auditors."""


def settled_refund_out(actor: Actor, row: SettledRefund, why: str = "") -> SettledRefundOut:
    left = left_to_collect(row)
    return SettledRefundOut(
        refund=row.id,
        charge=row.charge_id,
        voucher=row.charge.voucher.code,
        supplier=row.charge.supplier.code,
        state=row.state,
        subsidy_microwon=row.subsidy_microwon,
        deposit_microwon=row.deposit_microwon,
        left_subsidy_microwon=left.subsidy,
        left_deposit_microwon=left.deposit,
        agreed_at=row.agreed_at,
        write_offs=[_write_off_out(actor, one) for one in row.write_offs.all()],
        why=why,
    )


def _write_off_out(actor: Actor, row: RefundWriteOff) -> WriteOffOut:
    return WriteOffOut(
        ground=row.ground,
        document=row.document_id if actor.sees_everything else None,
        outcome=row.outcome,
        proposed_at=row.proposed_at,
        decided_at=row.decided_at,
        subsidy_microwon=row.subsidy_microwon,
        deposit_microwon=row.deposit_microwon,
    )


@router.post("/charges/{no}/refund", response=RefundOut, operation_id="refund_charge")
def refund(request: ApiRequest, no: int, body: RefundIn) -> RefundOut:
    """Give back part of a charge; `refund` is the caller's id for it."""
    charge = charges_of(request.actor).filter(no=no).first()
    if charge is None:
        raise NotFound
    made = refund_charge(
        request.actor,
        charge,
        refund=body.refund,
        amount_microwon=body.amount_microwon,
        at=request.at,
        reason=body.reason,
    )
    if isinstance(made, SettledRefund):
        return _refund_out(made)
    return RefundOut(
        refund=body.refund,
        charge=no,
        amount_microwon=made.amount_microwon,
        settled=False,
        left_microwon=0,
    )


@router.get("/refunds", response=list[SettledRefundOut], operation_id="list_settled_refunds")
def list_refunds(request: ApiRequest, state: str | None = None) -> list[SettledRefundOut]:
    """Agreed after a settlement, newest first: of one's vouchers, or of one's products."""
    rows = settled_refunds_of(request.actor)
    if state is not None:
        rows = rows.filter(state=state)
    found = list(rows[:ROWS_MAX])
    why = loss_reasons(request.actor, found)
    return [settled_refund_out(request.actor, row, why.get(row.id, "")) for row in found]


@router.post("/refunds/{refund_id}/collect", response=RefundOut, operation_id="collect_refund")
def collect(request: ApiRequest, refund_id: UUID, body: CollectIn) -> RefundOut:
    """The supplier paid a settled refund back, or it is set off."""
    found = SettledRefund.objects.filter(
        id=refund_id, charge__in=charges_of(request.actor)
    ).first()
    if found is None:
        raise NotFound
    key = request.headers.get("idempotency-key")
    done = collect_refund(
        request.actor,
        found,
        by=body.by,
        at=request.at,
        amount_microwon=body.amount_microwon,
        collection=body.collection or (uuid5(refund_id, key) if key else None),
    )
    return _refund_out(done)


def _refund_out(refund: SettledRefund) -> RefundOut:
    return RefundOut(
        refund=refund.id,
        charge=refund.charge_id,
        amount_microwon=refund.supply_microwon,
        settled=True,
        left_microwon=left_to_collect(refund).total,
    )


@router.post(
    REFUND + "/write-off/propose",
    response=SettledRefundOut,
    operation_id="propose_refund_write_off",
)
def propose(request: ApiRequest, refund_id: UUID, body: WriteOffIn) -> SettledRefundOut:
    """Nothing more of it will come; a second person decides."""
    row = settled_refund_for(request.actor, refund_id)
    writing_off.propose_write_off(
        request.actor, row, ground=body.ground, document=body.document, reason=body.reason,
        at=request.at,
    )  # fmt: skip
    return _again(request, refund_id)


@router.post(REFUND + "/write-off", response=SettledRefundOut, operation_id="write_off_refund")
def write_off(request: ApiRequest, refund_id: UUID) -> SettledRefundOut:
    """By somebody other than who proposed it: what is not collected leaves the books."""
    row = settled_refund_for(request.actor, refund_id)
    writing_off.write_off_refund(request.actor, row, at=request.at)
    return _again(request, refund_id)


@router.post(
    REFUND + "/write-off/refuse",
    response=SettledRefundOut,
    operation_id="refuse_refund_write_off",
)
def refuse(request: ApiRequest, refund_id: UUID, body: Reason) -> SettledRefundOut:
    """It is to be collected as before."""
    row = settled_refund_for(request.actor, refund_id)
    writing_off.refuse_write_off(request.actor, row, reason=body.reason, at=request.at)
    return _again(request, refund_id)


@router.post(REFUND + "/revive", response=SettledRefundOut, operation_id="revive_refund")
def revive(request: ApiRequest, refund_id: UUID, body: Reason) -> SettledRefundOut:
    """The supplier pays after all: it is to be collected again."""
    row = settled_refund_for(request.actor, refund_id)
    writing_off.revive_refund(request.actor, row, reason=body.reason, at=request.at)
    return _again(request, refund_id)


def _again(request: ApiRequest, refund_id: UUID) -> SettledRefundOut:
    row = settled_refund_for(request.actor, refund_id)
    why = loss_reasons(request.actor, [row])
    return settled_refund_out(request.actor, row, why.get(row.id, ""))
