"""Tax invoices 세금계산서: what a supplier owes its customer, by month, and until when."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.statements.models import Statement
from madang.parties.models import Organisation, Supplier


class InvoiceKind(models.TextChoices):
    ORIGINAL = "original", "세금계산서"
    CORRECTION = "correction", "수정세금계산서"


class InvoiceState(models.TextChoices):
    """What is stored. That one is late, the clock says (`state_of`)."""

    DUE = "due", "발급대기"
    LATE = "late", "지연"
    ISSUED = "issued", "발급"


class TaxInvoice(models.Model):
    """Data of one invoice; the document itself is made by the supplier's own system.

    Whole won of supply value and VAT, as the statement froze them for this beneficiary; a
    correction is negative and names the refund that asked for it. `due_at` is 24:00 in Seoul
    of the tenth of the month after.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=12, choices=InvoiceKind.choices)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="invoices")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="invoices"
    )
    statement = models.ForeignKey(
        Statement, on_delete=models.PROTECT, null=True, related_name="invoices"
    )
    refund = models.UUIDField(null=True, unique=True)
    month = models.CharField(max_length=7)
    supply_microwon = models.BigIntegerField()
    vat_microwon = models.BigIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=8, choices=InvoiceState.choices, default=InvoiceState.DUE
    )
    number = models.CharField(max_length=64, blank=True)
    issued_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "organisation"], name="invoice_once_per_statement"
            ),
            models.UniqueConstraint(
                fields=["supplier", "number"],
                condition=~models.Q(number=""),
                name="invoice_number_once",
            ),
        ]
