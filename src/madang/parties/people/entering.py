"""Entering people by page: who may be entered so, and to whom a link is shown.

An operator who could enter another operator, or see the link that sets a colleague's password,
would be two people for every step that needs two. So both are left to the machine itself.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from madang.parties.actor import Actor
from madang.parties.declaring import Declared
from madang.parties.errors import LinkNotShown, StaffByDeclaration
from madang.parties.people.actions import declare_person, invite_person
from madang.parties.people.models import Person
from madang.parties.people.staff import STAFF, is_staff


@transaction.atomic
def enter_person(
    actor: Actor,
    *,
    email: str,
    roles: Sequence[str],
    organisation: str | None,
    unit: str,
    name: str,
    language: str,
    at: datetime,
) -> Declared[Person]:
    """Enter somebody, or give them another place. Raises StaffByDeclaration."""
    known = Person.objects.filter(email__iexact=email).first()
    if STAFF & set(roles) or (known is not None and is_staff(known)):
        raise StaffByDeclaration(person=email)
    return declare_person(
        actor, email=email, roles=roles, organisation=organisation, unit=unit, name=name,
        language=language, at=at,
    )  # fmt: skip


@transaction.atomic
def hand_over_link(actor: Actor, person: Person, *, by_mail: bool, at: datetime) -> Person:
    """Note that a link goes out: by mail to the person, else shown to the operator.

    Locks the person and returns the row as it is then: the link is made in the caller's
    transaction, so that no role of the staff comes in between. Raises LinkNotShown where an
    operator would see the link of somebody who has a password already, or who acts for the
    agency.
    """
    row = Person.objects.select_for_update().get(pk=person.pk)
    invite_person(actor, row, is_shown=not by_mail, at=at)
    if not by_mail and (row.has_usable_password() or is_staff(row)):
        raise LinkNotShown(person=row.email)
    return row
