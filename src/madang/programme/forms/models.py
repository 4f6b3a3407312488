"""Forms 신청서식: a name, and versions that are never changed."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class Form(models.Model):
    """What calls may ask. Its questions stand in its versions."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    created_at = models.DateTimeField()


class FormVersion(models.Model):
    """One set of questions. Rows are only ever added: an application keeps the version that it
    was written for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    form = models.ForeignKey(Form, on_delete=models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    fields = models.JSONField()
    sha256 = models.CharField(max_length=64)
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["form", "number"], name="form_version_once")
        ]
