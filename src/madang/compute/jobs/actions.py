"""Submitting and cancelling jobs. What is held is written before the engine hears of it."""

from __future__ import annotations

import logging
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import DatabaseError, connection, transaction

from madang.compute.attempts.models import Attempt
from madang.compute.engines.types import Engine
from madang.compute.errors import EngineRefused, EngineUnwell
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import grant_for, grants_by_code, locked_grant, seen_by
from madang.compute.jobs.handing import hand_over, locked_job, release_all
from madang.compute.jobs.intents import Unwritten, Wanted, write_intents
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.orders import JobOrder
from madang.compute.jobs.queries import ref_of
from madang.compute.jobs.workflow import JOB
from madang.compute.policy import policy_at
from madang.compute.sites.models import Site
from madang.core.errors import MadangError
from madang.core.gathering import Gathering
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event
from madang.parties.rows import read_first

log = logging.getLogger("madang.compute")
REASON_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class Submitted:
    """`attempts` are those of a job that this call has made, as they were made."""

    job: Job
    replayed: bool
    attempts: Sequence[Attempt] = ()


def submit_job(
    actor: Actor, grant: Grant, order: JobOrder, engine: Engine, *, at: datetime
) -> Submitted:
    """Find or create by the client's key: one submission never becomes two jobs.

    First the row with its holds, committed; then the engine. When the engine does not answer,
    the job waits as `intent`: the same call again, or the worker, goes on with it. Calls that
    arrive together share their statements. Not to be called inside a transaction. Raises
    JobExists, QuotaInsufficient and what check_order does.
    """
    need_holder(actor, grant)
    wanted = Wanted(actor, grant, order, time.monotonic())

    def together(group: Sequence[Wanted]) -> Sequence[SubmittedOne | Exception]:
        return _each(group, engine, at)

    if connection.in_atomic_block:  # nobody else could see what this caller sees
        done = _all_or_none([wanted], engine, at)[0]
    else:
        done = _gathering_at(grant.gpu_class.site_id).ask(wanted, together)
    return _told(done)


@dataclass(frozen=True, slots=True)
class SubmittedOne:
    """One of many. `refusal` is the engine's: what was held for it has returned."""

    job: Job
    replayed: bool
    refusal: EngineRefused | None
    attempts: Sequence[Attempt] = ()


def _told(done: SubmittedOne) -> Submitted:
    if done.refusal is not None:
        raise done.refusal
    return Submitted(done.job, done.replayed, done.attempts)


def submit_jobs(
    actor: Actor, grant: Grant, orders: Sequence[JobOrder], engine: Engine, *, at: datetime
) -> list[SubmittedOne]:
    """Many submissions on one grant: all of them are written down and held for, or none. Each
    is found again by its own key, as with submit_job. The engine is asked several at a time.
    """
    need_holder(actor, grant)
    since_s = time.monotonic()
    wanted = [Wanted(actor, grant, order, since_s) for order in orders]
    return _all_or_none(wanted, engine, at)


EngineAt = Callable[[Site, datetime], Engine]


def submit_named_job(
    actor: Actor, code: str, order: JobOrder, engine_at: EngineAt, *, at: datetime
) -> Submitted:
    """As submit_job, on a grant by its code: those who ask together read their grants together.

    Raises also what grant_for and `engine_at` do.
    """
    line = None if connection.in_atomic_block else _lines.get(code)
    if line is None:
        grant = grant_for(actor, code)
        need_holder(actor, grant)
        site = grant.gpu_class.site
        if len(_lines) < LINES_KEPT:
            _lines[code] = site.id
        return submit_job(actor, grant, order, engine_at(site, at), at=at)
    asked = _Named(actor, code, order, time.monotonic())
    return _told(_named_at(line).ask(asked, lambda group: _read_and_each(group, engine_at, at)))


LINES_KEPT = 100_000
_lines: dict[str, UUID] = {}
"""By a grant's code, the site in whose line they stand who name it. Nothing else is kept of a
grant, and only the line hangs on it."""


@dataclass(frozen=True, slots=True)
class _Named:
    """A submission on a grant that is not read yet."""

    actor: Actor
    code: str
    order: JobOrder
    since_s: float | None = None

    def wanted(self, grants: Mapping[str, Grant]) -> Wanted:
        """Raises what grant_for and need_holder do."""
        grant = seen_by(self.actor, grants.get(self.code))
        need_holder(self.actor, grant)
        return Wanted(self.actor, grant, self.order, self.since_s)


