"""Runs that only a node has seen: found out whose they are, and held until the books tell them
or a person decides. Never silently nothing, and never charged on one word alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from django.db.models import F, Func, Q, TextField, Value

from madang.compute.attempts.models import Attempt
from madang.compute.engines.types import UNHEARD, AttemptFact, Discrepancy, RunState
from madang.compute.findings.actions import close_finding
from madang.compute.jobs.models import Job
from madang.compute.sites.models import Site
from madang.parties.actor import Actor

NEAR = timedelta(seconds=5)
"""Apart by so much at most, two books tell the start of the same run."""


def named(site: Site, doubts: Iterable[Discrepancy]) -> list[Discrepancy]:
    """The same, with our key and account at every run that only a node has seen. Left out: what
    is not ours, and what was posted when the books told it still."""
    told = list(doubts)
    nodes = [one.node for one in told if one.cause == UNHEARD and one.node]
    jobs, found = jobs_by_engine_id(site, {node.job_id for node in nodes}), []
    for one in told:
        if one.cause != UNHEARD:
            found.append(one)
        elif one.node and (fact := _ours(jobs.get(one.node.job_id, ()), one.node)) is not None:
            found.append(replace(one, key=fact.key, node=fact))
    return found


def jobs_by_engine_id(site: Site, ids: set[str]) -> Mapping[str, Sequence[Job]]:
    """Jobs that had one of these ids at their engine, or a task of theirs had, in the order in
    which they had them. A few statements, however many are asked for."""
    had: dict[UUID, set[str]] = defaultdict(set)
    if ids:
        task = Func(
            F("attempt_key"), Value("@"), Value(1), function="split_part",
            output_field=TextField(),
        )  # fmt: skip
        tasks = Attempt.objects.filter(site=site).annotate(task=task).filter(task__in=ids)
        for job_id, id in tasks.values_list("job_id", "task"):
            had[job_id].add(id)
    rows = Job.objects.filter(site=site).filter(Q(engine_job__in=ids) | Q(pk__in=list(had)))
    found: dict[str, list[Job]] = defaultdict(list)
    for job in sorted(rows.select_related("grant").prefetch_related("attempts"), key=_since):
        for id in had[job.id] | {job.engine_job}:
            found[id].append(job)
    return found


def _since(job: Job) -> datetime:
    """From when on its engine could have it."""
    return job.engine_at or job.asked_at or job.created_at


def _ours(jobs: Sequence[Job], node: AttemptFact) -> AttemptFact | None:
    """Ids come again: of the jobs that had this one, the last that was there when it began."""
    if node.started_at is None:
        return None
    job = next((one for one in reversed(jobs) if _since(one) <= node.started_at + NEAR), None)
    if job is None:
        return None
    known = [one for one in job.attempts.all() if _is_same_run(one, node)]
    if any(one.ended_at is not None and not one.is_held for one in known):
        return None
    named = replace(node, key=job.engine_key, account=job.grant.account, cards=job.cards)
    return _as(known[0], named) if known else named


def _is_same_run(attempt: Attempt, fact: AttemptFact) -> bool:
    if task_of(attempt) != fact.job_id or attempt.started_at is None or not fact.started_at:
        return False
    return abs(attempt.started_at - fact.started_at) <= NEAR


def _as(attempt: Attempt, fact: AttemptFact) -> AttemptFact:
    """Under the key that the attempt has from a book that has since forgotten it."""
    submitted = attempt.attempt_key.partition("@")[2].partition("/")[0]
    return replace(
        fact, cards=attempt.cards, started_at=attempt.started_at,
        submitted_at=datetime.fromtimestamp(float(submitted), UTC),
    )  # fmt: skip


def heard_late(
    actor: Actor, attempts: Sequence[Attempt], fact: AttemptFact, *, at: datetime
) -> list[Attempt]:
    """The books tell at last what a node had seen: it is the same run, by their word."""
    if fact.started_at is None or fact.source == "node":
        return []
    until = fact.ended_at or datetime.max.replace(tzinfo=UTC) - NEAR
    found = [
        one for one in attempts
        if one.state == RunState.UNKNOWN and task_of(one) == fact.job_id
        if one.started_at and fact.started_at - NEAR <= one.started_at <= until + NEAR
    ][:1]  # fmt: skip
    for one in found:
        close_finding(actor, one.site, UNHEARD, one.attempt_key, at=at)
        one.attempt_key = fact.attempt_key
    return found


def task_of(attempt: Attempt) -> str:
    return attempt.attempt_key.partition("@")[0]
