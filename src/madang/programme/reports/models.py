"""Reports 보고서: a few paragraphs at mid-term and at the end, beside what was measured."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award


class ReportKind(models.TextChoices):
    MID = "mid", "중간보고"
    RESULT = "result", "결과보고"


class ReportState(models.TextChoices):
    DUE = "due", "제출대기"
    SUBMITTED = "submitted", "제출"
    RETURNED = "returned", "보완요청"
    ACCEPTED = "accepted", "승인"


class Report(models.Model):
    """`measured` is what the platform knows at the moment of handing in, and its digest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="reports")
    kind = models.CharField(max_length=8, choices=ReportKind.choices)
    due_at = models.DateTimeField()
    state = models.CharField(
        max_length=12, choices=ReportState.choices, default=ReportState.DUE
    )
    measured = models.JSONField(default=dict)
    sha256 = models.CharField(max_length=64, blank=True)
    submitted_by = models.CharField(max_length=64, blank=True)
    submitted_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["award", "kind"], name="report_once")]


class ReportText(models.Model):
    """The words of one handing in: erasable, the digest stays."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    report = models.ForeignKey(Report, on_delete=models.PROTECT, related_name="texts")
    number = models.PositiveIntegerField()
    sections = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["report", "number"], name="report_text_once")
        ]
