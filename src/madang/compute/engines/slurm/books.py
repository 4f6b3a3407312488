"""Three books of one cluster against each other: accounting, controller, node records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from madang.compute.engines.slurm.records import NodeRecord, Stay, stay_of, stays
from madang.compute.engines.types import NODE_CLOCK, UNHEARD, AttemptFact, Discrepancy, RunState

WRONG_CLOCK_MAX = timedelta(minutes=10)
HEARD_AFTER = timedelta(seconds=15)
"""In which a controller hears from a node that a run is over; it takes a second or two."""


def differences(
    accounting: Sequence[AttemptFact],
    controller: Sequence[AttemptFact],
    nodes: Mapping[str, Sequence[NodeRecord]],
    *,
    tolerance_s: int,
    now: datetime | None = None,
) -> list[Discrepancy]:
    """What does not agree. `doubts` says whether the amount itself is in doubt.

    With `now`, also runs that end for nobody but their nodes: of those the amount is in doubt
    only when the books end them, for until then nothing is posted.
    """
    held = {one.job_id: one for one in controller}
    resized = {
        (one.job_id, one.ended_at): one.started_at
        for one in accounting
        if one.state is RunState.RESIZED
    }
    found: list[Discrepancy] = []
    for fact in accounting:
        if fact.started_at is None or fact.state is RunState.RESIZED:
            continue  # no node sees that a job changes its size
        other = held.get(fact.job_id)
        node = _node_fact(fact, _begun(fact, resized), nodes, tolerance_s)
        if fact.ended_at is not None:
            found += _ended(fact, other, node, tolerance_s)
        elif other is None or not other.state.is_live:
            found.append(_of(fact, "runaway", other, node, doubts=True))
        elif _same_run(fact, other) and _is_over(node, now):
            found.append(_of(fact, "phantom", other, node, doubts=False))
    told = {one.job_id for one in accounting}
    found += _hidden(controller, told)
    return found


def _ended(
    fact: AttemptFact, other: AttemptFact | None, node: AttemptFact | None, tolerance_s: int
) -> Iterable[Discrepancy]:
    is_phantom = other is not None and _same_run(fact, other) and other.state.is_live
    if node is None or node.ended_at is None:
        if is_phantom:
            yield _of(fact, "phantom", other, node, doubts=True)
        return
    assert fact.ended_at is not None
    apart_s = abs((fact.ended_at - node.ended_at).total_seconds())
    if apart_s > tolerance_s:
        yield _of(fact, "overcounted", other, node, doubts=True)
    elif is_phantom:
        yield _of(fact, "phantom", other, node, doubts=False)


def _is_over(node: AttemptFact | None, now: datetime | None) -> bool:
    """Every node of the run wrote its end down so long ago that the controller has heard it."""
    if node is None or node.ended_at is None or now is None:
        return False
    return now - node.ended_at > HEARD_AFTER


def _same_run(fact: AttemptFact, other: AttemptFact) -> bool:
    return other.started_at == fact.started_at and other.state.has_cards


def _hidden(controller: Iterable[AttemptFact], told: set[str]) -> Iterable[Discrepancy]:
    """Running for the controller and not in the books at all."""
    for other in controller:
        if other.job_id not in told and other.state is RunState.RUNNING:
            yield Discrepancy(other.job_id, other.key, "unbooked", None, other, doubts=False)


def unheard(
    told: Iterable[AttemptFact],
    nodes: Mapping[str, Sequence[NodeRecord]],
    since: datetime,
    before: datetime,
    *,
    tolerance_s: int,
) -> Iterable[Discrepancy]:
    """Runs that a node wrote down between two times and no other book tells. A controller that
    is killed forgets what it had not saved; and what it starts anew under the old submission
    takes the place of the first run in accounting."""
    facts: dict[str, dict[str, AttemptFact]] = defaultdict(dict)
    for fact in told:
        facts[fact.job_id].setdefault(fact.attempt_key, fact)
    margin = timedelta(seconds=tolerance_s)
    for job_id, records in sorted(nodes.items()):
        runs = stays(records, tolerance_s=tolerance_s)
        for start, end in _untold(runs, list(facts[job_id].values()), margin):
            if since <= (end or start) <= before:
                yield _unheard(job_id, (start, end))


def _untold(
    runs: Sequence[Stay], facts: Sequence[AttemptFact], margin: timedelta
) -> Iterable[Stay]:
    """Stays that no fact tells. A fact whose own stay is not where it should be takes the
    nearest one that is left: clocks of nodes are not all right."""
    left = [run for run in runs if not any(_tells(one, run[0], margin) for one in facts)]
    for fact in facts:
        begun = fact.started_at or fact.ended_at
        if begun is None or any(_tells(fact, start, margin) for start, _ in runs):
            continue
        may_be = [run for run in left if _is_as_short(fact, run, margin)]
        nearest = min(may_be, key=lambda run: abs(run[0] - begun), default=None)
        if nearest is not None and abs(nearest[0] - begun) <= WRONG_CLOCK_MAX:
            left.remove(nearest)
    return left


def _is_as_short(fact: AttemptFact, run: Stay, margin: timedelta) -> bool:
    """What took no second in the books was not long on its nodes, whatever their clocks say: a
    controller that was killed may forget that a job ran, and have it cancelled as it waits."""
    if fact.ended_at is None or (fact.started_at or fact.ended_at) < fact.ended_at:
        return True
    start, end = run
    return end is not None and end - start <= margin


def _tells(fact: AttemptFact, start: datetime, margin: timedelta) -> bool:
    begun = fact.started_at or fact.ended_at
    if begun is None or start < begun - margin:
        return False
    return fact.ended_at is None or start <= fact.ended_at + margin


def _unheard(job_id: str, stay: Stay) -> Discrepancy:
    start, end = stay
    detail = f"node {start.isoformat()} to {end.isoformat() if end else '-'}"
    node = AttemptFact(
        job_id, "", "", 0, start, start, end, 0, RunState.UNKNOWN, "node", evidence=detail
    )
    return Discrepancy(job_id, "", UNHEARD, None, None, node, detail)


def node_clocks(
    accounting: Iterable[AttemptFact],
    nodes: Mapping[str, Sequence[NodeRecord]],
    *,
    tolerance_s: int,
) -> list[Discrepancy]:
    """Nodes of whose runs the last that has ended is told earlier or later by the same amount
    at its start and at its end: what is slow to begin or to end is no clock. By no amount is
    anything charged: such a node is no witness."""
    margin, by_job = timedelta(seconds=tolerance_s), defaultdict[str, list[AttemptFact]](list)
    for fact in accounting:
        if fact.started_at and fact.ended_at and fact.state is not RunState.RESIZED:
            by_job[fact.job_id].append(fact)
    last: dict[str, tuple[datetime, Discrepancy | None]] = {}
    for job_id, facts in by_job.items():
        for record in nodes.get(job_id, ()):
            fact = min(facts, key=lambda one: _apart(one, record))
            if record.ended_at is None or fact.ended_at is None or fact.started_at is None:
                continue
            apart = (record.started_at - fact.started_at, record.ended_at - fact.ended_at)
            is_one_run = abs(apart[0] - apart[1]) <= margin
            if not is_one_run or max(map(abs, apart)) > WRONG_CLOCK_MAX:
                continue
            if record.node not in last or last[record.node][0] < fact.ended_at:
                off = min(map(abs, apart)) > margin
                last[record.node] = fact.ended_at, _clock(fact, record) if off else None
    return [one for _, (_, one) in sorted(last.items()) if one is not None]


def _apart(fact: AttemptFact, record: NodeRecord) -> timedelta:
    assert fact.started_at is not None
    return abs(record.started_at - fact.started_at)


def _clock(fact: AttemptFact, record: NodeRecord) -> Discrepancy:
    node = replace(
        fact, started_at=record.started_at, ended_at=record.ended_at, source="node",
        node_list=record.node,
    )  # fmt: skip
    assert record.ended_at is not None
    assert fact.ended_at is not None
    apart_s = (record.ended_at - fact.ended_at).total_seconds()
    detail = f"{record.node} {apart_s:+.0f} s"
    return Discrepancy(
        fact.job_id, fact.key, NODE_CLOCK, fact, None, node, detail, doubts=False
    )


def _begun(
    fact: AttemptFact, resized: Mapping[tuple[str, datetime | None], datetime | None]
) -> datetime | None:
    """When its stay on its nodes began: before it changed its size."""
    begun = fact.started_at
    while (earlier := resized.get((fact.job_id, begun))) is not None and earlier != begun:
        begun = earlier
    return begun


def _node_fact(
    fact: AttemptFact,
    begun: datetime | None,
    nodes: Mapping[str, Sequence[NodeRecord]],
    tolerance_s: int,
) -> AttemptFact | None:
    if begun is None or fact.job_id not in nodes:
        return None
    stay = stay_of(nodes[fact.job_id], begun, tolerance_s=tolerance_s)
    if stay is None:
        return None
    return replace(fact, ended_at=stay[1], source="node")


def _of(
    fact: AttemptFact,
    cause: str,
    other: AttemptFact | None,
    node: AttemptFact | None,
    *,
    doubts: bool,
) -> Discrepancy:
    ends = [one.ended_at if one else None for one in (fact, other, node)]
    words = zip(("accounting", "controller", "node"), ends, strict=True)
    detail = ", ".join(f"{name} {end.isoformat() if end else '-'}" for name, end in words)
    return Discrepancy(fact.job_id, fact.key, cause, fact, other, node, detail, doubts)
