"""Entering people and their places."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from madang.core.clock import is_test_mode
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.errors import FactInvalid, PersonBarred, RoleUnknown, SecretOutsideTest
from madang.parties.events.actions import record_event
from madang.parties.organisations.models import Organisation
from madang.parties.organisations.queries import organisation_by_code
from madang.parties.people.models import Membership, Person
from madang.parties.people.staff import SHOWN, STAFF, begin_anew, is_staff
from madang.parties.people.tokens import adopt_token

_ROLES = {role.value for role in Role}


@transaction.atomic
def declare_person(
    actor: Actor,
    *,
    email: str,
    roles: Sequence[str],
    organisation: str | None = None,
    unit: str = "",
    name: str = "",
    language: str = "ko",
    password: str | None = None,
    token: str | None = None,
    at: datetime,
) -> Declared[Person]:
    """Make the person and the place in this organisation so.

    Another organisation in a later declaration adds a place; the same one with other roles
    ends the old place and opens a new one. Secrets in files are refused outside test mode.
    """
    actor.need(Role.OPERATOR)
    _check(email, roles, language)
    _refuse_secrets(password=password, token=token)
    person, made, changed = _person(actor, email, name, language, at)
    firm = organisation_by_code(organisation) if organisation is not None else None
    changed |= set_place(actor, person, firm, unit=unit, roles=roles, at=at)
    if password is not None:
        changed |= set_password(actor, person, password, at=at)
    if token is not None:
        changed |= adopt_token(actor, person, token, at=at)
    if made:
        return Declared(person, Outcome.CREATED)
    return Declared(person, Outcome.CHANGED if changed else Outcome.UNCHANGED)


@transaction.atomic
def set_place(
    actor: Actor,
    person: Person,
    firm: Organisation | None,
    *,
    unit: str,
    roles: Sequence[str],
    at: datetime,
) -> bool:
    """Give the person these roles in this organisation. False when they are held already.

    The first role of the staff begins without what somebody else may know (`staff.py`).
    """
    wanted = sorted(set(roles))
    if STAFF & set(wanted) and not is_staff(person):
        begin_anew(actor, person, at=at)
    held = (
        Membership.objects.select_for_update()
        .filter(person=person, organisation=firm, ends_at=None)
        .first()
    )
    if held is not None and held.unit == unit and held.roles == wanted:
        return False
    if held is not None:
        held.ends_at = at
        held.save(update_fields=["ends_at"])
    Membership.objects.create(
        person=person, organisation=firm, unit=unit, roles=wanted, starts_at=at
    )
    facts = {"organisation": str(firm.id) if firm else None, "roles": ",".join(wanted)}
    record_event(
        actor, "person.place", subject_type="person", subject_id=person.id, at=at, facts=facts
    )
    return True


@transaction.atomic
def end_place(actor: Actor, membership: Membership, *, at: datetime) -> None:
    """End a membership. The row stays: an affiliation of the past is a fact."""
    actor.need(Role.OPERATOR)
    if membership.ends_at is not None:
        return
    membership.ends_at = at
    membership.save(update_fields=["ends_at"])
    record_event(
        actor, "person.leave", subject_type="person", subject_id=membership.person_id, at=at
    )


@transaction.atomic
def set_password(actor: Actor, person: Person, password: str, *, at: datetime) -> bool:
    """Store the password's hash. False when it is this one already."""
    if person.has_usable_password() and person.password and person.check_password(password):
        return False
    person.set_password(password)
    person.save(update_fields=["password"])
    record_event(actor, "person.password", subject_type="person", subject_id=person.id, at=at)
    return True


@transaction.atomic
def invite_person(
    actor: Actor, person: Person, *, is_shown: bool = False, at: datetime
) -> None:
    """Note that a link to set a password is handed out, and whether an operator sees it on a
    page. Raises PersonBarred."""
    actor.need(Role.OPERATOR)
    if not person.is_active:
        raise PersonBarred(person=person.email)
    record_event(
        actor, "person.invite", subject_type="person", subject_id=person.id, at=at,
        facts={SHOWN: is_shown},
    )  # fmt: skip


@transaction.atomic
def readmit_person(actor: Actor, person: Person, *, at: datetime, reason: str) -> None:
    """Let somebody in again who was barred; the places held until then are held again."""
    actor.need(Role.OPERATOR)
    person.is_active = True
    person.save(update_fields=["is_active"])
    record_event(
        actor, "person.readmit", subject_type="person", subject_id=person.id, at=at,
        reason=reason,
    )  # fmt: skip


@transaction.atomic
def deactivate_person(actor: Actor, person: Person, *, at: datetime, reason: str) -> None:
    """Bar the person from signing in. Tokens stop working at once."""
    actor.need(Role.OPERATOR)
    person.is_active = False
    person.save(update_fields=["is_active"])
    record_event(
        actor,
        "person.deactivate",
        subject_type="person",
        subject_id=person.id,
        at=at,
        reason=reason,
    )


def _person(
    actor: Actor, email: str, name: str, language: str, at: datetime
) -> tuple[Person, bool, bool]:
    row = Person.objects.select_for_update().filter(email__iexact=email).first()
    if row is not None:
        wanted = {"language": language, **({"name": name} if name else {})}
        fields = changed_fields(row, wanted)
        if fields:
            row.save(update_fields=fields)
        return row, False, bool(fields)
    row = Person(email=email.lower(), name=name, language=language, created_at=at)
    row.set_unusable_password()
    row.save(force_insert=True)
    record_event(actor, "person.create", subject_type="person", subject_id=row.id, at=at)
    return row, True, True


def _check(email: str, roles: Sequence[str], language: str) -> None:
    for role in roles:
        if role not in _ROLES:
            raise RoleUnknown(role=role, field="roles")
    if language not in {"ko", "en"}:
        raise FactInvalid(field="language", reason=language)
    try:
        validate_email(email)
    except ValidationError as err:
        raise FactInvalid(field="email", reason=email) from err


def _refuse_secrets(*, password: str | None, token: str | None) -> None:
    given = {"password": password, "token": token}
    for field, value in given.items():
        if value is not None and not is_test_mode():
            raise SecretOutsideTest(field=field)
