"""What is noted above what was held, and how it is to end."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from madang.ledger import queries as ledger
from madang.metering.disputes.models import DisputeEnd
from madang.metering.vouchers.queries import codes_of
from madang.parties.actor import Actor, Role
from madang.parties.models import Supplier


@dataclass(frozen=True, slots=True)
class Noted:
    """One supplier's noted amount at one voucher (K300)."""

    supplier: UUID
    supplier_code: str
    voucher: UUID
    voucher_code: str
    amount_microwon: int


def noted_disputes(actor: Actor) -> list[Noted]:
    """Everything that is noted: all for operators and auditors, a supplier's own for it."""
    actor.need(Role.OPERATOR, Role.AUDITOR, Role.SUPPLIER)
    found = [
        (UUID(line.dimensions["supplier"]), UUID(line.dimensions["voucher"]), line.net)
        for line in ledger.lines_of("K300")
        if line.net
    ]
    mine = [row for row in found if actor.sees_everything or row[0] in actor.suppliers]
    codes = codes_of(voucher for _, voucher, _ in mine)
    rows = Supplier.objects.filter(id__in={supplier for supplier, _, _ in mine})
    names = dict(rows.values_list("id", "code"))
    return [
        Noted(supplier, names[supplier], voucher, codes[voucher], amount)
        for supplier, voucher, amount in mine
    ]


def dispute_ends(actor: Actor) -> QuerySet[DisputeEnd]:
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return DisputeEnd.objects.select_related("voucher", "supplier").order_by("-proposed_at")
