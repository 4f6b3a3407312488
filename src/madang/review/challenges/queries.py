"""Who reads which challenge: whoever filed it, operators and auditors. Never the reviewer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.review.challenges.models import Challenge, ChallengeState
from madang.review.panels.models import Subject
from madang.review.pool.models import Reviewer


def challenges_for(actor: Actor) -> QuerySet[Challenge]:
    rows = Challenge.objects.select_related("subject__panel", "reviewer__person").order_by(
        "filed_at", "id"
    )
    if actor.sees_everything:
        return rows
    return rows.filter(Q(filed_by=actor.id))


def challenge_for(actor: Actor, identifier: UUID) -> Challenge:
    row = challenges_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def is_barred(subject: Subject, reviewer: Reviewer) -> bool:
    """True when a challenge was upheld, before whichever panel the subject came."""
    return (subject.id, reviewer.id) in barred_among([subject])


def barred_among(subjects: Sequence[Subject]) -> set[tuple[UUID, UUID]]:
    """Each of these subjects with each reviewer whom an upheld challenge bars from it."""
    upheld = Challenge.objects.filter(
        subject__subject_id__in={row.subject_id for row in subjects},
        state=ChallengeState.UPHELD,
    ).values_list("subject__subject_type", "subject__subject_id", "reviewer")
    barred = defaultdict(set)
    for kind, identifier, reviewer in upheld:
        barred[kind, identifier].add(reviewer)
    return {
        (row.id, reviewer)
        for row in subjects
        for reviewer in barred[row.subject_type, row.subject_id]
    }
