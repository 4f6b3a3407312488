"""Challenges 기피신청: an applicant's word that a certain reviewer must not judge."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.review.panels.models import Subject
from madang.review.pool.models import Reviewer


class ChallengeState(models.TextChoices):
    FILED = "filed", "접수"
    UPHELD = "upheld", "인용"
    DISMISSED = "dismissed", "기각"


class Challenge(models.Model):
    """Against one reviewer of the pool, about one subject. Upheld, it bars for good."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject = models.ForeignKey(Subject, on_delete=models.PROTECT, related_name="challenges")
    reviewer = models.ForeignKey(Reviewer, on_delete=models.PROTECT, related_name="challenges")
    ground = models.CharField(max_length=32)
    state = models.CharField(
        max_length=16, choices=ChallengeState.choices, default=ChallengeState.FILED
    )
    filed_by = models.CharField(max_length=64)
    filed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject", "reviewer"], name="challenge_once_per_reviewer"
            )
        ]


class ChallengeText(models.Model):
    """The applicant's words: erasable, and so apart."""

    challenge = models.OneToOneField(
        Challenge, on_delete=models.PROTECT, related_name="text_row"
    )
    text = models.TextField()
