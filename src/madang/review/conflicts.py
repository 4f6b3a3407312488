"""Conflicts of interest 이해충돌: found from facts, never from an answer alone.

Tested against the applicant and the matched supplier alike, when a reviewer is assigned, when
the pledge is given, when a document is opened and when the review is handed in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

import msgspec
from django.db.models import Q

from madang.parties.models import Membership
from madang.parties.relationships.queries import affiliates_of, ties_between
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


def parties_from(data: list[dict[str, str]]) -> list[Party]:
    return msgspec.convert(data, type=list[Party])


def parties_as_json(parties: Sequence[Party]) -> list[dict[str, str]]:
    built: list[dict[str, str]] = msgspec.to_builtins(list(parties))
    return built


def conflicts_of(
    person: UUID, parties: Sequence[Party], rules: ReviewRules, *, at: datetime
) -> list[ConflictFound]:
    """Everything that stands between this person and these parties at an instant."""
    organisations = {party.id: party for party in parties if party.kind == "organisation"}
    people = {party.id for party in parties if party.kind == "person"}
    affiliates = affiliates_of(organisations, at=at)
    found = [ConflictFound("self", person)] if person in people else []
    found += _by_place(person, organisations, affiliates, rules, at)
    found += _by_tie(person, {*organisations, *affiliates}, people, rules, at)
    return found


def _by_place(
    person: UUID,
    organisations: dict[UUID, Party],
    affiliates: set[UUID],
    rules: ReviewRules,
    at: datetime,
) -> list[ConflictFound]:
    """Places now, and places that ended so lately that policy still counts them."""
    since = at - timedelta(days=rules.former_affiliation_days)
    counted = Q(ends_at=None) | Q(ends_at__gt=since)
    near = [*organisations, *affiliates]
    places = Membership.objects.filter(counted, person=person, organisation__in=near)
    found = []
    for place in places.order_by("pk"):
        assert place.organisation_id is not None
        party = organisations.get(place.organisation_id)
        if party is None:
            found.append(ConflictFound("affiliate_organisation", place.organisation_id))
        elif _is_same_place(place, party, rules):
            ended = place.ends_at is not None and place.ends_at <= at
            kind = f"former_{rules.same_institution}" if ended else rules.same_institution
            found.append(ConflictFound(f"same_{kind}", party.id))
    return found


def _is_same_place(place: Membership, party: Party, rules: ReviewRules) -> bool:
    """The whole organisation, or its lowest unit where policy says so and it is known."""
    if rules.same_institution == "organisation" or not party.unit:
        return True
    return place.unit == party.unit


def _by_tie(
    person: UUID,
    organisations: set[UUID],
    people: set[UUID],
    rules: ReviewRules,
    at: datetime,
) -> list[ConflictFound]:
    """Declared ties of the person, or of the person's organisation, to any of them."""
    still = Q(ends_at=None) | Q(ends_at__gt=at)
    members = Membership.objects.filter(still, organisation__in=organisations)
    others = people | organisations | set(members.values_list("person_id", flat=True))
    others.discard(person)
    selves = {person}
    if rules.same_institution == "organisation":
        own = Membership.objects.filter(still, person=person, organisation__isnull=False)
        selves |= {home for home in own.values_list("organisation_id", flat=True) if home}
    ties = ties_between(selves, others, at=at).filter(kind__in=rules.conflict_kinds)
    return [
        ConflictFound(f"relationship:{tie.kind}", tie.b_id if tie.a_id in selves else tie.a_id)
        for tie in ties
    ]
