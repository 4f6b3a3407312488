"""Steps of a grant and of an idle case: the beneficiary's, and those of an operator."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.compute.findings.idle import decide_objection, object_to
from madang.compute.findings.queries import idle_case_for
from madang.compute.grants.actions import freeze_grant, give_back, thaw_grant, withdraw_grant
from madang.compute.grants.models import Grant
from madang.compute.grants.queries import grant_for
from madang.compute.grants.reports import (
    accept_report,
    refuse_report,
    report_for,
    submit_report,
)
from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.portal.acting import act, act_with_reason, taken
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes


class GiveBackForm(forms.Form):
    gpu_seconds = forms.IntegerField(
        label=gettext_lazy("GPU-seconds to give back"), min_value=1, max_value=10**15
    )


class ReportForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("What was done with the first part"), max_length=8000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class ObjectionForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("Why the cards stand idle"), max_length=8000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip


class VerdictForm(ReasonForm):
    """`yes` upholds the objection, `no` lets the cards go back."""

    verdict = forms.ChoiceField(
        label=gettext_lazy("Decision"),
        choices=[
            ("yes", gettext_lazy("the grant stays as it is")),
            ("no", gettext_lazy("the cards go back")),
        ],
        widget=forms.RadioSelect,
    )


def _give_back(request: SignedInRequest, grant: Grant) -> None:
    do = partial(give_back, request.actor, grant, at=request.at)
    act(request, GiveBackForm(request.POST), do, _("The time is back in the pool."))


def _report(request: SignedInRequest, grant: Grant) -> None:
    do = partial(submit_report, request.actor, grant, at=request.at)
    told = _("The report is handed in; an operator reads it.")
    act(request, ReportForm(request.POST), do, told)


def _freeze(request: SignedInRequest, grant: Grant) -> None:
    act_with_reason(request, freeze_grant, _("Done."), grant)


def _withdraw(request: SignedInRequest, grant: Grant) -> None:
    act_with_reason(request, withdraw_grant, _("Done."), grant)


def _thaw(request: SignedInRequest, grant: Grant) -> None:
    thaw_grant(request.actor, grant, at=request.at)


STEPS: dict[str, Callable[[SignedInRequest, Grant], None]] = {
    "give-back": _give_back,
    "report": _report,
    "freeze": _freeze,
    "thaw": _thaw,
    "withdraw": _withdraw,
}


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
def step(request: SignedInRequest, code: str, step: str) -> HttpResponse:
    """Who may do which is the action's word."""
    grant = grant_for(request.actor, code)
    if step not in STEPS:
        raise NotFound
    STEPS[step](request, grant)
    return redirect("gpu_grant", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def accept(request: SignedInRequest, gpu_report_id: UUID) -> HttpResponse:
    grant = accept_report(
        request.actor, report_for(request.actor, gpu_report_id), at=request.at
    )
    messages.success(request, _("The next part is given."))
    return redirect("gpu_grant", grant.code)


@takes("POST")
@signed_in(Role.OPERATOR)
def refuse(request: SignedInRequest, gpu_report_id: UUID) -> HttpResponse:
    report = report_for(request.actor, gpu_report_id)
    told = _("The decision is recorded and told.")
    act_with_reason(request, refuse_report, told, report)
    return redirect("gpu_grant", report.grant.code)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def object_(request: SignedInRequest, idle_case_id: UUID) -> HttpResponse:
    case = idle_case_for(request.actor, idle_case_id)
    do = partial(object_to, request.actor, case.id, at=request.at)
    told = _("Nothing goes back before a person has decided.")
    act(request, ObjectionForm(request.POST), do, told)
    return redirect("gpu_grant", case.grant.code)


@takes("POST")
@signed_in(Role.OPERATOR)
def answer(request: SignedInRequest, idle_case_id: UUID) -> HttpResponse:
    case = idle_case_for(request.actor, idle_case_id)
    told = taken(VerdictForm(request.POST)).cleaned_data
    decide_objection(
        request.actor, case.id, upheld=told["verdict"] == "yes", reason=told["reason"],
        at=request.at,
    )  # fmt: skip
    messages.success(request, _("The decision is recorded and told."))
    return redirect("gpu_oversight")
