"""Usage 사용: immutable measurements."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from madang.metering.offerings.models import Offering, PriceSet
from madang.metering.teams.models import Team
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Supplier


class UsageKind(models.TextChoices):
    CALL = "call", "호출"
    DELIVERY = "delivery", "납품"


class Outcome(models.TextChoices):
    """How a use ended: exactly one per accepted call."""

    COMMITTED = "committed", "확정"
    ESTIMATED = "estimated", "추정"
    ADJUSTED = "adjusted", "조정"
    VOIDED = "voided", "무효"


class Usage(models.Model):
    """One measurement with its one outcome. No UPDATE, no DELETE, by trigger.

    `call` is the call's id (version 7, so it carries the time); for a delivery it is made from
    the supplier and the supplier's own id, kept in `external_id`. `priced_microwon` is what the
    quantities cost at the pinned prices; what of it the voucher paid is in the charges, what
    was above the reservation in `disputed_microwon`, what the programme bears in
    `programme_microwon`.
    """

    no = models.BigAutoField(primary_key=True)
    call = models.UUIDField()
    kind = models.CharField(max_length=12, choices=UsageKind.choices)
    external_id = models.CharField(max_length=128, blank=True)
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="usages")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="usages")
    offering = models.ForeignKey(Offering, on_delete=models.PROTECT, related_name="usages")
    price_set = models.ForeignKey(PriceSet, on_delete=models.PROTECT, related_name="usages")
    key_no = models.BigIntegerField(null=True)
    team = models.ForeignKey(
        Team,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="usages",
        db_index=False,
    )
    quantities = models.JSONField()  # unit → non-negative integer
    outcome = models.CharField(max_length=12, choices=Outcome.choices)
    flags = ArrayField(models.CharField(max_length=20), default=list)
    priced_microwon = models.BigIntegerField()
    disputed_microwon = models.BigIntegerField(default=0)
    programme_microwon = models.BigIntegerField(default=0)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField()
    recorded_at = models.DateTimeField()
    evidence_sha256 = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["call", "kind"], name="usage_once"),
            models.CheckConstraint(
                condition=models.Q(priced_microwon__gte=0)
                & models.Q(disputed_microwon__gte=0)
                & models.Q(programme_microwon__gte=0)
                & models.Q(
                    priced_microwon__gte=models.F("disputed_microwon")
                    + models.F("programme_microwon")
                ),
                name="usage_amounts_fit",
            ),
        ]
        indexes = [
            models.Index(fields=["voucher", "ended_at"]),
            models.Index(
                fields=["team"], condition=models.Q(team__isnull=False), name="usage_of_team"
            ),
            models.Index(
                fields=["supplier", "-no"],
                condition=models.Q(programme_microwon__gt=0),
                name="usage_programme_borne",
            ),
        ]
