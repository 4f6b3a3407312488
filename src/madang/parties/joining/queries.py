"""Reading requests to join."""

from __future__ import annotations

from django.db.models import QuerySet

from madang.parties.actor import Actor, Role
from madang.parties.joining.models import JoinRequest, JoinState


def waiting_joins(actor: Actor) -> QuerySet[JoinRequest]:
    """Those that wait for an operator, the oldest first; nobody else sees them."""
    if not actor.has(Role.OPERATOR):
        return JoinRequest.objects.none()
    return JoinRequest.objects.filter(state=JoinState.ASKED).order_by("asked_at", "id")
