"""Lines: what an attempt cost. Append-only; a changed fact reverses one and posts another."""

from __future__ import annotations

from django.db import models

from madang.compute.attempts.models import Attempt


class LineKind(models.TextChoices):
    USE = "use", "사용"
    REVERSAL = "reversal", "취소"


class Line(models.Model):
    """`id` is made from the attempt, the version of its facts and the kind: a replay is
    nothing. GPU-milliseconds were measured; the user pays `user_gpu_seconds`, the programme
    bears `borne_gpu_seconds` (an overrun of the engine, a preemption by policy)."""

    id = models.UUIDField(primary_key=True, editable=False)
    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="lines")
    kind = models.CharField(max_length=10, choices=LineKind.choices)
    fact_version = models.PositiveIntegerField()
    gpu_ms = models.BigIntegerField()
    user_gpu_seconds = models.BigIntegerField()
    borne_gpu_seconds = models.BigIntegerField()
    cause = models.CharField(max_length=24)
    usage_id = models.CharField(max_length=128, blank=True)
    charge_microwon = models.BigIntegerField(default=0)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["attempt", "fact_version", "kind"], name="line_once"
            ),
            models.CheckConstraint(
                condition=models.Q(gpu_ms__gte=0)
                & models.Q(user_gpu_seconds__gte=0)
                & models.Q(borne_gpu_seconds__gte=0),
                name="line_not_negative",
            ),
        ]
