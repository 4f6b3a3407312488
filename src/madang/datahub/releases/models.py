"""Releases 개방: a version that everybody, applicants, or the secure room may use."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.datahub.quality.models import QualityCheck
from madang.datahub.versions.models import Version


class Release(models.Model):
    """`check` is the passing or waived check of the very digest that is opened."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="release")
    quality_check = models.ForeignKey(
        QualityCheck, on_delete=models.PROTECT, related_name="releases"
    )
    opens_on = models.DateField()
    opened_at = models.DateTimeField(null=True)
    state = models.CharField(max_length=12, default="prepared")
    prepared_by = models.CharField(max_length=64)
    prepared_at = models.DateTimeField()
