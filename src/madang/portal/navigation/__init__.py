"""Menus as tables: what stands in the header, and at the side of each desk."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse

from madang.parties.actor import Actor
from madang.parties.notices.models import Notice
from madang.parties.people.models import Person
from madang.portal.navigation import auditor, beneficiary, operator, others, supplier
from madang.portal.navigation.header import DESKS, PUBLIC
from madang.portal.navigation.places import Label, Place

SIDES: dict[str, tuple[Place, ...]] = {
    "beneficiary": beneficiary.SIDE,
    "builder": others.BUILDER,
    "reviewer": others.REVIEWER,
    "supplier": supplier.SIDE,
    "operator": operator.SIDE,
    "auditor": auditor.SIDE,
    "maker": others.MAKER,
    "account": others.ACCOUNT,
}


@dataclass(frozen=True, slots=True)
class Link:
    """An entry as the template draws it."""

    label: Label
    href: str
    active: bool
    group: Label = ""


def main_menu(path: str, actor: Actor) -> list[Link]:
    return links((*PUBLIC, *DESKS), path, actor)


def own_desks(path: str, actor: Actor) -> list[Link]:
    """The desks of the roles that the actor holds."""
    return links(DESKS[1:], path, actor)


def side_menu(desk: str, path: str, actor: Actor) -> list[Link]:
    return links(SIDES[desk], path, actor)


def links(places: Sequence[Place], path: str, actor: Actor) -> list[Link]:
    """The places open to this actor; the nearest address above the path is active."""
    drawn = [(place, reverse(place.route)) for place in places if place.is_open_to(actor)]
    within = [href for _, href in drawn if path.startswith(href)]
    nearest = max(within, key=len, default="")
    return [Link(place.label, href, href == nearest, place.group) for place, href in drawn]


def unread_notices(request: HttpRequest) -> int:
    """How many notices the person has not opened."""
    person: Person | None = getattr(request, "person", None)
    if person is None:
        return 0
    return Notice.objects.filter(recipient=person, read_at=None).count()
