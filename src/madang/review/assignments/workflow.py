"""The assignment's table of states."""

from __future__ import annotations

from datetime import datetime

from madang.parties.actor import Actor, Role
from madang.parties.workflow import State, Transition, Workflow
from madang.review.assignments.models import Assignment
from madang.review.conflicts import conflicts_of, parties_from
from madang.review.errors import ConflictOfInterest, NotYourAssignment, PledgeMissing
from madang.review.rules import rules_from

OPERATOR = frozenset({Role.OPERATOR})
REVIEWER = frozenset({Role.REVIEWER})


def need_own(row: Assignment, actor: Actor, at: datetime) -> None:
    """only the assigned reviewer"""
    if actor.id != str(row.reviewer.person_id):
        raise NotYourAssignment


def need_no_conflict(row: Assignment, actor: Actor, at: datetime) -> None:
    """only the assigned reviewer, without a conflict of interest now"""
    need_own(row, actor, at)
    refuse_conflict(row, at)


def need_pledged(row: Assignment, actor: Actor, at: datetime) -> None:
    """only the assigned reviewer, pledged for this subject"""
    need_own(row, actor, at)
    pledge = getattr(row, "pledge", None)
    if pledge is None or pledge.has_conflict:
        raise PledgeMissing


def need_pledge(row: Assignment, actor: Actor, at: datetime) -> None:
    """only the assigned reviewer, pledged for this subject, without a conflict now"""
    need_no_conflict(row, actor, at)
    need_pledged(row, actor, at)


def refuse_conflict(row: Assignment, at: datetime) -> None:
    """Raises ConflictOfInterest with the first kind that is found."""
    subject = row.subject
    found = conflicts_of(
        row.reviewer.person_id,
        parties_from(subject.parties),
        rules_from(subject.panel.rules),
        at=at,
    )
    if found:
        raise ConflictOfInterest(conflict=found[0].kind)


ASSIGNMENT: Workflow[Assignment] = Workflow(
    noun="assignment",
    initial="proposed",
    states=(
        State("proposed", "추천", "proposed"),
        State("invited", "위촉요청", "invited"),
        State("accepted", "수락", "accepted"),
        State("declined", "거절", "declined", final=True),
        State("excluded", "제척", "excluded", final=True),
        State("recused", "회피", "recused", final=True),
        State("challenged_out", "기피", "challenged out", final=True),
        State("review_draft", "평가작성", "drafting"),
        State("submitted", "제출", "submitted"),
        State("voided", "무효", "voided", final=True),
    ),
    transitions=(
        Transition("invite", ("proposed",), "invited", "위촉 요청", "Invite", OPERATOR),
        Transition(
            "accept",
            ("invited",),
            "accepted",
            "서약·수락",
            "Accept",
            REVIEWER,
            need_no_conflict,
        ),
        Transition("decline", ("invited",), "declined", "거절", "Decline", REVIEWER, need_own),
        Transition(
            "recuse",
            ("invited", "accepted", "review_draft"),
            "recused",
            "회피",
            "Recuse oneself",
            REVIEWER,
            need_own,
        ),
        Transition(
            "exclude",
            ("invited", "accepted", "review_draft"),
            "excluded",
            "제척",
            "Exclude",
            OPERATOR,
        ),
        Transition(
            "challenge",
            ("invited", "accepted", "review_draft"),
            "challenged_out",
            "기피 인용",
            "Uphold a challenge",
            OPERATOR,
        ),
        Transition(
            "draft",
            ("accepted",),
            "review_draft",
            "평가 작성",
            "Begin the review",
            REVIEWER,
            need_pledge,
        ),
        Transition(
            "submit",
            ("review_draft",),
            "submitted",
            "평가 제출",
            "Submit the review",
            REVIEWER,
            need_pledge,
        ),
        Transition("void", ("submitted",), "voided", "무효 처리", "Void", OPERATOR),
    ),
)
