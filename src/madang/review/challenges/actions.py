"""Filing and deciding challenges 기피. The panel's lock comes first, then the assignment's.

The room that brought the subject says who its applicant is and calls `file_challenge`.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, need_four_eyes
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import person_by_id
from madang.review.assignments.actions import take_off
from madang.review.assignments.models import SEATED_STATES, Assignment
from madang.review.challenges.models import Challenge, ChallengeText
from madang.review.challenges.workflow import CHALLENGE
from madang.review.errors import GroundNotAllowed, ReasonMissing
from madang.review.panels.actions import locked_panel, refuse_decided
from madang.review.panels.models import Subject
from madang.review.pool.models import Reviewer


@transaction.atomic
def file_challenge(
    actor: Actor,
    subject: Subject,
    reviewer: Reviewer,
    *,
    ground: str,
    grounds: Collection[str],
    text: str,
    at: datetime,
) -> Challenge:
    """기피신청: before the ranking is confirmed, also against somebody not asked yet.

    Filed again, it answers with the one that stands, whatever became of it.
    """
    panel = locked_panel(subject.panel_id)
    held = Challenge.objects.filter(subject=subject, reviewer=reviewer).first()
    if held is not None:
        return held
    refuse_decided(panel)
    if ground not in grounds:
        raise GroundNotAllowed(ground=ground, allowed=", ".join(sorted(grounds)))
    if not text.strip():
        raise ReasonMissing
    row = Challenge.objects.create(
        subject=subject, reviewer=reviewer, ground=ground, filed_by=actor.id, filed_at=at
    )
    ChallengeText.objects.create(challenge=row, text=text)
    record_event(
        actor,
        "challenge.file",
        subject_type="challenge",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"subject": str(subject.subject_id), "ground": ground},
    )
    return row


@transaction.atomic
def decide_challenge(
    actor: Actor, challenge_id: UUID, *, upheld: bool, reason: str, at: datetime
) -> Challenge:
    """인용 or 기각. Upheld, the reviewer loses the seat and is never asked for it again.

    A review that was handed in already is voided; its record stays.
    """
    found = Challenge.objects.filter(pk=challenge_id).values_list("subject__panel", flat=True)
    panel = found.first()
    if panel is None:
        raise NotFound
    locked_panel(panel)
    row = (
        Challenge.objects.select_for_update(of=("self",))
        .select_related("subject__panel", "reviewer__person")
        .get(pk=challenge_id)
    )
    if not reason.strip():
        raise ReasonMissing
    CHALLENGE.move(row, "uphold" if upheld else "dismiss", actor, at=at, reason=reason)
    need_four_eyes(actor, str(row.reviewer.person_id))
    row.decided_by, row.decided_at = actor.id, at
    row.save(update_fields=["decided_by", "decided_at"])
    if upheld:
        _take_off(actor, row, reason, at)
    send_notice(
        [person_by_id(row.filed_by)],
        "review.challenge.upheld" if upheld else "review.challenge.dismissed",
        subject_type="challenge",
        subject_id=row.id,
        at=at,
    )
    return row


def _take_off(actor: Actor, row: Challenge, reason: str, at: datetime) -> None:
    seated = Assignment.objects.filter(
        subject=row.subject, reviewer=row.reviewer, state__in=SEATED_STATES
    ).first()
    if seated is not None:
        take_off(actor, seated.id, "challenge", reason=reason, at=at)
