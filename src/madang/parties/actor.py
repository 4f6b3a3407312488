"""Who acts: the value that every action and every query takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from madang.core.errors import NotAllowed, NotFound
from madang.parties.errors import FourEyes


class Role(StrEnum):
    OPERATOR = "operator"
    BENEFICIARY = "beneficiary"
    SUPPLIER = "supplier"
    REVIEWER = "reviewer"
    AUDITOR = "auditor"
    BUILDER = "builder"
    MAKER = "maker"


SYSTEM_ID = "system"


@dataclass(frozen=True, slots=True)
class Actor:
    """A person in the roles that the person holds now, or the platform itself.

    `id` is opaque: it may stand in a journal or an event. `origin` says through which door the
    request came: portal, api, cli, till, worker. `places` says which role is held in which
    organisation: a beneficiary of one firm who sits in a university is no beneficiary there.
    """

    id: str
    roles: frozenset[Role] = frozenset()
    organisations: frozenset[UUID] = frozenset()
    suppliers: frozenset[UUID] = frozenset()
    origin: str = "cli"
    places: frozenset[tuple[UUID, Role]] = frozenset()

    @property
    def is_system(self) -> bool:
        return self.id == SYSTEM_ID

    def has(self, *roles: Role) -> bool:
        """True for the platform itself, or when one of the roles is held."""
        return self.is_system or not self.roles.isdisjoint(roles)

    def need(self, *roles: Role) -> None:
        """Raises NotAllowed unless one of the roles is held."""
        if not self.has(*roles):
            raise NotAllowed

    def acts_for(self, organisation: UUID) -> bool:
        return self.is_system or organisation in self.organisations

    def acts_as(self, role: Role, organisation: UUID) -> bool:
        """True when this role is held in this very organisation."""
        return self.is_system or (organisation, role) in self.places

    def need_at(self, role: Role, organisation: UUID) -> None:
        """Raises unless the role is held in this very organisation: NotFound to outsiders,
        who learn nothing; NotAllowed to those who may see what is there."""
        if self.acts_as(role, organisation):
            return
        if self.sees_everything or self.acts_for(organisation):
            raise NotAllowed
        raise NotFound

    @property
    def sees_everything(self) -> bool:
        """Operators and auditors read every organisation's rows."""
        return self.has(Role.OPERATOR, Role.AUDITOR)


def need_four_eyes(actor: Actor, maker: str) -> None:
    """Raises FourEyes when the maker approves; also the platform may not approve for itself."""
    if actor.id == maker:
        raise FourEyes


def system_actor(origin: str) -> Actor:
    """The platform itself: timers, the till, first set-up. Never a way around four eyes."""
    return Actor(SYSTEM_ID, frozenset(Role), origin=origin)
