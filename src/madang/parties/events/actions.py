"""Recording events."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from madang.parties.actor import Actor
from madang.parties.events.models import Event, EventReason


def record_event(
    actor: Actor,
    action: str,
    *,
    subject_type: str,
    subject_id: UUID | str,
    at: datetime,
    before: str = "",
    after: str = "",
    reason: str = "",
    facts: Mapping[str, str | int | bool | None] | None = None,
) -> Event:
    """Write one event in the caller's transaction. `facts` hold ids, numbers and codes only."""
    event = Event.objects.create(
        at=at,
        actor=actor.id,
        origin=actor.origin,
        action=action,
        subject_type=subject_type,
        subject_id=str(subject_id),
        before=before,
        after=after,
        facts=dict(facts or {}),
    )
    if reason:
        EventReason.objects.create(event=event, text=reason)
    return event
