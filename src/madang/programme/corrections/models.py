"""Corrections 정정: a journal is reversed once, with a reason and two people."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.models import Receipt, Voucher


class CorrectionState(models.TextChoices):
    PROPOSED = "proposed", "제안"
    BOOKED = "booked", "정정"
    REFUSED = "refused", "반려"


class Correction(models.Model):
    """P23. `effective_at` is the day that it is about; it is booked in an open year.

    A deposit on the wrong voucher names the right one: its receipt moves with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    journal = models.UUIDField()
    kind = models.CharField(max_length=4)
    receipt = models.ForeignKey(
        Receipt, on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="corrections"
    )
    programme_year = models.UUIDField()
    effective_at = models.DateTimeField()
    reversed_by = models.UUIDField(null=True)
    state = models.CharField(
        max_length=10, choices=CorrectionState.choices, default=CorrectionState.PROPOSED
    )
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["journal"],
                condition=~models.Q(state="refused"),
                name="correction_once",
            )
        ]
