"""Who acts: the value that every action and every query takes."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from madang.core.errors import NotAllowed


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
    request came: portal, api, cli, till, worker.
    """

    id: str
    roles: frozenset[Role] = frozenset()
    organisations: frozenset[UUID] = frozenset()
    suppliers: frozenset[UUID] = frozenset()
    origin: str = "cli"

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


def system_actor(origin: str) -> Actor:
    """The platform itself: timers, the till, first set-up. Never a way around four eyes."""
    return Actor(SYSTEM_ID, frozenset(Role), origin=origin)
