"""REST routes of payout holds."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.payout_holds.actions import (
    HoldTerms,
    lift_payout_hold,
    place_payout_hold,
)
from madang.metering.payout_holds.models import PayoutHold
from madang.metering.payout_holds.queries import payout_holds_of
from madang.metering.vouchers.api import Reason
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.suppliers.queries import supplier_by_code

router = Router(tags=["payout holds"])


class HoldIn(Reason):
    """On a supplier, or on a voucher."""

    supplier: str | None = None
    voucher: str | None = None
    kind: Annotated[str, Field(pattern="^[a-z_]{1,32}$")] = "by_hand"


class HoldOut(Schema):
    id: UUID
    kind: str
    supplier: str | None
    voucher: str | None
    case: UUID | None
    placed_at: datetime
    lifted_at: datetime | None


def hold_out(row: PayoutHold) -> HoldOut:
    return HoldOut(
        id=row.id,
        kind=row.kind,
        supplier=row.supplier.code if row.supplier else None,
        voucher=row.voucher.code if row.voucher else None,
        case=row.case,
        placed_at=row.placed_at,
        lifted_at=row.lifted_at,
    )


@router.get("/payout-holds", response=list[HoldOut], operation_id="list_payout_holds")
def list_holds(request: ApiRequest) -> list[HoldOut]:
    return [hold_out(row) for row in payout_holds_of(request.actor)[:ROWS_MAX]]


@router.post("/payout-holds", response=HoldOut, operation_id="place_payout_hold")
def put_hold(request: ApiRequest, body: HoldIn) -> HoldOut:
    """Nothing of the supplier, or of the voucher, is paid out until it is lifted."""
    terms = HoldTerms(
        body.kind,
        supplier=supplier_by_code(body.supplier) if body.supplier else None,
        voucher=voucher_for(request.actor, body.voucher) if body.voucher else None,
    )
    done = place_payout_hold(request.actor, terms, reason=body.reason, at=request.at)
    return hold_out(done)


@router.post(
    "/payout-holds/{payout_hold_id}/lift", response=HoldOut, operation_id="lift_payout_hold"
)
def end_hold(request: ApiRequest, payout_hold_id: UUID, body: Reason) -> HoldOut:
    done = lift_payout_hold(request.actor, payout_hold_id, reason=body.reason, at=request.at)
    return hold_out(done)
