"""Open flags, and the guard of a payout."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from madang.metering.flags.models import PayoutFlag
from madang.metering.statements.models import Statement
from madang.parties.actor import Actor, Role


def flags_of(actor: Actor) -> QuerySet[PayoutFlag]:
    """For operators and auditors, newest first."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    return PayoutFlag.objects.select_related("supplier", "voucher").order_by("-raised_at")


def open_flags_on(statement: Statement) -> QuerySet[PayoutFlag]:
    """Flags on the statement's supplier, or on a voucher that it has a line of."""
    vouchers = statement.lines.exclude(voucher=None).values_list("voucher", flat=True)
    mine = Q(supplier=statement.supplier_id) | Q(voucher__in=vouchers)
    return PayoutFlag.objects.filter(mine, lifted_at=None)
