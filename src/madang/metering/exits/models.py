"""Exits 공급 중단: a supplier withdraws, or is bankrupt, while vouchers are in use."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Supplier


class ExitKind(models.TextChoices):
    WITHDRAWN = "withdrawn", "철수"
    BANKRUPT = "bankrupt", "파산"


class SupplierExit(models.Model):
    """From `at` on the supplier sells nothing. It may come back (`ended_at`)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="exits")
    kind = models.CharField(max_length=12, choices=ExitKind.choices)
    hold = models.UUIDField(null=True)
    at = models.DateTimeField()
    decided_by = models.CharField(max_length=64)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier"], condition=models.Q(ended_at=None), name="exit_open_once"
            )
        ]
