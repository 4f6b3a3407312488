"""Execution checks 집행점검: somebody looks at the work while it is done."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award


class CheckKind(models.TextChoices):
    MID = "mid", "중간점검"
    ON_SITE = "on_site", "현장점검"


class CheckState(models.TextChoices):
    PLANNED = "planned", "예정"
    IMPROVE = "improve", "시정요구"
    PASSED = "passed", "적합"
    FAILED = "failed", "부적합"


class ExecutionCheck(models.Model):
    """What was found stands in the event's reason; a failed one is opened as a case by hand."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="checks")
    kind = models.CharField(max_length=8, choices=CheckKind.choices)
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=CheckState.choices, default=CheckState.PLANNED
    )
    planned_by = models.CharField(max_length=64)
    measured = models.JSONField(default=dict)
    done_by = models.CharField(max_length=64, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
