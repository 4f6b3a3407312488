"""Submissions without an answer: what may be each, and an operator's decision."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.compute.jobs.deciding import decide_submission, decided_job
from madang.compute.jobs.doubts import submissions_in_doubt
from madang.compute.jobs.models import Job
from madang.compute.jobs.queries import job_for
from madang.parties.actor import Actor, Role
from madang.portal.acting import act
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

TIMES = ("asked_at", "came_from", "came_until")


class DecisionForm(ReasonForm):
    """`is` with the engine's number of a job; or `never`."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("is", gettext_lazy("it is the job with this number")),
            ("never", gettext_lazy("it never ran: send it again")),
        ],
        widget=forms.RadioSelect,
    )
    engine_job = forms.CharField(
        label=gettext_lazy("The engine's number of the job"), max_length=64, required=False
    )
    field_order = ("verdict", "engine_job", "reason")


Shown = tuple[dict[str, object], DecisionForm | None]


def doubts_shown(actor: Actor, at: datetime) -> list[Shown]:
    """Each with instants, and a form with ids of its own for who may decide."""
    can_decide = actor.has(Role.OPERATOR)
    return [
        (_readable(one), DecisionForm(auto_id=f"id_{one['id']}_%s") if can_decide else None)
        for one in submissions_in_doubt(actor, at=at)
    ]


def _readable(report: dict[str, object]) -> dict[str, object]:
    arrivals = report["arrivals"]
    assert isinstance(arrivals, list)
    why = report["unsettled" if spoken() == "en" else "unsettled_ko"]
    return {
        **report,
        **{name: _instant(report[name]) for name in TIMES},
        "why": why,
        "arrivals": [
            {**one, "submitted_at": _instant(one["submitted_at"])} for one in arrivals
        ],
    }


def _instant(text: object) -> datetime:
    return datetime.fromisoformat(str(text))


@takes("POST")
@signed_in(Role.OPERATOR)
def decide(request: SignedInRequest, gpu_job: UUID) -> HttpResponse:
    job = job_for(request.actor, key=str(gpu_job))
    told = _("The decision is recorded.")
    act(request, DecisionForm(request.POST), partial(_decide, request, job), told)
    return redirect("gpu_oversight")


def _decide(
    request: SignedInRequest, job: Job, *, verdict: str, engine_job: str, reason: str
) -> None:
    found = decided_job(engine_job.strip(), never_ran=verdict == "never")
    decide_submission(request.actor, job, engine_job=found, reason=reason, at=request.at)
