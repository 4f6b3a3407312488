"""Awards 지원결정: what a selected application, or a direct grant, may receive."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.models import Voucher
from madang.parties.models import Organisation, Supplier
from madang.programme.applications.models import Application
from madang.programme.calls.models import Call


class AwardState(models.TextChoices):
    OFFERED = "offered", "선정통보"
    AGREED = "agreed", "협약체결"
    ISSUED = "issued", "발급"
    LAPSED = "lapsed", "실효"
    DECLINED = "declined", "포기"


class Award(models.Model):
    """Its id is a ledger dimension (B310). `amount_microwon` was decided; it is no balance."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    call = models.ForeignKey(Call, on_delete=models.PROTECT, related_name="awards")
    application = models.ForeignKey(
        Application, on_delete=models.PROTECT, related_name="awards", null=True
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="awards"
    )
    supplier = models.ForeignKey(
        Supplier, on_delete=models.PROTECT, related_name="awards", null=True
    )
    amount_microwon = models.BigIntegerField()
    voucher = models.OneToOneField(
        Voucher, on_delete=models.PROTECT, related_name="award", null=True
    )
    state = models.CharField(
        max_length=16, choices=AwardState.choices, default=AwardState.OFFERED
    )
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="award_amount_positive"
            ),
            models.UniqueConstraint(
                fields=["application"],
                condition=~models.Q(state__in=["lapsed", "declined"]),
                name="award_one_standing_per_application",
            ),
        ]
