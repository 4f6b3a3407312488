"""Reading usage."""

from __future__ import annotations

from django.db.models import Q, QuerySet

from madang.metering.usage.models import Usage
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor, Role


def usages_of(actor: Actor) -> QuerySet[Usage]:
    """Uses that the actor may see: of its vouchers, or of its products."""
    rows = Usage.objects.select_related("offering", "voucher").order_by("-no")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    mine = Q(voucher__in=vouchers_of(actor))
    if actor.has(Role.SUPPLIER):
        mine |= Q(supplier__in=actor.suppliers)
    return rows.filter(mine)
