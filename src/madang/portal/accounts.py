"""What allauth asks of us: nobody signs up by themselves, and secrets lie sealed."""

from __future__ import annotations

import base64

from allauth.account.adapter import DefaultAccountAdapter
from allauth.mfa.adapter import DefaultMFAAdapter
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from django.conf import settings
from django.http import HttpRequest

from madang.parties.people.actions import set_password
from madang.parties.people.models import Person
from madang.parties.people.queries import actor_for
from madang.portal.clock import portal_clock
from madang.portal.invitations import link_for, send_link


def display_name(person: Person) -> str:
    return person.name or person.email


class PersonAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # untyped
    """People are entered by declaration or by the operator, with the place they hold."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def populate_username(self, request: HttpRequest, user: Person) -> None:
        """A person is known by their address; there is no user name."""

    def set_password(self, user: Person, password: str) -> None:
        """A change by the person themselves, noted like every other."""
        at = portal_clock().now()
        set_password(actor_for(user, at=at, origin="portal"), user, password, at=at)

    def send_password_reset_mail(
        self, user: Person, email: str, context: dict[str, object]
    ) -> None:
        """To the address that was entered for the person, never to the one that was typed."""
        send_link(user, link_for(user))


class SealedMfaAdapter(DefaultMFAAdapter):  # type: ignore[misc]  # untyped
    """TOTP secrets and recovery codes are stored encrypted under the installation's key."""

    def encrypt(self, text: str) -> str:
        return _sealer().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return _sealer().decrypt(encrypted_text.encode()).decode()


def _sealer() -> Fernet:
    derived = HKDF(SHA256(), 32, salt=None, info=b"madang mfa").derive(
        settings.SECRET_KEY.encode()
    )
    return Fernet(base64.urlsafe_b64encode(derived))
