"""Vouchers 이용권: the terms under which an organisation spends. No amount is here."""

from __future__ import annotations

from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.core.ids import uuid7
from madang.core.money import Ratio
from madang.parties.models import Organisation


class VoucherState(models.TextChoices):
    PENDING = "pending", "발급대기"
    ACTIVE = "active", "사용가능"
    SUSPENDED = "suspended", "정지"
    EXPIRED = "expired", "만료"
    CLOSED = "closed", "정산완료"
    CANCELLED = "cancelled", "취소"


class Voucher(models.Model):
    """Who may spend, on which offerings, until when, at which ratio and VAT.

    What it can still spend is the ledger's word alone. `expires_at` is the first instant that
    no longer belongs to it: 24:00 of its last day in Asia/Seoul. `starts_at` is the first that
    does: a direct voucher names it, any other begins when it is made, with the last signature.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(max_length=64, unique=True)
    award_id = models.UUIDField(null=True, blank=True, db_index=True)
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="vouchers"
    )
    programme_year = models.UUIDField(db_index=True)
    programme = models.UUIDField()
    programme_code = models.CharField(max_length=64)
    ratio_numerator = models.PositiveIntegerField()
    ratio_denominator = models.PositiveIntegerField()
    vat_numerator = models.PositiveIntegerField()
    vat_denominator = models.PositiveIntegerField()
    starts_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(db_index=True)
    offerings = ArrayField(models.CharField(max_length=128))
    state = models.CharField(
        max_length=16, choices=VoucherState.choices, default=VoucherState.PENDING
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ratio_denominator__gt=0)
                & models.Q(ratio_numerator__lte=models.F("ratio_denominator")),
                name="voucher_ratio_is_a_share",
            ),
            models.CheckConstraint(
                condition=models.Q(vat_denominator__gt=0)
                & models.Q(vat_numerator__lte=models.F("vat_denominator")),
                name="voucher_vat_is_a_share",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    @property
    def ratio(self) -> Ratio:
        return Ratio(self.ratio_numerator, self.ratio_denominator)

    @property
    def begins_at(self) -> datetime:
        return self.starts_at or self.created_at

    @property
    def vat(self) -> Ratio:
        return Ratio(self.vat_numerator, self.vat_denominator)
