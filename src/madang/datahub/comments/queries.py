"""Rounds, what was said in them, and what still waits for an answer."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.core.errors import NotFound, Words
from madang.datahub.comments.models import Comment, CommentRound
from madang.datahub.demand.models import DemandSurvey
from madang.datahub.errors import RoundsOpen
from madang.datahub.proposals.models import Proposal
from madang.parties.actor import Actor

ROUNDS = (1, 2)
TO_BE_HELD = Words("rounds to be held", "더 열어야 하는 의견수렴")
TO_BE_ANSWERED = Words("comments to be answered", "답해야 하는 의견")


def open_round(survey: DemandSurvey, number: int, at: datetime) -> CommentRound | None:
    rows = survey.rounds.filter(number=number, opens_at__lte=at, closes_at__gt=at)
    return rows.first()


def shown_comments(survey: DemandSurvey) -> QuerySet[Comment]:
    """What everybody reads: answered ones, and that others were withheld, and why."""
    rows = Comment.objects.filter(round__survey=survey, state__in=["answered", "withheld"])
    return rows.select_related("round", "demand", "proposal").order_by("received_at", "id")


def waiting_comments(survey: DemandSurvey) -> QuerySet[Comment]:
    rows = Comment.objects.filter(round__survey=survey, state="received")
    return rows.select_related("round", "demand", "proposal").order_by("received_at", "id")


def comment_for(actor: Actor, identifier: UUID) -> Comment:
    """The agency's alone before it is answered."""
    row = Comment.objects.select_related("round__survey").filter(pk=identifier).first()
    if row is None or not (actor.sees_everything or row.state == "answered"):
        raise NotFound
    return row


def refuse_open_rounds(proposal: Proposal, at: datetime) -> None:
    """Both rounds were held and are over, and what was said of this was answered.

    Raises RoundsOpen.
    """
    survey = proposal.demand.survey
    held = set(survey.rounds.filter(closes_at__lte=at).values_list("number", flat=True))
    missing = [number for number in ROUNDS if number not in held]
    if missing:
        raise RoundsOpen(reason=TO_BE_HELD, count=len(missing))
    about = Q(proposal=proposal) | Q(demand=proposal.demand)
    left = Comment.objects.filter(about, state="received").count()
    if left:
        raise RoundsOpen(reason=TO_BE_ANSWERED, count=left)
