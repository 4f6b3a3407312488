"""Attempts and the facts that were told about them."""

from __future__ import annotations

from django.db import models

from madang.compute.jobs.models import Job
from madang.compute.sites.models import Site


class Attempt(models.Model):
    """One run of a job, or of one task of its array. It holds quota, and money where the grant
    is priced, from before it can start until it is posted. `attempt_key` is empty until the
    engine has started it."""

    no = models.BigAutoField(primary_key=True)
    job = models.ForeignKey(Job, on_delete=models.PROTECT, related_name="attempts")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveIntegerField()
    attempt_key = models.CharField(max_length=96, blank=True)
    hold = models.UUIDField(unique=True)
    held_gpu_seconds = models.BigIntegerField()
    is_held = models.BooleanField(default=True)
    price_set = models.BigIntegerField(null=True)
    held_microwon = models.BigIntegerField(default=0)
    cards = models.PositiveIntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    suspended_s = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, default="pending")
    is_disputed = models.BooleanField(default=False)
    decided_digest = models.CharField(max_length=64, blank=True)
    fact_version = models.PositiveIntegerField(default=0)
    fact_digest = models.CharField(max_length=64, blank=True)
    observed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["job", "number"], name="attempt_number_once"),
            models.UniqueConstraint(
                fields=["site", "attempt_key"],
                condition=~models.Q(attempt_key=""),
                name="attempt_key_once",
            ),
        ]
        indexes = [models.Index(fields=["site", "is_held"])]


class AttemptFactRow(models.Model):
    """What a source said, when it changed what was known. Append-only."""

    no = models.BigAutoField(primary_key=True)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="facts")
    version = models.PositiveIntegerField()
    source = models.CharField(max_length=16)
    state = models.CharField(max_length=12)
    cards = models.PositiveIntegerField()
    started_at = models.DateTimeField(null=True)
    ended_at = models.DateTimeField(null=True)
    suspended_s = models.PositiveIntegerField()
    evidence = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    observed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["attempt", "version"], name="fact_version_once")
        ]
