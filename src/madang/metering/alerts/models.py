"""Alerts 알림: said once for a voucher, when it is nearly spent or nearly over."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher


class AlertKind(models.TextChoices):
    SPENT = "spent", "소진 임박"
    ENDING = "ending", "만료 임박"


class VoucherAlert(models.Model):
    """One alert of one kind on one voucher. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="alerts")
    kind = models.CharField(max_length=12, choices=AlertKind.choices)
    raised_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["voucher", "kind"], name="voucher_alert_once")
        ]
