"""Who may read the bytes of a gated set."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.datahub.access.models import AccessRequest
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor, Role


def has_access(actor: Actor, data_set: DataSet, at: datetime) -> bool:
    """An approval whose term is not over."""
    if not actor.roles or actor.is_system:
        return False
    rows = AccessRequest.objects.filter(data_set=data_set, state="approved", ends_at__gt=at)
    return rows.filter(person=UUID(actor.id)).exists()


def access_requests_for(actor: Actor) -> QuerySet[AccessRequest]:
    """One's own, those to the sets that one's organisation builds, all for the agency."""
    rows = AccessRequest.objects.select_related("data_set", "person").order_by("-asked_at")
    if actor.sees_everything:
        return rows
    builds = [place for place, role in actor.places if role is Role.BUILDER]
    return rows.filter(Q(person=UUID(actor.id)) | Q(data_set__organisation__in=builds))
