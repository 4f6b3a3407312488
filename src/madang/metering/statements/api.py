"""REST routes of statements and payouts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.payouts import actions as paying
from madang.metering.payouts.models import Payout
from madang.metering.payouts.queries import payout_for, payouts_of
from madang.metering.statements.actions import (
    close_statement,
    confirm_statement,
    dispute_statement,
    settle_dispute,
)
from madang.metering.statements.models import Statement
from madang.metering.statements.queries import (
    settlement_report,
    statement_for,
    statements_of,
)
from madang.metering.vouchers.api import Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.suppliers.queries import supplier_by_code

router = Router(tags=["settlement"])
Month = Annotated[str, Field(max_length=7)]


class StatementOut(Schema):
    supplier: str
    month: str
    number: int
    state: str
    frozen_at: datetime


class CloseIn(Schema):
    supplier: str
    month: Month


class ClosedOut(Schema):
    unchanged: bool
    statement: StatementOut | None


class LineOut(Schema):
    voucher: str | None
    charges: int
    supply_microwon: int
    subsidy_microwon: int
    own_microwon: int
    vat_microwon: int


class ReportPayoutOut(Schema):
    id: str
    state: str
    amount_microwon: int
    account: str


class ReportStatementOut(Schema):
    number: int
    state: str
    supply_microwon: int
    subsidy_microwon: int
    own_microwon: int
    vat_microwon: int
    total_microwon: int
    carried_microwon: int
    lines: list[LineOut]
    payouts: list[ReportPayoutOut]


class SettlementOut(Schema):
    """The answer of `madang settlement show`."""

    supplier: str
    month: str
    statements: list[ReportStatementOut]


class PayoutOut(Schema):
    """For a statement, by its month and number; else for work of `payee` that was accepted."""

    id: UUID
    supplier: str | None
    month: str | None
    number: int | None
    payee: str | None
    state: str
    amount_microwon: int
    account: str
    created_at: datetime
    created_by: str
    approved_by: str


def statement_out(statement: Statement) -> StatementOut:
    return StatementOut(
        supplier=statement.supplier.code,
        month=statement.month,
        number=statement.number,
        state=statement.state,
        frozen_at=statement.frozen_at,
    )


def payout_out(payout: Payout) -> PayoutOut:
    statement = payout.statement
    return PayoutOut(
        id=payout.id,
        supplier=statement.supplier.code if statement else None,
        month=statement.month if statement else None,
        number=statement.number if statement else None,
        payee=payout.payee.code if payout.payee else None,
        state=payout.state,
        amount_microwon=payout.amount_microwon,
        account=payout.account,
        created_at=payout.created_at,
        created_by=payout.created_by,
        approved_by=payout.approved_by,
    )


@router.get("/statements", response=list[StatementOut], operation_id="list_statements")
def list_statements(request: ApiRequest) -> list[StatementOut]:
    return [statement_out(row) for row in statements_of(request.actor)[:ROWS_MAX]]


@router.get(
    "/settlements/{supplier}/{month}", response=SettlementOut, operation_id="show_settlement"
)
def show_settlement(request: ApiRequest, supplier: str, month: Month) -> dict[str, object]:
    return settlement_report(request.actor, supplier_by_code(supplier), month)


@router.post("/statements", response=ClosedOut, operation_id="close_statement")
def close(request: ApiRequest, body: CloseIn) -> ClosedOut:
    """Freeze what is accrued and on no statement; `unchanged` when that is under a won."""
    made = close_statement(
        request.actor, supplier_by_code(body.supplier), body.month, at=request.at
    )
    shown = statement_out(made) if made is not None else None
    return ClosedOut(unchanged=made is None, statement=shown)


STATEMENT = "/statements/{supplier}/{month}/{number}"


@router.post(STATEMENT + "/confirm", response=StatementOut, operation_id="confirm_statement")
def confirm(request: ApiRequest, supplier: str, month: Month, number: int) -> StatementOut:
    statement = statement_for(request.actor, supplier, month, number)
    return statement_out(confirm_statement(request.actor, statement, at=request.at))


@router.post(STATEMENT + "/dispute", response=StatementOut, operation_id="dispute_statement")
def dispute(
    request: ApiRequest, supplier: str, month: Month, number: int, body: Reason
) -> StatementOut:
    statement = statement_for(request.actor, supplier, month, number)
    done = dispute_statement(request.actor, statement, at=request.at, reason=body.reason)
    return statement_out(done)


@router.post(
    STATEMENT + "/settle-dispute", response=StatementOut, operation_id="settle_dispute"
)
def end_dispute(
    request: ApiRequest, supplier: str, month: Month, number: int, body: Reason
) -> StatementOut:
    statement = statement_for(request.actor, supplier, month, number)
    done = settle_dispute(request.actor, statement, at=request.at, reason=body.reason)
    return statement_out(done)


@router.post(STATEMENT + "/payouts", response=list[PayoutOut], operation_id="create_payouts")
def create(request: ApiRequest, supplier: str, month: Month, number: int) -> list[PayoutOut]:
    """One payout per bank account and programme-year of a confirmed statement."""
    statement = statement_for(request.actor, supplier, month, number)
    made = paying.create_payouts(request.actor, statement, at=request.at)
    return [payout_out(row) for row in made]


@router.get("/payouts", response=list[PayoutOut], operation_id="list_payouts")
def list_payouts(request: ApiRequest) -> list[PayoutOut]:
    return [payout_out(row) for row in payouts_of(request.actor)[:ROWS_MAX]]


@router.post("/payouts/{payout_id}/approve", response=PayoutOut, operation_id="approve_payout")
def approve(request: ApiRequest, payout_id: UUID) -> PayoutOut:
    """A second person approves; the order goes to the bank."""
    payout = payout_for(request.actor, payout_id)
    return payout_out(paying.approve_payout(request.actor, payout, at=request.at))


@router.post("/payouts/{payout_id}/settle", response=PayoutOut, operation_id="settle_payout")
def settle(request: ApiRequest, payout_id: UUID) -> PayoutOut:
    payout = payout_for(request.actor, payout_id)
    return payout_out(paying.settle_payout(request.actor, payout, at=request.at))


@router.post("/payouts/{payout_id}/fail", response=PayoutOut, operation_id="fail_payout")
def fail(request: ApiRequest, payout_id: UUID, body: Reason) -> PayoutOut:
    payout = payout_for(request.actor, payout_id)
    done = paying.fail_payout(request.actor, payout, at=request.at, reason=body.reason)
    return payout_out(done)


@router.post("/payouts/{payout_id}/hold", response=PayoutOut, operation_id="hold_payout")
def hold(request: ApiRequest, payout_id: UUID, body: Reason) -> PayoutOut:
    payout = payout_for(request.actor, payout_id)
    done = paying.hold_payout(request.actor, payout, at=request.at, reason=body.reason)
    return payout_out(done)


@router.post("/payouts/{payout_id}/release", response=PayoutOut, operation_id="release_payout")
def release(request: ApiRequest, payout_id: UUID, body: Reason) -> PayoutOut:
    payout = payout_for(request.actor, payout_id)
    done = paying.release_payout(request.actor, payout, at=request.at, reason=body.reason)
    return payout_out(done)


@router.post(
    "/payouts/{payout_id}/withdraw", response=PayoutOut, operation_id="withdraw_payout"
)
def withdraw(request: ApiRequest, payout_id: UUID, body: Reason) -> PayoutOut:
    """Before its approval: what it was made for is payable again, or can be kept back."""
    payout = payout_for(request.actor, payout_id)
    done = paying.withdraw_payout(request.actor, payout, at=request.at, reason=body.reason)
    return payout_out(done)


@router.post("/payouts/{payout_id}/bounce", response=PayoutOut, operation_id="bounce_payout")
def bounce(request: ApiRequest, payout_id: UUID, body: Reason) -> PayoutOut:
    """The bank had paid, and the money came back: payable again, by a new payout."""
    payout = payout_for(request.actor, payout_id)
    done = paying.bounce_payout(request.actor, payout, at=request.at, reason=body.reason)
    return payout_out(done)
