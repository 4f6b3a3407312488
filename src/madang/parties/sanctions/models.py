"""Sanctions 제재(참여제한): who may not take part, from when, to which last day."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.organisations.models import Organisation


class SanctionState(models.TextChoices):
    """What is stored. That a sanction has ended, the clock says (`state_of`)."""

    ACTIVE = "active", "참여제한"
    EXPIRED = "expired", "종료"
    LIFTED = "lifted", "해제"


class Sanction(models.Model):
    """One exclusion of one organisation. `ends_at` is 24:00 in Seoul of its last day."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="sanctions"
    )
    ground = models.CharField(max_length=32)
    case = models.UUIDField(null=True, unique=True)
    strikes = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    state = models.CharField(
        max_length=16, choices=SanctionState.choices, default=SanctionState.ACTIVE
    )
    decided_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")),
                name="sanction_ends_after_it_starts",
            )
        ]
