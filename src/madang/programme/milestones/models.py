"""Milestones 단계: an award without a voucher is paid step by step, for accepted work only."""

from __future__ import annotations

from collections.abc import Iterable

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Document
from madang.programme.awards.models import Award


class MilestoneState(models.TextChoices):
    PLANNED = "planned", "계획"
    AGREED = "agreed", "합의"
    SUBMITTED = "submitted", "제출"
    ACCEPTED = "accepted", "승인"
    CANCELLED = "cancelled", "취소"


class Milestone(models.Model):
    """One step of an award: what is delivered by when, and what it is paid (whole won)."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="milestones")
    number = models.PositiveIntegerField()
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    due_on = models.DateField()
    amount_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=16, choices=MilestoneState.choices, default=MilestoneState.PLANNED
    )
    planned_by = models.CharField(max_length=64)
    submitted_by = models.CharField(max_length=64, blank=True)
    accepted_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["award", "number"], name="milestone_number_once"),
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="milestone_amount_positive"
            ),
        ]


class MilestoneEvidence(models.Model):
    """산출물: a document that was handed in for a milestone. Rows are only ever added."""

    milestone = models.ForeignKey(Milestone, on_delete=models.PROTECT, related_name="evidence")
    document = models.ForeignKey(
        Document, on_delete=models.PROTECT, related_name="milestone_evidence"
    )
    submitted_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["milestone", "document"], name="milestone_evidence_once"
            )
        ]


DELIVERED = frozenset({MilestoneState.SUBMITTED, MilestoneState.ACCEPTED})
"""Handed in, or paid for: no amendment takes its money away."""


def promised_microwon(rows: Iterable[Milestone]) -> int:
    """What the steps that are not cancelled come to."""
    return sum(row.amount_microwon for row in rows if row.state != MilestoneState.CANCELLED)
