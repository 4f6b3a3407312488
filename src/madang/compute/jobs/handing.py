"""Giving intents to an engine, or learning that it has them: many at a time.

What the engine answers is written down in one transaction after it has been asked; nothing is
locked while it is.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from madang.compute.attempts.holds import release_attempt
from madang.compute.engines.types import (
    Engine,
    GrantRef,
    GrantSpec,
    JobRef,
    JobSpec,
    RunState,
)
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell
from madang.compute.grants.models import Grant, GrantState
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.arrivals import (
    Doubts,
    Unsettled,
    doubts_of,
    explain_settled,
    tell_doubts,
    tell_unsettled,
    unsettled_of,
)
from madang.compute.jobs.datasets import mounts_of
from madang.compute.jobs.models import Job, JobState
from madang.compute.jobs.queries import grant_ref
from madang.compute.jobs.workflow import JOB
from madang.compute.lines.models import Line, LineKind
from madang.compute.policy import policy_at
from madang.compute.sites.models import Site
from madang.parties.actor import Actor
from madang.parties.rows import asked

log = logging.getLogger("madang.compute")
REQUESTS_AT_ONCE = 8
"""An engine's own daemon is asked by so many at a time; more only wait there."""


@dataclass(slots=True)
class Handed:
    """Jobs as they are now, by id, and what the engine refused."""

    jobs: dict[UUID, Job] = field(default_factory=dict)
    refusals: dict[UUID, EngineRefused] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One thing to ask an engine, with all that it takes, for whoever asks reads no row. `spec`
    None: only whether it has the job. `is_last`: what is not found now never came."""

    job: Job
    ref: GrantRef
    spec: JobSpec | None
    is_first: bool
    is_last: bool = False


NOT_SENT, NEVER_CAME = "not sent", "never came"
NO_USER_LEFT = "no user is left for this grant: the site's grant_users must name more"
Answer = JobRef | EngineRefused | str | None
"""The engine has it; it said no; nothing was sent, or will ever be; nobody knows."""


def hand_over(
    actor: Actor,
    jobs: Sequence[Job],
    engine: Engine,
    *,
    first: Collection[UUID] = (),
    settle: timedelta | None = None,
    since_s: float | None = None,
    at: datetime,
) -> Handed:
    """Give intents to the engine, or learn that it has them. Safe to do again. `first` are jobs
    that were written down by this very call: nobody has asked for them before. `settle` is the
    policy's `unclear_settle`, where the caller has read it; `since_s` by the monotonic clock
    since when it has been at it: what is asked late is `at` as if it had been asked then."""
    since_s = time.monotonic() if since_s is None else since_s
    answers = _unready(jobs, engine)
    questions = []
    if settle is None:
        settle = policy_at(at).unclear_settle
    for job in (one for one in jobs if one.id not in answers):
        try:
            questions.append(_question(job, job.id in first, settle, at))
        except EngineRefused as err:  # its data set is not there any more
            answers[job.id] = err
        except EngineUnwell:  # or cannot be laid out now: the next poll tries again
            answers[job.id] = NOT_SENT
    questions, books = _certain(questions, engine, settle, at)
    questions = [_unwanted(one) for one in questions]
    asking = [one.job for one in questions if one.spec and not _is_marked(one)]
    mine = _claimed(asking, at)
    for job in asking:
        if job.id not in mine:  # somebody else is asking this very moment
            answers[job.id] = None
    questions = [one for one in questions if one.job.id not in answers]
    found = _ask(engine, questions, since_s + (settle.total_seconds() / 2 or math.inf))
    answers |= zip((one.job.id for one in questions), found, strict=True)
    _tell_waiting(actor, [one for one in jobs if answers[one.id] is None], books, at)
    _unmark([one for one in jobs if answers[one.id] == NOT_SENT], first, at)
    handed = Handed(_taken(actor, jobs, answers, at))
    for job in jobs:
        answer = answers[job.id]
        if isinstance(answer, EngineRefused):
            _refused(actor, job, str(answer.fields.get("reason", "")), at)
            handed.refusals[job.id] = answer
        elif answer == NEVER_CAME:
            _let_go(actor, job, at)
    return handed


def _unready(jobs: Iterable[Job], engine: Engine) -> dict[UUID, Answer]:
    """Those whose grants the engine does not know yet, and why. Each grant is told once."""
    told: dict[UUID, Answer] = {}
    users: dict[UUID, str | None] = {}
    for job in jobs:
        if job.grant_id not in told:
            try:
                ready(job.grant, engine)
                users[job.grant_id], told[job.grant_id] = job.grant.user, None
            except EngineRefused as err:
                told[job.grant_id] = err
            except EngineUnwell:
                told[job.grant_id] = NOT_SENT
        job.grant.user = users.get(job.grant_id)
    return {one.id: told[one.grant_id] for one in jobs if told[one.grant_id] is not None}


def ready(grant: Grant, engine: Engine) -> None:
    """The engine knows the grant, with its limits as a second fence."""
    if grant.engine_ready:
        return
    site, now = grant.gpu_class.site, standing_of(grant)
    lines = Line.objects.filter(attempt__job__grant=grant, kind=LineKind.USE)
    borne = lines.aggregate(n=Sum("borne_gpu_seconds"))["n"] or 0
    user = _user_of(grant, site) or site.user
    spec = GrantSpec(grant.account, user, grant.gpu_class.gres, grant.cards_max)
    ref = engine.ensure_grant(spec)
    engine.set_budget(
        ref,
        gpu_seconds=now.granted - now.expired + borne,
        cards_max=grant.cards_max,
        not_after=grant.ends_at,
    )
    if grant.state == GrantState.OPEN:
        engine.thaw(ref)
    else:
        engine.freeze(ref, str(grant.state))
    Grant.objects.filter(pk=grant.pk).update(engine_ready=True)


def _user_of(grant: Grant, site: Site) -> str:
    """Decided once, before its engine hears of a grant: where the site names users for grants,
    one that no other grant of that cluster has had; else the site's own, told as empty. Raises
    EngineRefused when none is left: nothing of this grant runs as somebody else."""
    if grant.user is not None:
        return grant.user
    with transaction.atomic():
        names = Site.objects.select_for_update(no_key=True).get(pk=site.pk).grant_users
        mine = Grant.objects.filter(pk=grant.pk).values_list("user", flat=True).get()
        if mine is None and names:
            had = Grant.objects.filter(
                user__in=names, gpu_class__site__engine=site.engine,
                gpu_class__site__cluster=site.cluster,
            )  # fmt: skip
            left = [one for one in names if one not in set(had.values_list("user", flat=True))]
            if not left:
                raise EngineRefused(site=site.code, reason=NO_USER_LEFT)
            mine = left[0]
        grant.user = mine or ""
        Grant.objects.filter(pk=grant.pk).update(user=grant.user)
    return grant.user


def _is_marked(one: Question) -> bool:
    return one.is_first and one.job.asked_at is not None


def _question(job: Job, is_first: bool, settle: timedelta, at: datetime) -> Question:
    """Asked a moment ago and not answered: it may still arrive, so it is only looked for."""
    asked = None if is_first else job.asked_at
    if asked is not None and at < asked + settle:
        return Question(job, grant_ref(job.grant), None, is_first=False)
    spec = _spec(job, at)
    return Question(job, spec.grant, spec, is_first=asked is None)


def _unwanted(one: Question) -> Question:
    """What was cancelled before its engine had it is not sent, to take cards and be ended: it
    is looked for once more where it would be sent."""
    if one.spec is None or one.job.cancel_asked_at is None:
        return one
    return replace(one, spec=None, is_last=True)


@dataclass(frozen=True, slots=True)
class Books:
    """What the engine's books say of submissions that were asked for before: what may be each,
    or that they do not settle it."""

    again: Sequence[Job] = ()
    doubts: Doubts = field(default_factory=dict)
    unsettled: Unsettled | None = None


def _certain(
    questions: Sequence[Question], engine: Engine, settle: timedelta, at: datetime
) -> tuple[list[Question], Books]:
    """What was asked before is sent again only where it is certain that nothing came of it, by
    the books or by a person's word; the others are only looked for. And what came that may be
    one of them."""
    again = [one.job for one in questions if one.spec and not one.is_first]
    if not again:
        return list(questions), Books()
    try:
        books = Books(again, doubts_of(engine, again, settle))
        unsure = set(books.doubts)
    except (EngineUnwell, EngineRefused) as err:  # a book that cannot be read is not empty
        after, reason = policy_at(at).unsettled_found, str(err.fields.get("reason", ""))
        told = unsettled_of(engine, again, settle, after, reason=reason, at=at)
        books = Books(again, told.seen, told)
        unsure = {job.id for job in again} - told.ruled_out
        if unsure:
            log.warning(
                "%s: %d submissions without an answer wait until its books can be read: %s",
                engine.id, len(unsure), reason,
            )  # fmt: skip
    left = [replace(one, spec=None) if one.job.id in unsure else one for one in questions]
    return left, books


def _tell_waiting(actor: Actor, jobs: Sequence[Job], books: Books, at: datetime) -> None:
    """For a person: what may be each of those that have no answer still, and which of them
    nobody can say anything about."""
    tell_doubts(jobs, books.doubts, at=at)
    if books.unsettled is not None:
        tell_unsettled(jobs, books.unsettled, at=at)
    elif books.again:
        explain_settled(actor, books.again, at=at)


def _spec(job: Job, at: datetime) -> JobSpec:
    return JobSpec(
        grant=grant_ref(job.grant),
        name=job.engine_key,
        cards=job.cards,
        gres=job.grant.gpu_class.gres,
        time_limit_s=job.time_limit_s,
        script=job.script,
        environment=job.content.get("environment", {}),
        mounts=mounts_of(job, at=at),
        image=job.image,
        array=job.array,
        cards_per_server=job.grant.gpu_class.cards_per_server,
    )


_CLAIM = """
UPDATE compute_job AS j SET asked_at = %s
  FROM unnest(%s::uuid[], %s::timestamptz[]) AS v(id, asked_at)
 WHERE j.id = v.id AND j.state = 'intent' AND j.asked_at IS NOT DISTINCT FROM v.asked_at
