"""Petitions 요청: what the holder of a voucher asks of the agency, with words and an answer."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.models import Charge, Voucher
from madang.programme.awards.models import Award


class PetitionKind(models.TextChoices):
    USAGE = "usage", "사용 이의"
    CARRY_OVER = "carry_over", "이월(기간 연장)"
    CORRECTION = "correction", "정정"
    OTHER = "other", "기타"


class PetitionState(models.TextChoices):
    ASKED = "asked", "요청"
    ANSWERED = "answered", "공급기업 답변"
    GRANTED = "granted", "수용"
    REFUSED = "refused", "반려"
    WITHDRAWN = "withdrawn", "철회"


class Petition(models.Model):
    """One wish about one voucher: a charge is wrong, the time too short, a booking wrong.

    `refunded_microwon` is what was given back of the charge when it was granted.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="petitions")
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="petitions")
    charge = models.ForeignKey(
        Charge, on_delete=models.PROTECT, null=True, related_name="petitions"
    )
    kind = models.CharField(max_length=12, choices=PetitionKind.choices)
    until_on = models.DateField(null=True)
    state = models.CharField(
        max_length=12, choices=PetitionState.choices, default=PetitionState.ASKED
    )
    refunded_microwon = models.BigIntegerField(default=0)
    asked_by = models.CharField(max_length=64)
    asked_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(kind="usage", charge__isnull=False)
                | (~models.Q(kind="usage") & models.Q(charge=None)),
                name="petition_of_usage_names_its_charge",
            ),
            models.UniqueConstraint(
                fields=["charge"],
                condition=models.Q(state__in=["asked", "answered"]),
                name="petition_open_once_per_charge",
            ),
        ]


class PetitionWord(models.Model):
    """What one side said: the holder, the supplier, the agency. Words of people: erasable."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    petition = models.ForeignKey(Petition, on_delete=models.PROTECT, related_name="words")
    side = models.CharField(max_length=12)
    text = models.TextField()
    by = models.CharField(max_length=64)
    at = models.DateTimeField()
