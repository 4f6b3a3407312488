"""Reading jobs: who may see one, and what it did."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from django.db.models import QuerySet, Sum

from madang.compute.attempts.models import Attempt
from madang.compute.engines.types import GrantRef, JobRef
from madang.compute.grants.models import Grant
from madang.compute.jobs.models import Job, JobState
from madang.compute.lines.models import Line, LineKind
from madang.core.clock import rfc3339
from madang.core.errors import NotFound, Words
from madang.core.words import korean
from madang.parties.actor import Actor, Role
from madang.parties.events.queries import reasons_of

NO_REASON = "no reason was given"


def jobs_of(actor: Actor) -> QuerySet[Job]:
    """Every job that the actor may see, newest first."""
    rows = Job.objects.select_related("grant__organisation", "grant__gpu_class", "site")
    rows = rows.order_by("-created_at", "-id")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.BENEFICIARY):
        return rows.filter(grant__organisation__in=actor.organisations)
    return rows.none()


def job_for(actor: Actor, *, key: str, grant: str = "") -> Job:
    """One job by its id or its client's key. Raises NotFound also for what is not visible."""
    rows = jobs_of(actor)
    if grant:
        rows = rows.filter(grant__code=grant)
    found = rows.filter(key=key).first() or (
        rows.filter(id=key).first() if _is_uuid(key) else None
    )
    if found is None:
        raise NotFound(noun="job")
    return found


def _is_uuid(text: str) -> bool:
    parts = text.split("-")
    return [len(one) for one in parts] == [8, 4, 4, 4, 12] and all(
        character in "0123456789abcdef-" for character in text.lower()
    )


def job_reports(jobs: Iterable[Job]) -> list[dict[str, object]]:
    """A list of them: what refused ones were told is read once."""
    rows = list(jobs)
    refusals = _refusals_of(rows)
    return [job_report(one, refusals=refusals) for one in rows]


def job_report(
    job: Job,
    *,
    fresh: Sequence[Attempt] = (),
    refusals: Mapping[UUID, Words] | None = None,
) -> dict[str, object]:
    """The answer of `madang compute status`, of the page and of the API. `fresh` are the
    attempts of a job that was made this moment and has no lines: nothing is read then."""
    attempts = [_attempt(one) for one in fresh or job.attempts.order_by("number")]
    sums = {"gpu_seconds": 0, "borne": 0, "charge": 0} if fresh else lines_sum(job)
    refusal = refusal_of(job) if refusals is None else refusals.get(job.id)
    return {
        "id": str(job.id),
        "key": job.key,
        "grant": job.grant.code,
        "site": job.site.code,
        "state": job.state,
        "engine_job": job.engine_job,
        "refused": refusal.en if refusal else None,
        "refused_ko": refusal.ko if refusal else None,
        "name": job.name,
        "cards": job.cards,
        "time_limit_s": job.time_limit_s,
        "array": job.array,
        "image": job.image,
        "datasets": list(job.datasets),
        "submitted_at": rfc3339(job.created_at),
        "ended_at": rfc3339(job.ended_at) if job.ended_at else None,
        "cancel_asked_at": rfc3339(job.cancel_asked_at) if job.cancel_asked_at else None,
        "progress": job.progress,
        "gpu_seconds": sums["gpu_seconds"],
        "borne_gpu_seconds": sums["borne"],
        "charge_microwon": sums["charge"],
        "attempts": attempts,
    }


def refusal_of(job: Job) -> Words | None:
    """Why a refused job was refused: an engine's words as they are, ours in both languages."""
    return _refusals_of([job]).get(job.id)


def _refusals_of(jobs: Iterable[Job]) -> dict[UUID, Words]:
    refused = [job.id for job in jobs if job.state == JobState.REFUSED]
    if not refused:
        return {}
    said = reasons_of("gpu_job.refuse", [str(id) for id in refused], subject_type="gpu_job")
    told = {id: said.get(str(id), NO_REASON) for id in refused}
    return {id: Words(text, korean(text, "madang.compute")) for id, text in told.items()}


def attempts_of(job: Job) -> Sequence[dict[str, object]]:
    """As the page shows them: as job_report, with instants and no text for them."""
    rows = job.attempts.order_by("number")
    return [
        {**_attempt(one), "started_at": one.started_at, "ended_at": one.ended_at}
        for one in rows
    ]


def lines_sum(job: Job) -> dict[str, int]:
    """What all lines of a job come to, reversals taken off."""
    found = {"gpu_seconds": 0, "borne": 0, "charge": 0}
    rows = Line.objects.filter(attempt__job=job).values_list("kind").annotate(
        u=Sum("user_gpu_seconds"), b=Sum("borne_gpu_seconds"), c=Sum("charge_microwon")
    )  # fmt: skip
    for kind, user, borne, charge in rows:
        sign = -1 if kind == LineKind.REVERSAL else 1
        found["gpu_seconds"] += sign * user
        found["borne"] += sign * borne
        found["charge"] += sign * charge
    return found


def _attempt(row: Attempt) -> dict[str, object]:
    return {
        "number": row.number,
        "state": "disputed" if row.is_disputed else row.state,
        "cards": row.cards,
        "started_at": rfc3339(row.started_at) if row.started_at else None,
        "ended_at": rfc3339(row.ended_at) if row.ended_at else None,
        "suspended_s": row.suspended_s,
        "held_gpu_seconds": row.held_gpu_seconds if row.is_held else 0,
        "fact_version": row.fact_version,
    }


def grant_ref(grant: Grant) -> GrantRef:
    return GrantRef(grant.account, grant.user or grant.gpu_class.site.user)


def ref_of(job: Job) -> JobRef:
    """The job as its engine knows it."""
    return JobRef(job.engine_job, job.engine_key, grant_ref(job.grant), job.engine_at)