def _read_and_each(
    group: Sequence[_Named], engine_at: EngineAt, at: datetime
) -> Sequence[SubmittedOne | Exception]:
    """Each learns what it would have learnt alone; who may submit goes with others, by site."""
    grants = read_first(lambda: grants_by_code({one.code for one in group}))
    done: dict[int, SubmittedOne | Exception] = {}
    by_site: dict[Site, dict[int, Wanted]] = defaultdict(dict)
    for place, one in enumerate(group):
        try:
            wanted = one.wanted(grants)
        except MadangError as err:
            done[place] = err
        else:
            by_site[wanted.grant.gpu_class.site][place] = wanted
    for site, places in by_site.items():
        done |= zip(places, _at_site(site, list(places.values()), engine_at, at), strict=True)
    return [done[place] for place in range(len(group))]


def _at_site(
    site: Site, wanted: Sequence[Wanted], engine_at: EngineAt, at: datetime
) -> Sequence[SubmittedOne | Exception]:
    try:
        engine = engine_at(site, at)
    except MadangError as err:
        return [err for _ in wanted]
    return _each(wanted, engine, at)


_gatherings: dict[UUID, Gathering[Wanted, SubmittedOne]] = {}
_named_gatherings: dict[UUID, Gathering[_Named, SubmittedOne]] = {}
"""One for each site; a process knows few."""
_gatherings_lock = threading.Lock()


def _gathering_at(site: UUID) -> Gathering[Wanted, SubmittedOne]:
    with _gatherings_lock:
        return _gatherings.setdefault(site, Gathering())


def _named_at(site: UUID) -> Gathering[_Named, SubmittedOne]:
    with _gatherings_lock:
        return _named_gatherings.setdefault(site, Gathering())


def _each(
    group: Sequence[Wanted], engine: Engine, at: datetime
) -> Sequence[SubmittedOne | Exception]:
    """Together when all of them fit. Those for whose sake nothing was written are told apart,
    and the others go together without them: nobody pays for another's mistake. When the
    database gives the whole up each goes by itself, and what was written is found by key."""
    try:
        return _together(group, engine, at)
    except Unwritten as err:
        if len(group) == 1:
            return [err.reason]
        apart = err.places
    except (MadangError, DatabaseError) as err:
        if len(group) == 1:
            return [err]
        apart = frozenset(one.place for one in group)
    rest = [one for one in group if one.place not in apart]
    others = iter(_each(rest, engine, at) if rest else ())
    return [
        _each([one], engine, at)[0] if one.place in apart else next(others) for one in group
    ]


def _all_or_none(wanted: Sequence[Wanted], engine: Engine, at: datetime) -> list[SubmittedOne]:
    if not wanted:
        return []
    try:
        return _together(wanted, engine, at)
    except Unwritten as err:
        raise err.reason from err


def _together(wanted: Sequence[Wanted], engine: Engine, at: datetime) -> list[SubmittedOne]:
    step_s = engine.capabilities().time_limit_step_s
    intended = write_intents(wanted, step_s=step_s, at=at)
    jobs = [intended.job(one.place) for one in wanted]
    waiting = {job.id: job for job in jobs if job.state == JobState.INTENT}
    first = {job.id for job in intended.fresh.values()}
    platform = system_actor(wanted[0].actor.origin)
    known = [one.since_s for one in wanted if one.since_s is not None]
    handed = hand_over(
        platform, list(waiting.values()), engine, first=first, settle=intended.settle,
        since_s=min(known, default=None), at=at,
    )  # fmt: skip
    told: list[SubmittedOne] = []
    for job in jobs:
        now, refusal = handed.jobs.get(job.id, job), handed.refusals.get(job.id)
        attempts = intended.attempts.get(job.id, ())
        told.append(SubmittedOne(now, job.id not in first, refusal, attempts))
        first.discard(job.id)  # the next one with its key finds it
    return told


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


def cancel_job(
    actor: Actor, job: Job, engine: Engine, *, reason: str = "", at: datetime
) -> Job:
    """Ask for its end: the engine's own record of it closes it. Idempotent."""
    need_holder(actor, job.grant)
    row = _ask_to_cancel(actor, job, reason, at)
    if row.state in OPEN and row.engine_job:
        engine.cancel(ref_of(row), reason or "cancelled", grace_s=policy_at(at).kill_grace_s)
    return row


def ask_for_end(
    actor: Actor, job: Job, engine: Engine, *, reason: str = "", at: datetime
) -> Job:
    """cancel_job for whoever asks: what is written down is not lost with an engine that does
    not answer now. Each reading asks again until the job is over."""
    try:
        return cancel_job(actor, job, engine, reason=reason, at=at)
    except EngineUnwell as err:
        log.warning("%s: a cancel waits for the engine: %s", job.site.code, err)
        job.refresh_from_db()
        return job


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
