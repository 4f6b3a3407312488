"""Recording events."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.core.ids import uuid7
from madang.parties.actor import Actor
from madang.parties.events.models import Event, EventReason
from madang.parties.rows import Values, insert_values

Facts = Mapping[str, str | int | bool | None]
"""Opaque ids, numbers and codes; never a word of a person."""


@dataclass(frozen=True, slots=True)
class Happened:
    """One of many events of the same action, by the same actor unless `by` says who."""

    subject_id: UUID | str
    before: str = ""
    after: str = ""
    facts: Facts | None = None
    by: Actor | None = None


def record_events(
    actor: Actor,
    action: str,
    happened: Iterable[Happened],
    *,
    subject_type: str,
    at: datetime,
) -> None:
    """Many events in one statement, in the caller's transaction. `by` of one of them is who
    acted there instead."""
    told = [event_values(actor, action, one, subject_type, at) for one in happened]
    insert_values(Event, told)


def event_values(
    actor: Actor, action: str, one: Happened, subject_type: str, at: datetime
) -> Values:
    """An event as it is written."""
    return {
        "id": uuid7(),
        "at": at,
        "actor": (one.by or actor).id,
        "origin": (one.by or actor).origin,
        "action": action,
        "subject_type": subject_type,
        "subject_id": str(one.subject_id),
        "before": one.before,
        "after": one.after,
        "facts": dict(one.facts or {}),
    }


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
    facts: Facts | None = None,
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
