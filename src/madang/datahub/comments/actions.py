"""Holding a round of public comment, saying something in it, and answering."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound, Words
from madang.datahub.comments.models import Comment, CommentRound
from madang.datahub.comments.queries import open_round
from madang.datahub.comments.workflow import COMMENT
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.errors import DemandInvalid, RoundClosed
from madang.datahub.proposals.models import Proposal
from madang.datahub.senders import refuse_many, refuse_personal, sender_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event

TEXT_MAX = 2000
NO_ROUND = Words(
    "there are rounds 1 and 2 of a published survey, and they end after they begin",
    "공표한 수요조사의 1차와 2차만 있으며, 끝은 시작보다 뒤여야 합니다",
)
EMPTY_OR_LONG = Words(
    f"empty, or longer than {TEXT_MAX} letters", f"비어 있거나 {TEXT_MAX}자를 넘습니다"
)


@transaction.atomic
def hold_round(
    actor: Actor, survey: DemandSurvey, number: int, *, opens_at: datetime,
    closes_at: datetime, at: datetime,
) -> CommentRound:  # fmt: skip
    """Round 1 follows the published survey, round 2 the selected proposals. Until it opens it
    may be set anew; afterwards it can only be made longer. Raises DemandInvalid, RoundClosed.
    """
    actor.need(Role.OPERATOR)
    if number not in (1, 2) or closes_at <= opens_at or survey.state != "published":
        raise DemandInvalid(field="round", reason=NO_ROUND)
    row = survey.rounds.select_for_update().filter(number=number).first()
    if row is not None and _is_cut(row, opens_at, closes_at, at):
        raise RoundClosed(number=number)
    made, _ = CommentRound.objects.update_or_create(
        survey=survey, number=number,
        defaults={"opens_at": opens_at, "closes_at": closes_at, "set_by": actor.id},
    )  # fmt: skip
    record_event(
        actor, "comment_round.set", subject_type="comment_round", subject_id=made.id, at=at,
        facts={"number": number, "closes_at": rfc3339(closes_at)},
    )  # fmt: skip
    return made


def _is_cut(row: CommentRound, opens_at: datetime, closes_at: datetime, at: datetime) -> bool:
    """It has begun, and what is asked is not just a later end."""
    return row.opens_at <= at and (opens_at != row.opens_at or closes_at < row.closes_at)


@transaction.atomic
def comment_on(
    actor: Actor, subject: DemandItem | Proposal, text: str, *, address: str, at: datetime
) -> Comment:
    """Anybody's word, signed in or not. Raises DemandInvalid, PersonNamed, RoundClosed,
    TooMany."""
    is_demand = isinstance(subject, DemandItem)
    survey = subject.survey if isinstance(subject, DemandItem) else subject.demand.survey
    found = open_round(survey, 1 if is_demand else 2, at)
    if found is None:
        raise RoundClosed(number=1 if is_demand else 2)
    plain = text.strip()
    if not plain or len(plain) > TEXT_MAX:
        raise DemandInvalid(field="text", reason=EMPTY_OR_LONG)
    refuse_personal(plain)
    sender = sender_of(actor, address, at)
    refuse_many(Comment.objects.filter(round=found, sender=sender).count())
    row = Comment.objects.create(
        round=found,
        demand=subject if isinstance(subject, DemandItem) else None,
        proposal=subject if isinstance(subject, Proposal) else None,
        text=plain, sender=sender, received_at=at,
    )  # fmt: skip
    record_event(actor, "comment.receive", subject_type="comment", subject_id=row.id, at=at)
    return row


@transaction.atomic
def answer_comment(actor: Actor, identifier: UUID, *, answer: str, at: datetime) -> Comment:
    """The agency answers; from then on both are public."""
    return _decided(actor, identifier, "answer", answer, at)


@transaction.atomic
def withhold_comment(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Comment:
    """It stays unseen; that there was one, and why it is not shown, is public."""
    return _decided(actor, identifier, "withhold", reason, at)


def _decided(actor: Actor, identifier: UUID, step: str, answer: str, at: datetime) -> Comment:
    actor.need(Role.OPERATOR)
    row = Comment.objects.select_for_update().filter(pk=identifier).first()
    if row is None:
        raise NotFound
    if not answer.strip() or len(answer) > TEXT_MAX:
        raise DemandInvalid(field="answer", reason=EMPTY_OR_LONG)
    COMMENT.move(row, step, actor, at=at)
    row.answer, row.answered_by, row.answered_at = answer.strip(), actor.id, at
    row.save(update_fields=["answer", "answered_by", "answered_at"])
    return row
