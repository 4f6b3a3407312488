"""Public comment 국민 의견수렴: round 1 on what is demanded, round 2 on what shall be built."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.proposals.models import Proposal


class CommentRound(models.Model):
    """A window of time in which everybody may comment; two of them for a survey."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    survey = models.ForeignKey(DemandSurvey, on_delete=models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    set_by = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["survey", "number"], name="comment_round_once"),
            models.CheckConstraint(
                condition=models.Q(number__in=[1, 2]), name="comment_round_1_or_2"
            ),
        ]


class Comment(models.Model):
    """`text` is shown once it is answered; a withheld one shows its reason alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    round = models.ForeignKey(CommentRound, on_delete=models.PROTECT, related_name="comments")
    demand = models.ForeignKey(
        DemandItem, on_delete=models.PROTECT, related_name="comments", null=True
    )
    proposal = models.ForeignKey(
        Proposal, on_delete=models.PROTECT, related_name="comments", null=True
    )
    text = models.TextField(max_length=2000)
    sender = models.CharField(max_length=64, db_index=True)
    state = models.CharField(max_length=12, default="received")
    answer = models.TextField(max_length=2000, blank=True)
    answered_by = models.CharField(max_length=64, blank=True)
    answered_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(demand=None) ^ models.Q(proposal=None),
                name="comment_on_one_thing",
            )
        ]
