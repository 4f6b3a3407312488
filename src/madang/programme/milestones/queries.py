"""Who reads which milestone: whoever reads its award."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.metering.payouts.models import GONE, Payout
from madang.parties.actor import Actor
from madang.programme.awards.queries import awards_for
from madang.programme.milestones.models import Milestone


def milestones_for(actor: Actor) -> QuerySet[Milestone]:
    rows = Milestone.objects.filter(award__in=awards_for(actor))
    return (
        rows.select_related("award__call", "award__organisation")
        .prefetch_related("evidence__document")
        .order_by("award__created_at", "award", "number")
    )


def payouts_for(rows: Iterable[Milestone]) -> dict[UUID, Payout]:
    """The payout of each accepted step that somebody has made; one that is gone is none."""
    names = {f"milestone:{row.id}": row.id for row in rows}
    made = Payout.objects.filter(source_id__in=names).exclude(state__in=GONE)
    return {names[one.source_id]: one for one in made}


def milestone_for(actor: Actor, identifier: UUID) -> Milestone:
    row = milestones_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row
