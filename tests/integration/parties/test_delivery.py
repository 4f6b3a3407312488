"""Notices that arrive: through a real mail server, refused, again, and by hand.

Goal: every attempt is on record and the appeal's clock starts when the server took it.
Method: an SMTP server of the test's own on a free port of loopback.
"""

from __future__ import annotations

import socket
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from aiosmtpd.controller import Controller
from django.core import mail

from madang.core.errors import NotAllowed, NotFound
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.errors import FactInvalid
from madang.parties.models import NoticeDelivery
from madang.parties.notices.actions import read_notice, send_notice
from madang.parties.notices.delivery import deliver_due, hand_over, undelivered
from madang.parties.people.actions import declare_person
from madang.parties.policies.actions import declare_policy

MINUTE = timedelta(minutes=1)
SYSTEM = system_actor("worker")


class Mailbox:
    """Takes mail for everybody but those who are named."""

    def __init__(self) -> None:
        self.refused: dict[str, str] = {}
        self.taken: list[tuple[str, object]] = []

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return self.refused[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.taken.append((envelope.rcpt_tos[0], message))
        return "250 taken"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def mailbox(settings):
    """A mail server, and a portal that knows it."""
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    settings.EMAIL_TIMEOUT = 5
    settings.MAIL_IS_ON = True
    yield box
    controller.stop()


@pytest.fixture
def someone(system, at):
    def make(email: str, language: str = "ko"):
        return declare_person(
            system, email=email, roles=["operator"], language=language, at=at
        ).row

    return make


@pytest.fixture
def told(someone, at):
    """Two people are told the same."""
    people = [someone("kim@hana.example"), someone("lee@hana.example", language="en")]
    return send_notice(
        people, "parties.account.welcome", subject_type="person", subject_id="1", at=at
    )


def test_mail_goes_out_once_in_the_language_of_each_and_counts_as_delivered(
    mailbox, told, at
) -> None:
    assert deliver_due(SYSTEM, at=at + MINUTE) == 2
    assert deliver_due(SYSTEM, at=at + 2 * MINUTE) == 0
    found = dict(mailbox.taken)
    assert set(found) == {"kim@hana.example", "lee@hana.example"}
    assert found["kim@hana.example"]["subject"] == "마당에 오신 것을 환영합니다"
    assert found["lee@hana.example"]["subject"] == "Welcome to Madang"
    assert str(told[0].id) in found["kim@hana.example"]["message-id"]
    told[0].refresh_from_db()
    assert (told[0].delivered_at, told[0].delivered_by) == (at + MINUTE, "email")
    row = NoticeDelivery.objects.get(notice=told[0])
    assert (row.attempt, row.is_delivered, len(row.address_sha256)) == (1, True, 64)


def test_refused_mail_is_tried_again_later_and_later_then_left_to_a_person(
    mailbox, told, at
) -> None:
    mailbox.refused = {"kim@hana.example": "450 full", "lee@hana.example": "550 unknown"}
    moment, tried = at, []
    for minute in range(700):
        moment = at + minute * MINUTE
        before = NoticeDelivery.objects.filter(notice=told[0]).count()
        deliver_due(SYSTEM, at=moment)
        if NoticeDelivery.objects.filter(notice=told[0]).count() > before:
            tried.append(minute)
    assert tried == [0, 10, 30, 70, 150, 310]
    answers = set(NoticeDelivery.objects.values_list("answer", flat=True))
    assert answers == {"SMTPRecipientsRefused"}
    auditor = Actor("a", frozenset({Role.AUDITOR}))
    assert set(undelivered(auditor, at=moment)) == set(told)
    told[0].refresh_from_db()
    assert told[0].delivered_at is None


def test_mail_server_that_is_away_loses_nothing(mailbox, told, at, settings) -> None:
    there, settings.EMAIL_PORT = settings.EMAIL_PORT, free_port()
    assert deliver_due(SYSTEM, at=at) == 0
    settings.EMAIL_PORT = there
    assert deliver_due(SYSTEM, at=at + MINUTE) == 0  # the pause is not over
    assert deliver_due(SYSTEM, at=at + 10 * MINUTE) == 2


def test_first_arrival_counts_whichever_way_it_came(mailbox, told, at) -> None:
    kim = Actor(str(told[0].recipient_id))
    read_notice(kim, told[0].id, at=at)
    deliver_due(SYSTEM, at=at + MINUTE)
    told[0].refresh_from_db()
    assert (told[0].delivered_at, told[0].delivered_by) == (at, "page")


def test_without_a_mail_server_or_by_policy_nothing_is_sent(told, at, settings) -> None:
    settings.EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
    settings.MAIL_IS_ON = False
    assert deliver_due(SYSTEM, at=at) == 0
    settings.MAIL_IS_ON = True
    declare_policy(SYSTEM, kind="notices", changes={"email": False}, valid_from=at, at=at)
    assert deliver_due(SYSTEM, at=at) == 0
    assert mail.outbox == []


def test_old_notices_and_people_who_left_get_no_mail(mailbox, told, at) -> None:
    told[0].recipient.is_active = False
    told[0].recipient.save()
    assert deliver_due(SYSTEM, at=at) == 1
    assert deliver_due(SYSTEM, at=at + timedelta(days=15)) == 0


def test_notice_is_handed_over_by_post_with_its_proof(told, at) -> None:
    operator = Actor("op", frozenset({Role.OPERATOR}))
    later = at + timedelta(days=3)
    row = hand_over(operator, told[0].id, delivered_at=at + timedelta(days=2), at=later)
    assert (row.delivered_by, row.delivered_at) == ("post", at + timedelta(days=2))
    again = hand_over(operator, told[0].id, delivered_at=later, at=later)
    assert again.delivered_at == row.delivered_at
    for wrong in (at - MINUTE, later + MINUTE):
        with pytest.raises(FactInvalid):
            hand_over(operator, told[1].id, delivered_at=wrong, at=later)
    with pytest.raises(NotAllowed):
        hand_over(Actor("x"), told[1].id, delivered_at=later, at=later)
    with pytest.raises(NotFound):
        hand_over(operator, "00000000-0000-7000-8000-000000000000", delivered_at=at, at=at)
