"""Reviews 평가표: scores by criterion, exact, in thousandths of a point."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.review.assignments.models import Assignment


class Review(models.Model):
    """A draft until `submitted_at` is set; from then on a trigger refuses every change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    assignment = models.OneToOneField(
        Assignment, on_delete=models.PROTECT, related_name="review"
    )
    scores = models.JSONField(default=dict)  # criterion code -> thousandths of a point
    saved_at = models.DateTimeField()
    submitted_at = models.DateTimeField(null=True, blank=True)


class ReviewComment(models.Model):
    """Free text beside the scores: erasable, and so apart from them."""

    review = models.OneToOneField(Review, on_delete=models.PROTECT, related_name="comment_row")
    text = models.TextField()
