"""REST routes of receipts, and of own parts that go back."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.core.errors import NotFound
from madang.metering.deposits.actions import return_receipt
from madang.metering.deposits.queries import receipt_for, receipts_of
from madang.metering.returns import actions as returns
from madang.metering.returns.models import DepositReturn
from madang.metering.returns.queries import deposit_returns_of
from madang.metering.vouchers.api import Reason, ReceiptOut, receipt_out
from madang.metering.vouchers.queries import voucher_for
from madang.parties.api import ROWS_MAX, ApiRequest

router = Router(tags=["deposits"])
RETURN = "/deposit-returns/{return_id}"


class DepositReturnOut(Schema):
    id: UUID
    voucher: str
    amount_microwon: int
    state: str
    created_by: str
    approved_by: str
    created_at: datetime


def return_out(row: DepositReturn) -> DepositReturnOut:
    return DepositReturnOut(
        id=row.id,
        voucher=row.voucher.code,
        amount_microwon=row.amount_microwon,
        state=row.state,
        created_by=row.created_by,
        approved_by=row.approved_by,
        created_at=row.created_at,
    )


def _seen(request: ApiRequest, return_id: UUID) -> UUID:
    if not deposit_returns_of(request.actor).filter(id=return_id).exists():
        raise NotFound
    return return_id


@router.get("/receipts", response=list[ReceiptOut], operation_id="list_receipts")
def list_receipts(request: ApiRequest, state: str | None = None) -> list[ReceiptOut]:
    rows = receipts_of(request.actor)
    if state is not None:
        rows = rows.filter(state=state)
    return [receipt_out(row) for row in rows[:ROWS_MAX]]


@router.post(
    "/receipts/{receipt_id}/return", response=ReceiptOut, operation_id="return_receipt"
)
def give_back(request: ApiRequest, receipt_id: UUID, body: Reason) -> ReceiptOut:
    receipt = receipt_for(request.actor, receipt_id)
    done = return_receipt(request.actor, receipt, at=request.at, reason=body.reason)
    return receipt_out(done)


@router.get(
    "/deposit-returns", response=list[DepositReturnOut], operation_id="list_deposit_returns"
)
def list_deposit_returns(request: ApiRequest) -> list[DepositReturnOut]:
    return [return_out(row) for row in deposit_returns_of(request.actor)[:ROWS_MAX]]


@router.post(
    "/vouchers/{code}/deposit-return",
    response=DepositReturnOut,
    operation_id="create_deposit_return",
)
def create_return(request: ApiRequest, code: str) -> DepositReturnOut:
    """All of a voucher's own part that is owed again; somebody else approves it."""
    voucher = voucher_for(request.actor, code)
    return return_out(returns.create_deposit_return(request.actor, voucher, at=request.at))


@router.post(
    RETURN + "/approve", response=DepositReturnOut, operation_id="approve_deposit_return"
)
def approve_return(request: ApiRequest, return_id: UUID) -> DepositReturnOut:
    found = _seen(request, return_id)
    return return_out(returns.approve_deposit_return(request.actor, found, at=request.at))


@router.post(RETURN + "/pay", response=DepositReturnOut, operation_id="pay_deposit_return")
def pay_return(request: ApiRequest, return_id: UUID) -> DepositReturnOut:
    """The bank has paid."""
    found = _seen(request, return_id)
    return return_out(returns.pay_deposit_return(request.actor, found, at=request.at))


@router.post(RETURN + "/fail", response=DepositReturnOut, operation_id="fail_deposit_return")
def fail_return(request: ApiRequest, return_id: UUID, body: Reason) -> DepositReturnOut:
    found = _seen(request, return_id)
    done = returns.fail_deposit_return(request.actor, found, reason=body.reason, at=request.at)
    return return_out(done)
