"""Direct grants 직접지원: a voucher without a call, but not without a ledger."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7
from madang.parties.models import Organisation
from madang.programme.awards.models import Award
from madang.programme.years.models import ProgrammeYear


class DirectGrant(models.Model):
    """What is declared for one voucher now. Each raise is a step of its own."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    programme_year = models.ForeignKey(
        ProgrammeYear, on_delete=models.PROTECT, related_name="direct_grants"
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="direct_grants"
    )
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="direct_grant")
    subsidy_microwon = models.BigIntegerField()
    deposit_microwon = models.BigIntegerField()
    expires_on = models.DateField()
    offerings = ArrayField(models.CharField(max_length=128))
    created_at = models.DateTimeField()


class GrantStep(models.Model):
    """One decision to give, or to take in, more. Rows are only ever added."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    grant = models.ForeignKey(DirectGrant, on_delete=models.PROTECT, related_name="steps")
    number = models.PositiveIntegerField()
    subsidy_microwon = models.BigIntegerField()
    deposit_microwon = models.BigIntegerField()
    declared_by = models.CharField(max_length=64)
    approved_by = models.CharField(max_length=64)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["grant", "number"], name="grant_step_once")
        ]
