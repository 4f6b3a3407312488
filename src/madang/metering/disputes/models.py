"""Supplier disputes 분쟁: usage above what was held, until two people end it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Supplier


class DisputeEndState(models.TextChoices):
    PROPOSED = "proposed", "제안"
    ENDED = "ended", "종결"
    REFUSED = "refused", "반려"


class DisputeEnd(models.Model):
    """How a noted amount is to end. `is_paid`: the programme lost it and bears it (P25).

    What is noted and not yet ended is the ledger's word (K300), by voucher and supplier.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="+")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="+")
    amount_microwon = models.BigIntegerField()
    is_paid = models.BooleanField()
    state = models.CharField(
        max_length=12, choices=DisputeEndState.choices, default=DisputeEndState.PROPOSED
    )
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="dispute_end_positive"
            )
        ]
