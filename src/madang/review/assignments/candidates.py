"""Whom to ask: who knows the field, has time, and stands in no conflict.

Never the least loaded one alone: a candidate with a conflict is no candidate at all.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.parties.actor import Actor, Role
from madang.parties.people.queries import actor_for
from madang.review.assignments.actions import assign_reviewer, locked_assignment
from madang.review.assignments.models import GONE_STATES, SEATED_STATES, Assignment
from madang.review.assignments.queries import asked_before
from madang.review.challenges.queries import barred_among
from madang.review.conflicts import kinds_of, nearness, parties_from
from madang.review.errors import NobodyFree, SeatTaken
from madang.review.panels.actions import locked_panel, refuse_decided
from madang.review.panels.models import ReviewPanel, Subject
from madang.review.pool.actions import enrol_role_holders
from madang.review.pool.models import Reviewer
from madang.review.pool.queries import outside_the_pool
from madang.review.rules import ReviewRules, rules_from


@dataclass(frozen=True, slots=True)
class Candidate:
    """One reviewer for one subject: what speaks for it, and what stands against it."""

    reviewer: Reviewer
    matches: int
    load: int
    against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Filled:
    """What filling a panel's seats did. `short` counts seats for which nobody is left."""

    assigned: tuple[Assignment, ...]
    short: int


def candidates_for(actor: Actor, subject: Subject, *, at: datetime) -> list[Candidate]:
    """Everybody in the pool, or about to enter it, who is not asked yet: free ones first, best
    match, least load."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    pool = _Pool(subject.panel, [subject], at, [Reviewer(person=p) for p in outside_the_pool()])
    found = [pool.judged(reviewer, subject) for reviewer in pool.unasked(subject)]
    return sorted(found, key=lambda one: (bool(one.against), *_order(one)))


@transaction.atomic
def fill_seats(actor: Actor, panel_id: UUID, *, at: datetime) -> Filled:
    """Ask the best free candidates until each subject has the panel's size, or nobody is left.

    Takes the panel's lock. Asking again fills only what is still empty.
    """
    actor.need(Role.OPERATOR)
    panel = locked_panel(panel_id)
    refuse_decided(panel)
    enrol_role_holders(actor, at=at)
    subjects = list(panel.subjects.filter(withdrawn_at=None, standing="").order_by("id"))
    pool, size = _Pool(panel, subjects, at), rules_from(panel.rules).panel
    made: list[Assignment] = []
    short = 0
    for subject in subjects:
        seated = subject.assignments.filter(state__in=SEATED_STATES).count()
        for _ in range(size - seated):
            reviewer = pool.best(subject)
            if reviewer is None:
                short += size - seated
                break
            made.append(assign_reviewer(actor, subject, reviewer.person, at=at))
            seated += 1
            pool.seat(reviewer)
    return Filled(tuple(made), short)


@transaction.atomic
def replace_reviewer(actor: Actor, assignment_id: UUID, *, at: datetime) -> Assignment:
    """교체: the best free candidate in the place of one who is gone. Raises NobodyFree,
    and SeatTaken where nobody has left it.

    Asked again, it answers with the replacement that was made.
    """
    actor.need(Role.OPERATOR)
    gone = locked_assignment(actor, assignment_id)
    held = Assignment.objects.filter(replaces=gone).first()
    if held is not None:
        return held
    if gone.state not in GONE_STATES:
        raise SeatTaken(state=gone.state)
    panel = locked_panel(gone.subject.panel_id)
    enrol_role_holders(actor, at=at)
    reviewer = _Pool(panel, [gone.subject], at).best(gone.subject)
    if reviewer is None:
        raise NobodyFree(state=gone.state)
    made = assign_reviewer(actor, gone.subject, reviewer.person, at=at)
    made.replaces = gone
    made.save(update_fields=["replaces"])
    return made


def _order(one: Candidate) -> tuple[int, int, str]:
    return (-one.matches, one.load, str(one.reviewer.id))


class _Pool:
    """The pool as it stands for some subjects of one panel, read once."""

    def __init__(
        self,
        panel: ReviewPanel,
        subjects: Sequence[Subject],
        at: datetime,
        outside: Sequence[Reviewer] = (),
    ) -> None:
        self._rules: ReviewRules = rules_from(panel.rules)
        rows = Reviewer.objects.filter(suspended_at=None, is_peer=False, person__is_active=True)
        self._reviewers = [
            row
            for row in (*rows.select_related("person").order_by("id"), *outside)
            if Role.REVIEWER in actor_for(row.person, at=at, origin="").roles
        ]
        self._parties = {row.id: parties_from(row.parties) for row in subjects}
        self._near = nearness(
            {row.person_id for row in self._reviewers},
            {party for some in self._parties.values() for party in some},
            self._rules,
            at=at,
        )
        self._barred = barred_among(subjects)
        seated = Assignment.objects.filter(state__in=SEATED_STATES, subject__panel=panel)
        self._load = Counter(seated.values_list("reviewer_id", flat=True))
        self._asked_before = asked_before(panel, subjects)

    def unasked(self, subject: Subject) -> Iterator[Reviewer]:
        asked = set(subject.assignments.values_list("reviewer_id", flat=True))
        return (row for row in self._reviewers if row.id not in asked)

    def judged(self, reviewer: Reviewer, subject: Subject) -> Candidate:
        return Candidate(
            reviewer, self._matches(reviewer, subject), self._load[reviewer.id],
            self._against(reviewer, subject),
        )  # fmt: skip

    def best(self, subject: Subject) -> Reviewer | None:
        """The first in order who has nothing against."""
        order = sorted(
            self.unasked(subject),
            key=lambda row: (-self._matches(row, subject), self._load[row.id], str(row.id)),
        )
        return next((row for row in order if not self._against(row, subject)), None)

    def seat(self, reviewer: Reviewer) -> None:
        self._load[reviewer.id] += 1

    def _matches(self, reviewer: Reviewer, subject: Subject) -> int:
        return len(set(reviewer.expertise) & set(subject.topics))

    def _against(self, reviewer: Reviewer, subject: Subject) -> tuple[str, ...]:
        found = []
        if self._load[reviewer.id] >= self._rules.assignments_per_reviewer:
            found.append("load")
        if (subject.id, reviewer.id) in self._asked_before:
            found.append("not_apart")
        if (subject.id, reviewer.id) in self._barred:
            found.append("challenged")
        conflicts = self._near.between(reviewer.person_id, self._parties[subject.id])
        return (*found, *kinds_of(conflicts))
