"""Jobs: written down before the engine hears of them."""

from __future__ import annotations

from uuid import UUID

from django.db import models

from madang.compute.grants.models import Grant
from madang.compute.sites.models import Site
from madang.core.ids import uuid7


class JobState(models.TextChoices):
    INTENT = "intent", "제출중"
    QUEUED = "queued", "대기"
    RUNNING = "running", "실행"
    COMPLETED = "completed", "완료"
    FAILED = "failed", "실패"
    CANCELLED = "cancelled", "취소"
    TIMEOUT = "timeout", "시간초과"
    LOST = "lost", "유실"
    REFUSED = "refused", "거절"


KEY_PREFIX = "madang-"
OPEN = (JobState.INTENT, JobState.QUEUED, JobState.RUNNING)


class Job(models.Model):
    """One submission under its client's key: never two jobs. `engine_job` is empty until the
    engine is known to have it; `missing_since` says since when nobody knows of it and none of
    its runs was ever told. `is_borne`: a stray of which its grant has no part, and which it
    does not pay. `content_sha256` tells a repetition from another job."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="jobs")
    site = models.ForeignKey(Site, on_delete=models.PROTECT, related_name="jobs")
    key = models.CharField(max_length=128)
    name = models.CharField(max_length=128, blank=True)
    cards = models.PositiveIntegerField()
    time_limit_s = models.PositiveIntegerField()
    script = models.TextField()
    image = models.CharField(max_length=200, blank=True)
    datasets = models.JSONField(default=list)
    array = models.PositiveIntegerField(default=0)
    content = models.JSONField()
    content_sha256 = models.CharField(max_length=64)
    state = models.CharField(max_length=12, choices=JobState.choices, default="intent")
    engine_job = models.CharField(max_length=64, blank=True)
    engine_at = models.DateTimeField(null=True)
    asked_at = models.DateTimeField(null=True)
    cancel_asked_at = models.DateTimeField(null=True)
    cancel_reason = models.CharField(max_length=200, blank=True)
    is_borne = models.BooleanField(default=False)
    missing_since = models.DateTimeField(null=True)
    progress = models.PositiveSmallIntegerField(null=True)
    by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant", "key"], name="job_key_once"),
            models.CheckConstraint(condition=models.Q(cards__gt=0), name="job_has_cards"),
        ]
        indexes = [
            models.Index(fields=["site", "state"]),
            models.Index(fields=["site", "engine_job"]),
        ]

    @property
    def engine_key(self) -> str:
        """What is written into the engine's job: ours, opaque, one per job."""
        return engine_key_of(self.id)


def engine_key_of(job: UUID) -> str:
    """The name under which an engine knows a job, by its id."""
    return f"{KEY_PREFIX}{job.hex}"
