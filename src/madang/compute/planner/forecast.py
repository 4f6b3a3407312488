"""One site under one policy: what happens to a drawn round, and how sure that is.

The wait of a job is the delay against having the cards of its grant to oneself: the same job
in the same round on own cards starts at some time, here it starts later. Jobs that would have
run and never start wait until their grant ends. So waiting behind one's own jobs is not
counted as waiting for the site.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Literal

import numpy as np

from madang.compute.planner import arithmetic
from madang.compute.planner.applications import Application, class_of
from madang.compute.planner.model import DAY_S, HOUR_S, JobModel, Workload, draw
from madang.compute.planner.sim.run import (
    Outcome,
    Site,
    changes_of,
    grants_of,
    rules_of,
    simulate,
    whole_site,
)
from madang.compute.planner.sim.state import CLOSE, DRAIN, F64, FAIL, I64, UP, Grants
from madang.compute.planner.site_file import SiteFile

Policy = Literal["dedicated", "pooled", "floor-borrow"]
Change = tuple[int, int, int]
NOT_STARTED = -1


@dataclass(frozen=True, slots=True)
class Round:
    """Applications and drawn rounds of them; the first seconds are at 00:00 of `begins`."""

    applications: tuple[Application, ...]
    begins: date
    draws: tuple[Workload, ...]
    alone: tuple[Outcome, ...]  # each draw on own cards
    node_cards: int

    @property
    def until_s(self) -> int:
        return int(max(one.closes_s.max() for one in self.draws))


@dataclass(frozen=True, slots=True)
class Measures:
    """One draw on one site."""

    wait_h: F64  # per job that runs on own cards
    job_class: I64  # number of the size class of its application
    p95_wait_h: float
    usable: float  # of the card time used on own cards
    utilisation: float
    stranded: float
    unspent: float  # of the budgets
    returns: int
    jobs: int
    not_started: int
    outcome: Outcome


def caps(applications: Sequence[Application], node_cards: int) -> I64:
    """Cards at once; larger than a node means whole nodes."""
    asked = np.array([one.cards for one in applications], dtype=np.int64)
    return np.where(asked > node_cards, -(-asked // node_cards) * node_cards, asked)


def budgets(applications: Sequence[Application]) -> I64:
    return np.array([int(one.card_hours * HOUR_S) for one in applications], dtype=np.int64)


def _grants(
    applications: Sequence[Application],
    node_cards: int,
    closes_s: I64,
    floor: I64 | None = None,
) -> Grants:
    budget = budgets(applications)
    return grants_of(
        len(applications),
        cap=caps(applications, node_cards),
        budget=budget,
        weight=np.maximum(budget, 1),
        closes_s=closes_s,
        floor=floor,
    )


def on_own_cards(
    applications: Sequence[Application], node_cards: int, drawn: Workload
) -> Outcome:
    """Everybody has room: only the grants' own limits make jobs wait."""
    nodes = int((-(-caps(applications, node_cards) // node_cards)).sum()) * 2
    grants = _grants(applications, node_cards, drawn.closes_s)
    site = whole_site(nodes, node_cards, _closings(drawn))
    return simulate(drawn.jobs, grants, site, rules_of(node_cards, backfill=False))


def _closings(drawn: Workload) -> list[Change]:
    return [(int(time_s), CLOSE, grant) for grant, time_s in enumerate(drawn.closes_s)]


def draw_round(
    applications: Sequence[Application],
    model: JobModel,
    node_cards: int,
    *,
    seeds: int,
    seed: int,
) -> Round:
    """Draw a round so many times. Draw k depends on `seed` and k alone."""
    begins = min(one.starts_on for one in applications)
    draws = tuple(
        draw(model, applications, begins, np.random.default_rng((seed, number)))
        for number in range(seeds)
    )
    alone = tuple(on_own_cards(applications, node_cards, one) for one in draws)
    return Round(tuple(applications), begins, draws, alone, node_cards)


def _failures(
    site: SiteFile, until_s: int, opens: list[Change], rng: np.random.Generator
) -> list[Change]:
    """Failures of nodes that are open, at random times."""
    if not site.failure_days_between:
        return []
    mean_s, repair_s = site.failure_days_between * DAY_S, int(site.repair_hours * HOUR_S)
    opens_s = {node: time_s for time_s, _, node in opens}
    found: list[Change] = []
    count = rng.poisson(site.nodes * until_s / mean_s)
    for time_s in np.sort(rng.integers(1, max(until_s, 2), count)):
        node = int(rng.integers(0, site.nodes))
        if time_s > opens_s[node]:
            found += [(int(time_s), FAIL, node), (int(time_s) + repair_s, UP, node)]
    return found


def _openings(site: SiteFile, begins: date) -> list[Change]:
    found: list[Change] = []
    before = 0
    for stage in site.stages:
        time_s = max((stage.opens_on - begins).days, 0) * DAY_S
        found += [(time_s, UP, node) for node in range(before, stage.nodes)]
        before = max(before, stage.nodes)
    return found


def _maintenance(site: SiteFile, begins: date) -> list[Change]:
    found: list[Change] = []
    for one in site.maintenance:
        first, last = (max((day - begins).days, 0) for day in (one.starts_on, one.until))
        for node in range(max(site.nodes - one.nodes, 0), site.nodes):
            found += [(first * DAY_S + 1, DRAIN, node), (last * DAY_S + 1, UP, node)]
    return found


def site_of(site: SiteFile, round_: Round, drawn: Workload, number: int, seed: int) -> Site:
    """The site as the simulator wants it. Failures depend on the seed and the draw."""
    rng = np.random.default_rng((seed, number, 1))
    opens = _openings(site, round_.begins)
    changes = opens + _maintenance(site, round_.begins) + _closings(drawn)
    changes += _failures(site, round_.until_s, opens, rng)
    return Site(site.nodes, site.node_cards, changes_of(changes))


def floors(round_: Round, site: SiteFile, drawn: Workload) -> I64:
    """Cards each grant always has: its budget spread evenly, scaled to what is there."""
    even = budgets(round_.applications) / np.maximum(drawn.closes_s - drawn.starts_s, 1)
    scale = min(1.0, site.cards / max(float(even.sum()), 1.0))
    return np.minimum(
        np.floor(even * scale).astype(np.int64), caps(round_.applications, site.node_cards)
    )


def measure(
    round_: Round, site: SiteFile, policy: Policy, number: int, seed: int = 0
) -> Measures:
    """Draw `number` of a round on a site."""
    drawn, alone = round_.draws[number], round_.alone[number]
    if policy == "dedicated":
        here = _where_room(round_, drawn, alone, site)
        return _measures(round_, drawn, here, alone, site, own=True)
    lend = policy == "floor-borrow"
    floor = floors(round_, site, drawn) if lend else None
    found = simulate(
        drawn.jobs,
        _grants(round_.applications, site.node_cards, drawn.closes_s, floor),
        site_of(site, round_, drawn, number, seed),
        rules_of(
            site.node_cards,
            fair=True,
            lend=lend,
            keep_work=site.checkpoints,
            until_s=round_.until_s + 1,
        ),
    )
    return _measures(round_, drawn, found, alone, site)


def _where_room(round_: Round, drawn: Workload, alone: Outcome, site: SiteFile) -> Outcome:
    """As on own cards, but of those who get none here nothing starts."""
    served = {one.id for one in arithmetic.with_room(round_.applications, site)}
    has_cards = np.array([one.id in served for one in round_.applications])
    used = np.where(has_cards, alone.used_card_s, 0)
    first = np.where(has_cards[drawn.jobs.grant], alone.first_start_s, NOT_STARTED)
    return replace(alone, first_start_s=first, used_card_s=used, busy_card_s=int(used.sum()))


def _open_card_s(round_: Round, site: SiteFile) -> float:
    """Card-seconds of the cards that are open while the round lasts."""
    until = round_.begins + timedelta(seconds=round_.until_s)
    whole = replace(site, maintenance=())
    return float(arithmetic.open_card_days(whole, round_.begins, until)) * DAY_S


def _measures(
    round_: Round,
    drawn: Workload,
    found: Outcome,
    alone: Outcome,
    site: SiteFile,
    *,
    own: bool = False,
) -> Measures:
    runs = np.flatnonzero(alone.first_start_s >= 0)
    started = found.first_start_s[runs]
    closes = drawn.closes_s[drawn.jobs.grant[runs]]
    late = np.where(started < 0, closes, started) - alone.first_start_s[runs]
    wait_h = np.maximum(late, 0) / HOUR_S
    names = sorted({class_of(one.cards) for one in round_.applications})
    numbers = np.array([names.index(class_of(one.cards)) for one in round_.applications])
    used, budget = float(found.used_card_s.sum()), float(budgets(round_.applications).sum())
    wanted = float(alone.used_card_s.sum())
    kept = float(found.lost_card_s.sum()) if site.checkpoints else 0.0  # not charged, not lost
    capacity = max(_open_card_s(round_, site) if own else float(found.capacity_card_s), 1.0)
    busy = float(found.busy_card_s)
    return Measures(
        wait_h=wait_h,
        job_class=numbers[drawn.jobs.grant[runs]],
        p95_wait_h=float(np.quantile(wait_h, 0.95)) if len(wait_h) else 0.0,
        usable=(used + kept) / wanted if wanted else 1.0,  # nothing wanted, nothing missed
        utilisation=busy / capacity,
        stranded=1 - busy / capacity if own else found.stranded_card_s / capacity,
        unspent=1 - used / max(budget, 1.0),
        returns=found.returns,
        jobs=len(runs),
        not_started=int((started < 0).sum()),
        outcome=found,
    )
