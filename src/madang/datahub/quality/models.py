"""Quality checks 품질 검사: what was measured on which digest, and who answers for the rest."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.commits.models import Commit


class QualityCheck(models.Model):
    """`targets` is the file as it was given; `report` says nothing that it does not measure."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    commit = models.ForeignKey(Commit, on_delete=models.PROTECT, related_name="checks")
    digest = models.CharField(max_length=64, db_index=True)
    targets = models.TextField()
    targets_digest = models.CharField(max_length=64)
    report = models.JSONField(default=dict)
    report_digest = models.CharField(max_length=64, blank=True)
    state = models.CharField(max_length=12, default="queued")
    ran_by = models.CharField(max_length=64)
    ran_at = models.DateTimeField()


class Waiver(models.Model):
    """Two people who answer for a failed check: one asks with a reason, another signs."""

    quality_check = models.OneToOneField(
        QualityCheck, on_delete=models.PROTECT, related_name="waiver"
    )
    reason = models.CharField(max_length=1000)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    signed_by = models.CharField(max_length=64, blank=True)
    signed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=~models.Q(signed_by=models.F("asked_by")), name="waiver_by_two"
            )
        ]
