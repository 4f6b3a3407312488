"""REST routes of jobs: the same as the commands."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from django.http import FileResponse
from ninja import Field, Router, Schema

from madang.compute.grants.queries import grant_for
from madang.compute.jobs import actions
from madang.compute.jobs.actions import need_holder, submitted_report
from madang.compute.jobs.models import OPEN, Job
from madang.compute.jobs.orders import ARRAY_MAX, IMAGE_MAX, KEY_MAX, NAME_MAX, JobOrder
from madang.compute.jobs.outputs import listed, output_named, outputs_of, sent
from madang.compute.jobs.progress import WHOLE, note_progress
from madang.compute.jobs.queries import job_for, job_report, job_reports, jobs_of, ref_of
from madang.compute.sites.engines import engine_for
from madang.parties.api import ROWS_MAX, ApiRequest
from madang.parties.exact import Whole

router = Router(tags=["compute"])
LOG_BYTES_MAX = 64 * 1024
Short = Annotated[str, Field(max_length=NAME_MAX)]


class OrderIn(Schema):
    """Either `command` (words) or `script` (a program's text). `key` names the job for good."""

    key: Annotated[str, Field(min_length=1, max_length=KEY_MAX)]
    cards: Annotated[Whole, Field(ge=1, le=1_000_000)]
    time_limit_s: Annotated[Whole, Field(ge=1, le=366 * 86_400)]
    command: Annotated[list[str], Field(max_length=1000)] = []
    script: Annotated[str, Field(max_length=256 * 1024)] = ""
    name: Short = ""
    image: Annotated[str, Field(max_length=IMAGE_MAX)] = ""
    datasets: Annotated[list[Short], Field(max_length=100)] = []
    array: Annotated[Whole, Field(ge=0, le=ARRAY_MAX)] = 0
    environment: dict[str, str] = {}


class JobIn(OrderIn):
    grant: Short


class JobsIn(Schema):
    grant: Short
    jobs: Annotated[list[OrderIn], Field(min_length=1, max_length=1000)]


class AttemptOut(Schema):
    number: int
    state: str
    cards: int
    started_at: datetime | None
    ended_at: datetime | None
    suspended_s: int
    held_gpu_seconds: int
    fact_version: int


class JobOut(Schema):
    """`refused`: why, where the job was refused; `refused_ko`: the same in Korean, but for an
    engine's own words, which stay as they are."""

    id: UUID
    key: str
    grant: str
    site: str
    state: str
    engine_job: str
    refused: str | None
    refused_ko: str | None
    name: str
    cards: int
    time_limit_s: int
    array: int
    image: str
    datasets: list[str]
    submitted_at: datetime
    ended_at: datetime | None
    cancel_asked_at: datetime | None
    progress: int | None
    gpu_seconds: int
    borne_gpu_seconds: int
    charge_microwon: int
    attempts: list[AttemptOut]


class SubmittedOut(JobOut):
    replayed: bool


class SubmittedOneOut(Schema):
    """`refused`: why the engine would not take it; what was held for it has returned."""

    id: UUID
    key: str
    state: str
    engine_job: str
    replayed: bool
    refused: str | None


class SubmittedManyOut(Schema):
    jobs: list[SubmittedOneOut]


class CancelIn(Schema):
    reason: Annotated[str, Field(max_length=200)] = ""


class OutputOut(Schema):
    name: str
    bytes: int


class OutputsOut(Schema):
    """`more`: how many files there are beyond those listed; each can be taken by its name."""

    outputs: list[OutputOut]
    more: int


class LogOut(Schema):
    key: str
    log: str


@router.post("/compute/jobs", response=SubmittedOut, operation_id="submit_job")
def submit_job(request: ApiRequest, body: JobIn) -> dict[str, object]:
    """Find or create by key: asking again after a lost answer makes no second job."""
    order = JobOrder(**body.model_dump(exclude={"grant"}))
    done = actions.submit_named_job(request.actor, body.grant, order, engine_for, at=request.at)
    return {**job_report(done.job, fresh=done.attempts), "replayed": done.replayed}


@router.post("/compute/jobs/batch", response=SubmittedManyOut, operation_id="submit_jobs")
def submit_jobs(request: ApiRequest, body: JobsIn) -> dict[str, object]:
    """Many at once on one grant: all are written down and held for, or none is. Each is found
    again by its own key."""
    grant = grant_for(request.actor, body.grant)
    orders = [JobOrder(**one.model_dump()) for one in body.jobs]
    engine = engine_for(grant.gpu_class.site, request.at)
    done = actions.submit_jobs(request.actor, grant, orders, engine, at=request.at)
    return {"jobs": [submitted_report(one) for one in done]}


@router.get("/compute/jobs", response=list[JobOut], operation_id="list_jobs")
def list_jobs(request: ApiRequest, grant: str | None = None) -> list[dict[str, object]]:
    rows = jobs_of(request.actor)
    if grant is not None:
        rows = rows.filter(grant__code=grant)
    return job_reports(rows[:ROWS_MAX])


@router.get("/compute/jobs/{job_id}", response=JobOut, operation_id="show_job")
def show_job(request: ApiRequest, job_id: UUID) -> dict[str, object]:
    """As of the worker's last reading of the engine, at most ten seconds ago; its progress is
    read now."""
    job = _job(request, job_id)
    if job.state in OPEN or job.progress != WHOLE:
        note_progress(job, bytes_max=LOG_BYTES_MAX, at=request.at)
    return job_report(job)


@router.get("/compute/jobs/{job_id}/log", response=LogOut, operation_id="show_job_log")
def show_job_log(request: ApiRequest, job_id: UUID) -> dict[str, object]:
    job = _job(request, job_id)
    if not job.engine_job:
        return {"key": job.key, "log": ""}
    engine = engine_for(job.site, request.at)
    return {"key": job.key, "log": engine.log(ref_of(job), bytes_max=LOG_BYTES_MAX)}


@router.get(
    "/compute/jobs/{job_id}/outputs", response=OutputsOut, operation_id="list_job_outputs"
)
def list_job_outputs(request: ApiRequest, job_id: UUID) -> dict[str, object]:
    """The files that the job left, where its engine collects them: the first thousand by name,
    and how many more there are."""
    found = listed(outputs_of(_job(request, job_id), at=request.at))
    files = [{"name": one.name, "bytes": one.bytes} for one in found.files]
    return {"outputs": files, "more": found.more}


@router.get("/compute/jobs/{job_id}/outputs/{path:name}", operation_id="get_job_output")
def get_job_output(request: ApiRequest, job_id: UUID, name: str) -> FileResponse:
    """One of them, whole, by its name, listed or not."""
    found = output_named(_job(request, job_id), name, at=request.at)
    return sent(found)


@router.post("/compute/jobs/{job_id}/cancel", response=JobOut, operation_id="cancel_job")
def cancel_job(request: ApiRequest, job_id: UUID, body: CancelIn) -> dict[str, object]:
    job = _job(request, job_id)
    need_holder(request.actor, job.grant)
    engine = engine_for(job.site, request.at)
    done = actions.ask_for_end(request.actor, job, engine, reason=body.reason, at=request.at)
    return job_report(done)


def _job(request: ApiRequest, job_id: UUID) -> Job:
    return job_for(request.actor, key=str(job_id))
