"""Reimbursement 사후정산: the beneficiary paid its supplier and is paid the subsidy's share."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.programme.awards.models import Award
from madang.programme.milestones.models import Milestone


class Purchase(models.Model):
    """구매내역: one paid tax invoice, behind one milestone that asks for its share.

    `supply_microwon` is the invoice's supply value. VAT is the beneficiary's own and is not
    asked for. An invoice counts once in the whole programme, unless its claim was refused or
    ended with its award.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    award = models.ForeignKey(Award, on_delete=models.PROTECT, related_name="purchases")
    milestone = models.OneToOneField(
        Milestone, on_delete=models.PROTECT, related_name="purchase"
    )
    seller_no = models.CharField(max_length=20)
    invoice_no = models.CharField(max_length=64)
    delivered_on = models.DateField()
    paid_on = models.DateField()
    supply_microwon = models.BigIntegerField()
    refused_at = models.DateTimeField(null=True, blank=True)
    claimed_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["seller_no", "invoice_no"],
                condition=models.Q(refused_at=None),
                name="purchase_invoice_once",
            ),
            models.CheckConstraint(
                condition=models.Q(supply_microwon__gt=0), name="purchase_supply_positive"
            ),
        ]
