"""Who reads which submission: the maker's own people, operators, auditors; trials everybody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.testbed.policy import policy_at
from madang.testbed.submissions.models import (
    DECIDED_STATES,
    Submission,
    SubmissionAppeal,
    SubmissionState,
)

JOINED = ("organisation", "offering", "voucher", "archive", "job")


def submissions_for(actor: Actor) -> QuerySet[Submission]:
    """Every submission that the actor may see, newest first."""
    rows = Submission.objects.select_related(*JOINED).order_by("-created_at", "-id")
    if actor.sees_everything:
        return rows
    own = [place for place, role in actor.places if role is Role.MAKER]
    return rows.filter(organisation__in=own)


def submission_for(actor: Actor, identifier: UUID) -> Submission:
    row = submissions_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def trials() -> QuerySet[Submission]:
    """Runs that are not comparable, in the open and apart from the board."""
    rows = Submission.objects.filter(state=SubmissionState.TRIAL)
    return rows.select_related("organisation", "archive").order_by("-created_at", "-id")


def appeals_for(actor: Actor) -> QuerySet[SubmissionAppeal]:
    rows = SubmissionAppeal.objects.select_related("submission").order_by("filed_at", "id")
    return rows.filter(submission__in=submissions_for(actor))


def appeal_for(actor: Actor, identifier: UUID) -> SubmissionAppeal:
    row = appeals_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def appealable_until(row: Submission) -> datetime | None:
    """The last instant of an appeal. None: there is no decision to appeal against."""
    if row.state not in DECIDED_STATES or row.decided_at is None:
        return None
    if row.appeals.filter(about=row.decided_at).exists():
        return None
    return row.decided_at + policy_at(row.decided_at).appeal
