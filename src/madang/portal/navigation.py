"""Menus as tables: what stands in the header, and at the side of each desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from madang.parties.actor import Actor, Role
from madang.parties.notices.models import Notice
from madang.parties.people.models import Person

Label = str | Promise


@dataclass(frozen=True, slots=True)
class Place:
    """One entry of a menu."""

    label: Label
    route: str
    roles: frozenset[Role] = frozenset()  # empty: everybody

    def is_open_to(self, actor: Actor) -> bool:
        return not self.roles or actor.has(*self.roles)


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the template draws it."""

    label: Label
    href: str
    active: bool


def only(*roles: Role) -> frozenset[Role]:
    return frozenset(roles)


PUBLIC = (
    Place(_("Calls"), "calls"),
    Place(_("Catalogue"), "catalogue"),
    Place(_("Awards"), "awards"),
)
DESKS = (
    Place(_("My desk"), "desk", only(*Role)),
    Place(_("Vouchers"), "vouchers", only(Role.BENEFICIARY)),
    Place(_("Supplier"), "supplier", only(Role.SUPPLIER)),
    Place(_("Settlement"), "settlement", only(Role.OPERATOR)),
    Place(_("Auditor"), "auditor", only(Role.AUDITOR)),
)
SIDES: dict[str, tuple[Place, ...]] = {
    "beneficiary": (
        Place(_("Applications"), "applications"),
        Place(_("Vouchers"), "vouchers"),
    ),
    "reviewer": (),
    "supplier": (
        Place(_("Earned, not yet stated"), "supplier"),
        Place(_("Statements"), "supplier_statements"),
        Place(_("Products"), "supplier_offerings"),
    ),
    "operator": (
        Place(_("Settlement"), "settlement"),
        Place(_("Payouts"), "payouts"),
    ),
    "auditor": (
        Place(_("Trial balance"), "auditor"),
        Place(_("Journals"), "journals"),
        Place(_("Record of events"), "events"),
    ),
    "account": (Place(_("Profile and tokens"), "account"), Place(_("Notices"), "notices")),
}


def main_menu(path: str, actor: Actor) -> list[Link]:
    return links((*PUBLIC, *DESKS), path, actor)


def side_menu(desk: str, path: str, actor: Actor) -> list[Link]:
    return links(SIDES[desk], path, actor)


def links(places: Sequence[Place], path: str, actor: Actor) -> list[Link]:
    """The places open to this actor; the nearest address above the path is active."""
    drawn = [(place, reverse(place.route)) for place in places if place.is_open_to(actor)]
    within = [href for _, href in drawn if path.startswith(href)]
    nearest = max(within, key=len, default="")
    return [Link(place.label, href, href == nearest) for place, href in drawn]


def unread_notices(request: HttpRequest) -> int:
    """How many notices the person has not opened."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        return 0
    return Notice.objects.filter(recipient=person, read_at=None).count()
