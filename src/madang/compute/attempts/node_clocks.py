"""Nodes whose clocks are wrong: found once, until a run of theirs is told rightly again. They
change no amount, and are no witnesses meanwhile."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from madang.compute.engines.types import NODE_CLOCK, RECORDS_AWAY, AttemptFact, Discrepancy
from madang.compute.findings.actions import close_finding, find_all
from madang.compute.sites.models import Site
from madang.core.clock import rfc3339
from madang.parties.actor import Actor

SECOND = timedelta(seconds=1)
_PART = re.compile(r"(?:[^,\[]|\[[^\]]*\])+")
_RANGES = re.compile(r"([^\[]*)\[([^\]]*)\](.*)")


def note_clocks(
    actor: Actor,
    site: Site,
    facts: Iterable[AttemptFact],
    doubts: Iterable[Discrepancy],
    *,
    at: datetime,
) -> None:
    """Closed by a run alone that ended after what was found, on that node: one that has left
    the window of a reading has not come right by it."""
    books = list(doubts)
    told = {one.node.node_list: one for one in books if one.cause == NODE_CLOCK and one.node}
    is_told = not any(one.cause == RECORDS_AWAY for one in books)
    found: Mapping[tuple[str, str], Mapping[str, str | int | None]] = {
        (NODE_CLOCK, name): _detail(one) for name, one in told.items()
    }
    waits = list(site.findings.filter(cause=NODE_CLOCK, state="open").exclude(what__in=told))
    ended = [one for one in facts if one.ended_at is not None] if waits and is_told else []
    for row in waits:
        since = datetime.fromisoformat(row.detail["ended_at"])
        later = (one for one in ended if one.ended_at and one.ended_at > since)
        if any(is_on(one.node_list, row.what) for one in later):
            close_finding(actor, site, NODE_CLOCK, row.what, at=at)
    find_all(site, found, at=at)
    for (_, name), detail in found.items():
        site.findings.filter(cause=NODE_CLOCK, what=name).exclude(detail=detail).update(
            detail=detail
        )


def _detail(one: Discrepancy) -> Mapping[str, str | int | None]:
    fact, node = one.accounting, one.node
    assert fact is not None
    assert fact.ended_at is not None
    assert node is not None
    assert node.ended_at is not None
    return {
        "node": node.node_list, "offset_s": (node.ended_at - fact.ended_at) // SECOND,
        "job": one.job_id, "ended_at": rfc3339(fact.ended_at),
    }  # fmt: skip


def is_on(node_list: str, node: str) -> bool:
    """Of `n1,gpu[01-04,9]` each is one of its nodes."""
    return any(_names(part, node) for part in _PART.findall(node_list))


def _names(part: str, node: str) -> bool:
    found = _RANGES.fullmatch(part)
    if found is None:
        return part == node
    before, ranges, after = found.groups()
    if not (node.startswith(before) and node.endswith(after)):
        return False
    number = node[len(before) : len(node) - len(after)]
    return number.isdecimal() and any(_has(one, number) for one in ranges.split(","))


def _has(one: str, number: str) -> bool:
    first, _, last = one.partition("-")
    is_as_wide = len(first) <= len(number) and len(number) <= len(last or first)
    return is_as_wide and int(first) <= int(number) <= int(last or first)
