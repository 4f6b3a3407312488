"""Applications 신청: a draft of an organisation, then a receipt that nobody can change."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Document, Organisation, Supplier
from madang.programme.calls.models import Call
from madang.programme.forms.models import FormVersion


class ApplicationState(models.TextChoices):
    DRAFT = "draft", "임시저장"
    SUBMITTED = "submitted", "접수"
    RETURNED = "returned_for_completion", "보완요청"
    ELIGIBLE = "eligible", "적격"
    INELIGIBLE = "ineligible", "부적격"
    IN_REVIEW = "in_review", "평가중"
    SCORED = "scored", "평가완료"
    SELECTED = "selected", "선정"
    RESERVE = "reserve", "예비"
    REJECTED = "rejected", "탈락"
    WITHDRAWN = "withdrawn", "철회"


LIVE = tuple(
    state
    for state in ApplicationState.values
    if state not in {ApplicationState.DRAFT, ApplicationState.WITHDRAWN}
)
"""What was handed in and not taken back."""


class Application(models.Model):
    """`answers` is the living draft; what counts after submission is the revision."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="applications")
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="applications"
    )
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="applications", null=True
    )
    answers = models.JSONField(default=dict)
    requested_microwon = models.BigIntegerField(default=0)
    draft_number = models.PositiveIntegerField(default=0)
    state = models.CharField(
        max_length=24, choices=ApplicationState.choices, default=ApplicationState.DRAFT
    )
    receipt_number = models.PositiveIntegerField(null=True)
    receipt_no = models.CharField(max_length=64, blank=True)
    content_sha256 = models.CharField(max_length=64, blank=True)
    submitted_at = models.DateTimeField(null=True)
    completion_due_at = models.DateTimeField(null=True)
    form_version = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="applications", null=True
    )  # the one that it was written for
    bonus_codes = models.JSONField(default=list)
    lane = models.CharField(max_length=8, blank=True)  # auto: selected without a panel
    answer_due_at = models.DateTimeField(null=True)  # the published limit of the fast lane
    rank = models.PositiveIntegerField(null=True)  # in the confirmed ranking
    created_by = models.UUIDField()
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["call", "receipt_number"], name="application_receipt_once"
            ),
            models.CheckConstraint(
                condition=models.Q(requested_microwon__gte=0),
                name="application_request_not_negative",
            ),
        ]


class ApplicationDraft(models.Model):
    """What a draft was after each save, so that none is lost. Erasable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="drafts"
    )
    number = models.PositiveIntegerField()
    answers = models.JSONField(default=dict)
    requested_microwon = models.BigIntegerField(default=0)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, null=True)
    saved_by = models.CharField(max_length=64)
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "number"], name="application_draft_once"
            )
        ]


class ApplicationRevision(models.Model):
    """That something was handed in, and its digest. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="revisions"
    )
    number = models.PositiveIntegerField()
    sha256 = models.CharField(max_length=64)
    submitted_by = models.CharField(max_length=64)
    received_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "number"], name="application_revision_once"
            )
        ]


class RevisionText(models.Model):
    """The words of a revision: erasable, so apart from it. The digest says what they were."""

    revision = models.OneToOneField(
        ApplicationRevision, on_delete=models.PROTECT, related_name="text"
    )
    content = models.JSONField()


class Attachment(models.Model):
    """첨부: a document in a slot of the form."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="attachments"
    )
    slot = models.CharField(max_length=64)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="attachments")
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "slot", "document"], name="attachment_once"
            )
        ]


class EligibilityCheck(models.Model):
    """자격검토: what an operator found, and why. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="eligibility_checks"
    )
    is_eligible = models.BooleanField()
    findings = models.JSONField(default=list)  # codes of the rules that were not met
    checked_by = models.CharField(max_length=64)
    at = models.DateTimeField()


class EligibilityFindings(models.Model):
    """자격요건 자동검토: what each rule found in the facts then. Rows are only added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="findings"
    )
    findings = models.JSONField(default=list)  # [{"code", "outcome", "seen"}]
    is_met = models.BooleanField()
    found_by = models.CharField(max_length=64)
    at = models.DateTimeField()
