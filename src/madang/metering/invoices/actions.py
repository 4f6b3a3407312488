"""Making the data of tax invoices, and recording that one was issued."""

from __future__ import annotations

from collections import defaultdict
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import seoul_date, seoul_day_ends
from madang.core.errors import NotFound
from madang.metering.access import need_operator_or_supplier
from madang.metering.charges.models import SettledRefund
from madang.metering.errors import InvoiceNumberTaken
from madang.metering.invoices.models import InvoiceKind, TaxInvoice
from madang.metering.invoices.queries import state_of
from madang.metering.invoices.workflow import INVOICE
from madang.metering.policy import policy_at
from madang.metering.statements.models import Statement
from madang.parties.actor import Actor

DECEMBER = 12


def prepare_invoices(statement: Statement, *, at: datetime) -> list[TaxInvoice]:
    """One for each beneficiary of a confirmed statement. The caller holds its lock."""
    sums: dict[UUID, list[int]] = defaultdict(lambda: [0, 0])
    for line in statement.lines.exclude(voucher=None).select_related("voucher"):
        assert line.voucher is not None, "asked for above"
        found = sums[line.voucher.organisation_id]
        found[0] += line.supply_microwon
        found[1] += line.vat_microwon
    year, month = (int(part) for part in statement.month.split("-"))
    return TaxInvoice.objects.bulk_create(
        TaxInvoice(
            kind=InvoiceKind.ORIGINAL,
            supplier_id=statement.supplier_id,
            organisation_id=organisation,
            statement=statement,
            month=statement.month,
            supply_microwon=supply,
            vat_microwon=vat,
            due_at=due_after_month(year, month, at),
            created_at=at,
        )
        for organisation, (supply, vat) in sorted(sums.items())
    )


def prepare_correction(refund: SettledRefund, *, at: datetime) -> TaxInvoice:
    """수정세금계산서: negative, for a refund agreed after settlement."""
    day = seoul_date(at)
    return TaxInvoice.objects.create(
        kind=InvoiceKind.CORRECTION,
        supplier_id=refund.charge.supplier_id,
        organisation_id=refund.charge.voucher.organisation_id,
        refund=refund.id,
        month=f"{day:%Y-%m}",
        supply_microwon=-refund.subsidy_microwon - refund.own_microwon,
        vat_microwon=-refund.vat_microwon,
        due_at=due_after_month(day.year, day.month, at),
        created_at=at,
    )


def due_after_month(year: int, month: int, at: datetime) -> datetime:
    """24:00 in Seoul of the day that policy names, in the month after."""
    following = (year + 1, 1) if month == DECEMBER else (year, month + 1)
    return seoul_day_ends(date(*following, policy_at(at).invoice_day))


@transaction.atomic
def record_tax_invoice(
    actor: Actor, invoice_id: UUID, *, number: str, issued_at: datetime, at: datetime
) -> TaxInvoice:
    """The supplier has issued it under a number. The same number again changes nothing."""
    row = TaxInvoice.objects.select_for_update().filter(pk=invoice_id).first()
    if row is None:
        raise NotFound
    need_operator_or_supplier(actor, row.supplier_id)
    if row.number and row.number == number:
        return row
    others = TaxInvoice.objects.filter(supplier=row.supplier_id, number=number)
    if others.exclude(pk=row.pk).exists():
        raise InvoiceNumberTaken(number=number)
    was_late = issued_at >= row.due_at
    row.state = state_of(row, at)
    INVOICE.move(row, "issue", actor, at=at, facts={"was_late": was_late})
    row.number, row.issued_at = number, issued_at
    row.save(update_fields=["number", "issued_at"])
    return row
