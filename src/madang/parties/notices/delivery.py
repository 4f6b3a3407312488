"""Handing notices over: by e-mail, and by hand where nothing else arrives.

Every attempt is a row. A notice counts as delivered when the mail server has taken it; what
it refuses is tried again, later and later, and then waits for a person. A process that dies
between the server's word and ours sends once more: the message id is the notice's, so that
the reader's program shows it once.
"""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta
from smtplib import SMTPException, SMTPResponseException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet

from madang.core.errors import Language, NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import FactInvalid
from madang.parties.notices.actions import record_delivery
from madang.parties.notices.models import Notice, NoticeDelivery
from madang.parties.notices.texts import notice_text
from madang.parties.policies.queries import Policy, current_policy

EMAIL, POST = "email", "post"
BATCH_MAX = 200
AGE_DAYS_MAX = 14
ANSWER_LENGTH_MAX = 200


def deliver_due(actor: Actor, *, at: datetime) -> int:
    """Send what waits for its e-mail, each in its own transaction; how many arrived."""
    policy = current_policy("notices", at)
    if not (settings.MAIL_IS_ON and policy.flag("email")):
        return 0
    waiting = list(_waiting(at).values_list("id", flat=True)[:BATCH_MAX])
    if not waiting:
        return 0
    connection = get_connection()
    try:
        return sum(_deliver_one(actor, connection, one, policy, at) for one in waiting)
    finally:
        connection.close()


def undelivered(actor: Actor, *, at: datetime) -> QuerySet[Notice]:
    """Notices whose attempts are used up and that nobody has opened: for a person to see to."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    most = current_policy("notices", at).number("email_attempts_max")
    used_up = NoticeDelivery.objects.filter(
        notice=OuterRef("pk"), channel=EMAIL, attempt__gte=most, is_delivered=False
    )
    rows = Notice.objects.filter(Exists(used_up), delivered_at=None)
    return rows.select_related("recipient").order_by("sent_at", "id")


@transaction.atomic
def hand_over(actor: Actor, notice_id: UUID, *, delivered_at: datetime, at: datetime) -> Notice:
    """우편·교부: an operator has the proof that the notice arrived at that instant."""
    actor.need(Role.OPERATOR)
    row = Notice.objects.select_for_update().filter(pk=notice_id).first()
    if row is None:
        raise NotFound
    if not row.sent_at <= delivered_at <= at:
        raise FactInvalid(field="delivered_at", reason="before it was sent, or in the future")
    if row.delivered_at is None:
        record_delivery(actor, row, channel=POST, at=delivered_at)
        _keep(row, POST, "", is_delivered=True, answer="", at=at)
        row.refresh_from_db()
    return row


def _waiting(at: datetime) -> QuerySet[Notice]:
    """Of the last days, not sent by e-mail yet, to people who still have an account."""
    taken = NoticeDelivery.objects.filter(
        notice=OuterRef("pk"), channel=EMAIL, is_delivered=True
    )
    return Notice.objects.filter(
        ~Exists(taken),
        sent_at__lte=at,
        sent_at__gt=at - timedelta(days=AGE_DAYS_MAX),
        recipient__is_active=True,
    ).order_by("sent_at", "id")


def _deliver_one(
    actor: Actor, connection: BaseEmailBackend, notice_id: UUID, policy: Policy, at: datetime
) -> bool:
    with transaction.atomic():
        rows = Notice.objects.select_for_update(of=("self",), skip_locked=True)
        row = rows.select_related("recipient").filter(pk=notice_id).first()
        if row is None or not _is_due(row, policy, at):
            return False
        address = row.recipient.email
        answer = _send(connection, row, address)
        is_delivered = answer == ""
        _keep(row, EMAIL, address, is_delivered=is_delivered, answer=answer, at=at)
        if is_delivered:
            record_delivery(actor, row, channel=EMAIL, at=at)
        return is_delivered


def _is_due(row: Notice, policy: Policy, at: datetime) -> bool:
    """Not taken meanwhile, attempts left, and the pause after the last one is over."""
    tried = row.deliveries.filter(channel=EMAIL).order_by("-attempt").first()
    if tried is None:
        return True
    if tried.is_delivered or tried.attempt >= policy.number("email_attempts_max"):
        return False
    pause = policy.number("email_retry_minutes") * 2 ** (tried.attempt - 1)
    return at >= tried.at + timedelta(minutes=pause)


def _send(connection: BaseEmailBackend, row: Notice, address: str) -> str:
    """Empty when the server took it, else its code or the kind of the failure."""
    try:
        message_of(row, address, connection).send()
    except SMTPResponseException as err:
        return str(err.smtp_code)
    except (SMTPException, OSError) as err:
        return type(err).__name__[:ANSWER_LENGTH_MAX]
    return ""


def message_of(row: Notice, address: str, connection: BaseEmailBackend) -> EmailMessage:
    """In the recipient's language; the subject matter stays behind the sign-in."""
    language: Language = "en" if row.recipient.language == "en" else "ko"
    text = notice_text(row.kind, row.facts, language)
    link = f"{settings.PORTAL_URL}/notices/"
    return EmailMessage(
        subject=text.title,
        body=f"{text.body}\n\n{link}\n",
        to=[address],
        headers={"Message-ID": f"<{row.id}@{settings.MAIL_DOMAIN}>"},
        connection=connection,
    )


def _keep(
    row: Notice, channel: str, address: str, *, is_delivered: bool, answer: str, at: datetime
) -> None:
    NoticeDelivery.objects.create(
        notice=row,
        channel=channel,
        attempt=row.deliveries.filter(channel=channel).count() + 1,
        address_sha256=hashlib.sha256(address.lower().encode()).hexdigest() if address else "",
        is_delivered=is_delivered,
        answer=answer,
        at=at,
    )
