"""REST routes of the delivery of notices, for operators and auditors."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from ninja import Router, Schema

from madang.parties.actor import Role
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.instants import Instant
from madang.parties.notices.delivery import hand_over, undelivered
from madang.parties.notices.models import Notice, NoticeDelivery

router = Router(tags=["parties"])


class DeliveryOut(Schema):
    notice: UUID
    channel: str
    attempt: int
    is_delivered: bool
    answer: str
    at: datetime


class SentOut(Schema):
    """To whom as an opaque id; the words are the recipient's."""

    id: UUID
    recipient: UUID
    kind: str
    subject_type: str
    subject_id: str
    sent_at: datetime
    delivered_at: datetime | None
    delivered_by: str


class HandedOverIn(Schema):
    delivered_at: Instant


def sent_out(row: Notice) -> SentOut:
    return SentOut(
        id=row.id,
        recipient=row.recipient_id,
        kind=row.kind,
        subject_type=row.subject_type,
        subject_id=row.subject_id,
        sent_at=row.sent_at,
        delivered_at=row.delivered_at,
        delivered_by=row.delivered_by,
    )


@router.get("/notices/sent", response=list[SentOut], operation_id="list_sent_notices")
def list_sent(
    request: ApiRequest, subject_id: UUID | None = None, kind: str | None = None
) -> list[SentOut]:
    """What was told about a row, and when it arrived; the newest of all without one."""
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    rows = Notice.objects.order_by("-sent_at", "-id")
    if subject_id is not None:
        rows = rows.filter(subject_id=str(subject_id))
    if kind is not None:
        rows = rows.filter(kind=kind)
    return [sent_out(row) for row in rows[:ROWS_MAX]]


@router.get(
    "/notices/{notice_id}/deliveries",
    response=list[DeliveryOut],
    operation_id="list_deliveries",
)
def list_deliveries(request: ApiRequest, notice_id: UUID) -> list[DeliveryOut]:
    request.actor.need(Role.OPERATOR, Role.AUDITOR)
    rows = NoticeDelivery.objects.filter(notice=notice_id).order_by("at", "id")
    return [
        DeliveryOut(
            notice=row.notice_id,
            channel=row.channel,
            attempt=row.attempt,
            is_delivered=row.is_delivered,
            answer=row.answer,
            at=row.at,
        )
        for row in rows[:ROWS_MAX]
    ]


@router.get(
    "/notices/undelivered", response=list[SentOut], operation_id="list_undelivered_notices"
)
def list_undelivered(request: ApiRequest) -> list[SentOut]:
    """Attempts used up, nobody opened it: a person sees to it."""
    return [sent_out(row) for row in undelivered(request.actor, at=request.at)[:ROWS_MAX]]


@router.post(
    "/notices/{notice_id}/hand-over", response=SentOut, operation_id="hand_over_notice"
)
def handed_over(request: ApiRequest, notice_id: UUID, body: HandedOverIn) -> SentOut:
    """By post or by hand, with the instant that the proof of delivery names."""
    row = hand_over(request.actor, notice_id, delivered_at=body.delivered_at, at=request.at)
    return sent_out(row)
