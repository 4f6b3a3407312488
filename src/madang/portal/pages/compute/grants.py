"""One's grants: what is left, what is held, what was used, and the jobs that did it."""

from __future__ import annotations

from collections.abc import Iterable

from django import forms
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from madang.compute.classes.sizes import petaflops_text
from madang.compute.findings.queries import idle_cases_of
from madang.compute.grants.actions import parts_of
from madang.compute.grants.models import Grant, ProgressReport
from madang.compute.grants.queries import (
    LIVING,
    grant_for,
    grants_of,
    standing_of,
    state_at,
)
from madang.compute.jobs.queries import job_reports, jobs_of
from madang.parties.actor import Role
from madang.parties.events.queries import reasons_of
from madang.portal.charts import part_bars
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.pages.compute.steps import GiveBackForm, ObjectionForm, ReportForm
from madang.portal.request import SignedInRequest, signed_in, takes

PER_PAGE = 50
READERS = (Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR)


class JobForm(forms.Form):
    """A job as a person types it; the key is what makes it one job."""

    key = forms.CharField(label=_("Key of the job"), max_length=128)
    cards = forms.IntegerField(label=_("Cards"), min_value=1, initial=1)
    time_limit_s = forms.IntegerField(
        label=_("Time limit in seconds"), min_value=1, initial=3600
    )
    script = forms.CharField(
        label=_("Script"), max_length=65_536, widget=forms.Textarea(attrs={"rows": 6})
    )
    datasets = forms.CharField(
        label=_("Data sets to read"), max_length=4000, required=False,
        help_text=_("Names as org/name or org/name@1.0, with spaces between; the script finds "
                    "each in MADANG_DATASET_org_name"),
    )  # fmt: skip
    image = forms.CharField(label=_("Container image"), max_length=200, required=False)
    array = forms.IntegerField(
        label=_("Tasks of an array"), min_value=0, max_value=10_000, initial=0, required=False
    )

    def clean_script(self) -> str:
        """Browsers end lines in two characters: a first line would then name no program."""
        return str(self.cleaned_data["script"]).replace("\r\n", "\n")

    def clean_array(self) -> int:
        return self.cleaned_data["array"] or 0

    def clean_datasets(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["datasets"].split())


def desk_of(request: SignedInRequest) -> str:
    if request.actor.has(Role.OPERATOR):
        return "operator"
    return "beneficiary" if request.actor.has(Role.BENEFICIARY) else "auditor"


@takes("GET")
@signed_in(*READERS)
def grants(request: SignedInRequest) -> HttpResponse:
    rows = grants_of(request.actor)[:PER_PAGE]
    shown = [(row, state_at(row, request.at), standing_of(row)) for row in rows]
    return desk_page(request, desk_of(request), "compute/grants.html", {"rows": shown})


@takes("GET")
@signed_in(*READERS)
def grant(request: SignedInRequest, code: str) -> HttpResponse:
    row = grant_for(request.actor, code)
    now = standing_of(row)
    jobs = jobs_of(request.actor).filter(grant=row)[:PER_PAGE]
    facts = {
        "grant": row,
        "grant_state": state_at(row, request.at),
        "standing": now,
        "chart": part_bars([(row.code, now.granted, now.used + now.held)]),
        "jobs": job_reports(jobs),
        "idle": idle_cases_of(request.actor).filter(grant=row, closed_at=None),
        "form": JobForm() if request.actor.has(Role.BENEFICIARY, Role.OPERATOR) else None,
        "petaflops": petaflops_text(row.teraflops) if row.teraflops else "",
        "parts": parts_given(row),
        "reports": _told(row.reports.order_by("-at")[:PER_PAGE]),
        "next_tranche": row.tranches_given + 1 if row.state in LIVING else 0,
        "is_own": request.actor.acts_as(Role.BENEFICIARY, row.organisation_id),
        "is_operator": request.actor.has(Role.OPERATOR),
        "give_back_form": GiveBackForm(),
        "report_form": ReportForm(),
        "objection_form": ObjectionForm(),
        "reason_form": ReasonForm(),
    }
    return desk_page(request, desk_of(request), "compute/grant.html", facts)


def _told(
    reports: Iterable[ProgressReport],
) -> list[tuple[ProgressReport, str, ReasonForm]]:
    """Each with why it was refused, and a form of its own to refuse it."""
    rows = list(reports)
    why = reasons_of(
        "gpu_report.refuse", [str(one.id) for one in rows], subject_type="gpu_report"
    )
    return [
        (one, why.get(str(one.id), ""), ReasonForm(auto_id=f"id_{one.id}_%s")) for one in rows
    ]


def parts_given(row: Grant) -> list[tuple[str, int, bool]]:
    """Every tranche: its share, its GPU-seconds, and whether it was given."""
    parts = parts_of(row.gpu_seconds, row.tranches)
    return [
        (share, amount, number < row.tranches_given)
        for number, (share, amount) in enumerate(zip(row.tranches, parts, strict=True))
    ]
