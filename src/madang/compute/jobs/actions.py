"""Submitting and cancelling jobs. What is held is written before the engine hears of it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.db.models import Sum

from madang.compute.attempts.holds import open_attempt, release_attempt
from madang.compute.engines.types import Engine, GrantRef, GrantSpec, JobRef, JobSpec
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell, JobExists
from madang.compute.grants.models import Grant, GrantState
from madang.compute.grants.queries import locked_grant, standing_of
from madang.compute.jobs.datasets import mounts_of, pinned_datasets, variables_of
from madang.compute.jobs.models import OPEN, Job, JobState
from madang.compute.jobs.orders import JobOrder, check_order
from madang.compute.jobs.workflow import JOB
from madang.compute.lines.models import Line, LineKind
from madang.compute.policy import policy_at
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.canonical import digest_of
from madang.parties.events.actions import record_event

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
    need_holder(actor, grant)
    job, replayed = _intend(actor, grant, order, engine.capabilities().time_limit_step_s, at)
    if job.state == JobState.INTENT:
        job = hand_over(system_actor(actor.origin), job, engine, at=at)
    return Submitted(job, replayed)


def need_holder(actor: Actor, grant: Grant) -> None:
    """Raises unless the grant's own people, or an operator."""
    if not actor.has(Role.OPERATOR):
        actor.need_at(Role.BENEFICIARY, grant.organisation_id)


@transaction.atomic
def _intend(
    actor: Actor, grant: Grant, order: JobOrder, step_s: int, at: datetime
) -> tuple[Job, bool]:
    """The intent and its holds, or the job that is known under the key. Locks the grant."""
    row = locked_grant(grant.id)
    content = order.content()
    known = Job.objects.select_related("site").filter(grant=row, key=order.key).first()
    if known is not None:
        for name, value in content.items():
            if known.content.get(name) != value:
                raise JobExists(key=order.key, field=name)
        return known, True
    limit_s = check_order(row, order, step_s=step_s, at=at)
    datasets = pinned_datasets(actor, row, order.datasets, at=at)
    program = order.program(variables_of(datasets).values())
    job = Job.objects.create(
        grant=row, site=row.gpu_class.site, key=order.key, name=order.name, cards=order.cards,
        time_limit_s=limit_s, script=program, image=order.image,
        datasets=datasets, array=order.array, content=content,
        content_sha256=digest_of(content), by=actor.id, created_at=at,
    )  # fmt: skip
    for number in range(1, max(order.array, 1) + 1):
        open_attempt(system_actor(actor.origin), row, job, at=at, number=number)
    record_event(
        actor, "gpu_job.intend", subject_type="gpu_job", subject_id=job.id, at=at,
        after=job.state, facts={"cards": job.cards, "time_limit_s": limit_s},
    )  # fmt: skip
    return job, False


def hand_over(actor: Actor, job: Job, engine: Engine, *, at: datetime) -> Job:
    """Give an intent to the engine, or learn that it has it. Safe to do again."""
    asked_before, ref = job.asked_at, grant_ref(job.grant)
    try:
        if asked_before is not None and at < asked_before + policy_at(at).unclear_settle:
            found = engine.find(job.engine_key, ref, since=job.created_at)
            return job if found is None else _taken(actor, job, found, at)
        ready(job.grant, engine)
        spec = _spec(job, ref, at)
        _mark(job, at)
        made = engine.submit(
            spec, job.engine_key, since=job.created_at, is_first=asked_before is None
        )
    except EngineUnclear:
        return job
    except EngineUnwell:
        _mark(job, asked_before)  # nothing was sent this time
        return job
    except EngineRefused as err:
        _refused(actor, job, str(err.fields.get("reason", "")), at)
        raise
    return _taken(actor, job, made, at)


def grant_ref(grant: Grant) -> GrantRef:
    return GrantRef(grant.account, grant.gpu_class.site.user)


def ready(grant: Grant, engine: Engine) -> None:
    """The engine knows the grant, with its limits as a second fence."""
    if grant.engine_ready:
        return
    site, now = grant.gpu_class.site, standing_of(grant)
    lines = Line.objects.filter(attempt__job__grant=grant, kind=LineKind.USE)
    borne = lines.aggregate(n=Sum("borne_gpu_seconds"))["n"] or 0
    spec = GrantSpec(grant.account, site.user, grant.gpu_class.gres, grant.cards_max)
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


def _mark(job: Job, at: datetime | None) -> None:
    """Before the engine is asked: a crash from here on leaves a question, not a guess."""
    job.asked_at = at
    Job.objects.filter(pk=job.pk, state=JobState.INTENT).update(asked_at=at)


def _spec(job: Job, ref: GrantRef, at: datetime) -> JobSpec:
    environment = job.content.get("environment", {})
    return JobSpec(
        grant=ref,
        name=job.engine_key,
        cards=job.cards,
        gres=job.grant.gpu_class.gres,
        time_limit_s=job.time_limit_s,
        script=job.script,
        environment=environment,
        mounts=mounts_of(job, at=at),
        image=job.image,
        array=job.array,
    )


@transaction.atomic
def _taken(actor: Actor, job: Job, ref: JobRef, at: datetime) -> Job:
    row = _locked(job)
    if row.state == JobState.INTENT and not row.engine_job:
        row.engine_job, row.engine_at = ref.job_id, ref.submitted_at
        row.save(update_fields=["engine_job", "engine_at"])
        JOB.move(row, "take", actor, at=at)
    return row


@transaction.atomic
def _refused(actor: Actor, job: Job, reason: str, at: datetime) -> None:
    """The engine said no: what was held returns."""
    grant = locked_grant(job.grant_id)
    row = _locked(job)
    if row.state == JobState.INTENT:
        JOB.move(row, "refuse", actor, at=at, reason=reason)
        _release_all(actor, grant, row, at)


def _release_all(actor: Actor, grant: Grant, job: Job, at: datetime) -> None:
    for attempt in job.attempts.filter(is_held=True):
        release_attempt(actor, grant, attempt, at=at)


def _locked(job: Job) -> Job:
    return (
        Job.objects.select_for_update(of=("self",))
        .select_related("site", "grant__organisation", "grant__gpu_class__site",
                        "grant__gpu_class__offering", "grant__voucher")
        .get(pk=job.pk)
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
    row = _locked(job)
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
        _release_all(platform, grant, row, at)
    return row


def ref_of(job: Job) -> JobRef:
    return JobRef(job.engine_job, job.engine_key, grant_ref(job.grant), job.engine_at)
