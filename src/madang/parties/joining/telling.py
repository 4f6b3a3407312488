"""Telling somebody who is no person of ours why a request to join was declined.

There is nobody to give a notice to, so the request itself keeps the address and the reason
until the mail server has taken the letter; then it forgets them. What the server refuses is
tried again at the pauses of notices, and forgotten after the last attempt.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from smtplib import SMTPException
from uuid import UUID

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.db import transaction
from django.db.models import QuerySet

from madang.core.errors import Language
from madang.parties.actor import Actor
from madang.parties.events.actions import record_event
from madang.parties.joining.models import JoinRequest, JoinState
from madang.parties.notices.texts import notice_text
from madang.parties.policies.queries import Policy, current_policy

BATCH_MAX = 200
DECLINED = "parties.join.declined"


def is_mailed(at: datetime) -> bool:
    """Whether this installation sends letters at all."""
    return bool(settings.MAIL_IS_ON) and current_policy("notices", at).flag("email")


def tell_declined(actor: Actor, *, at: datetime) -> int:
    """Send what waits, each in its own transaction; how many letters were taken."""
    waiting = list(untold(at).values_list("id", flat=True)[:BATCH_MAX])
    if not waiting or not settings.MAIL_IS_ON:
        return 0
    policy = current_policy("notices", at)
    connection = get_connection()
    try:
        return sum(_tell(actor, connection, one, policy, at) for one in waiting)
    finally:
        connection.close()


def untold(at: datetime) -> QuerySet[JoinRequest]:
    """Declined, and the letter is due by now."""
    rows = JoinRequest.objects.filter(state=JoinState.DECLINED, tell_at__lte=at)
    return rows.order_by("tell_at", "id")


def _tell(
    actor: Actor, connection: BaseEmailBackend, request_id: UUID, policy: Policy, at: datetime
) -> bool:
    with transaction.atomic():
        row = untold(at).select_for_update(skip_locked=True).filter(pk=request_id).first()
        if row is None:
            return False
        row.attempts += 1
        answer = _send(connection, row)
        is_over = not answer or row.attempts >= policy.number("email_attempts_max")
        pause = policy.number("email_retry_minutes") * 2 ** (row.attempts - 1)
        row.tell_at = None if is_over else at + timedelta(minutes=pause)
        if is_over:
            row.email = row.reason = ""
        row.save(update_fields=["attempts", "tell_at", "email", "reason"])
        record_event(
            actor, "join_request.tell", subject_type="join_request", subject_id=row.id, at=at,
            facts={"attempt": row.attempts, "is_told": not answer, "answer": answer},
        )  # fmt: skip
        return not answer


def _send(connection: BaseEmailBackend, row: JoinRequest) -> str:
    """Empty when the server took it, else the kind of the failure."""
    try:
        _letter(row, connection).send()
    except (SMTPException, OSError) as err:
        return type(err).__name__
    return ""


def _letter(row: JoinRequest, connection: BaseEmailBackend) -> EmailMessage:
    """In the language in which was asked."""
    language: Language = "en" if row.language == "en" else "ko"
    text = notice_text(DECLINED, {"reason": row.reason}, language)
    return EmailMessage(
        subject=text.title,
        body=text.body,
        to=[row.email],
        headers={"Message-ID": f"<{row.id}@{settings.MAIL_DOMAIN}>"},
        connection=connection,
    )
