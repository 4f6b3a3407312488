"""Co-payment obligations 자부담 의무: what must be deposited, and until when."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award


class CoPaymentState(models.TextChoices):
    PENDING = "pending_deposit", "입금대기"
    FUNDED = "funded", "입금완료"
    VOIDED = "voided", "무효"


class CoPaymentObligation(models.Model):
    """What was agreed, no balance: what was paid, the ledger says."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="copayment")
    cash_microwon = models.BigIntegerField()
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=16, choices=CoPaymentState.choices, default=CoPaymentState.PENDING
    )
    created_at = models.DateTimeField()
