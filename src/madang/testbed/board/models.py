"""A report on the board and what was decided about it. Rows are only ever added."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7


class BoardReport(models.Model):
    """The signed envelope as it is, and what the board sorts and shows of it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    sha256 = models.CharField(max_length=64, unique=True)
    key_id = models.CharField(max_length=64)
    envelope = models.BinaryField()
    device = models.CharField(max_length=200)
    maker = models.CharField(max_length=200)
    site = models.CharField(max_length=200, blank=True)
    scenario = models.CharField(max_length=16)
    figures = models.JSONField()
    power = models.JSONField()
    measured_at = models.DateTimeField()
    published_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.device} {self.scenario}"


class BoardStep(models.Model):
    """Taken off the board, with the reason; the report itself stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    report = models.OneToOneField(BoardReport, models.PROTECT, related_name="withdrawal")
    reason = models.CharField(max_length=1000)
    actor = models.CharField(max_length=64)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return str(self.report_id)
