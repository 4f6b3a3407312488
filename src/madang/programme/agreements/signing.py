"""Whose place to sign is whose: the same for an agreement and for its amendments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar
from uuid import UUID

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.programme.agreements.models import AgreementParty, AmendmentParty, PartyRole
from madang.programme.errors import NotAParty, SignedAlready

Place = TypeVar("Place", AgreementParty, AmendmentParty)


@dataclass(frozen=True, slots=True)
class Signable(Generic[Place]):
    """A text with its places, in their order."""

    id: UUID
    places: Sequence[Place]


def place_for(actor: Actor, text: Signable[Place], role: PartyRole | None) -> Place:
    """The actor's own signature if there is one, else the first open place he may take.

    Nobody signs for two parties. Raises NotAParty, SignedAlready, NotFound to outsiders.
    """
    wanted = [p for p in text.places if role in (None, p.role) and _may_sign(actor, p)]
    if not wanted:
        raise NotAParty if _may_see(actor, text) else NotFound
    given = next((place for place in wanted if place.signed_by == actor.id), None)
    if given is not None:
        return given
    free = next((place for place in wanted if not place.signed_by), None)
    if free is None or any(place.signed_by == actor.id for place in text.places):
        raise SignedAlready
    return free


def _may_see(actor: Actor, text: Signable[Place]) -> bool:
    firms = [place.organisation_id for place in text.places if place.organisation_id]
    return actor.sees_everything or any(actor.acts_for(firm) for firm in firms)


def _may_sign(actor: Actor, place: AgreementParty | AmendmentParty) -> bool:
    if actor.is_system:
        return False
    if place.organisation_id is None:
        return actor.has(Role.OPERATOR)
    role = Role.BENEFICIARY if place.role == PartyRole.BENEFICIARY else Role.SUPPLIER
    return actor.acts_as(role, place.organisation_id)
