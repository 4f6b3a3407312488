"""Grants: terms and decisions. What a grant can still use is the ledger's word alone."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.compute.classes.models import GpuClass
from madang.core.ids import uuid7
from madang.metering.models import Voucher
from madang.parties.models import Organisation
from madang.programme.models import Award, Call


class GrantState(models.TextChoices):
    OPEN = "open", "사용가능"
    FROZEN = "frozen", "정지"
    ENDED = "ended", "종료"
    WITHDRAWN = "withdrawn", "회수"


class Grant(models.Model):
    """Its id is the ledger's dimension. `gpu_seconds` was decided, it is no balance;
    `owed_back` is how much of a withdrawal has not been taken back yet, because jobs hold it;
    `teraflops` is 0 unless the grant was given by petaflops; `user` runs its jobs at the
    engine: empty is the site's own, and none as long as the engine has not heard of the grant.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="gpu_grants"
    )
    gpu_class = models.ForeignKey(GpuClass, on_delete=models.PROTECT, related_name="grants")
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, related_name="gpu_grants", null=True
    )
    award = models.OneToOneField(
        Award, on_delete=models.PROTECT, related_name="gpu_grant", null=True
    )
    programme_year = models.UUIDField()
    account = models.CharField(max_length=40, unique=True)
    user = models.CharField(max_length=64, null=True)
    gpu_seconds = models.BigIntegerField()
    cards_max = models.PositiveIntegerField()
    teraflops = models.PositiveIntegerField(default=0)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    tranches = ArrayField(models.CharField(max_length=21))
    tranches_given = models.PositiveIntegerField(default=0)
    owed_back = models.BigIntegerField(default=0)
    engine_ready = models.BooleanField(default=False)
    state = models.CharField(max_length=12, choices=GrantState.choices, default="open")
    created_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(gpu_seconds__gt=0) & models.Q(owed_back__gte=0),
                name="grant_amounts_positive",
            ),
            models.CheckConstraint(
                condition=models.Q(ends_at__gt=models.F("starts_at")), name="grant_has_days"
            ),
        ]

    def __str__(self) -> str:
        return self.code


class QuotaChange(models.Model):
    """Every change of what a grant holds: a tranche, an increase, given back, taken back.
    Append-only. Its id makes the posting's, so that a retry is a replay."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="changes")
    kind = models.CharField(max_length=16)
    gpu_seconds = models.BigIntegerField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()


class ProgressReport(models.Model):
    """중간보고: what the next tranche waits for."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(Grant, on_delete=models.PROTECT, related_name="reports")
    tranche = models.PositiveIntegerField()
    text = models.TextField()
    state = models.CharField(max_length=12, default="submitted")
    by = models.CharField(max_length=64)
    at = models.DateTimeField()


class GpuOffer(models.Model):
    """What a call gives to each award besides its voucher: so many GPU-seconds of a class."""

    call = models.OneToOneField(Call, on_delete=models.PROTECT, related_name="gpu_offer")
    gpu_class = models.ForeignKey(GpuClass, on_delete=models.PROTECT, related_name="offers")
    gpu_seconds = models.BigIntegerField()
    cards_max = models.PositiveIntegerField()
    tranches = ArrayField(models.CharField(max_length=21))


class GpuRequest(models.Model):
    """자동승인 신청: a small grant without a call, decided by the published rule at once, or
    by a person within the published time."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="gpu_requests"
    )
    gpu_class = models.ForeignKey(GpuClass, on_delete=models.PROTECT, related_name="requests")
    gpu_seconds = models.BigIntegerField()
    cards_max = models.PositiveIntegerField()
    days = models.PositiveIntegerField()
    purpose = models.TextField()
    grant = models.OneToOneField(
        Grant, on_delete=models.PROTECT, related_name="request", null=True
    )
    state = models.CharField(max_length=12, default="submitted")
    due_at = models.DateTimeField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True)
    reason = models.CharField(max_length=1000, blank=True)
