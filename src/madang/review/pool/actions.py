"""Entering reviewers into the pool and suspending them from it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Person
from madang.parties.people.queries import actor_for
from madang.review.errors import NotAReviewer
from madang.review.pool.models import Reviewer
from madang.review.pool.queries import outside_the_pool


@transaction.atomic
def enrol_reviewer(
    actor: Actor, person: Person, *, expertise: Sequence[str] = (), at: datetime
) -> Reviewer:
    """Enter somebody who holds the reviewer's role, or change the fields of expertise."""
    actor.need(Role.OPERATOR)
    _need_role(person, at)
    row, made = Reviewer.objects.select_for_update().get_or_create(
        person=person, defaults={"expertise": sorted(set(expertise)), "created_at": at}
    )
    wanted = sorted(set(expertise))
    if made or (expertise and row.expertise != wanted):
        row.expertise = wanted
        row.save(update_fields=["expertise"])
        record_event(actor, "reviewer.enrol", subject_type="reviewer", subject_id=row.id, at=at)
    return row


@transaction.atomic
def suspend_reviewer(actor: Actor, reviewer: Reviewer, *, at: datetime, reason: str) -> None:
    """No new assignments. What was handed in stays until somebody voids it."""
    actor.need(Role.OPERATOR)
    if reviewer.suspended_at is not None:
        return
    reviewer.suspended_at = at
    reviewer.save(update_fields=["suspended_at"])
    record_event(
        actor,
        "reviewer.suspend",
        subject_type="reviewer",
        subject_id=reviewer.id,
        at=at,
        reason=reason,
    )


@transaction.atomic
def reinstate_reviewer(actor: Actor, reviewer: Reviewer, *, at: datetime, reason: str) -> None:
    """May be asked again."""
    actor.need(Role.OPERATOR)
    if reviewer.suspended_at is None:
        return
    reviewer.suspended_at = None
    reviewer.save(update_fields=["suspended_at"])
    record_event(
        actor,
        "reviewer.reinstate",
        subject_type="reviewer",
        subject_id=reviewer.id,
        at=at,
        reason=reason,
    )


def reviewer_in_pool(actor: Actor, person: Person, at: datetime) -> Reviewer:
    """The person as a reviewer who may be asked now. Raises NotAReviewer."""
    row = Reviewer.objects.filter(person=person).first()
    if row is None:
        return enrol_reviewer(actor, person, at=at)
    _need_role(person, at)
    if row.suspended_at is not None:
        raise NotAReviewer(person=str(person.id))
    return row


def enrol_role_holders(actor: Actor, *, at: datetime) -> int:
    """Enter everybody who holds the reviewer's role and is not in the pool; how many."""
    return len([enrol_reviewer(actor, person, at=at) for person in outside_the_pool()])


@transaction.atomic
def enrol_peer(actor: Actor, person: Person, *, at: datetime) -> Reviewer:
    """An applicant's author, for the distributed review of the call. No other panel asks."""
    actor.need(Role.OPERATOR)
    row, made = Reviewer.objects.get_or_create(
        person=person, defaults={"is_peer": True, "created_at": at}
    )
    if made:
        record_event(actor, "reviewer.peer", subject_type="reviewer", subject_id=row.id, at=at)
    return row


def _need_role(person: Person, at: datetime) -> None:
    if Role.REVIEWER not in actor_for(person, at=at, origin="").roles:
        raise NotAReviewer(person=str(person.id))
