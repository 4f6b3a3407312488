"""Deposits 자부담 입금: receipts on the co-payment trust account."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Organisation


class ReceiptState(models.TextChoices):
    MATCHED = "matched", "대사완료"
    PARKED = "parked", "미확인"
    RETURNED = "returned", "반환"


class ParkReason(models.TextChoices):
    """Why a receipt does not count yet: a person decides about each."""

    PAYER = "payer", "입금자 불일치"
    UNMATCHED = "unmatched", "대상 불명"
    LATE = "late", "기한 후 입금"


class Receipt(models.Model):
    """One receipt of money, under the bank's own reference: one trust account's numbering.

    A receipt whose payer is not the voucher's organisation is parked (1120) until somebody
    matches it or sends it back; so is one that came too late, or that names nothing we know.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    reference = models.CharField(max_length=100)
    payer = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, null=True, related_name="receipts"
    )
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="receipts"
    )
    programme = models.UUIDField(null=True)
    amount_microwon = models.BigIntegerField()
    received_at = models.DateTimeField()
    state = models.CharField(max_length=16, choices=ReceiptState.choices)
    park_reason = models.CharField(max_length=12, choices=ParkReason.choices, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="receipt_amount_positive"
            ),
            models.UniqueConstraint(
                fields=["programme", "reference"], name="receipt_once", nulls_distinct=False
            ),
        ]
