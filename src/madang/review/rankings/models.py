"""Rankings 순위산정: the stored inputs, the stored result, and who confirmed it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.review.panels.models import ReviewPanel


class RankingState(models.TextChoices):
    COMPUTED = "computed", "산정"
    CONFIRMED = "confirmed", "확정"
    SUPERSEDED = "superseded", "대체됨"


class RankingRun(models.Model):
    """`outputs` follows from `inputs` byte for byte. A trigger lets only the state change."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    panel = models.ForeignKey(ReviewPanel, on_delete=models.PROTECT, related_name="runs")
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=16, choices=RankingState.choices, default=RankingState.COMPUTED
    )
    inputs = models.BinaryField()
    inputs_sha256 = models.CharField(max_length=64)
    outputs = models.BinaryField()
    outputs_sha256 = models.CharField(max_length=64)
    computed_by = models.CharField(max_length=64)
    computed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["panel", "number"], name="ranking_run_number_once"),
            models.UniqueConstraint(
                fields=["panel"],
                condition=~models.Q(state="superseded"),
                name="ranking_run_one_standing",
            ),
        ]


class Confirmation(models.Model):
    """One person's word that a run stands. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    run = models.ForeignKey(RankingRun, on_delete=models.PROTECT, related_name="confirmations")
    person = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["run", "person"], name="confirmation_once")
        ]
