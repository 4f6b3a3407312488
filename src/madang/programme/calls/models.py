"""Calls 공고: what is offered, to whom, under which rules, until when."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.forms.models import FormVersion
from madang.programme.years.models import ProgrammeYear


class CallState(models.TextChoices):
    """What is stored. That a call is open or closed, the clock says (phase_at)."""

    DRAFT = "draft", "작성"
    APPROVED = "approved", "승인"
    REVIEWING = "reviewing", "평가"
    DECIDED = "decided", "확정"
    ARCHIVED = "archived", "보관"
    CANCELLED = "cancelled", "취소"


class CallSeries(models.Model):
    """상시공고: one call after another with the same words, from cut-off to cut-off."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=45, unique=True)
    programme_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="series"
    )
    created_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()


class Call(models.Model):
    """`form`, `rules` and `terms` are frozen with `frozen_sha256` when the call is approved.

    A hidden call carries direct grants: nobody applies to it and no page shows it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=50, unique=True)
    programme_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="calls"
    )
    title_ko = models.CharField(max_length=200)
    title_en = models.CharField(max_length=200)
    summary_ko = models.TextField(blank=True)
    summary_en = models.TextField(blank=True)
    opens_at = models.DateTimeField()
    closes_at = models.DateTimeField()
    budget_microwon = models.BigIntegerField()
    use_ends_on = models.DateField()
    form = models.JSONField(default=list)
    rules = models.JSONField(default=dict)
    terms = models.JSONField(default=dict)
    policy_versions = models.JSONField(default=dict)
    eligibility = models.JSONField(default=list)
    bonuses = models.JSONField(default=list)
    form_version = models.ForeignKey(
        FormVersion, on_delete=models.PROTECT, related_name="calls", null=True, blank=True
    )
    series = models.ForeignKey(
        CallSeries, on_delete=models.PROTECT, related_name="calls", null=True, blank=True
    )
    series_number = models.PositiveIntegerField(null=True, blank=True)
    is_hidden = models.BooleanField(default=False)
    state = models.CharField(max_length=16, choices=CallState.choices, default=CallState.DRAFT)
    frozen_sha256 = models.CharField(max_length=64, blank=True)
    approvals = models.PositiveIntegerField(default=0)
    created_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(closes_at__gt=models.F("opens_at")),
                name="call_closes_after_it_opens",
            ),
            models.CheckConstraint(
                condition=models.Q(budget_microwon__gte=0), name="call_budget_not_negative"
            ),
            models.UniqueConstraint(
                fields=["series", "series_number"], name="call_once_in_its_series"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class CallExtension(models.Model):
    """기간 연장: a new deadline for everybody, decided before the old one passed."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="extensions")
    from_closes_at = models.DateTimeField()
    to_closes_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64)
    at = models.DateTimeField()
