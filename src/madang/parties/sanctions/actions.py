"""Entering and lifting sanctions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from uuid import UUID

from django.db import transaction

from madang.core.clock import SEOUL, seoul_day_ends
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.sanctions.models import Sanction
from madang.parties.sanctions.queries import state_of
from madang.parties.sanctions.workflow import SANCTION


@dataclass(frozen=True, slots=True)
class SanctionTerms:
    """Why and how long. `last_day` belongs to the sanction, to 24:00 in Seoul."""

    organisation: Organisation
    ground: str
    last_day: date
    strikes: int = 0
    case: UUID | None = None


@transaction.atomic
def impose_sanction(actor: Actor, terms: SanctionTerms, *, at: datetime) -> Sanction:
    """참여제한, from now on. The caller has computed it; the same case sanctions once."""
    actor.need(Role.OPERATOR)
    if terms.case is not None:
        held = Sanction.objects.filter(case=terms.case).first()
        if held is not None:
            return held
    row = Sanction.objects.create(
        organisation=terms.organisation,
        ground=terms.ground,
        case=terms.case,
        strikes=terms.strikes,
        starts_at=at,
        ends_at=seoul_day_ends(terms.last_day),
        decided_by=actor.id,
        created_at=at,
    )
    record_event(
        actor,
        "sanction.impose",
        subject_type="sanction",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"ground": terms.ground, "strikes": terms.strikes},
    )
    _tell(row, "parties.sanction.imposed", at)
    return row


@transaction.atomic
def lift_sanction(actor: Actor, sanction_id: UUID, *, reason: str, at: datetime) -> Sanction:
    """해제, by somebody else than who decided it. TransitionNotAllowed after its end."""
    row = Sanction.objects.select_for_update().filter(pk=sanction_id).first()
    if row is None:
        raise NotFound
    row.state = state_of(row, at)
    SANCTION.move(row, "lift", actor, at=at, reason=reason)
    _tell(row, "parties.sanction.lifted", at)
    return row


def _tell(row: Sanction, kind: str, at: datetime) -> None:
    people = {
        person.pk: person
        for role in (Role.BENEFICIARY, Role.SUPPLIER)
        for person in members_of(row.organisation_id, role)
    }
    send_notice(
        people.values(),
        kind,
        subject_type="sanction",
        subject_id=row.id,
        at=at,
        facts={"last_day": _last_day(row)},
    )


def _last_day(row: Sanction) -> str:
    from_seoul = row.ends_at.astimezone(SEOUL) - timedelta(microseconds=1)
    return from_seoul.date().isoformat()
