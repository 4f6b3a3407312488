"""Sites: where cards stand."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7


class EngineKind(models.TextChoices):
    SLURM = "slurm", "Slurm"
    LOCAL = "local", "한 대"


class Site(models.Model):
    """`auth` names a secret (env: or file:), it is none. `cursor` is where the next reading of
    the engine's usage begins; it moves in the transaction that posts what was read.
    `passed_over_at`: when the first of those strangers was submitted that wait for an answer,
    because they may be what it tells of."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    name_ko = models.CharField(max_length=200)
    name_en = models.CharField(max_length=200)
    region = models.CharField(max_length=40, blank=True)
    engine = models.CharField(max_length=8, choices=EngineKind.choices)
    address = models.CharField(max_length=200, blank=True)
    auth = models.CharField(max_length=128, blank=True)
    cluster = models.CharField(max_length=64, blank=True)
    partition = models.CharField(max_length=64, blank=True)
    user = models.CharField(max_length=64, blank=True)
    grant_users = ArrayField(models.CharField(max_length=64), default=list)
    records = models.CharField(max_length=200, blank=True)
    datasets = models.CharField(max_length=200, blank=True)
    cursor = models.CharField(max_length=64, blank=True)
    passed_over_at = models.DateTimeField(null=True)
    polled_at = models.DateTimeField(null=True)
    failed_at = models.DateTimeField(null=True)
    measured_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField()

    def __str__(self) -> str:
        return self.code
