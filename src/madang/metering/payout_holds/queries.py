"""Open holds, their reasons, and the guard of a payout."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.metering.payout_holds.models import PayoutHold
from madang.metering.statements.models import Statement
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.events.queries import reasons_of


def payout_holds_of(actor: Actor) -> QuerySet[PayoutHold]:
    """All for operators and auditors; a supplier sees those on it and on what it was paid for.

    Newest first.
    """
    actor.need(Role.OPERATOR, Role.AUDITOR, Role.SUPPLIER)
    rows = PayoutHold.objects.select_related("supplier", "voucher").order_by("-placed_at")
    if actor.sees_everything:
        return rows
    sold = Voucher.objects.filter(charges__supplier__in=actor.suppliers)
    return rows.filter(Q(supplier__in=actor.suppliers) | Q(voucher__in=sold)).distinct()


def reasons_for(holds: Iterable[PayoutHold]) -> dict[UUID, str]:
    """Why each was placed, in the words of whoever placed it."""
    found = reasons_of("payout_hold.place", [str(row.id) for row in holds])
    return {UUID(subject): text for subject, text in found.items()}


def open_holds_on(statement: Statement) -> QuerySet[PayoutHold]:
    """Holds on the statement's supplier, or on a voucher that it has a line of."""
    vouchers = statement.lines.exclude(voucher=None).values_list("voucher", flat=True)
    mine = Q(supplier=statement.supplier_id) | Q(voucher__in=vouchers)
    return PayoutHold.objects.filter(mine, lifted_at=None)
