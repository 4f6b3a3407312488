"""The plan of a round: arithmetic first, then simulation, then searches over it.

Every search is a bisection over something that grows: nodes of a site, nodes of a stage, awards
in order of merit. A number is good enough when the target holds in four of five draws.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np

from madang.compute.planner import arithmetic
from madang.compute.planner.applications import Application, by_merit, class_of
from madang.compute.planner.errors import PlanImpossible
from madang.compute.planner.forecast import Measures, Policy, Round, draw_round, measure
from madang.compute.planner.model import DAY_S, WAIT_HALF_LEAST, JobModel
from madang.compute.planner.sim.state import I64
from madang.compute.planner.site_file import SiteFile, Stage

Tell = Callable[[str, str], None]
CONFIDENCE = 0.8
BAND = (0.1, 0.9)
SEARCH_DRAWS = 5
"""Draws that a search looks at; what it finds is judged by all."""
WAIT_STRETCH = 2.0
"""What `coverage` finds: the middle of the factors that four clusters ask for."""
MONTH_DAYS = 365 / 12


@dataclass(frozen=True, slots=True)
class Target:
    p95_wait_h: float = 4.0
    usable: float = 0.95  # of the card time that own cards would have given

    def met_by(self, one: Measures) -> bool:
        return one.p95_wait_h <= self.p95_wait_h and one.usable >= self.usable


@dataclass(frozen=True, slots=True)
class Interval:
    """The middle of the draws, and 80 % of them."""

    low: float
    middle: float
    high: float

    def as_dict(self) -> dict[str, float]:
        return {
            name: round(float(getattr(self, name)), 6) for name in ("low", "middle", "high")
        }


def interval(values: Sequence[float]) -> Interval:
    low, middle, high = np.quantile(np.asarray(values, dtype=float), [BAND[0], 0.5, BAND[1]])
    return Interval(float(low), float(middle), float(high))


Between = Callable[[Sequence[float]], Interval]


def waits_between(hours: Sequence[float]) -> Interval:
    """As `interval`, stretched in log(1 + hours): draws alone are too sure of themselves."""
    found = interval(np.log1p(np.asarray(hours, dtype=float)).tolist())
    below, above = (
        WAIT_STRETCH * max(half, WAIT_HALF_LEAST)
        for half in (found.middle - found.low, found.high - found.middle)
    )
    low, high = found.middle - below, found.middle + above
    edges = (np.expm1(max(low, 0.0)), np.expm1(found.middle), np.expm1(high))
    return Interval(*(float(edge) for edge in edges))


@dataclass(frozen=True, slots=True)
class ClassWait:
    name: str
    applications: int
    jobs: int
    p50_h: Interval
    p95_h: Interval


@dataclass(frozen=True, slots=True)
class Forecast:
    """All draws on one site."""

    site: SiteFile
    policy: Policy
    waits: tuple[ClassWait, ...]
    p95_wait_h: Interval
    utilisation: Interval
    stranded: Interval
    unspent: Interval
    usable: Interval
    not_started: Interval
    returns: Interval
    met_share: float
    charged: tuple[int, ...] = field(repr=False)  # cards each job of the first draw holds
    draws: tuple[Measures, ...] = field(repr=False)

    @property
    def met(self) -> bool:
        return self.met_share >= CONFIDENCE


@dataclass(frozen=True, slots=True)
class Knee:
    """Awards in order of merit against the wait on the declared site."""

    awards: int  # the most that keep the target
    points: tuple[tuple[int, float, float], ...]  # awards, P95 wait, usable share
    last_awarded: str
    first_not_awarded: str


@dataclass(frozen=True, slots=True)
class StagePlan:
    stages: tuple[Stage, ...]
    cost_won: int
    at_once_cost_won: int
    declared_cost_won: int


@dataclass(frozen=True, slots=True)
class Plan:
    site: SiteFile
    policy: Policy
    target: Target
    model: JobModel
    seeds: int
    seed: int
    applications: tuple[Application, ...]
    months: tuple[arithmetic.Month, ...]
    least_cards: float
    dedicated_cards: int
    needed_nodes: int
    declared: Forecast
    needed: Forecast
    stages: StagePlan
    knee: Knee


def _forecast(
    round_: Round, site: SiteFile, policy: Policy, target: Target, seed: int
) -> Forecast:
    draws = [measure(round_, site, policy, n, seed) for n in range(len(round_.draws))]
    names = sorted({class_of(one.cards) for one in round_.applications})
    between = interval if policy == "dedicated" else waits_between  # own cards never wait
    waits = [
        _class_wait(round_, name, number, draws, between) for number, name in enumerate(names)
    ]
    return Forecast(
        site=site,
        policy=policy,
        waits=tuple(sorted(waits, key=lambda one: int(one.name.rstrip("+").split("-")[0]))),
        p95_wait_h=between([one.p95_wait_h for one in draws]),
        utilisation=interval([one.utilisation for one in draws]),
        stranded=interval([one.stranded for one in draws]),
        unspent=interval([one.unspent for one in draws]),
        usable=interval([one.usable for one in draws]),
        not_started=interval([one.not_started for one in draws]),
        returns=interval([one.returns for one in draws]),
        charged=tuple(charged_cards(round_).tolist()),
        met_share=sum(target.met_by(one) for one in draws) / len(draws),
        draws=tuple(draws),
    )


def charged_cards(round_: Round) -> I64:
    """Cards that each job of the first draw holds: whole nodes when larger than one."""
    cards, size = round_.draws[0].jobs.cards, round_.node_cards
    return np.where(cards > size, -(-cards // size) * size, cards)


def _class_wait(
    round_: Round, name: str, number: int, draws: Sequence[Measures], between: Between
) -> ClassWait:
    parts = [one.wait_h[one.job_class == number] for one in draws]
    p50, p95 = (
        [float(np.quantile(part, q)) if len(part) else 0.0 for part in parts]
        for q in (0.5, 0.95)
    )
    return ClassWait(
        name,
        sum(class_of(one.cards) == name for one in round_.applications),
        int(np.mean([len(part) for part in parts])),
        between(p50),
        between(p95),
    )


def _holds(
    round_: Round,
    site: SiteFile,
    policy: Policy,
    seed: int,
    draws: int,
    test: Callable[[Measures], bool],
) -> bool:
    """The test holds in four of five draws; stops as soon as that is settled."""
    good = bad = 0
    for number in range(draws):
        if test(measure(round_, site, policy, number, seed)):
            good += 1
        else:
            bad += 1
        if good / draws >= CONFIDENCE or (draws - bad) / draws < CONFIDENCE:
            break
    return good / draws >= CONFIDENCE


def _least(low: int, high: int, enough: Callable[[int], bool]) -> int:
    """The least number from low to high that is enough; high is taken as enough."""
    while low < high:
        middle = (low + high) // 2
        if enough(middle):
            high = middle
        else:
            low = middle + 1
    return low


def needed_nodes(
    round_: Round, site: SiteFile, policy: Policy, target: Target, seed: int, tell: Tell
) -> int:
    """Nodes, all open from the first day, for the target to hold."""
    size, begins = site.node_cards, round_.begins
    most = arithmetic.dedicated_nodes(round_.applications, size)
    if policy == "dedicated":
        return most
    largest = max(one.cards for one in round_.applications)
    busy = arithmetic.least_cards(round_.applications) * round_.draws[0].card_s.sum()
    asked = sum(one.card_hours for one in round_.applications) * 3600
    least = max(int(busy / asked / size * target.usable * 0.8), -(-largest // size), 1)

    def enough(nodes: int, draws: int = SEARCH_DRAWS) -> bool:
        tried, draws = site.of_size(nodes, begins), min(len(round_.draws), draws)
        found = _holds(round_, tried, policy, seed, draws, target.met_by)
        answer = ("충족", "enough") if found else ("부족", "not enough")
        tell(f"카드 {nodes * size}장: {answer[0]}", f"{nodes * size} cards: {answer[1]}")
        return found

    high = max(most, least)
    while not enough(high):  # failures and maintenance can ask for more than own cards do
        high = high * 5 // 4 + 1
        if high > 4 * most + 64:
            raise PlanImpossible(reason=f"not even {high * size} cards are enough")
    found = _least(min(least, high), high, enough)
    return _upwards(found, 4 * most + 64, lambda nodes: enough(nodes, len(round_.draws)))


def _upwards(low: int, most: int, enough: Callable[[int], bool]) -> int:
    """The least number from low on that is enough: few draws found it, all of them judge."""
    high, step = low, 1
    while not enough(high):
        low, high, step = high + 1, high + step, 2 * step
        if low > most:
            raise PlanImpossible(reason=f"not even {low} nodes are enough")
    return _least(low, high, enough)


def _in_stage(
    round_: Round, number: int, measured: Measures, target: Target, span_s: tuple[int, int]
) -> bool:
    """The target for the jobs that are submitted within a span of time."""
    jobs = round_.draws[number].jobs
    runs = np.flatnonzero(round_.alone[number].first_start_s >= 0)
    submit = jobs.submit_s[runs]
    waits = measured.wait_h[(submit >= span_s[0]) & (submit < span_s[1])]
    return len(waits) == 0 or float(np.quantile(waits, 0.95)) <= target.p95_wait_h


def cheapest_stages(
    round_: Round, site: SiteFile, policy: Policy, target: Target, seed: int, needed: int
) -> tuple[Stage, ...]:
    """On each declared opening day the fewest nodes that keep the target until the next."""
    begins, draws = round_.begins, min(len(round_.draws), 3)
    days = arithmetic.opening_days(round_.applications, site)
    found: list[Stage] = []
    for at, day in enumerate(days):
        before = found[-1].nodes if found else 1
        last = days[at + 1] if at + 1 < len(days) else None
        after_s = (last - begins).days * DAY_S if last else round_.until_s
        span_s = ((day - begins).days * DAY_S, after_s)

        def enough(
            nodes: int,
            day: date = day,
            last: date | None = last,
            span_s: tuple[int, int] = span_s,
        ) -> bool:
            later = (Stage(last, max(nodes, needed)),) if last else ()
            tried = replace(site, stages=(*found, Stage(day, nodes), *later))
            good = 0
            for number in range(draws):
                one = measure(round_, tried, policy, number, seed)
                good += _in_stage(round_, number, one, target, span_s)
            return good >= CONFIDENCE * draws - 1e-9

        largest = max(
            (one.cards for one in round_.applications if not last or one.starts_on < last),
            default=1,
        )
        low = max(before, -(-largest // site.node_cards))
        found.append(Stage(day, _least(low, max(needed, low), enough)))
    return _together(round_, site, policy, target, seed, found, needed)


def _together(
    round_: Round, site: SiteFile, policy: Policy, target: Target, seed: int,
    stages: Sequence[Stage], needed: int,
) -> tuple[Stage, ...]:  # fmt: skip
    """Each span was looked at by itself, in few draws. Where the stages together miss the
    target that the needed cards keep, every one gets as many nodes more as it takes."""
    draws = len(round_.draws)

    def with_more(nodes: int) -> tuple[Stage, ...]:
        grown = [max(one.nodes, min(one.nodes + nodes, needed)) for one in stages]
        return tuple(Stage(one.opens_on, n) for one, n in zip(stages, grown, strict=True))

    def enough(nodes: int) -> bool:
        tried = replace(site, stages=with_more(nodes))
        return _holds(round_, tried, policy, seed, draws, target.met_by)

    return with_more(_least(0, max(needed - stages[0].nodes, 0), enough))


def cost_won(
    site: SiteFile, stages: Sequence[Stage], until: date, since: date = date.min
) -> int:
    """Won for open cards between two days, the last one not in it, by days of a month of
    365/12 days."""
    node_days = 0
    for at, stage in enumerate(stages):
        end = stages[at + 1].opens_on if at + 1 < len(stages) else until
        days = max((min(end, until) - max(stage.opens_on, since)).days, 0)
        node_days += stage.nodes * days
    return node_days * site.node_cards * site.won_per_card_month * 12 // 365


def knee(
    applications: Sequence[Application],
    model: JobModel,
    site: SiteFile,
    policy: Policy,
    target: Target,
    seed: int,
    tell: Tell,
) -> Knee:
    """How many awards, in order of merit, the declared site carries."""
    ranked = by_merit(list(applications))
    points: dict[int, tuple[float, float]] = {}

    def too_many(awards: int) -> bool:
        round_ = draw_round(ranked[:awards], model, site.node_cards, seeds=3, seed=seed)
        if policy == "dedicated":
            room = arithmetic.has_room(round_.applications, site)
            points[awards] = (0.0, 1.0 if room else 0.0)
            return not room
        found = [measure(round_, site, policy, number, seed) for number in range(3)]
        waits, usable = ([getattr(m, f) for m in found] for f in ("p95_wait_h", "usable"))
        points[awards] = (float(np.median(waits)), float(np.median(usable)))
        tell(
            f"선정 {awards}건: P95 대기 {points[awards][0]:.1f}시간",
            f"{awards} awards: P95 wait {points[awards][0]:.1f} h",
        )
        return sum(target.met_by(one) for one in found) < 2

    fitting = [one for one in ranked if one.cards <= site.cards]
    if len(fitting) < len(ranked):
        ranked = fitting
    first = _least(1, len(ranked) + 1, too_many)
    awards = first - 1
    curve = tuple((n, *points[n]) for n in sorted(points))
    return Knee(
        awards,
        curve,
        ranked[awards - 1].id if awards else "",
        ranked[awards].id if awards < len(ranked) else "",
    )


def make(
    applications: Sequence[Application],
    site: SiteFile,
    policy: Policy,
    model: JobModel,
    *,
    target: Target | None = None,
    seeds: int = 10,
    seed: int = 1,
    tell: Tell = lambda ko, en: None,
) -> Plan:
    """The whole plan. Deterministic: the same input and seed give the same plan."""
    target = target or Target()
    tell("산술 점검", "arithmetic")
    months = tuple(arithmetic.by_month(applications, site))
    tell(f"작업 생성 {seeds}회", f"drawing the round {seeds} times")
    round_ = draw_round(applications, model, site.node_cards, seeds=seeds, seed=seed)
    needed = needed_nodes(round_, site, policy, target, seed, tell)
    open_site = site.of_size(needed, round_.begins)
    until = max(one.ends_on for one in applications) + timedelta(days=1)
    tell("단계 계획", "the cheapest stages")
    if policy == "dedicated":
        stages = arithmetic.dedicated_stages(applications, site)
    else:
        stages = cheapest_stages(round_, site, policy, target, seed, needed)
    tell("선정 수의 한계", "the knee of awards")
    largest = max(one.cards for one in applications)
    declared = site
    if (
        policy != "dedicated" and site.cards < largest
    ):  # what does not fit at all would stop the simulation
        declared = site.of_size(-(-largest // site.node_cards), round_.begins)
    return Plan(
        site=site,
        policy=policy,
        target=target,
        model=model,
        seeds=seeds,
        seed=seed,
        applications=tuple(applications),
        months=months,
        least_cards=arithmetic.least_cards(applications),
        dedicated_cards=arithmetic.dedicated_nodes(applications, site.node_cards)
        * site.node_cards,
        needed_nodes=needed,
        declared=_forecast(round_, declared, policy, target, seed),
        needed=_forecast(round_, open_site, policy, target, seed),
        stages=StagePlan(
            stages,
            cost_won(site, stages, until),
            cost_won(site, (Stage(round_.begins, needed),), until),
            cost_won(site, site.stages, until, round_.begins),
        ),
        knee=knee(applications, model, site, policy, target, seed, tell),
    )
