"""A voucher's counters: what happened outside leases, and what it all adds up to."""

from __future__ import annotations

from django.db import models

from madang.ledger.facts import Fact
from madang.ledger.journals.models import Journal


class VoucherEvent(Fact):
    """issue, deposit, expire on a voucher; refund, freeze, agree on a voucher at a supplier.

    A correction (P23) adds the same event with a negative amount. `mark` is the database's:
    how far the captures had come when a statement was frozen.
    """

    voucher = models.UUIDField()
    supplier = models.UUIDField(null=True)
    event = models.CharField(max_length=8)
    amount = models.BigIntegerField()
    mark = models.DecimalField(max_digits=38, decimal_places=0, null=True)
    ratio = models.CharField(max_length=24, default="")
    vat = models.CharField(max_length=24, default="")
    programme_year = models.UUIDField(null=True)
    programme = models.UUIDField(null=True)
    journal = models.ForeignKey(
        Journal, on_delete=models.PROTECT, null=True, related_name="voucher_events"
    )

    class Meta:
        db_table = "ledger_voucher_event"
        indexes = [models.Index(fields=["voucher"], name="ledger_voucher_event_voucher")]


class Wallet(Fact):
    """A voucher's totals that no balance shows: a projection, moved by trigger only.

    Ratio, VAT rate, programme-year and programme are those of its first issue or deposit; no
    later posting may bring others.
    """

    voucher = models.UUIDField(primary_key=True)
    issued = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    deposited = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    expired = models.BooleanField(default=False)
    ratio = models.CharField(max_length=24)
    vat = models.CharField(max_length=24)
    programme_year = models.UUIDField(null=True)
    programme = models.UUIDField(null=True)

    class Meta:
        db_table = "ledger_wallet"


class Split(Fact):
    """The cumulative counters of one voucher at one supplier: a projection, by trigger only.

    captured is Gs, promised Ys; stated is Gs at the last statement, settled what statements
    took in whole won, returned what was agreed to come back after that.
    """

    voucher = models.UUIDField()
    supplier = models.UUIDField()
    captured = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    promised = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    stated = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    settled = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    returned = models.DecimalField(max_digits=38, decimal_places=0, default=0)

    class Meta:
        db_table = "ledger_split"
        constraints = [
            models.UniqueConstraint(
                fields=["voucher", "supplier"], name="ledger_split_voucher_supplier"
            )
        ]
