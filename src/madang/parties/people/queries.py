"""Reading people, and turning a person into an actor."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from uuid import UUID

from django.contrib.auth.hashers import make_password
from django.db.models import Q, QuerySet

from madang.core.errors import NotFound, NotSignedIn
from madang.parties.actor import Actor, Role
from madang.parties.errors import PartyUnknown
from madang.parties.people.models import Membership, Person
from madang.parties.suppliers.models import Supplier


def open_memberships(person: Person, at: datetime) -> QuerySet[Membership]:
    """Places that have not ended. One begins when it is entered, never later."""
    still = Q(ends_at=None) | Q(ends_at__gt=at)
    return Membership.objects.filter(still, person=person).select_related("organisation")


def actor_for(person: Person, *, at: datetime, origin: str) -> Actor:
    """The person in the roles held now. Somebody who was barred holds none."""
    if not person.is_active:
        return Actor(str(person.id), origin=origin)
    held = open_memberships(person, at).values_list("organisation_id", "roles")
    places = [(firm, role) for firm, roles in held for role in roles]
    sells_for = {firm for firm, role in places if firm and role == Role.SUPPLIER}
    suppliers = Supplier.objects.filter(organisation_id__in=sells_for).values_list("id")
    return actor_in(person, places, {id for (id,) in suppliers}, origin=origin)


def actor_in(
    person: Person,
    places: Collection[tuple[UUID | None, str]],
    suppliers: Collection[UUID],
    *,
    origin: str,
) -> Actor:
    """The person in these places, selling for these suppliers."""
    pairs = frozenset((firm, Role(role)) for firm, role in places if firm is not None)
    return Actor(
        id=str(person.id),
        roles=frozenset(Role(role) for _, role in places),
        organisations=frozenset(firm for firm, _ in pairs),
        suppliers=frozenset(suppliers),
        origin=origin,
        places=pairs,
    )


def person_by_email(email: str) -> Person:
    """For declarations, commands and actions, which check rights themselves."""
    row = Person.objects.filter(email__iexact=email).first()
    if row is None:
        raise PartyUnknown(kind="person", reference=email)
    return row


def person_by_id(identifier: str) -> Person:
    row = Person.objects.filter(id=UUID(identifier)).first()
    if row is None:
        raise PartyUnknown(kind="person", reference=identifier)
    return row


def names_of(identifiers: Collection[str]) -> dict[str, str]:
    """The names, or else the addresses, behind the opaque ids of events that are people's."""
    known = {one for one in identifiers if _is_uuid(one)}
    rows = Person.objects.filter(id__in=known)
    return {str(row.id): row.name or row.email for row in rows}


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def person_by_password(email: str, password: str) -> Person:
    """Raises NotSignedIn, after the same work whether or not the address is known."""
    row = Person.objects.filter(email__iexact=email, is_active=True).first()
    if row is None:
        make_password(password)
        raise NotSignedIn
    if not row.check_password(password):
        raise NotSignedIn
    return row


def people_for(actor: Actor) -> QuerySet[Person]:
    """Everybody for operators and auditors, else colleagues and oneself."""
    if actor.sees_everything:
        return Person.objects.order_by("email")
    mine = Q(memberships__organisation__in=actor.organisations, memberships__ends_at=None)
    if not actor.is_system:
        mine |= Q(id=UUID(actor.id))
    return Person.objects.filter(mine).distinct().order_by("email")


def person_for(actor: Actor, identifier: UUID) -> Person:
    row = people_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


def members_by_organisation(
    organisations: Collection[UUID], role: Role
) -> dict[UUID, list[Person]]:
    """For many organisations in one query: whom a notice about each goes to."""
    rows = Membership.objects.filter(
        organisation__in=organisations,
        roles__contains=[role.value],
        ends_at=None,
        person__is_active=True,
    ).select_related("person")
    found: dict[UUID, list[Person]] = {identifier: [] for identifier in organisations}
    for row in rows.order_by("person__email"):
        if row.organisation_id is not None:
            found[row.organisation_id].append(row.person)
    return found


def members_of(organisation: UUID, role: Role | None = None) -> QuerySet[Person]:
    """People with an open place in an organisation: whom a notice goes to."""
    found = Person.objects.filter(
        memberships__organisation=organisation,
        memberships__ends_at=None,
        is_active=True,
        **({"memberships__roles__contains": [role.value]} if role else {}),
    )
    return found.distinct().order_by("email")


def people_holding(role: Role) -> QuerySet[Person]:
    """Everybody with an open place in a role, wherever: whom a notice to the office goes to."""
    found = Person.objects.filter(
        memberships__roles__contains=[role.value], memberships__ends_at=None, is_active=True
    )
    return found.distinct().order_by("email")
