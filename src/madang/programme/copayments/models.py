"""Co-payment obligations 자부담 의무: what must be deposited, and until when."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Document
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


class InKindPledge(models.Model):
    """현물 약정: an amount that the beneficiary brings in kind. Only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="pledges")
    amount_microwon = models.BigIntegerField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()


class InKindState(models.TextChoices):
    SUBMITTED = "submitted", "제출"
    ACCEPTED = "accepted", "인정"
    REJECTED = "rejected", "불인정"


class InKindEvidence(models.Model):
    """현물 증빙: a document that shows part of a pledge."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="in_kind")
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="in_kind")
    amount_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=InKindState.choices, default=InKindState.SUBMITTED
    )
    submitted_by = models.CharField(max_length=64)
    submitted_at = models.DateTimeField()
