"""Leases: what was held, what happened to it, and where it stands."""

from __future__ import annotations

from django.db import models

from madang.ledger.facts import Fact
from madang.ledger.journals.models import Journal


class Hold(Fact):
    """A lease as it was granted: on a voucher at a supplier, or on a grant's quota."""

    id = models.UUIDField(primary_key=True)
    owner = models.UUIDField()  # the voucher, or the grant
    supplier = models.UUIDField(null=True)
    unit = models.CharField(max_length=40, null=True)
    amount = models.BigIntegerField()
    expires_at = models.DateTimeField()
    journal = models.OneToOneField(Journal, on_delete=models.PROTECT, related_name="hold")

    class Meta:
        db_table = "ledger_hold"
        indexes = [models.Index(fields=["owner", "supplier"], name="ledger_hold_owner")]


class HoldEvent(Fact):
    """A capture of a lease, or its one resolution (void or expire) with what returned."""

    hold = models.ForeignKey(Hold, on_delete=models.PROTECT, related_name="events")
    event = models.CharField(max_length=8)
    amount = models.BigIntegerField()
    journal = models.ForeignKey(Journal, on_delete=models.PROTECT, null=True)

    class Meta:
        db_table = "ledger_hold_event"


class HoldState(Fact):
    """Where a lease stands: a projection, moved by trigger only."""

    hold = models.OneToOneField(
        Hold, on_delete=models.PROTECT, primary_key=True, related_name="state"
    )
    amount = models.BigIntegerField()
    captured = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    returned = models.DecimalField(max_digits=38, decimal_places=0, default=0)
    resolution = models.CharField(max_length=8, null=True)

    class Meta:
        db_table = "ledger_hold_state"
