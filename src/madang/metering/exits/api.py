"""REST routes of suppliers' exits and of their bank accounts."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.exits.actions import readmit_supplier, withdraw_supplier
from madang.metering.exits.models import SupplierExit
from madang.metering.exits.queries import exits_of
from madang.metering.payouts.accounts import enter_account, verify_account
from madang.metering.payouts.models import SupplierAccount
from madang.metering.vouchers.api import Reason
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.suppliers.queries import supplier_by_code

router = Router(tags=["suppliers"])


class AccountIn(Schema):
    bank: Annotated[str, Field(min_length=1, max_length=40)]
    number: Annotated[str, Field(min_length=6, max_length=30)]


class AccountOut(Schema):
    id: UUID
    supplier: str
    bank: str
    last_digits: str
    verified_at: datetime | None


class ExitIn(Reason):
    kind: Literal["withdrawn", "bankrupt"]


class ExitOut(Schema):
    id: UUID
    supplier: str
    kind: str
    at: datetime
    ended_at: datetime | None


def account_out(row: SupplierAccount) -> AccountOut:
    return AccountOut(
        id=row.id,
        supplier=row.supplier.code,
        bank=row.bank,
        last_digits=row.last_digits,
        verified_at=row.verified_at,
    )


def exit_out(row: SupplierExit) -> ExitOut:
    return ExitOut(
        id=row.id,
        supplier=row.supplier.code,
        kind=row.kind,
        at=row.at,
        ended_at=row.ended_at,
    )


@router.post(
    "/suppliers/{code}/accounts", response=AccountOut, operation_id="enter_supplier_account"
)
def put_account(request: ApiRequest, code: str, body: AccountIn) -> AccountOut:
    """Kept as a digest and the last digits."""
    done = enter_account(
        request.actor,
        supplier_by_code(code),
        bank=body.bank,
        number=body.number,
        at=request.at,
    )
    return account_out(done)


@router.post(
    "/supplier-accounts/{account_id}/verify",
    response=AccountOut,
    operation_id="verify_supplier_account",
)
def seen_account(request: ApiRequest, account_id: UUID) -> AccountOut:
    return account_out(verify_account(request.actor, account_id, at=request.at))


@router.get("/supplier-exits", response=list[ExitOut], operation_id="list_supplier_exits")
def list_exits(request: ApiRequest) -> list[ExitOut]:
    return [exit_out(row) for row in exits_of(request.actor)[:ROWS_MAX]]


@router.post("/suppliers/{code}/exit", response=ExitOut, operation_id="withdraw_supplier")
def leave(request: ApiRequest, code: str, body: ExitIn) -> ExitOut:
    """The supplier sells nothing any more; a bankrupt one is paid nothing until released."""
    done = withdraw_supplier(
        request.actor,
        supplier_by_code(code),
        kind=body.kind,
        reason=body.reason,
        at=request.at,
    )
    return exit_out(done)


@router.post("/suppliers/{code}/readmit", response=ExitOut, operation_id="readmit_supplier")
def come_back(request: ApiRequest, code: str, body: Reason) -> ExitOut:
    done = readmit_supplier(
        request.actor, supplier_by_code(code), reason=body.reason, at=request.at
    )
    return exit_out(done)
