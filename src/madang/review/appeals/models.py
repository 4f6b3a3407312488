"""Appeals 이의신청: a decision looked at again, by people who did not make it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.review.panels.models import ReviewPanel


class AppealState(models.TextChoices):
    FILED = "filed", "접수"
    ADMISSIBLE = "admissible", "적법"
    INADMISSIBLE = "inadmissible", "각하"
    UNDER_REVIEW = "under_review", "심의중"
    UPHELD = "upheld", "인용"
    DENIED = "denied", "기각"
    CLOSED = "closed", "종결"


class Appeal(models.Model):
    """Against one decision about one subject, named by its room.

    `about` names the decision (a ranking run, an eligibility check), so that each decision is
    appealed against once. `panel` is the one whose members may not sit on the appeal's.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    subject_type = models.CharField(max_length=64)
    subject_id = models.UUIDField(db_index=True)
    about = models.CharField(max_length=80)
    organisation_id = models.UUIDField()
    ground = models.CharField(max_length=32)
    panel = models.ForeignKey(
        ReviewPanel, on_delete=models.PROTECT, related_name="appeals", null=True, blank=True
    )
    delivered_at = models.DateTimeField(null=True, blank=True)
    window_ends_at = models.DateTimeField(null=True, blank=True)
    state = models.CharField(
        max_length=16, choices=AppealState.choices, default=AppealState.FILED
    )
    outcome = models.CharField(max_length=16, blank=True)  # what a closed one had come to
    filed_by = models.CharField(max_length=64)
    filed_at = models.DateTimeField()
    judged_by = models.CharField(max_length=64, blank=True)
    judged_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "about"],
                name="appeal_once_per_decision",
            )
        ]


class AppealText(models.Model):
    """The appellant's words and the reasons of the answer: erasable, and so apart."""

    appeal = models.OneToOneField(Appeal, on_delete=models.PROTECT, related_name="text_row")
    text = models.TextField()
    answer = models.TextField(blank=True)
