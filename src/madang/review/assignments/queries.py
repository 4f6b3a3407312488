"""Which assignments somebody sees, and whether a subject is open to a reviewer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.review.assignments.models import OPEN_STATES, SEATED_STATES, Assignment
from madang.review.conflicts import conflicts_of, kinds_of, nearness, parties_from
from madang.review.panels.models import ReviewPanel, Subject
from madang.review.panels.queries import subjects_for
from madang.review.rules import rules_from


def assignments_for(actor: Actor) -> QuerySet[Assignment]:
    """All for operators and auditors; a reviewer's own."""
    rows = Assignment.objects.select_related("subject__panel", "reviewer__person").order_by(
        "created_at", "id"
    )
    if actor.sees_everything:
        return rows
    return rows.filter(reviewer__person=UUID(actor.id))


def assignment_for(actor: Actor, identifier: UUID) -> Assignment:
    row = assignments_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True)
class FoundConflict:
    """A seat that the facts, as they stand now, would not have given."""

    assignment: Assignment
    kinds: tuple[str, ...]


def subjects_with_free_seats(actor: Actor, panel: ReviewPanel) -> QuerySet[Subject]:
    """Those of a panel's subjects for which fewer are asked than its rules want."""
    seated = Count("assignments", filter=Q(assignments__state__in=SEATED_STATES))
    rows = subjects_for(actor, panel.id).filter(withdrawn_at=None)
    return rows.annotate(seated=seated).filter(seated__lt=rules_from(panel.rules).panel)


def conflicts_on(actor: Actor, panel: UUID, *, at: datetime) -> list[FoundConflict]:
    """Every seat of a panel tested again: for ties that came to light after the pledge."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    rows = list(assignments_for(actor).filter(subject__panel=panel, state__in=SEATED_STATES))
    if not rows:
        return []
    parties = {row.subject_id: parties_from(row.subject.parties) for row in rows}
    facts = nearness(
        {row.reviewer.person_id for row in rows},
        {party for some in parties.values() for party in some},
        rules_from(rows[0].subject.panel.rules),
        at=at,
    )
    found = [
        FoundConflict(
            row, kinds_of(facts.between(row.reviewer.person_id, parties[row.subject_id]))
        )
        for row in rows
    ]
    return [one for one in found if one.kinds]


def asked_before(panel: ReviewPanel, subjects: Sequence[Subject]) -> set[tuple[UUID, UUID]]:
    """Each of an appeal panel's subjects with each reviewer who may not judge it here: whoever
    was asked by the panel of the first review, or about this subject by any panel before."""
    if panel.apart_from_id is None:
        return set()
    there = Assignment.objects.filter(subject__panel=panel.apart_from_id)
    first = set(there.values_list("reviewer_id", flat=True))
    asked = {(row.id, reviewer) for row in subjects for reviewer in first}
    places = {(row.subject_type, row.subject_id): row.id for row in subjects}
    earlier = Assignment.objects.filter(
        subject__subject_id__in=[row.subject_id for row in subjects]
    ).exclude(subject__panel=panel)
    for kind, identifier, reviewer in earlier.values_list(
        "subject__subject_type", "subject__subject_id", "reviewer_id"
    ):
        if (kind, identifier) in places:
            asked.add((places[kind, identifier], reviewer))
    return asked


def open_assignment(
    actor: Actor, subject_type: str, subject_id: UUID, *, at: datetime
) -> Assignment | None:
    """The assignment by which this actor may read the subject's documents now, if any.

    Pledged for this very subject, not recused, excluded or voided since, and without a
    conflict of interest as the facts stand at this instant.
    """
    if actor.is_system:
        return None
    rows = Assignment.objects.select_related("subject__panel", "reviewer").filter(
        subject__subject_type=subject_type,
        subject__subject_id=subject_id,
        reviewer__person=UUID(actor.id),
        state__in=OPEN_STATES,
        pledge__has_conflict=False,
    )
    return next((row for row in rows if not _has_conflict(row, at)), None)


def open_subject_ids(actor: Actor, subject_type: str) -> QuerySet[Assignment, UUID]:
    """Ids of the subjects that this reviewer has pledged for: for lists, not for documents."""
    return Assignment.objects.filter(
        subject__subject_type=subject_type,
        reviewer__person=UUID(actor.id),
        state__in=OPEN_STATES,
        pledge__has_conflict=False,
    ).values_list("subject__subject_id", flat=True)


def _has_conflict(row: Assignment, at: datetime) -> bool:
    subject = row.subject
    parties, rules = parties_from(subject.parties), rules_from(subject.panel.rules)
    return bool(conflicts_of(row.reviewer.person_id, parties, rules, at=at))
