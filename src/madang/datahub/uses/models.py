"""Uses 활용: one person, one version, one day is one use, however many files were read."""

from __future__ import annotations

from django.db import models

from madang.datahub.versions.models import Version


class UseKind(models.TextChoices):
    DOWNLOADED = "downloaded", "내려받기"
    STREAMED = "streamed", "스트리밍"


class Use(models.Model):
    """`who` is a person's opaque id, or a nameless reader's digest, which ends with the day."""

    version = models.ForeignKey(Version, on_delete=models.PROTECT, related_name="uses")
    who = models.CharField(max_length=64)
    is_person = models.BooleanField()
    day = models.DateField()
    kind = models.CharField(max_length=12, choices=UseKind.choices)
    user_kind = models.CharField(max_length=16, blank=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["version", "who", "day"], name="use_once_a_day")
        ]
