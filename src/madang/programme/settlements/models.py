"""Settlement of a project 과제 정산: what was given, used, found, and given back."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award
from madang.programme.cases.models import ClawbackCase, Ground


class SettlementState(models.TextChoices):
    REPORT_DUE = "report_due", "보고대기"
    SUBMITTED = "submitted", "제출"
    VERIFYING = "under_verification", "검증"
    FINDINGS = "findings", "지적"
    CONFIRMED = "confirmed", "확정"
    RETURNED = "returned", "반납완료"


class ProjectSettlement(models.Model):
    """`figures` are the ledger's at the handing in; who verifies and audits, policy says."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="settlement")
    due_at = models.DateTimeField()
    needs_verification = models.BooleanField()
    needs_audit = models.BooleanField()
    state = models.CharField(
        max_length=20, choices=SettlementState.choices, default=SettlementState.REPORT_DUE
    )
    figures = models.JSONField(default=dict)
    figures_sha256 = models.CharField(max_length=64, blank=True)
    submitted_by = models.CharField(max_length=64, blank=True)
    verifier = models.CharField(max_length=64, blank=True)
    verified_by = models.CharField(max_length=64, blank=True)
    audit_sha256 = models.CharField(max_length=64, blank=True)
    confirmed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()


class Finding(models.Model):
    """지적사항: an amount that is not recognised, until a case or a refund deals with it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    settlement = models.ForeignKey(
        ProjectSettlement, on_delete=models.PROTECT, related_name="findings"
    )
    ground = models.CharField(max_length=16, choices=Ground.choices)
    amount_microwon = models.BigIntegerField()
    case = models.ForeignKey(
        ClawbackCase, on_delete=models.PROTECT, null=True, related_name="findings"
    )
    is_answered = models.BooleanField(default=False)
    found_by = models.CharField(max_length=64)
    found_at = models.DateTimeField()
