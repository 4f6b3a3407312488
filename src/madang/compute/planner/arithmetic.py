"""What can be said without a simulation: asked against there, by month, and packed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from madang.compute.planner.applications import Application
from madang.compute.planner.site_file import SiteFile


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


def _overlap_days(first: date, after: date, one: Application) -> int:
    end = min(after, one.ends_on + timedelta(days=1))
    return max((end - max(first, one.starts_on)).days, 0)


def open_card_days(site: SiteFile, first: date, after: date) -> int:
    """Cards open on each day, added up; maintenance taken off."""
    total, day = 0, first
    while day < after:
        nodes = max((s.nodes for s in site.stages if s.opens_on <= day), default=0)
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
    days = sorted({one.starts_on for one in applications})
    return max(
        packed_nodes(
            [one.cards for one in applications if one.starts_on <= day <= one.ends_on],
            node_cards,
        )
        for day in days
    )
