"""Returns of own parts 자부담 반환: what is owed to a beneficiary again leaves the bank."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher


class DepositReturnState(models.TextChoices):
    CREATED = "created", "생성"
    APPROVED = "approved", "승인"
    PAID = "paid", "지급완료"
    FAILED = "failed", "실패"


class DepositReturn(models.Model):
    """One transfer to the organisation of one voucher. A failed one is tried again anew."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, related_name="deposit_returns"
    )
    amount_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=DepositReturnState.choices, default=DepositReturnState.CREATED
    )
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    approved_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["voucher"],
                condition=models.Q(state__in=["created", "approved"]),
                name="deposit_return_open_once",
            ),
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="deposit_return_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(approved_by="")
                | ~models.Q(approved_by=models.F("created_by")),
                name="deposit_return_four_eyes",
            ),
        ]
