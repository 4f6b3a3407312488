"""Jobs in the portal: submit, look, cancel. The same actions as the command and the API."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.shortcuts import redirect

from madang.compute.grants.queries import grant_for
from madang.compute.jobs.actions import ask_for_end, submit_job
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.compute.jobs.outputs import Listed, listed, output_named, outputs_of, sent
from madang.compute.jobs.progress import note_progress
from madang.compute.jobs.queries import attempts_of, job_for, job_report, refusal_of
from madang.compute.sites.engines import engine_for
from madang.core.errors import Unwell
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.compute.grants import READERS, JobForm, desk_of
from madang.portal.request import SignedInRequest, signed_in, takes

LOG_BYTES_MAX = 16 * 1024


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
def submit(request: SignedInRequest, code: str) -> HttpResponse:
    grant = grant_for(request.actor, code)
    form = taken(JobForm(request.POST))
    order = JobOrder(**form.cleaned_data)
    engine = engine_for(grant.gpu_class.site, request.at)
    done = submit_job(request.actor, grant, order, engine, at=request.at)
    return redirect("gpu_job", done.job.id)


@takes("GET")
@signed_in(*READERS)
def job(request: SignedInRequest, gpu_job: UUID) -> HttpResponse:
    row = job_for(request.actor, key=str(gpu_job))
    log = note_progress(row, bytes_max=LOG_BYTES_MAX, at=request.at)
    facts = {
        "job": row,
        "report": job_report(row),
        "attempts": attempts_of(row),
        "refusal": refusal_of(row),
        "log": log,
        "outputs": _outputs(row, request.at),
        "progress": row.progress,
        "is_open": row.ended_at is None and row.state in {"intent", "queued", "running"},
        "can_cancel": request.actor.has(Role.BENEFICIARY, Role.OPERATOR),
    }
    return desk_page(request, desk_of(request), "compute/job.html", facts)


@takes("GET")
@signed_in(*READERS)
def output(request: SignedInRequest, gpu_job: UUID, name: str) -> FileResponse:
    row = job_for(request.actor, key=str(gpu_job))
    return sent(output_named(row, name, at=request.at))


def _outputs(row: Job, at: datetime) -> Listed:
    """What is there; an engine that is away has nothing to show."""
    try:
        return listed(outputs_of(row, at=at))
    except Unwell:
        return Listed()


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
def cancel(request: SignedInRequest, gpu_job: UUID) -> HttpResponse:
    row = job_for(request.actor, key=str(gpu_job))
    engine = engine_for(row.site, request.at)
    ask_for_end(request.actor, row, engine, reason="", at=request.at)
    return redirect("gpu_job", row.id)
