"""Proposals 과제 제안: what an organisation would build for a cluster of demands.

A proposal is an application to a programme call and has no state of its own: who reviews it,
who is in conflict and who is selected, the programme and its panels say.
"""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.plan.models import BuildGoal
from madang.programme.applications.models import Application
from madang.programme.calls.models import Call


class BuildOffer(models.Model):
    """What a call of kind `dataset` is for: a goal of the plan, and the survey behind it."""

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="build_offer")
    goal = models.ForeignKey(BuildGoal, on_delete=models.PROTECT, related_name="offers")
    survey = models.ForeignKey(DemandSurvey, on_delete=models.PROTECT, related_name="offers")
    set_by = models.CharField(max_length=64)
    set_at = models.DateTimeField()


class Proposal(models.Model):
    """`targets` is a file of targets, as checks run it: volume, classes and quality in one.

    `steps` are what is delivered and paid, in order: names, due_on, volume, amount_microwon.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.OneToOneField(
        Application, on_delete=models.PROTECT, related_name="proposal"
    )
    demand = models.ForeignKey(DemandItem, on_delete=models.PROTECT, related_name="proposals")
    name = models.CharField(max_length=96)
    title_ko = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    licence = models.CharField(max_length=64)
    targets = models.TextField()
    steps = models.JSONField()
    sha256 = models.CharField(max_length=64, blank=True)
    saved_by = models.CharField(max_length=64)
    saved_at = models.DateTimeField()
