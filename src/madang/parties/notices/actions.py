"""Telling people things, and keeping when it arrived."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event
from madang.parties.notices.models import Notice
from madang.parties.notices.texts import notice_kinds
from madang.parties.people.models import Person


@transaction.atomic
def send_notice(
    recipients: Iterable[Person],
    kind: str,
    *,
    subject_type: str,
    subject_id: UUID | str,
    at: datetime,
    facts: Mapping[str, str | int | None] | None = None,
) -> list[Notice]:
    """One notice per person, waiting on that person's page. Arrival is recorded apart."""
    assert kind in notice_kinds(), kind
    return Notice.objects.bulk_create(
        Notice(
            recipient=person,
            kind=kind,
            subject_type=subject_type,
            subject_id=str(subject_id),
            facts=dict(facts or {}),
            sent_at=at,
        )
        for person in recipients
    )


@dataclass(frozen=True, slots=True)
class Message:
    """What to tell whom about which row."""

    recipient: Person
    subject_id: UUID | str
    facts: Mapping[str, str | int | None]


def send_notices(
    messages: Iterable[Message], kind: str, *, subject_type: str, at: datetime
) -> None:
    """Many notices of one kind in one statement, in the caller's transaction."""
    assert kind in notice_kinds(), kind
    Notice.objects.bulk_create(
        Notice(
            recipient=one.recipient,
            kind=kind,
            subject_type=subject_type,
            subject_id=str(one.subject_id),
            facts=dict(one.facts),
            sent_at=at,
        )
        for one in messages
    )


@transaction.atomic
def record_delivery(actor: Actor, notice: Notice, *, channel: str, at: datetime) -> None:
    """The notice has arrived: shown on the page, taken by the mail server, handed over.

    The first arrival counts: a clock for appeals that has begun does not begin again.
    """
    row = Notice.objects.select_for_update().get(pk=notice.pk)
    if row.delivered_at is not None:
        return
    row.delivered_at, row.delivered_by = at, channel
    row.save(update_fields=["delivered_at", "delivered_by"])
    record_event(
        actor,
        "notice.deliver",
        subject_type="notice",
        subject_id=row.id,
        at=at,
        facts={"kind": row.kind, "channel": channel},
    )


@transaction.atomic
def read_notice(actor: Actor, identifier: UUID, *, at: datetime) -> Notice:
    """The recipient opens it; opening is an arrival too."""
    row = Notice.objects.select_for_update().filter(pk=identifier).first()
    if row is None or str(row.recipient_id) != actor.id:
        raise NotFound
    record_delivery(actor, row, channel="page", at=at)
    row.refresh_from_db()
    if row.read_at is None:
        row.read_at = at
        row.save(update_fields=["read_at"])
    return row
