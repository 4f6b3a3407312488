"""Demand 수요: what people say they need, before anybody decides what is built."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.sets.models import Field


class DemandSurvey(models.Model):
    """A window of time in which everybody may say what is needed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    title_ko = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    state = models.CharField(max_length=12, default="draft")
    made_by = models.CharField(max_length=64)


class DemandItem(models.Model):
    """One answer. `merged_into` names the first of the like ones; nobody's name is asked."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    survey = models.ForeignKey(DemandSurvey, on_delete=models.PROTECT, related_name="items")
    field = models.CharField(max_length=24, choices=Field.choices)
    title = models.CharField(max_length=200)
    purpose = models.CharField(max_length=2000)
    user_kind = models.CharField(max_length=16, blank=True)
    state = models.CharField(max_length=12, default="received")
    merged_into = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="merged", null=True
    )
    sender = models.CharField(max_length=64, blank=True, db_index=True)
    received_at = models.DateTimeField()
