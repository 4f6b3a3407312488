"""REST routes of tax invoices."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from ninja import Field, Router, Schema

from madang.core.errors import NotFound
from madang.metering.invoices.actions import record_tax_invoice
from madang.metering.invoices.models import TaxInvoice
from madang.metering.invoices.queries import invoices_of, state_of
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.instants import Instant

router = Router(tags=["invoices"])


class InvoiceOut(Schema):
    id: UUID
    kind: str
    supplier: str
    organisation: str
    registration_no: str
    month: str
    supply_microwon: int
    vat_microwon: int
    due_at: datetime
    state: str
    number: str
    issued_at: datetime | None


class IssuedIn(Schema):
    number: Annotated[str, Field(min_length=1, max_length=64)]
    issued_at: Instant


def invoice_out(row: TaxInvoice, at: datetime) -> InvoiceOut:
    return InvoiceOut(
        id=row.id,
        kind=row.kind,
        supplier=row.supplier.code,
        organisation=row.organisation.code,
        registration_no=row.organisation.registration_no,
        month=row.month,
        supply_microwon=row.supply_microwon,
        vat_microwon=row.vat_microwon,
        due_at=row.due_at,
        state=state_of(row, at).value,
        number=row.number,
        issued_at=row.issued_at,
    )


@router.get("/tax-invoices", response=list[InvoiceOut], operation_id="list_tax_invoices")
def list_invoices(request: ApiRequest, month: str | None = None) -> list[InvoiceOut]:
    """Data of one's own invoices, due first: what a supplier's system needs to issue them."""
    rows = invoices_of(request.actor)
    if month is not None:
        rows = rows.filter(month=month)
    return [invoice_out(row, request.at) for row in rows[:ROWS_MAX]]


@router.post(
    "/tax-invoices/{invoice_id}/issued",
    response=InvoiceOut,
    operation_id="record_tax_invoice",
)
def issued(request: ApiRequest, invoice_id: UUID, body: IssuedIn) -> InvoiceOut:
    if not invoices_of(request.actor).filter(id=invoice_id).exists():
        raise NotFound
    done = record_tax_invoice(
        request.actor, invoice_id, number=body.number, issued_at=body.issued_at, at=request.at
    )
    return invoice_out(done, request.at)
