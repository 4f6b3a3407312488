"""Reading the data of tax invoices."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q, QuerySet

from madang.metering.invoices.models import InvoiceState, TaxInvoice
from madang.parties.actor import Actor


def invoices_of(actor: Actor) -> QuerySet[TaxInvoice]:
    """All for operators and auditors; else of one's own sales, or one's own purchases."""
    rows = TaxInvoice.objects.select_related("supplier", "organisation", "statement")
    rows = rows.order_by("due_at", "id")
    if actor.sees_everything:
        return rows
    mine = Q(supplier__in=actor.suppliers) | Q(organisation__in=actor.organisations)
    return rows.filter(mine)


def state_of(row: TaxInvoice, at: datetime) -> InvoiceState:
    """Late from its due instant on, until it is issued."""
    state = InvoiceState(row.state)
    if state is InvoiceState.DUE and at >= row.due_at:
        return InvoiceState.LATE
    return state
