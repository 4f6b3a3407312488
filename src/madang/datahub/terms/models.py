"""Build terms 구축 목표 합의: what is delivered by when, signed by both sides."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.plan.models import BuildProject


class BuildTerms(models.Model):
    """One numbered text of a project; a later one in force takes the place of the one before.

    `sha256` is over targets and steps: the words that both signatures are over.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    project = models.ForeignKey(BuildProject, on_delete=models.PROTECT, related_name="terms")
    number = models.PositiveIntegerField()
    targets = models.TextField()
    steps = models.JSONField()
    reason = models.CharField(max_length=1000, blank=True)
    sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, default="proposed")
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    agency_by = models.CharField(max_length=64, blank=True)
    agency_at = models.DateTimeField(null=True)
    builder_by = models.CharField(max_length=64, blank=True)
    builder_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["project", "number"], name="terms_number_once"),
            models.UniqueConstraint(
                fields=["project"],
                condition=models.Q(state="in_force"),
                name="terms_in_force_once",
            ),
            models.CheckConstraint(
                condition=models.Q(builder_by="") | ~models.Q(builder_by=models.F("agency_by")),
                name="terms_by_two",
            ),
        ]
