"""Bearer tokens of the portal's API: shown once, kept as SHA-256."""

from __future__ import annotations

import hashlib
import secrets
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import cast
from uuid import UUID

from django.db import connection, transaction
from django.db.models import QuerySet

from madang.core.errors import NotAllowed, NotFound, NotSignedIn
from madang.parties.actor import Actor, Role
from madang.parties.errors import TokenTaken
from madang.parties.events.actions import record_event
from madang.parties.people.models import ApiToken, Person
from madang.parties.people.queries import actor_in
from madang.parties.rows import Answer, asked, column_list

TOKEN_PREFIX = "mdp_"
TOKEN_BYTES = 32
PREFIX_LENGTH = 12


def token_digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def create_token(
    actor: Actor,
    person: Person,
    *,
    at: datetime,
    random_text: Callable[[int], str] = secrets.token_urlsafe,
) -> tuple[ApiToken, str]:
    """A fresh token and its secret, which nobody can read again. Only for oneself."""
    if actor.id != str(person.id) and not actor.is_system:
        raise NotAllowed
    secret = TOKEN_PREFIX + random_text(TOKEN_BYTES)
    return _keep(actor, person, secret, at), secret


@transaction.atomic
def adopt_token(actor: Actor, person: Person, secret: str, *, at: datetime) -> bool:
    """Take a token from a declaration (test mode only, checked there). True when new."""
    found = ApiToken.objects.filter(sha256=token_digest(secret)).first()
    if found is None:
        _keep(actor, person, secret, at)
        return True
    if found.person_id != person.id:
        raise TokenTaken
    return False


@transaction.atomic
def revoke_token(actor: Actor, token_id: int, *, at: datetime) -> None:
    """Revoke one's own token. Revoking twice changes nothing."""
    row = ApiToken.objects.select_for_update().filter(pk=token_id).first()
    if row is None or (str(row.person_id) != actor.id and not actor.is_system):
        raise NotFound
    if row.revoked_at is None:
        row.revoked_at = at
        row.save(update_fields=["revoked_at"])
        record_event(actor, "token.revoke", subject_type="token", subject_id=str(row.pk), at=at)


def tokens_of(actor: Actor) -> QuerySet[ApiToken]:
    """One's own live tokens, newest first."""
    if actor.is_system:
        return ApiToken.objects.none()
    return ApiToken.objects.filter(person=UUID(actor.id), revoked_at=None).order_by("-pk")


def person_by_token(secret: str) -> Person:
    """The owner of a live token. Raises NotSignedIn for anything else."""
    row = (
        ApiToken.objects.select_related("person")
        .filter(sha256=token_digest(secret), revoked_at=None, person__is_active=True)
        .first()
    )
    if row is None:
        raise NotSignedIn
    return row.person


_ASKING = """
SELECT v.n, m.organisation_id, m.roles, s.id, {columns}
  FROM unnest(%s::bytea[], %s::timestamptz[]) WITH ORDINALITY AS v(sha256, at, n)
  JOIN parties_apitoken t ON t.sha256 = v.sha256
  JOIN parties_person p ON p.id = t.person_id
  LEFT JOIN parties_membership m
    ON m.person_id = p.id AND (m.ends_at IS NULL OR m.ends_at > v.at)
  LEFT JOIN parties_supplier s
    ON s.organisation_id = m.organisation_id AND %s = ANY (m.roles)
 WHERE t.revoked_at IS NULL AND p.is_active
"""


Asking = tuple[Person, Actor]
_Read = tuple[UUID | None, list[str] | None, UUID | None, *tuple[object, ...]]
"""A place, its roles, the supplier of that place, and the person's columns."""


def asking_by_token(secret: str, *, at: datetime, origin: str) -> Asking:
    """The owner of a live token in the roles held now. Raises NotSignedIn."""
    (found,) = asking_by_tokens([(secret, at)], origin=origin)
    if found is None:
        raise NotSignedIn
    return found


def asking_by_tokens(
    shown: Sequence[tuple[str, datetime]], *, origin: str
) -> list[Asking | None]:
    """Whose tokens these are, each with the instant at which it was shown; None where it is
    nobody's. One statement, since every call of the API begins with it, and nothing kept, so
    that what is revoked ends at once."""
    return ask_by_tokens(shown, origin=origin)()


def ask_by_tokens(
    shown: Sequence[tuple[str, datetime]], *, origin: str
) -> Answer[list[Asking | None]]:
    """As asking_by_tokens, read when it is called: see rows.asked."""
    names, columns = column_list(Person, "p")
    digests, instants = [token_digest(one) for one, _ in shown], [at for _, at in shown]
    values = [digests, instants, Role.SUPPLIER.value]
    read = asked(_ASKING.format(columns=columns), values, tuple[int, *_Read])

    def asking() -> list[Asking | None]:
        rows: dict[int, list[_Read]] = defaultdict(list)
        for place, *row in read():
            rows[place].append(cast(_Read, (*row,)))
        return [
            _asking(names, rows[place], origin) if place in rows else None
            for place in range(1, len(shown) + 1)
        ]

    return asking


def _asking(names: Sequence[str], rows: Sequence[_Read], origin: str) -> Asking:
    person = Person.from_db(connection.alias, names, rows[0][3:])
    places = [(firm, role) for firm, roles, *_ in rows for role in roles or ()]
    suppliers = {supplier for _, _, supplier, *_ in rows if supplier is not None}
    return person, actor_in(person, places, suppliers, origin=origin)


def _keep(actor: Actor, person: Person, secret: str, at: datetime) -> ApiToken:
    row = ApiToken.objects.create(
        person=person,
        sha256=token_digest(secret),
        prefix=secret[:PREFIX_LENGTH],
        created_at=at,
    )
    record_event(
        actor,
        "token.create",
        subject_type="token",
        subject_id=str(row.pk),
        at=at,
        facts={"person": str(person.id)},
    )
    return row
