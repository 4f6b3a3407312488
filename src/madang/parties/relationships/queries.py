"""Asking who is tied to whom."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from madang.parties.organisations.models import Organisation
from madang.parties.people.models import Person
from madang.parties.relationships.models import Relationship


def ties_between(
    one: Collection[UUID], other: Collection[UUID], *, at: datetime
) -> QuerySet[Relationship]:
    """Ties in force at an instant between any of these and any of those."""
    crossing = Q(a_id__in=one, b_id__in=other) | Q(a_id__in=other, b_id__in=one)
    in_force = Q(ends_at=None) | Q(ends_at__gt=at)
    return Relationship.objects.filter(crossing & in_force).order_by("pk")


def ties_of(
    parties: Collection[UUID], kinds: Collection[str], *, at: datetime
) -> QuerySet[Relationship]:
    """Ties of these kinds in force at an instant, of any of these to whomever."""
    touching = Q(a_id__in=parties) | Q(b_id__in=parties)
    in_force = Q(ends_at=None) | Q(ends_at__gt=at)
    return Relationship.objects.filter(touching & in_force, kind__in=kinds)


def parties_of(ties: Iterable[Relationship]) -> dict[UUID, Person | Organisation]:
    """Who stands at the ends of these ties; whoever is gone is left out."""
    ends = {end for tie in ties for end in (tie.a_id, tie.b_id)}
    people = Person.objects.filter(pk__in=ends)
    firms = Organisation.objects.filter(pk__in=ends)
    found: dict[UUID, Person | Organisation] = {row.id: row for row in people}
    return found | {row.id: row for row in firms}


def affiliates_of(organisations: Collection[UUID], *, at: datetime) -> set[UUID]:
    """Organisations tied to these as affiliates, one step away."""
    found = affiliations_of(organisations, at=at).values()
    return set().union(*found) - set(organisations)


def affiliations_of(organisations: Collection[UUID], *, at: datetime) -> dict[UUID, set[UUID]]:
    """Each one's affiliates, one step away; those that have none are left out."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for tie in ties_of(organisations, ["affiliate"], at=at):
        found[tie.a_id].add(tie.b_id)
        found[tie.b_id].add(tie.a_id)
    return {one: found[one] for one in organisations if one in found}
