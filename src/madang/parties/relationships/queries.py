"""Asking who is tied to whom."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.parties.relationships.models import Relationship


def ties_between(
    one: Collection[UUID], other: Collection[UUID], *, at: datetime
) -> QuerySet[Relationship]:
    """Ties in force at an instant between any of these and any of those."""
    crossing = Q(a_id__in=one, b_id__in=other) | Q(a_id__in=other, b_id__in=one)
    in_force = Q(ends_at=None) | Q(ends_at__gt=at)
    return Relationship.objects.filter(crossing & in_force).order_by("pk")


def affiliates_of(organisations: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Organisations tied to these as affiliates, one step away."""
    in_force = Q(ends_at=None) | Q(ends_at__gt=at)
    touching = Q(a_id__in=organisations) | Q(b_id__in=organisations)
    found = Relationship.objects.filter(in_force & touching, kind="affiliate")
    both = {identifier for row in found for identifier in (row.a_id, row.b_id)}
    return both - set(organisations)
