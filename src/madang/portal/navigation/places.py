"""What a menu is made of."""

from __future__ import annotations

from dataclasses import dataclass, replace

from django.utils.functional import Promise

from madang.parties.actor import Actor, Role

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of a menu."""

    label: Label
    route: str
    roles: frozenset[Role] = frozenset()  # empty: everybody
    group: Label = ""

    def is_open_to(self, actor: Actor) -> bool:
        return not self.roles or actor.has(*self.roles)


def under(group: Label, *places: Place) -> tuple[Place, ...]:
    """Places of a long menu that belong together, under a name."""
    return tuple(replace(place, group=group) for place in places)


def only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)
