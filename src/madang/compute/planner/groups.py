"""Who asks, by kind of organisation and by region, and whom the declared site carries."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from madang.compute.planner.applications import by_merit
from madang.compute.planner.plan import Plan

Name = Literal["kind", "region"]
NAMES: tuple[Name, ...] = ("kind", "region")


@dataclass(frozen=True, slots=True)
class Group:
    """Applications of one kind or region; the awarded ones are those up to the knee."""

    name: str
    applications: int
    cards: int
    card_hours: float
    awarded_applications: int
    awarded_cards: int


def larger_than_site(plan: Plan) -> int:
    """Applications for more cards than the declared site ever has."""
    return sum(one.cards > plan.site.cards for one in plan.applications)


def told(plan: Plan, name: Name) -> bool:
    """Whether the list says it of anybody."""
    return any(getattr(one, name) for one in plan.applications)


def of(plan: Plan, name: Name) -> list[Group]:
    """One row for each value of `name`, by cards asked for; none where the list has no such."""
    if not told(plan, name):
        return []
    fitting = [one for one in plan.applications if one.cards <= plan.site.cards]
    awarded = {one.id for one in by_merit(fitting)[: plan.knee.awards]}
    found = []
    for value in sorted({getattr(one, name) for one in plan.applications}):
        inside = [one for one in plan.applications if getattr(one, name) == value]
        won = [one for one in inside if one.id in awarded]
        found.append(
            Group(
                value,
                len(inside),
                sum(one.cards for one in inside),
                round(sum(one.card_hours for one in inside), 1),
                len(won),
                sum(one.cards for one in won),
            )
        )
    return sorted(found, key=lambda one: -one.cards)
