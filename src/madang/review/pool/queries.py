"""Reading the pool, with what each reviewer carries now."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.models import Membership, Person
from madang.review.assignments.models import SEATED_STATES, AssignmentState
from madang.review.pool.models import Reviewer

WAITING = tuple(state for state in SEATED_STATES if state != AssignmentState.SUBMITTED)


def reviewers_for(actor: Actor) -> QuerySet[Reviewer]:
    """The pool, for operators and auditors; oneself for a reviewer.

    Each row carries `waiting` and `submitted`: how many reviews are owed and handed in.
    """
    rows = Reviewer.objects.select_related("person").annotate(
        waiting=Count("assignments", filter=Q(assignments__state__in=WAITING)),
        submitted=Count("assignments", filter=Q(assignments__state=AssignmentState.SUBMITTED)),
    )
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows.order_by("person__email")
    return rows.filter(person=UUID(actor.id)).order_by("person__email")


def reviewer_for(actor: Actor, identifier: UUID) -> Reviewer:
    row = reviewers_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def outside_the_pool() -> QuerySet[Person]:
    """Everybody who holds the reviewer's role and has not entered the pool yet."""
    held = Membership.objects.filter(
        roles__contains=[Role.REVIEWER.value], ends_at=None, person__is_active=True
    )
    rows = Person.objects.filter(id__in=held.values("person"), reviewer__isnull=True)
    return rows.order_by("id")
