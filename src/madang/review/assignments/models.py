"""Assignments 배정: one reviewer, one subject; and the pledge 서약 that opens it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.review.panels.models import Subject
from madang.review.pool.models import Reviewer


class AssignmentState(models.TextChoices):
    PROPOSED = "proposed", "추천"
    INVITED = "invited", "위촉요청"
    ACCEPTED = "accepted", "수락"
    DECLINED = "declined", "거절"
    EXCLUDED = "excluded", "제척"
    RECUSED = "recused", "회피"
    CHALLENGED_OUT = "challenged_out", "기피"
    REVIEW_DRAFT = "review_draft", "평가작성"
    SUBMITTED = "submitted", "제출"
    VOIDED = "voided", "무효"


OPEN_STATES = (
    AssignmentState.ACCEPTED,
    AssignmentState.REVIEW_DRAFT,
    AssignmentState.SUBMITTED,
)
"""Where a pledge stands and the documents are open to the reviewer."""

SEATED_STATES = (AssignmentState.PROPOSED, AssignmentState.INVITED, *OPEN_STATES)
"""Where the reviewer takes a seat of the panel."""

GONE_STATES = (
    AssignmentState.DECLINED,
    AssignmentState.EXCLUDED,
    AssignmentState.RECUSED,
    AssignmentState.CHALLENGED_OUT,
    AssignmentState.VOIDED,
)
"""Where a seat is free again and somebody else may be asked."""


class Assignment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="assignments")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="assignments")
    state = models.CharField(
        max_length=16, choices=AssignmentState.choices, default=AssignmentState.PROPOSED
    )
    replaces = models.OneToOneField(
        "self", on_delete=models.PROTECT, related_name="replaced_by", null=True, blank=True
    )
    assigned_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "reviewer"], name="assignment_once_per_reviewer"
            )
        ]


class Pledge(models.Model):
    """이해충돌 서약: the reviewer's own word about this very subject, kept for good."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.OneToOneField(
        Assignment, on_delete=models.PROTECT, related_name="pledge"
    )
    has_conflict = models.BooleanField()
    text_sha256 = models.CharField(max_length=64)
    declared_at = models.DateTimeField()
