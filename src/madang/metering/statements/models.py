"""Statements 정산서: a supplier's charges, frozen."""

from __future__ import annotations

from django.db import models

from madang.core.ids import uuid7
from madang.metering.vouchers.models import Voucher
from madang.parties.models import Supplier


class StatementState(models.TextChoices):
    FROZEN = "frozen", "확정대기"
    DISPUTED = "disputed", "이의"
    CONFIRMED = "confirmed", "확정"
    PAID = "paid", "지급완료"


class Statement(models.Model):
    """All that a supplier had earned and not yet on a statement, labelled with a month.

    A supplier's statements of one month are numbered from 1. Lines never change.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    supplier = models.ForeignKey(Supplier, on_delete=models.PROTECT, related_name="statements")
    month = models.CharField(max_length=7)
    number = models.PositiveIntegerField()
    state = models.CharField(
        max_length=12, choices=StatementState.choices, default=StatementState.FROZEN
    )
    frozen_at = models.DateTimeField()
    frozen_by = models.CharField(max_length=64)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["supplier", "month", "number"], name="statement_number_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.month} no. {self.number}"


class StatementLine(models.Model):
    """One voucher's part (P11), or the programme-borne part, which has no voucher.

    Amounts are whole won, in micro-won; `carried_*` is the residue that stays accrued. The
    line covers the charges of voucher and supplier with `charge_after < no <= charge_upto`.
    """

    no = models.BigAutoField(primary_key=True)
    statement = models.ForeignKey(Statement, on_delete=models.PROTECT, related_name="lines")
    voucher = models.ForeignKey(
        Voucher, on_delete=models.PROTECT, null=True, related_name="statement_lines"
    )
    programme_year = models.UUIDField()
    programme = models.UUIDField()
    subsidy_microwon = models.BigIntegerField()
    own_microwon = models.BigIntegerField()
    vat_microwon = models.BigIntegerField()
    carried_microwon = models.BigIntegerField()
    charge_after = models.BigIntegerField(default=0)
    charge_upto = models.BigIntegerField(default=0)
    charges = models.PositiveIntegerField(default=0)
    journal = models.UUIDField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["statement", "voucher"], name="statement_voucher_once"
            )
        ]

    @property
    def supply_microwon(self) -> int:
        return self.subsidy_microwon + self.own_microwon
