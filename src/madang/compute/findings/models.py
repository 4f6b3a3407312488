"""Findings: differences between books, and cards that stand idle."""

from __future__ import annotations

from django.db import models

from madang.compute.attempts.models import Attempt
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job
from madang.compute.sites.models import Site
from madang.core.ids import uuid7


class Finding(models.Model):
    """Something in the books does not agree. Open until a later reading explains it, or a
    person decides. `what` names the thing found, so that it is found once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="findings")
    cause = models.CharField(max_length=24)
    what = models.CharField(max_length=160)
    attempt = models.ForeignKey(
        Attempt, on_delete=models.PROTECT, related_name="findings", null=True
    )
    gpu_seconds = models.BigIntegerField(default=0)
    detail = models.JSONField(default=dict)
    state = models.CharField(max_length=12, default="open")
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
    closed_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["site", "cause", "what"], name="finding_once")
        ]


class Source(models.TextChoices):
    """Who measured, the best word last. A share of the processor stands in where a machine has
    no cards to ask."""

    CPU = "cpu", "CPU"
    GPUUTIL = "gpuutil", "Slurm"
    EXPORTER = "exporter", "DCGM"


class UtilisationSample(models.Model):
    """How busy the cards of a running job were over `seconds` up to `at`, in thousandths.
    `told_ms` and `told_permille` are a source's own words, where it tells a mean since the
    job's start: the next sample is made from the difference. Append-only."""

    no = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="samples")
    permille = models.PositiveIntegerField()
    seconds = models.PositiveIntegerField(default=0)
    source = models.CharField(max_length=12, choices=Source.choices, default="exporter")
    told_ms = models.BigIntegerField(null=True)
    told_permille = models.PositiveIntegerField(null=True)
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["job", "at"])]
        constraints = [
            models.UniqueConstraint(fields=["job", "source", "at"], name="sample_once")
        ]


class IdleCase(models.Model):
    """Idle cards on their way back: found, noticed, noticed again, reclaimed; or answered."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="idle_cases")
    state = models.CharField(max_length=16, default="found")
    permille = models.PositiveIntegerField()
    next_at = models.DateTimeField()
    objection = models.TextField(blank=True)
    answer = models.CharField(max_length=1000, blank=True)
    decided_by = models.CharField(max_length=64, blank=True)
    reclaimed_gpu_seconds = models.BigIntegerField(default=0)
    found_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True)
