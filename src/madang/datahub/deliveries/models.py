"""Deliveries 납품: the files of a step, measured against agreed targets before any money."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.commits.models import Commit
from madang.datahub.plan.models import BuildProject
from madang.datahub.quality.models import QualityCheck
from madang.datahub.terms.models import BuildTerms
from madang.programme.milestones.models import Milestone


class Delivery(models.Model):
    """`volume` is what the check counted; nobody types it. A milestone is paid by it alone."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(
        BuildProject, on_delete=models.PROTECT, related_name="deliveries"
    )
    number = models.PositiveIntegerField()
    step = models.PositiveIntegerField()
    terms = models.ForeignKey(BuildTerms, on_delete=models.PROTECT, related_name="deliveries")
    commit = models.ForeignKey(Commit, on_delete=models.PROTECT, related_name="deliveries")
    digest = models.CharField(max_length=64)
    quality_check = models.ForeignKey(
        QualityCheck, on_delete=models.PROTECT, related_name="deliveries"
    )
    volume = models.PositiveBigIntegerField()
    milestone = models.ForeignKey(
        Milestone, on_delete=models.PROTECT, related_name="deliveries", null=True
    )
    state = models.CharField(max_length=12, default="handed_in")
    handed_in_by = models.CharField(max_length=64)
    handed_in_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="delivery_number_once"),
            models.UniqueConstraint(
                fields=["project", "step"],
                condition=models.Q(state="accepted"),
                name="delivery_step_accepted_once",
            ),
        ]


class SampleOpinion(models.Model):
    """An expert's look at a drawn sample: how many of its rows are wrong. Rows are facts."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    delivery = models.ForeignKey(Delivery, on_delete=models.PROTECT, related_name="opinions")
    reviewer = models.CharField(max_length=64)
    seed = models.CharField(max_length=64)
    rows = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField()
    comment = models.CharField(max_length=1000, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["delivery", "reviewer"], name="sample_opinion_once"
            ),
            models.CheckConstraint(
                condition=models.Q(wrong__lte=models.F("rows")), name="sample_wrong_of_rows"
            ),
        ]
