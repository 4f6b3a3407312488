"""Reading calls. An approved call is public; a draft is the operators' and auditors'."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet

from madang.core.clock import seoul_date
from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.events.queries import last_recorded_at
from madang.programme.calls.models import Call, CallState
from madang.programme.errors import CallUnknown


def calls_for(actor: Actor | None) -> QuerySet[Call]:
    """What the actor may see; None is the public."""
    rows = (
        Call.objects.select_related("programme_year__programme", "form_version", "series")
        .filter(is_hidden=False)
        .order_by("-opens_at", "code")
    )
    if actor is not None and actor.sees_everything:
        return rows
    return rows.exclude(state=CallState.DRAFT)


def call_for(actor: Actor | None, identifier: UUID) -> Call:
    row = calls_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def call_by_code(actor: Actor | None, code: str) -> Call:
    row = calls_for(actor).filter(code=code).first()
    if row is None:
        raise CallUnknown(call=code)
    return row


def years_counted_on(call: Call) -> date:
    """The day on which ages are counted: that of the deadline as it was published.

    A deadline at 24:00 belongs to the day that it ends. The rules froze with it: an extension
    gives everybody more time to apply, it makes nobody eligible or not eligible.
    """
    approved = last_recorded_at(["call.approve", "call.adopt"], "call", call.id)
    since = (
        call.extensions.all() if approved is None else call.extensions.filter(at__gte=approved)
    )
    first = since.order_by("at").first()
    deadline = first.from_closes_at if first is not None else call.closes_at
    return seoul_date(deadline - timedelta.resolution)


def open_calls(at: datetime) -> QuerySet[Call]:
    """Open now, soonest deadline first. Public."""
    return (
        calls_for(None)
        .filter(state=CallState.APPROVED, opens_at__lte=at, closes_at__gt=at)
        .order_by("closes_at", "code")
    )
