"""Tranches 회차: the parts in which an award reaches its voucher."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award


class TrancheState(models.TextChoices):
    PLANNED = "planned", "예정"
    RELEASED = "released", "지급"
    CANCELLED = "cancelled", "취소"


class Tranche(models.Model):
    """One part, in whole won; fractions are in the first. Released, it lies in the voucher."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="tranches")
    number = models.PositiveIntegerField()
    amount_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=TrancheState.choices, default=TrancheState.PLANNED
    )
    released_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "number"], name="tranche_once"),
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="tranche_amount_positive"
            ),
        ]
