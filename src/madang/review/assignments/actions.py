"""Assigning reviewers, and what becomes of an assignment before a score is given.

Locks: the panel first, so that its size and a reviewer's load are counted by one at a time;
then the assignment.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.events.actions import record_event
from madang.parties.models import Person
from madang.parties.notices.actions import send_notice
from madang.review.assignments.models import (
    SEATED_STATES,
    Assignment,
    AssignmentState,
    Pledge,
)
from madang.review.assignments.queries import asked_before
from madang.review.assignments.workflow import ASSIGNMENT, need_own, refuse_conflict
from madang.review.challenges.queries import is_barred
from madang.review.errors import (
    AlreadyAssigned,
    AlreadyDeclared,
    LoadExceeded,
    NotApart,
    PanelFull,
    ReasonMissing,
    ReviewerBarred,
)
from madang.review.panels.actions import refuse_decided
from madang.review.panels.models import ReviewPanel, Subject
from madang.review.pool.actions import reviewer_in_pool
from madang.review.pool.models import Reviewer
from madang.review.rules import rules_from


@transaction.atomic
def assign_reviewer(
    actor: Actor, subject: Subject, person: Person, *, at: datetime
) -> Assignment:
    """Assign and invite. Refused on a conflict of interest, which leaves no assignment."""
    actor.need(Role.OPERATOR)
    need_four_eyes(actor, str(person.id))
    panel = ReviewPanel.objects.select_for_update().get(pk=subject.panel_id)
    refuse_decided(panel)
    reviewer = reviewer_in_pool(actor, person, at)
    held = Assignment.objects.filter(subject=subject, reviewer=reviewer).first()
    if held is not None:
        raise AlreadyAssigned(state=held.state)
    _refuse_barred(panel, subject, reviewer)
    _refuse_overload(panel, subject, reviewer)
    row = Assignment(subject=subject, reviewer=reviewer, assigned_by=actor.id, created_at=at)
    refuse_conflict(row, at)
    row.save(force_insert=True)
    record_event(
        actor,
        "assignment.propose",
        subject_type="assignment",
        subject_id=row.id,
        at=at,
        after=row.state,
        facts={"subject": str(subject.subject_id), "reviewer": str(reviewer.id)},
    )
    ASSIGNMENT.move(row, "invite", actor, at=at)
    _tell(row, "review.assignment.invited", at)
    return row


@transaction.atomic
def declare_interest(
    actor: Actor,
    assignment_id: UUID,
    *,
    has_conflict: bool,
    text_sha256: str = "",
    reason: str = "",
    at: datetime,
) -> Assignment:
    """서약: the reviewer's own word for this subject. Without a conflict the documents open.

    The platform's own test comes after: whoever pledges against the known facts is refused.
    The same answer again changes nothing.
    """
    row = locked_assignment(actor, assignment_id)
    need_own(row, actor, at)
    given = Pledge.objects.filter(assignment=row).first()
    if given is not None:
        if given.has_conflict != has_conflict:
            raise AlreadyDeclared
        return row
    ASSIGNMENT.move(row, "recuse" if has_conflict else "accept", actor, at=at, reason=reason)
    Pledge.objects.create(
        assignment=row, has_conflict=has_conflict, text_sha256=text_sha256, declared_at=at
    )
    return row


@transaction.atomic
def decline_assignment(
    actor: Actor, assignment_id: UUID, *, reason: str = "", at: datetime
) -> Assignment:
    """거절: no time, wrong field; no conflict is said."""
    row = locked_assignment(actor, assignment_id)
    ASSIGNMENT.move(row, "decline", actor, at=at, reason=reason)
    return row


@transaction.atomic
def recuse_from_assignment(
    actor: Actor, assignment_id: UUID, *, reason: str, at: datetime
) -> Assignment:
    """회피: a conflict seen late. The documents close at once."""
    row = locked_assignment(actor, assignment_id)
    ASSIGNMENT.move(row, "recuse", actor, at=at, reason=_needed(reason))
    return row


@transaction.atomic
def exclude_reviewer(
    actor: Actor, assignment_id: UUID, *, reason: str, at: datetime
) -> Assignment:
    """제척: the operator takes the reviewer off. A submitted review is voided instead."""
    return take_off(actor, assignment_id, "exclude", reason=reason, at=at)


@transaction.atomic
def void_review(actor: Actor, assignment_id: UUID, *, reason: str, at: datetime) -> Assignment:
    """무효: a conflict or a fault was found after the review was handed in. Its record stays.

    Also after the decision: the next ranking is made without it and supersedes the last.
    """
    row = locked_assignment(actor, assignment_id)
    ASSIGNMENT.move(row, "void", actor, at=at, reason=_needed(reason))
    _tell(row, "review.assignment.excluded", at)
    return row


def take_off(
    actor: Actor, assignment_id: UUID, move: str, *, reason: str, at: datetime
) -> Assignment:
    """Free the seat by `exclude` or `challenge`; what was handed in is voided instead."""
    row = locked_assignment(actor, assignment_id)
    step = "void" if row.state == AssignmentState.SUBMITTED else move
    ASSIGNMENT.move(row, step, actor, at=at, reason=_needed(reason))
    _tell(row, "review.assignment.excluded", at)
    return row


@transaction.atomic
def uphold_challenge(
    actor: Actor, assignment_id: UUID, *, reason: str, at: datetime
) -> Assignment:
    """기피 인용 without a filed challenge: what the applicant said before, by another way."""
    row = locked_assignment(actor, assignment_id)
    ASSIGNMENT.move(row, "challenge", actor, at=at, reason=_needed(reason))
    _tell(row, "review.assignment.excluded", at)
    return row


def locked_assignment(actor: Actor, identifier: UUID) -> Assignment:
    """The row under its lock, with what its guards read. Raises NotFound, to outsiders too."""
    row = (
        Assignment.objects.select_for_update(of=("self",))
        .select_related("reviewer", "subject__panel")
        .filter(pk=identifier)
        .first()
    )
    if row is None or not (actor.sees_everything or str(row.reviewer.person_id) == actor.id):
        raise NotFound
    return row


def _refuse_overload(panel: ReviewPanel, subject: Subject, reviewer: Reviewer) -> None:
    rules = rules_from(panel.rules)
    seated = Assignment.objects.filter(state__in=SEATED_STATES)
    if seated.filter(subject=subject).count() >= rules.panel:
        raise PanelFull(panel=rules.panel)
    load = seated.filter(subject__panel=panel, reviewer=reviewer).count()
    if load >= rules.assignments_per_reviewer:
        raise LoadExceeded(assignments=load)


def _refuse_barred(panel: ReviewPanel, subject: Subject, reviewer: Reviewer) -> None:
    """An upheld challenge bars for good; an appeal is judged by others than any time before."""
    if is_barred(subject, reviewer):
        raise ReviewerBarred
    if (subject.id, reviewer.id) in asked_before(panel, [subject]):
        raise NotApart


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason


def _tell(row: Assignment, kind: str, at: datetime) -> None:
    send_notice(
        [row.reviewer.person], kind, subject_type="assignment", subject_id=row.id, at=at
    )
