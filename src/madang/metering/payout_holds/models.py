"""Payout holds 지급보류: while one is open, nothing of a supplier or a voucher is paid out."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Supplier


class PayoutHold(models.Model):
    """Placed by a person or a case, lifted by a person; never a decision by itself."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, null=True, related_name="payout_holds"
    )
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="payout_holds"
    )
    kind = models.CharField(max_length=32)
    case = models.UUIDField(null=True)
    placed_at = models.DateTimeField()
    placed_by = models.CharField(max_length=64)
    lifted_at = models.DateTimeField(null=True, blank=True)
    lifted_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(supplier__isnull=False, voucher=None)
                | models.Q(supplier=None, voucher__isnull=False),
                name="payout_hold_names_one",
            )
        ]
