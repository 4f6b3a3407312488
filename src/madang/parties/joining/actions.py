"""Asking to be let in, and an operator's answer. Locks: the request, then the organisation."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.db import transaction

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import FactInvalid, TooManyJoinRequests
from madang.parties.events.actions import record_event
from madang.parties.joining.models import JoinRequest, JoinState
from madang.parties.joining.telling import is_mailed
from madang.parties.joining.workflow import JOIN
from madang.parties.organisations.actions import declare_organisation
from madang.parties.organisations.models import Organisation, OrganisationKind
from madang.parties.organisations.queries import organisations_registered
from madang.parties.people.entering import enter_person
from madang.parties.people.models import Membership, Person

ROLES = (Role.BENEFICIARY, Role.SUPPLIER, Role.BUILDER, Role.MAKER)
A_DAY_MAX = 5
"""From one sender in a day; beyond it: tomorrow."""


@dataclass(frozen=True, slots=True)
class JoinWish:
    """Who asks, as what, and for which organisation."""

    email: str
    name: str
    language: str
    role: str
    name_ko: str
    name_en: str
    kind: str
    registration_no: str
    region: str = ""
    representative: str = ""
    words: str = ""


@transaction.atomic
def ask_to_join(actor: Actor, wish: JoinWish, *, sender: str, at: datetime) -> JoinRequest:
    """Anybody's request; the same address asks once until it is decided.

    Raises FactInvalid, TooManyJoinRequests.
    """
    _check(wish)
    given = {**asdict(wish), "email": wish.email.lower()}
    row = JoinRequest.objects.filter(email=given["email"], state=JoinState.ASKED).first()
    if row is not None:
        return row
    today = JoinRequest.objects.filter(sender=sender, asked_at__gt=at - timedelta(days=1))
    if today.count() >= A_DAY_MAX:
        raise TooManyJoinRequests(most=A_DAY_MAX)
    row, made = JoinRequest.objects.get_or_create(
        email=given["email"], state=JoinState.ASKED,
        defaults={**given, "sender": sender, "asked_at": at},
    )  # fmt: skip
    if made:
        record_event(
            actor, "join_request.ask", subject_type="join_request", subject_id=row.id, at=at,
            after=row.state, facts={"role": row.role},
        )  # fmt: skip
    return row


@transaction.atomic
def accept_join(actor: Actor, request_id: UUID, *, code: str, at: datetime) -> Person:
    """Enter the person, and the organisation unless its number is registered already.

    A person who is known gains the role beside those held. Raises StaffByDeclaration.
    """
    row = _locked(actor, request_id)
    JOIN.move(row, "accept", actor, at=at)
    firm = registered(row) or _entered(actor, row, code, at)
    roles = {row.role, *_held(row.email, firm)}
    row.person = enter_person(
        actor, email=row.email, roles=sorted(roles), organisation=firm.code, unit="",
        name=row.name, language=row.language, at=at,
    ).row  # fmt: skip
    _decided(row, actor, at)
    return row.person


@transaction.atomic
def decline_join(actor: Actor, request_id: UUID, *, reason: str, at: datetime) -> bool:
    """Decline, with the reason. Whether the letter that tells it is on its way: where no mail
    is sent, nobody is told and the address is forgotten at once."""
    row = _locked(actor, request_id)
    JOIN.move(row, "decline", actor, at=at, reason=reason)
    is_told = is_mailed(at)
    if is_told:
        row.reason, row.tell_at = reason, at
    _decided(row, actor, at, email=row.email if is_told else "")
    return is_told


def registered(row: JoinRequest) -> Organisation | None:
    """The organisation that has this registration number already."""
    digits = "".join(char for char in row.registration_no if char.isdigit())
    return organisations_registered(digits).first() if digits else None


def _entered(actor: Actor, row: JoinRequest, code: str, at: datetime) -> Organisation:
    if Organisation.objects.filter(code=code).exists():
        raise FactInvalid(field="code", reason="taken")
    return declare_organisation(
        actor, code=code, name_ko=row.name_ko, name_en=row.name_en or row.name_ko,
        kind=row.kind, registration_no=row.registration_no, region=row.region,
        representative=row.representative, at=at,
    ).row  # fmt: skip


def _held(email: str, firm: Organisation) -> list[str]:
    place = Membership.objects.filter(
        person__email__iexact=email, organisation=firm, ends_at=None
    ).first()
    return place.roles if place is not None else []


def _locked(actor: Actor, request_id: UUID) -> JoinRequest:
    actor.need(Role.OPERATOR)
    row = JoinRequest.objects.select_for_update().filter(id=request_id).first()
    if row is None:
        raise NotFound
    return row


def _decided(row: JoinRequest, actor: Actor, at: datetime, *, email: str = "") -> None:
    """Note who decided, and forget whom it named but for the address that is still told."""
    row.email, row.name, row.representative, row.words = email, "", "", ""
    row.decided_at, row.decided_by = at, actor.id
    row.save()


def _check(wish: JoinWish) -> None:
    try:
        validate_email(wish.email)
    except ValidationError as err:
        raise FactInvalid(field="email", reason=wish.email) from err
    if wish.role not in ROLES:
        raise FactInvalid(field="role", reason=wish.role)
    if wish.kind not in OrganisationKind.values:
        raise FactInvalid(field="kind", reason=wish.kind)
    for one in ("name", "name_ko", "registration_no"):
        if not getattr(wish, one).strip():
            raise FactInvalid(field=one, reason="empty")
