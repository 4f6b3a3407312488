"""Who reads which purchase: whoever reads its award."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.parties.actor import Actor
from madang.programme.awards.queries import awards_for
from madang.programme.reimbursements.models import Purchase


def purchases_for(actor: Actor) -> QuerySet[Purchase]:
    rows = Purchase.objects.filter(award__in=awards_for(actor))
    return rows.select_related("milestone__award").order_by("award", "milestone__number")
