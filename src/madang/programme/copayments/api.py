"""REST routes of the co-payment that need a person's decision."""

from __future__ import annotations

from uuid import UUID

from ninja import Router

from madang.metering.deposits.queries import receipt_for
from madang.metering.vouchers.api import Reason, ReceiptOut, receipt_out
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ApiRequest
from madang.programme.copayments.actions import match_receipt

router = Router(tags=["deposits"])


class MatchIn(Reason):
    voucher: str


@router.post("/receipts/{receipt_id}/match", response=ReceiptOut, operation_id="match_receipt")
def match(request: ApiRequest, receipt_id: UUID, body: MatchIn) -> ReceiptOut:
    """A parked receipt is this voucher's after all."""
    receipt = receipt_for(request.actor, receipt_id)
    voucher = voucher_for(request.actor, body.voucher)
    done = match_receipt(request.actor, receipt, voucher, at=request.at, reason=body.reason)
    return receipt_out(done)
