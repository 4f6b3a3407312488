"""The link by which a person sets a password, once: to come in first, or when one is lost."""

from __future__ import annotations

from smtplib import SMTPException
from urllib.parse import urljoin

from allauth.account.forms import default_token_generator
from allauth.account.utils import user_pk_to_url_str
from django.conf import settings
from django.core.mail import EmailMessage
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.translation import gettext

from madang.parties.people.models import Person
from madang.portal.errors import MailNotSent


def link_for(person: Person) -> str:
    """An address that holds until it is used, another sign-in happens, or its days are over."""
    key = default_token_generator.make_token(person)
    where = {"uidb36": user_pk_to_url_str(person), "key": key}
    path = reverse("account_reset_password_from_key", kwargs=where)
    return urljoin(settings.PORTAL_URL, path)  # never under a name that a request brings


def send_link(person: Person, link: str) -> None:
    """Mail the link in the person's own language. Raises MailNotSent."""
    facts = {"person": person, "link": link, "days": settings.PASSWORD_RESET_TIMEOUT // 86_400}
    with translation.override(person.language):
        message = EmailMessage(
            subject=gettext("Your way in to Madang"),
            body=render_to_string("account/email/way_in.txt", facts),
            from_email=settings.DEFAULT_FROM_EMAIL,
            to=[person.email],
        )
    _send(message)


def _send(message: EmailMessage) -> None:
    try:
        message.send()
    except (SMTPException, OSError) as err:
        raise MailNotSent(reason=str(err)) from err
