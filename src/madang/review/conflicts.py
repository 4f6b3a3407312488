"""Conflicts of interest 이해충돌: found from facts, never from an answer alone.

Tested against the applicant and the matched supplier alike, when a reviewer is assigned, when
the pledge is given, when a document is opened and when the review is handed in.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from django.db.models import Q

from madang.parties.models import Membership
from madang.parties.relationships.models import Relationship
from madang.parties.relationships.queries import affiliations_of, ties_of
from madang.review.rules import ReviewRules


class Party(msgspec.Struct, frozen=True):
    """An organisation or a person that a reviewer of the subject must not be near."""

    kind: Literal["organisation", "person"]
    id: UUID
    part: str = "applicant"
    unit: str = ""


@dataclass(frozen=True, slots=True)
class ConflictFound:
    """`kind` says how, `party` with whom."""

    kind: str
    party: UUID


def kinds_of(found: Iterable[ConflictFound]) -> tuple[str, ...]:
    """Each kind once, for people to read."""
    return tuple(sorted({one.kind for one in found}))


def parties_from(data: list[dict[str, str]]) -> list[Party]:
    return msgspec.convert(data, type=list[Party])


def parties_as_json(parties: Sequence[Party]) -> list[dict[str, str]]:
    built: list[dict[str, str]] = msgspec.to_builtins(list(parties))
    return built


def conflicts_of(
    person: UUID, parties: Sequence[Party], rules: ReviewRules, *, at: datetime
) -> list[ConflictFound]:
    """Everything that stands between this person and these parties at an instant."""
    return nearness([person], parties, rules, at=at).between(person, parties)


def nearness(
    people: Collection[UUID], parties: Iterable[Party], rules: ReviewRules, *, at: datetime
) -> Nearness:
    """Read, in three queries however many they are, all that may stand between them."""
    organisations = {party.id for party in parties if party.kind == "organisation"}
    affiliates = affiliations_of(organisations, at=at)
    near = organisations.union(*affiliates.values())
    still = Q(ends_at=None) | Q(ends_at__gt=at - timedelta(days=rules.former_affiliation_days))
    either = Q(person__in=people) | Q(organisation__in=near)
    places = Membership.objects.filter(still & either, organisation__isnull=False)
    by_person: dict[UUID, list[Membership]] = defaultdict(list)
    by_place: dict[UUID, list[Membership]] = defaultdict(list)
    for place in places.order_by("pk"):
        assert place.organisation_id is not None
        by_person[place.person_id].append(place)
        by_place[place.organisation_id].append(place)
    selves = set(people)
    if rules.same_institution == "organisation":
        selves.update(home for one in people for home in _homes(by_person[one], at))
    by_end: dict[UUID, list[Relationship]] = defaultdict(list)
    for tie in ties_of(selves, rules.conflict_kinds, at=at):
        for end in {tie.a_id, tie.b_id}:
            by_end[end].append(tie)
    return Nearness(rules, at, affiliates, by_person, by_place, by_end)


@dataclass(frozen=True, slots=True)
class Nearness:
    """Places and ties of many people, read once; `between` only looks at them."""

    rules: ReviewRules
    at: datetime
    affiliates: Mapping[UUID, set[UUID]]
    by_person: Mapping[UUID, list[Membership]]
    by_place: Mapping[UUID, list[Membership]]
    by_end: Mapping[UUID, list[Relationship]]

    def between(self, person: UUID, parties: Sequence[Party]) -> list[ConflictFound]:
        """What stands between one of the people and some of the parties that were read."""
        organisations = {party.id: party for party in parties if party.kind == "organisation"}
        people = {party.id for party in parties if party.kind == "person"}
        affiliates: set[UUID] = set().union(
            *(self.affiliates.get(one, set()) for one in organisations)
        ) - set(organisations)
        found = [ConflictFound("self", person)] if person in people else []
        found += self._by_place(person, organisations, affiliates)
        found += self._by_tie(person, {*organisations, *affiliates}, people)
        return found

    def _by_place(
        self, person: UUID, organisations: Mapping[UUID, Party], affiliates: set[UUID]
    ) -> list[ConflictFound]:
        """Places now, and places that ended so lately that policy still counts them."""
        found = []
        for place in self.by_person.get(person, ()):
            assert place.organisation_id is not None
            party = organisations.get(place.organisation_id)
            if place.organisation_id in affiliates:
                found.append(ConflictFound("affiliate_organisation", place.organisation_id))
            elif party is not None and _is_same_place(place, party, self.rules):
                same = self.rules.same_institution
                kind = f"same_{same}" if _holds(place, self.at) else f"same_former_{same}"
                found.append(ConflictFound(kind, party.id))
        return found

    def _by_tie(
        self, person: UUID, organisations: set[UUID], people: set[UUID]
    ) -> list[ConflictFound]:
        """Declared ties of the person, or of the person's organisation, to any of them."""
        members = {
            place.person_id
            for one in organisations
            for place in self.by_place.get(one, ())
            if _holds(place, self.at)
        }
        others = (people | organisations | members) - {person}
        selves = {person}
        if self.rules.same_institution == "organisation":
            selves |= _homes(self.by_person.get(person, ()), self.at)
        ties = {tie.pk: tie for one in selves for tie in self.by_end.get(one, ())}
        return [
            ConflictFound(
                f"relationship:{tie.kind}", tie.b_id if tie.a_id in selves else tie.a_id
            )
            for _, tie in sorted(ties.items())
            if _crosses(tie, selves, others)
        ]


def _is_same_place(place: Membership, party: Party, rules: ReviewRules) -> bool:
    """The whole organisation, or its lowest unit where policy says so and it is known."""
    if rules.same_institution == "organisation" or not party.unit:
        return True
    return place.unit == party.unit


def _holds(place: Membership, at: datetime) -> bool:
    return place.ends_at is None or place.ends_at > at


def _homes(places: Iterable[Membership], at: datetime) -> set[UUID]:
    """The organisations to which somebody belongs now."""
    return {
        place.organisation_id for place in places if place.organisation_id and _holds(place, at)
    }


def _crosses(tie: Relationship, one: set[UUID], other: set[UUID]) -> bool:
    return (tie.a_id in one and tie.b_id in other) or (tie.a_id in other and tie.b_id in one)
