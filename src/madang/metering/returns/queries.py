"""What is owed to beneficiaries again: the ledger says, by the journals of each voucher."""

from __future__ import annotations

from django.db.models import QuerySet, Sum

from madang.ledger.journals.models import Entry
from madang.metering.returns.models import DepositReturn
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor


def deposit_returns_of(actor: Actor) -> QuerySet[DepositReturn]:
    """Of every voucher that the actor may see, newest first."""
    rows = DepositReturn.objects.filter(voucher__in=vouchers_of(actor))
    return rows.select_related("voucher").order_by("-created_at", "-id")


def owed_microwon(voucher: Voucher) -> int:
    """What journals of this voucher put on 2600, less its returns that did not fail."""
    journals = Entry.objects.filter(account__voucher=voucher.id).values("journal")
    owed = Entry.objects.filter(
        account__code="2600", journal__in=journals, credit__gt=0
    ).aggregate(total=Sum("credit"))["total"]
    made = voucher.deposit_returns.exclude(state="failed").aggregate(
        total=Sum("amount_microwon")
    )["total"]
    return int(owed or 0) - int(made or 0)
