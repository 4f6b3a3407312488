"""The key inside a link that sets a password: what makes it hold, and what ends it."""

from __future__ import annotations

from allauth.account.forms import EmailAwarePasswordResetTokenGenerator

from madang.parties.people.models import Person
from madang.parties.people.staff import staff_places


class WayInKeys(EmailAwarePasswordResetTokenGenerator):  # type: ignore[misc]  # untyped
    """A key ends with the next password and the next sign-in, as the framework's does, and with
    every place among the staff that the person is given.

    Somebody else may have seen the link while the person was no staff yet. Places only become
    more: a key that ended never holds again.
    """

    def _make_hash_value(self, user: Person, timestamp: int) -> str:
        places = ",".join(str(key) for key in staff_places(user))
        return f"{super()._make_hash_value(user, timestamp)}|{places}"