RETURNING j.id
"""


def _claimed(jobs: Sequence[Job], at: datetime) -> set[UUID]:
    """Those that this caller, and nobody else, asks the engine for: of two who saw the same
    unanswered intent only one writes the time. Before the engine is asked: a crash from here
    on leaves a question, not a guess."""
    if not jobs:
        return set()
    ordered = sorted(jobs, key=lambda job: job.id)
    columns = ([job.id for job in ordered], [job.asked_at for job in ordered])
    return {id for (id,) in asked(_CLAIM, (at, *columns), tuple[UUID])()}


def _unmark(jobs: Sequence[Job], first: Collection[UUID], at: datetime) -> None:
    """Nothing was sent this time: what had never been asked for is as if nobody had, unless
    somebody else asks by now."""
    fresh = [job for job in jobs if job.id in first or job.asked_at is None]
    for job in fresh:
        job.asked_at = None
    if fresh:
        rows = Job.objects.filter(pk__in=[job.id for job in fresh], state=JobState.INTENT)
        rows.filter(asked_at=at).update(asked_at=None)


def _ask(engine: Engine, questions: Sequence[Question], until: float) -> list[Answer]:
    """No row is read or written while asking: threads of their own have no transaction. They
    may be busy with what others ask, or the caller has waited in line or for a lock, so that a
    question can come to its turn too late."""
    if len(questions) <= 1:
        return [_asked(engine, one, until) for one in questions]
    return list(_threads(engine.id).map(lambda one: _asked(engine, one, until), questions))


@cache
def _threads(engine: str) -> ThreadPoolExecutor:
    """Each engine's own, for one that is slow must not hold up another. Made at the first use:
    a process that forks has none before."""
    return ThreadPoolExecutor(REQUESTS_AT_ONCE, thread_name_prefix=f"engine-{engine}")


def _asked(engine: Engine, one: Question, until: float) -> Answer:
    """Nothing is sent so late that somebody else may have given it up: then the next one who
    looks sends it."""
    key, since = one.job.engine_key, one.job.created_at
    try:
        if one.spec is None:
            found = engine.find(key, one.ref, since=since)
            return NEVER_CAME if found is None and one.is_last else found
        if time.monotonic() > until:
            return NOT_SENT
        return engine.submit(one.spec, key, since=since, is_first=one.is_first)
    except EngineRefused as err:
        return err
    except EngineUnclear:
        return None
    except EngineUnwell:
        return NOT_SENT


def _taken(
    actor: Actor, jobs: Iterable[Job], answers: dict[UUID, Answer], at: datetime
) -> dict[UUID, Job]:
    """The engine has them. One that somebody else has written down meanwhile stays as it is."""
    refs = {one: ref for one, ref in answers.items() if isinstance(ref, JobRef)}
    found = {job.id: job for job in jobs if job.id in refs}
    given = [
        (job, {"engine_job": refs[id].job_id, "engine_at": refs[id].submitted_at})
        for id, job in found.items()
    ]
    mine = JOB.move_unchanged(given, "take", actor, where={"engine_job": ""}, at=at)
    others = [id for id in found if id not in mine]
    if others:
        rows = Job.objects.filter(pk__in=others)
        for row in rows.only("state", "engine_job", "engine_at"):
            job = found[row.id]
            job.state, job.engine_job, job.engine_at = row.state, row.engine_job, row.engine_at
    return found


@transaction.atomic
def _refused(actor: Actor, job: Job, reason: str, at: datetime) -> None:
    """The engine said no: what was held returns."""
    grant = locked_grant(job.grant_id)
    row = locked_job(job)
    if row.state == JobState.INTENT:
        JOB.move(row, "refuse", actor, at=at, reason=reason)
        release_all(actor, grant, row, at)


@transaction.atomic
def _let_go(actor: Actor, job: Job, at: datetime) -> None:
    """Cancelled, and nothing of it came: what was held returns. Unless somebody else has asked
    for it since."""
    grant = locked_grant(job.grant_id)
    row = locked_job(job)
    if (row.state, row.asked_at) == (JobState.INTENT, job.asked_at):
        JOB.move(row, "cancel", actor, at=at)
        release_all(actor, grant, row, at)
    job.state = row.state


def release_all(actor: Actor, grant: Grant, job: Job, at: datetime) -> None:
    """Of a job that its engine never had: what it held returns, and its runs wait no more."""
    for attempt in job.attempts.filter(is_held=True):
        release_attempt(actor, grant, attempt, at=at)
        attempt.state = RunState.CANCELLED
        attempt.save(update_fields=["state"])


def locked_job(job: Job) -> Job:
    return (
        Job.objects.select_for_update(of=("self",), no_key=True)
        .select_related("site", "grant__organisation", "grant__gpu_class__site",
                        "grant__gpu_class__offering", "grant__voucher")
        .get(pk=job.pk)
    )  # fmt: skip
