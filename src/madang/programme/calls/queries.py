"""Reading calls. An approved call is public; a draft is the operators' and auditors'."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
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


def open_calls(at: datetime) -> QuerySet[Call]:
    """Open now, soonest deadline first. Public."""
    return (
        calls_for(None)
        .filter(state=CallState.APPROVED, opens_at__lte=at, closes_at__gt=at)
        .order_by("closes_at", "code")
    )
