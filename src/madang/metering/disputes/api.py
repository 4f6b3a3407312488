"""REST routes of what stays open: disputed amounts, and calls of unknown outcome."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.units import Unit
from madang.metering.disputes import actions
from madang.metering.disputes.models import DisputeEnd
from madang.metering.disputes.queries import dispute_ends, noted_disputes
from madang.metering.till.queries import unsettled_calls
from madang.metering.till.settling import settle_unsettled
from madang.metering.vouchers.api import Amount, Reason
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole
from madang.parties.suppliers.queries import supplier_by_code
from madang.wire.pricing import QUANTITY_MAX

router = Router(tags=["open ends"])


class NotedOut(Schema):
    supplier: str
    voucher: str
    amount_microwon: int


class DisputeEndIn(Reason):
    supplier: str
    voucher: str
    amount_microwon: Amount
    is_paid: bool


class DisputeEndOut(Schema):
    id: UUID
    supplier: str
    voucher: str
    amount_microwon: int
    is_paid: bool
    state: str
    proposed_by: str


class UnsettledOut(Schema):
    call: UUID
    voucher: str
    est_microwon: int
    quantities: dict[str, int]
    started_at: datetime
    why: str


class SettleIn(Reason):
    """What the supplier's records show; {} when it cost nothing."""

    quantities: dict[Unit, Annotated[Whole, Field(ge=0, le=QUANTITY_MAX)]] = {}


class SettledOut(Schema):
    call: UUID
    settled: bool


def end_out(row: DisputeEnd) -> DisputeEndOut:
    return DisputeEndOut(
        id=row.id,
        supplier=row.supplier.code,
        voucher=row.voucher.code,
        amount_microwon=row.amount_microwon,
        is_paid=row.is_paid,
        state=row.state,
        proposed_by=row.proposed_by,
    )


@router.get("/disputes", response=list[NotedOut], operation_id="list_disputes")
def list_disputes(request: ApiRequest) -> list[NotedOut]:
    """What suppliers reported above what was held, and nobody has ended."""
    return [
        NotedOut(
            supplier=row.supplier_code,
            voucher=row.voucher_code,
            amount_microwon=row.amount_microwon,
        )
        for row in noted_disputes(request.actor)
    ]


@router.get("/dispute-ends", response=list[DisputeEndOut], operation_id="list_dispute_ends")
def list_ends(request: ApiRequest) -> list[DisputeEndOut]:
    return [end_out(row) for row in dispute_ends(request.actor)[:ROWS_MAX]]


@router.post("/dispute-ends", response=DisputeEndOut, operation_id="propose_dispute_end")
def propose(request: ApiRequest, body: DisputeEndIn) -> DisputeEndOut:
    """One person proposes; `is_paid`: the programme bears it."""
    row = actions.propose_dispute_end(
        request.actor,
        voucher_for(request.actor, body.voucher),
        supplier_by_code(body.supplier),
        amount_microwon=body.amount_microwon,
        is_paid=body.is_paid,
        reason=body.reason,
        at=request.at,
    )
    return end_out(row)


@router.post(
    "/dispute-ends/{end_id}/close", response=DisputeEndOut, operation_id="close_dispute"
)
def close(request: ApiRequest, end_id: UUID) -> DisputeEndOut:
    """A second person decides."""
    return end_out(actions.close_dispute(request.actor, end_id, at=request.at))


@router.post(
    "/dispute-ends/{end_id}/refuse", response=DisputeEndOut, operation_id="refuse_dispute_end"
)
def refuse(request: ApiRequest, end_id: UUID, body: Reason) -> DisputeEndOut:
    done = actions.refuse_dispute_end(request.actor, end_id, reason=body.reason, at=request.at)
    return end_out(done)


@router.get(
    "/calls/unsettled", response=list[UnsettledOut], operation_id="list_unsettled_calls"
)
def list_unsettled(request: ApiRequest) -> list[UnsettledOut]:
    """Calls whose worker died before their outcome was written."""
    return [
        UnsettledOut(
            call=row.call,
            voucher=row.voucher.code,
            est_microwon=row.est_microwon,
            quantities=row.quantities,
            started_at=row.started_at,
            why=row.why,
        )
        for row in unsettled_calls(request.actor)[:ROWS_MAX]
    ]


@router.post(
    "/calls/{uuid:call}/settle", response=SettledOut, operation_id="settle_unsettled_call"
)
def settle(request: ApiRequest, call: UUID, body: SettleIn) -> SettledOut:
    """Charged at most what was held for it; the rest is the supplier's dispute."""
    settle_unsettled(
        request.actor, call, quantities=body.quantities, at=request.at, reason=body.reason
    )
    return SettledOut(call=call, settled=True)
