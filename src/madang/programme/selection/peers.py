"""Distributed review 상호평가: every applicant's author judges some of the others.

The applications are parted in two pools by the recorded lottery, and each author judges only
the other pool, so that nobody scores the one above or below. Whoever owes a review when it is
due is rejected, whatever the own score.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from madang.core.clock import rfc3339
from madang.parties.actor import Actor, Role
from madang.parties.models import Membership, Person
from madang.parties.people.actions import set_place
from madang.programme.applications.models import Application
from madang.programme.calls.actions import locked_call
from madang.programme.calls.models import Call
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import NotDistributed, PeersPending
from madang.review.assignments.actions import assign_reviewer
from madang.review.errors import ConflictOfInterest, LoadExceeded, PanelFull, ReviewerBarred
from madang.review.models import Assignment, AssignmentState, ReviewPanel, Subject
from madang.review.panels.queries import panel_of
from madang.review.pool.actions import enrol_peer
from madang.review.rankings.kernel import lottery_ticket
from madang.review.rules import rules_from

AWAITED = (
    AssignmentState.INVITED,
    AssignmentState.ACCEPTED,
    AssignmentState.REVIEW_DRAFT,
)
"""A peer's duty that may still be done. Who is recused or taken off owes nothing; who declined
has failed, whatever day it is."""


@transaction.atomic
def distribute_reviews(actor: Actor, call_id: UUID, *, at: datetime) -> list[Assignment]:
    """Ask every author for reviews of the other pool. Asked again, it fills what is missing.

    A conflict of interest passes the subject on to the next author in the order of the lot.
    """
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    panel = panel_of("call", call.id)
    rules = rules_from(panel.rules)
    if rules.mode != "distributed":
        raise NotDistributed
    subjects = _in_lot_order(panel)
    authors = _authors(subjects)
    made: list[Assignment] = []
    for index, subject in enumerate(subjects):
        made += _ask(
            actor, authors[subject.id], _others(subjects, index), rules.peer_reviews, at
        )
    return made


def failed_peers(call: Call, panel: ReviewPanel, at: datetime) -> set[UUID]:
    """Applications whose author owed a review when it was due, at this instant or before it,
    or declined one.

    A review that came late is a review; its author has failed all the same."""
    if rules_from(panel.rules).mode != "distributed":
        return set()
    due, seats = _due_of(call, panel), _seats_of(panel)
    handed = seats.filter(state__in=[*AWAITED, AssignmentState.SUBMITTED]).values_list(
        "reviewer__person", "created_at", "review__submitted_at"
    )
    failed = {person for person, since, done in handed if (done or at) >= due(since)}
    declined = seats.filter(state=AssignmentState.DECLINED)
    failed.update(declined.values_list("reviewer__person", flat=True))
    rows = call.applications.filter(created_by__in=failed)
    return set(rows.values_list("id", flat=True))


def need_peers_done(call: Call, panel: ReviewPanel, at: datetime) -> None:
    """Raises PeersPending while an author may still hand in a review that is owed."""
    if rules_from(panel.rules).mode != "distributed":
        return
    due = _due_of(call, panel)
    awaited = _seats_of(panel).filter(state__in=AWAITED).values_list("created_at", flat=True)
    open_until = [last for last in map(due, awaited) if at < last]
    if open_until:
        raise PeersPending(reviews=len(open_until), until=rfc3339(max(open_until)))


def _seats_of(panel: ReviewPanel) -> QuerySet[Assignment]:
    return Assignment.objects.filter(subject__panel=panel, subject__withdrawn_at=None)


def _due_of(call: Call, panel: ReviewPanel) -> Callable[[datetime], datetime]:
    """Until when a review is owed that was asked for at an instant."""
    days, holidays = int(call.terms["review_days"]), holidays_at(panel.created_at)
    return lambda since: due_after(since, days, holidays=holidays)


def peer_due_at(row: Assignment) -> datetime | None:
    """Until when the own application's author owes this review; None where experts judge."""
    panel = row.subject.panel
    if panel.context_type != "call" or rules_from(panel.rules).mode != "distributed":
        return None
    days = int(
        Call.objects.values_list("terms", flat=True).get(pk=panel.context_id)["review_days"]
    )
    return due_after(row.created_at, days, holidays=holidays_at(panel.created_at))


def _in_lot_order(panel: ReviewPanel) -> list[Subject]:
    rows = panel.subjects.filter(withdrawn_at=None).select_related("panel")
    return sorted(rows, key=lambda row: lottery_ticket(panel.seed, str(row.subject_id)))


def _others(subjects: Sequence[Subject], index: int) -> list[Subject]:
    """The other pool, beginning with the one after this author's own."""
    ring = [*subjects[index + 1 :], *subjects[:index]]
    places = {row.id: place for place, row in enumerate(subjects)}
    return [row for row in ring if (places[row.id] - index) % 2 == 1]


def _authors(subjects: Sequence[Subject]) -> dict[UUID, Application]:
    rows = Application.objects.filter(id__in=[row.subject_id for row in subjects])
    found = {row.id: row for row in rows.select_related("organisation")}
    return {row.id: found[row.subject_id] for row in subjects}


def _ask(
    actor: Actor, own: Application, others: Sequence[Subject], count: int, at: datetime
) -> list[Assignment]:
    person = Person.objects.get(pk=own.created_by)
    held = Assignment.objects.filter(reviewer__person=person, subject__in=others).values_list(
        "subject", flat=True
    )
    missing, taken = count - len(held), set(held)
    if missing <= 0:
        return []
    _give_role(actor, person, own, at)
    enrol_peer(actor, person, at=at)
    made: list[Assignment] = []
    for subject in others:
        if len(made) == missing:
            break
        if subject.id not in taken:
            made += _try(actor, subject, person, at)
    return made


def _try(actor: Actor, subject: Subject, person: Person, at: datetime) -> list[Assignment]:
    """Empty where this author may not judge this subject, or its seats are taken."""
    try:
        with transaction.atomic():
            return [assign_reviewer(actor, subject, person, at=at)]
    except (ConflictOfInterest, LoadExceeded, PanelFull, ReviewerBarred):
        return []


def _give_role(actor: Actor, person: Person, own: Application, at: datetime) -> None:
    """The author judges as a reviewer of the own organisation."""
    place = Membership.objects.filter(
        person=person, organisation=own.organisation, ends_at=None
    ).first()
    if place is not None and Role.REVIEWER.value not in place.roles:
        roles = [*place.roles, Role.REVIEWER.value]
        set_place(actor, person, own.organisation, unit=place.unit, roles=roles, at=at)
