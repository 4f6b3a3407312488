"""Who reads which challenge: whoever filed it, operators and auditors. Never the reviewer."""

from __future__ import annotations

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
    return Challenge.objects.filter(
        subject__subject_type=subject.subject_type,
        subject__subject_id=subject.subject_id,
        reviewer=reviewer,
        state=ChallengeState.UPHELD,
    ).exists()
