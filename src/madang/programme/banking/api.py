"""REST routes of the bank's file and of its reconciliation."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal
from uuid import UUID

from ninja import Field, Router, Schema

from madang.metering.vouchers.api import Reason
from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Number
from madang.programme.banking.actions import import_bank_file, link_line
from madang.programme.banking.models import BankLine
from madang.programme.banking.queries import Movement, bank_lines, reconcile
from madang.programme.banking.reading import TEXT_BYTES_MAX
from madang.programme.years.queries import year_of

router = Router(tags=["bank"])


class ImportIn(Schema):
    """`text` is the bank's file: account,reference,booked_at,amount_won,payer,memo."""

    programme: str
    year: Number
    text: Annotated[str, Field(max_length=TEXT_BYTES_MAX)]


class ImportedOut(Schema):
    new: int
    seen: int
    outcomes: dict[str, int]


class LineOut(Schema):
    id: UUID
    account: str
    reference: str
    booked_at: datetime
    amount_microwon: int
    payer: str
    outcome: str
    journal: UUID | None


class MovementOut(Schema):
    journal: UUID
    kind: str
    effective_at: datetime
    amount_microwon: int


class ReconciliationOut(Schema):
    account: str
    bank_microwon: int
    ledger_microwon: int
    difference_microwon: int
    unexplained_microwon: int
    open_lines: list[LineOut]
    open_movements: list[MovementOut]


class LinkIn(Reason):
    journal: UUID


def line_out(row: BankLine) -> LineOut:
    link = getattr(row, "link", None)
    return LineOut(
        id=row.id,
        account=row.account,
        reference=row.reference,
        booked_at=row.booked_at,
        amount_microwon=row.amount_microwon,
        payer=row.payer_no,
        outcome=row.outcome,
        journal=link.journal if link is not None else None,
    )


def movement_out(one: Movement) -> MovementOut:
    return MovementOut(
        journal=one.journal,
        kind=one.kind,
        effective_at=one.effective_at,
        amount_microwon=one.amount_microwon,
    )


@router.post("/bank/imports", response=ImportedOut, operation_id="import_bank_file")
def import_file(request: ApiRequest, body: ImportIn) -> ImportedOut:
    """All lines or none; a line that came before changes nothing."""
    request.actor.need(Role.OPERATOR)
    year = year_of(body.programme, body.year)
    done = import_bank_file(request.actor, year, body.text, at=request.at)
    return ImportedOut(new=done.new, seen=done.seen, outcomes=done.outcomes)


@router.get("/bank/lines", response=list[LineOut], operation_id="list_bank_lines")
def list_lines(request: ApiRequest) -> list[LineOut]:
    return [line_out(row) for row in bank_lines(request.actor)[:ROWS_MAX]]


@router.post("/bank/lines/{line_id}/link", response=LineOut, operation_id="link_bank_line")
def link(request: ApiRequest, line_id: UUID, body: LinkIn) -> LineOut:
    """A person says which journal booked an open line."""
    request.actor.need(Role.OPERATOR)
    link_line(request.actor, line_id, journal=body.journal, reason=body.reason, at=request.at)
    return line_out(bank_lines(request.actor).get(pk=line_id))


@router.get("/bank/reconciliation", response=ReconciliationOut, operation_id="reconcile_bank")
def reconciliation(
    request: ApiRequest, programme: str, year: int, account: Literal["1100", "1110"]
) -> ReconciliationOut:
    """Bank against ledger, to the won, with what only one of them knows."""
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    found = reconcile(request.actor, year_of(programme, year), account)
    return ReconciliationOut(
        account=found.account,
        bank_microwon=found.bank_microwon,
        ledger_microwon=found.ledger_microwon,
        difference_microwon=found.difference_microwon,
        unexplained_microwon=found.unexplained_microwon,
        open_lines=[line_out(row) for row in found.open_lines],
        open_movements=[movement_out(one) for one in found.open_movements],
    )
