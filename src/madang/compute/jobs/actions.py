"""Submitting and cancelling jobs. What is held is written before the engine hears of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from madang.compute.attempts.holds import open_attempts
from madang.compute.engines.types import Engine
from madang.compute.errors import EngineRefused, JobExists
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import locked_grant
from madang.compute.jobs.datasets import pinned_datasets, variables_of
from madang.compute.jobs.handing import hand_over, locked_job, release_all
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.orders import JobOrder, check_grant, check_order
from madang.compute.jobs.queries import ref_of
from madang.compute.jobs.workflow import JOB
from madang.compute.policy import policy_at
from madang.compute.sites.queries import cards_open
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.canonical import Json, digest_of
from madang.parties.events.actions import Happened, record_event, record_events

REASON_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Submitted:
    job: Job
    replayed: bool


def submit_job(
    actor: Actor, grant: Grant, order: JobOrder, engine: Engine, *, at: datetime
) -> Submitted:
    """Find or create by the client's key: one submission never becomes two jobs.

    First the row with its holds, committed; then the engine. When the engine does not answer,
    the job waits as `intent`: the same call again, or the worker, goes on with it. Not to be
    called inside a transaction. Raises JobExists, QuotaInsufficient and what check_order does.
    """
    done = submit_jobs(actor, grant, [order], engine, at=at)[0]
    if done.refusal is not None:
        raise done.refusal
    return Submitted(done.job, done.replayed)


@dataclass(frozen=True, slots=True)
class SubmittedOne:
    """One of many. `refusal` is the engine's: what was held for it has returned."""

    job: Job
    replayed: bool
    refusal: EngineRefused | None


def submit_jobs(
    actor: Actor, grant: Grant, orders: Sequence[JobOrder], engine: Engine, *, at: datetime
) -> list[SubmittedOne]:
    """Many submissions on one grant: all of them are written down and held for, or none. Each
    is found again by its own key, as with submit_job. The engine is asked several at a time.
    """
    need_holder(actor, grant)
    step_s = engine.capabilities().time_limit_step_s
    known, fresh = _intend(actor, grant, orders, step_s, at)
    waiting = {job.id: job for job in (*known.values(), *fresh.values())
               if job.state == JobState.INTENT}  # fmt: skip
    first = frozenset(job.id for job in fresh.values())
    platform = system_actor(actor.origin)
    handed = hand_over(platform, list(waiting.values()), engine, first=first, at=at)
    jobs = {**known, **fresh}
    return [
        SubmittedOne(
            handed.jobs.get(jobs[key].id, jobs[key]), key in known,
            handed.refusals.get(jobs[key].id),
        )
        for key in (order.key for order in orders)
    ]  # fmt: skip


def submitted_report(one: SubmittedOne) -> dict[str, object]:
    """One line of the answer to many submissions, in the command and the API."""
    refusal = one.refusal.fields.get("reason", one.refusal.code) if one.refusal else None
    return {
        "id": str(one.job.id),
        "key": one.job.key,
        "state": "refused" if one.refusal else one.job.state,
        "engine_job": one.job.engine_job,
        "replayed": one.replayed,
        "refused": None if refusal is None else str(refusal),
    }


def need_holder(actor: Actor, grant: Grant) -> None:
    """Raises unless the grant's own people, or an operator."""
    if not actor.has(Role.OPERATOR):
        actor.need_at(Role.BENEFICIARY, grant.organisation_id)


@transaction.atomic
def _intend(
    actor: Actor, grant: Grant, orders: Sequence[JobOrder], step_s: int, at: datetime
) -> tuple[dict[str, Job], dict[str, Job]]:
    """The intents and their holds, by key: those known before and those made. Locks the grant.

    A fresh one is marked as asked when the engine hears of it as soon as this is committed: a
    crash from here on leaves a question, not a guess.
    """
    row = locked_grant(grant.id)
    contents = _contents(orders)
    rows = Job.objects.select_related("site").filter(grant=row, key__in=contents.keys())
    known = {job.key: job for job in rows}
    for key, job in known.items():
        job.grant = row
        _check_same(contents[key], job.content, key)
    wanted = {one.key: one for one in orders if one.key not in known}
    if not wanted:
        return known, {}
    check_grant(row, at)
    cards = cards_open(row.gpu_class, at)
    fresh = [
        _made(actor, row, order, contents[key], (step_s, cards), at)
        for key, order in wanted.items()
    ]
    Job.objects.bulk_create(fresh)
    numbered = [(job, n) for job in fresh for n in range(1, max(job.array, 1) + 1)]
    open_attempts(system_actor(actor.origin), row, numbered, at=at)
    facts = [
        Happened(job.id, after=job.state,
                 facts={"cards": job.cards, "time_limit_s": job.time_limit_s})
        for job in fresh
    ]  # fmt: skip
    record_events(actor, "gpu_job.intend", facts, subject_type="gpu_job", at=at)
    return known, {job.key: job for job in fresh}


def _contents(orders: Iterable[JobOrder]) -> dict[str, dict[str, Json]]:
    """By key. The same key twice with different contents is refused, as it is over time."""
    found: dict[str, dict[str, Json]] = {}
    for order in orders:
        content = order.content()
        _check_same(content, found.setdefault(order.key, content), order.key)
    return found


def _check_same(content: Mapping[str, Json], known: Mapping[str, Json], key: str) -> None:
    for name, value in content.items():
        if known.get(name) != value:
            raise JobExists(key=key, field=name)


def _made(
    actor: Actor, grant: Grant, order: JobOrder, content: dict[str, Json],
    bounds: tuple[int, int], at: datetime,
) -> Job:  # fmt: skip
    """`bounds`: the engine's step of time limits, and the cards that are open."""
    limit_s = check_order(grant, order, step_s=bounds[0], cards_open=bounds[1], at=at)
    datasets = pinned_datasets(actor, grant, order.datasets, at=at)
    program = order.program(variables_of(datasets).values())
    is_asked_at_once = grant.engine_ready and not datasets
    return Job(
        grant=grant, site=grant.gpu_class.site, key=order.key, name=order.name,
        cards=order.cards, time_limit_s=limit_s, script=program, image=order.image,
        datasets=datasets, array=order.array, content=content,
        content_sha256=digest_of(content), by=actor.id, created_at=at,
        asked_at=at if is_asked_at_once else None,
    )  # fmt: skip


def cancel_job(
    actor: Actor, job: Job, engine: Engine, *, reason: str = "", at: datetime
) -> Job:
    """Ask for its end: the engine's own record of it closes it. Idempotent."""
    need_holder(actor, job.grant)
    row = _ask_to_cancel(actor, job, reason, at)
    if row.state in OPEN and row.engine_job:
        engine.cancel(ref_of(row), reason or "cancelled", grace_s=policy_at(at).kill_grace_s)
    return row


@transaction.atomic
def _ask_to_cancel(actor: Actor, job: Job, reason: str, at: datetime) -> Job:
    grant = locked_grant(job.grant_id)
    row = locked_job(job)
    if row.state not in OPEN:
        return row
    if row.cancel_asked_at is None:
        row.cancel_asked_at, row.cancel_reason = at, reason[:REASON_LENGTH_MAX]
        row.save(update_fields=["cancel_asked_at", "cancel_reason"])
        record_event(
            actor, "gpu_job.ask_to_cancel", subject_type="gpu_job", subject_id=row.id, at=at
        )
    if row.state == JobState.INTENT and row.asked_at is None:
        platform = system_actor(actor.origin)
        JOB.move(row, "cancel", platform, at=at)
        release_all(platform, grant, row, at)
    return row
