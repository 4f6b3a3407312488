"""What was computed about a sealed version, once."""

from __future__ import annotations

from django.db import models

from madang.datahub.versions.models import Version


class VersionFacts(models.Model):
    """Columns, counts and kinds of files. A version never changes, so neither do they."""

    version = models.OneToOneField(Version, on_delete=models.PROTECT, related_name="facts")
    body = models.JSONField()
    made_at = models.DateTimeField()
