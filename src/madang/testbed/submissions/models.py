"""Submissions of makers, and appeals against what was decided about them."""

from __future__ import annotations

from django.db import models

from madang.compute.jobs.models import Job
from madang.core.ids import uuid7
from madang.metering.offerings.models import Offering
from madang.metering.vouchers.models import Voucher
from madang.parties.documents.models import Document
from madang.parties.organisations.models import Organisation


class SubmissionKind(models.TextChoices):
    REPORT = "report", "보고서 제출"
    RUN = "run", "시험 의뢰"


class SubmissionState(models.TextChoices):
    ORDERED = "ordered", "의뢰"
    TESTING = "testing", "시험중"
    SUBMITTED = "submitted", "접수"
    CHECKED = "checked", "확인 완료"
    FAULTY = "faulty", "반려"
    FAILED = "failed", "불합격"
    TRIAL = "trial", "시험 운전"
    DECLINED = "declined", "게시 거절"
    PUBLISHED = "published", "게시"
    REMOVED = "removed", "게시 내림"
    WITHDRAWN = "withdrawn", "철회"


OPEN_STATES = (
    SubmissionState.ORDERED,
    SubmissionState.TESTING,
    SubmissionState.SUBMITTED,
    SubmissionState.CHECKED,
)
DECIDED_STATES = (
    SubmissionState.FAULTY,
    SubmissionState.FAILED,
    SubmissionState.DECLINED,
    SubmissionState.REMOVED,
)
"""What a maker may appeal against."""


class Submission(models.Model):
    """One report on its way to the board. `archive` is the report's whole folder.

    What stands in device, model, scenario, profile and verdict is the report's own word, once
    its signature held; the specification's before that. `hold` and `price_set` are the
    reservation of an ordered run, `usage_id` and `charge_microwon` what it came to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    kind = models.CharField(max_length=8, choices=SubmissionKind.choices)
    organisation = models.ForeignKey(Organisation, models.PROTECT, related_name="submissions")
    state = models.CharField(max_length=12, choices=SubmissionState.choices)
    device = models.CharField(max_length=200, blank=True)
    model = models.CharField(max_length=200, blank=True)
    scenario = models.CharField(max_length=16, blank=True)
    profile = models.CharField(max_length=16, blank=True)
    verdict = models.CharField(max_length=16, blank=True)
    sha256 = models.CharField(max_length=64, blank=True, db_index=True)
    archive = models.ForeignKey(Document, models.PROTECT, null=True, related_name="+")
    faults = models.JSONField(default=list)
    spec = models.TextField(blank=True)
    files = models.BinaryField(default=b"")
    offering = models.ForeignKey(Offering, models.PROTECT, null=True, related_name="+")
    voucher = models.ForeignKey(Voucher, models.PROTECT, null=True, related_name="+")
    hold = models.UUIDField(null=True)
    price_set = models.BigIntegerField(null=True)
    held_quantity = models.BigIntegerField(default=0)
    held_microwon = models.BigIntegerField(default=0)
    job = models.ForeignKey(Job, models.PROTECT, null=True, related_name="+")
    usage_id = models.CharField(max_length=128, blank=True)
    charge_microwon = models.BigIntegerField(null=True)
    by = models.CharField(max_length=64)
    created_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)

    class Meta:
        indexes = [models.Index(fields=["organisation", "state"])]
        constraints = [
            models.UniqueConstraint(
                fields=["sha256"],
                condition=~models.Q(sha256="") & ~models.Q(state="withdrawn"),
                name="testbed_report_handed_in_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.device} {self.scenario}"


class AppealState(models.TextChoices):
    FILED = "filed", "접수"
    UPHELD = "upheld", "인용"
    DENIED = "denied", "기각"


class SubmissionAppeal(models.Model):
    """이의신청 against one decision; `about` names the decision by its instant, so that each
    can be appealed against once."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    submission = models.ForeignKey(Submission, models.PROTECT, related_name="appeals")
    about = models.DateTimeField()
    against = models.CharField(max_length=64)
    state = models.CharField(max_length=8, choices=AppealState.choices, default="filed")
    text = models.TextField()
    answer = models.TextField(blank=True)
    by = models.CharField(max_length=64)
    filed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["submission", "about"], name="testbed_appeal_once_per_decision"
            )
        ]

    def __str__(self) -> str:
        return str(self.submission_id)
