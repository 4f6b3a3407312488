"""Applying for a gated or secure set, deciding, and the end of a term."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.datahub.access.models import AccessRequest
from madang.datahub.access.workflow import ACCESS, OPEN
from madang.datahub.errors import AccessNotAsked, AccessRepeated
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import Access, DataSet
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.models import Person

DAYS_MAX = 1096
STANDING = (*OPEN, "approved")


@transaction.atomic
def apply_for_access(
    actor: Actor, person: Person, data_set: DataSet, *, purpose: str, days: int, at: datetime
) -> AccessRequest:
    """One application at a time. Raises AccessNotAsked for sets that ask for none."""
    if data_set.access == Access.OPEN or not 1 <= days <= DAYS_MAX:
        raise AccessNotAsked(name=data_set.code, days_max=DAYS_MAX)
    DataSet.objects.select_for_update().get(pk=data_set.pk)
    expire_access(data_set, at=at)
    there = AccessRequest.objects.filter(
        data_set=data_set, person=person, state__in=STANDING
    ).first()
    if there is not None:
        raise AccessRepeated(state=there.state)
    row = AccessRequest.objects.create(
        data_set=data_set, person=person, purpose=purpose, days=days, asked_at=at
    )
    record_event(
        actor,
        "access_request.apply",
        subject_type="access_request",
        subject_id=row.id,
        at=at,
        facts={"data_set": str(data_set.id), "days": days},
    )
    return row


@transaction.atomic
def decide_access(
    actor: Actor, identifier: UUID, *, step: str, reason: str = "", at: datetime
) -> AccessRequest:
    """`step` is screen, approve, deny or revoke. The set's own builders and operators decide;
    into the secure room lets the agency alone. Takes the request's lock.
    """
    row = _locked(identifier)
    need_writer(actor, row.data_set)
    if row.data_set.access == Access.SECURE and step == "approve":
        actor.need(Role.OPERATOR)
    ACCESS.move(row, step, actor, at=at)
    row.decided_by, row.decided_at, row.reason = actor.id, at, reason
    if step == "approve":
        row.ends_at = at + timedelta(days=row.days)
    row.save(update_fields=["decided_by", "decided_at", "reason", "ends_at"])
    if step != "screen":
        facts = {"data_set": row.data_set.code, "reason": reason or "–"}
        send_notice(
            [row.person],
            f"datahub.access.{row.state}",
            subject_type="access_request",
            subject_id=row.id,
            at=at,
            facts=facts,
        )
    return row


@transaction.atomic
def expire_access(data_set: DataSet, *, at: datetime) -> int:
    """Approvals whose term is over. Reading asks the clock itself; this writes it down."""
    over = AccessRequest.objects.select_for_update().filter(
        data_set=data_set, state="approved", ends_at__lte=at
    )
    rows = list(over)
    ACCESS.move_all(rows, "expire", system_actor("worker"), at=at)
    return len(rows)


def _locked(identifier: UUID) -> AccessRequest:
    rows = AccessRequest.objects.select_for_update(of=("self",))
    row = rows.select_related("data_set", "person").filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row
