"""Policy 정책: ratios, caps, days, trims and tie rules as versioned data."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class PolicyVersion(models.Model):
    """One version of one policy document. Rows are never changed; a call pins a version."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=64)
    version = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    data = models.JSONField()
    sha256 = models.CharField(max_length=64)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["kind", "version"], name="policy_version_once")
        ]
