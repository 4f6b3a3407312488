"""Reading what the till has left open."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.metering.till.models import CallState, OpenCall
from madang.metering.vouchers.queries import vouchers_of
from madang.parties.actor import Actor


def unsettled_calls(actor: Actor) -> QuerySet[OpenCall]:
    """Calls of unknown outcome, oldest first, of every voucher that the actor may see."""
    rows = OpenCall.objects.filter(state=CallState.UNSETTLED, voucher__in=vouchers_of(actor))
    return rows.select_related("voucher").order_by("started_at", "call")
