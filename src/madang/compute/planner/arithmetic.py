"""What can be said without a simulation: asked against there, by month, and packed."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

from madang.compute.planner.applications import Application, by_merit
from madang.compute.planner.site_file import SiteFile, Stage


@dataclass(frozen=True, slots=True)
class Month:
    """Card-hours of one month: asked by those whose period lies in it, and open."""

    first: date
    asked: float
    open: float


def _months(first: date, last: date) -> list[tuple[date, date]]:
    """First days of months and of the month after, cut to the period."""
    found, at = [], first
    while at <= last:
        after = (at.replace(day=1) + timedelta(days=32)).replace(day=1)
        found.append((at, min(after, last + timedelta(days=1))))
        at = after
    return found


def period(applications: Sequence[Application]) -> tuple[date, date]:
    starts = min(one.starts_on for one in applications)
    return starts, max(one.ends_on for one in applications)


def opening_days(applications: Sequence[Application], site: SiteFile) -> list[date]:
    """The first day of a round, and the days in it on which more nodes may open."""
    begins, last = period(applications)
    later = {one.opens_on for one in site.stages if begins < one.opens_on <= last}
    return [begins, *sorted(later)]


def _overlap_days(first: date, after: date, one: Application) -> int:
    end = min(after, one.ends_on + timedelta(days=1))
    return max((end - max(first, one.starts_on)).days, 0)


def open_card_days(site: SiteFile, first: date, after: date) -> int:
    """Cards open on each day, added up; maintenance taken off."""
    total, day = 0, first
    while day < after:
        nodes = site.nodes_on(day)
        out = sum(one.nodes for one in site.maintenance if one.starts_on <= day < one.until)
        total += max(nodes - out, 0) * site.node_cards
        day += timedelta(days=1)
    return total


def by_month(applications: Sequence[Application], site: SiteFile) -> list[Month]:
    """Asked card-hours spread evenly over each application's period, beside open ones."""
    found = []
    for first, after in _months(*period(applications)):
        asked = sum(
            one.card_hours * _overlap_days(first, after, one) / one.days for one in applications
        )
        found.append(Month(first, asked, 24.0 * open_card_days(site, first, after)))
    return found


def least_cards(applications: Sequence[Application]) -> float:
    """Cards that must be busy without pause in the busiest month."""
    most = 0.0
    for first, after in _months(*period(applications)):
        days = (after - first).days
        asked = sum(
            one.card_hours * _overlap_days(first, after, one) / one.days for one in applications
        )
        most = max(most, asked / (24 * days))
    return most


def packed_nodes(cards: Sequence[int], node_cards: int) -> int:
    """Nodes for cards that stay apart: whole nodes for the large, the rest largest first."""
    nodes = sum(-(-one // node_cards) for one in cards if one > node_cards)
    room: list[int] = [0] * (node_cards + 1)  # nodes by free cards
    for one in sorted((c for c in cards if c <= node_cards), reverse=True):
        at = next((free for free in range(one, node_cards + 1) if room[free]), None)
        if at is None:
            nodes += 1
            at = node_cards
        else:
            room[at] -= 1
        room[at - one] += 1
    return nodes


def dedicated_nodes(applications: Sequence[Application], node_cards: int) -> int:
    """Nodes when everybody has the asked cards to themselves, at the fullest moment."""
    days = {one.starts_on for one in applications}
    return max(_own_nodes(applications, node_cards, day) for day in days)


def _own_nodes(applications: Sequence[Application], node_cards: int, day: date) -> int:
    cards = [one.cards for one in applications if one.starts_on <= day <= one.ends_on]
    return packed_nodes(cards, node_cards)


def has_room(applications: Sequence[Application], site: SiteFile) -> bool:
    """Whether everybody finds the asked cards free for the whole period. A site only grows, so
    that it is fullest on some first day."""
    return all(
        _own_nodes(applications, site.node_cards, day) <= site.nodes_on(day)
        for day in {one.starts_on for one in applications}
    )


@lru_cache(maxsize=4)  # every draw of a forecast asks the same
def with_room(applications: tuple[Application, ...], site: SiteFile) -> tuple[Application, ...]:
    """The first by merit for whom the site has cards of their own; who asks for more than
    there ever are is passed over."""
    ranked = [one for one in by_merit(list(applications)) if one.cards <= site.cards]
    first_without = bisect_left(
        range(len(ranked)), 1, key=lambda at: not has_room(ranked[: at + 1], site)
    )
    return tuple(ranked[:first_without])


def dedicated_stages(applications: Sequence[Application], site: SiteFile) -> tuple[Stage, ...]:
    """On the first day and on each declared opening day the fewest nodes until the next."""
    last = period(applications)[1]
    opens = opening_days(applications, site)
    found: list[Stage] = []
    for day, after in zip(opens, [*opens[1:], last + timedelta(days=1)], strict=True):
        moments = {day} | {
            one.starts_on for one in applications if day <= one.starts_on < after
        }
        most = max(_own_nodes(applications, site.node_cards, one) for one in moments)
        found.append(Stage(day, max(most, found[-1].nodes if found else 1)))
    return tuple(found)
