"""Charges 차감: usage that a voucher paid, and refunds of it."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.usage.models import Usage
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Document, Supplier


class ChargeKind(models.TextChoices):
    CHARGE = "charge", "차감"
    REFUND = "refund", "환불"


class Charge(models.Model):
    """One amount of supply value, captured by the journal that it names (P8k).

    No UPDATE, no DELETE; the charges of a journal add up to what it captured: both by trigger.
    A refund before the statement is a row of its own that names its charge and its P10.
    """

    no = models.BigAutoField(primary_key=True)
    kind = models.CharField(max_length=8, choices=ChargeKind.choices)
    usage = models.ForeignKey(Usage, on_delete=models.PROTECT, related_name="charges")
    refunds = models.ForeignKey(
        "self", on_delete=models.PROTECT, null=True, related_name="refunded_by"
    )
    refund = models.UUIDField(null=True, unique=True)  # the caller's id for a refund
    voucher = models.ForeignKey(Voucher, on_delete=models.PROTECT, related_name="charges")
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="charges")
    amount_microwon = models.BigIntegerField()
    journal = models.UUIDField(db_index=True)
    recorded_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(amount_microwon__gt=0), name="charge_amount_positive"
            ),
            models.CheckConstraint(
                condition=models.Q(kind="charge", refunds=None)
                | models.Q(kind="refund", refunds__isnull=False),
                name="refund_names_its_charge",
            ),
            models.UniqueConstraint(
                fields=["usage"], condition=models.Q(kind="charge"), name="charge_once"
            ),
        ]
        indexes = [models.Index(fields=["voucher", "supplier", "no"])]


class RefundState(models.TextChoices):
    AGREED = "agreed", "회수 전"
    PROPOSED = "proposed", "결손 제안"
    COLLECTED = "collected", "회수완료"
    WRITTEN_OFF = "written_off", "결손"


class SettledRefund(models.Model):
    """A refund agreed after settlement (P13a), collected later (P13b): never by a statement.

    What of it will never come is written off (P13w); who proposed and who approved that, its
    `RefundWriteOff` says.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    charge = models.ForeignKey(Charge, on_delete=models.PROTECT, related_name="settled_refunds")
    supply_microwon = models.BigIntegerField()
    subsidy_microwon = models.BigIntegerField()
    own_microwon = models.BigIntegerField()
    vat_microwon = models.BigIntegerField()
    state = models.CharField(
        max_length=12, choices=RefundState.choices, default=RefundState.AGREED
    )
    agreed_at = models.DateTimeField()
    agreed_by = models.CharField(max_length=64)
    collected_at = models.DateTimeField(null=True, blank=True)
    collected_by = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(collected_at=None) | models.Q(state="collected"),
                name="refund_collected_state",
            )
        ]

    @property
    def deposit_microwon(self) -> int:
        """What goes back to the beneficiary's deposit."""
        return self.own_microwon + self.vat_microwon


class CollectionWay(models.TextChoices):
    OFFSET = "offset", "상계"
    CASH = "cash", "현금"


class RefundCollection(models.Model):
    """One instalment of a settled refund (P13b). Its id is the caller's: done once.

    The subsidy comes first. Rows are only ever added.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    refund = models.ForeignKey(
        SettledRefund, on_delete=models.PROTECT, related_name="collections"
    )
    way = models.CharField(max_length=8, choices=CollectionWay.choices)
    subsidy_microwon = models.BigIntegerField()
    deposit_microwon = models.BigIntegerField()  # own part and VAT
    collected_at = models.DateTimeField()
    collected_by = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=models.Q(subsidy_microwon__gte=0) & models.Q(deposit_microwon__gte=0),
                name="collection_not_negative",
            )
        ]


class LossGround(models.TextChoices):
    """Why nothing more will come."""

    BANKRUPT = "bankrupt", "파산"
    UNCOLLECTABLE = "uncollectable", "회수 불능"


class LossOutcome(models.TextChoices):
    """What became of a proposal; nothing while it waits."""

    REFUSED = "refused", "반려"
    OVERTAKEN = "overtaken", "회수됨"
    WRITTEN_OFF = "written_off", "결손"
    REVIVED = "revived", "결손 취소"


class RefundWriteOff(models.Model):
    """결손: one proposal to give up what of a refund is not collected, and its evidence.

    The amounts are those that were given up in the end; why, the events say.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    refund = models.ForeignKey(
        SettledRefund, on_delete=models.PROTECT, related_name="write_offs"
    )
    ground = models.CharField(max_length=16, choices=LossGround.choices)
    document = models.ForeignKey(Document, on_delete=models.PROTECT, related_name="+")
    outcome = models.CharField(max_length=12, choices=LossOutcome.choices, blank=True)
    proposed_by = models.CharField(max_length=64)
    proposed_at = models.DateTimeField()
    decided_by = models.CharField(max_length=64, blank=True)
    decided_at = models.DateTimeField(null=True, blank=True)
    subsidy_microwon = models.BigIntegerField(default=0)
    deposit_microwon = models.BigIntegerField(default=0)  # own part and VAT

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["refund"],
                condition=models.Q(outcome__in=["", "written_off"]),
                name="refund_write_off_once",
            ),
            models.CheckConstraint(
                condition=~models.Q(outcome="written_off")
                | (~models.Q(decided_by="") & ~models.Q(decided_by=models.F("proposed_by"))),
                name="refund_write_off_four_eyes",
            ),
            models.CheckConstraint(
                condition=models.Q(subsidy_microwon__gte=0) & models.Q(deposit_microwon__gte=0),
                name="refund_write_off_not_negative",
            ),
        ]
