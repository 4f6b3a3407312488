"""The lane of small grants: the published rule, one's requests, and what waits for a person."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.compute.grants.requests import (
    WAITING,
    RequestTerms,
    approve_request,
    refuse_request,
    request_for,
    request_gpu_time,
    requests_of,
)
from madang.compute.sites.queries import class_by_code, classes
from madang.parties.actor import Role
from madang.parties.organisations.queries import organisation_by_code, organisations_for
from madang.portal.acting import act_with_reason, reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.pages.compute.grants import READERS, desk_of
from madang.portal.pages.compute.rule import HOUR, published_rule
from madang.portal.pages.compute.sites import site_name
from madang.portal.request import SignedInRequest, signed_in, takes

ROWS_MAX = 100


class AskForm(forms.Form):
    """What is asked for; the organisations and classes are those of the person and the day."""

    organisation = forms.ChoiceField(label=gettext_lazy("Organisation"))
    gpu_class = forms.ChoiceField(label=gettext_lazy("GPU class"))
    cards_max = forms.IntegerField(
        label=gettext_lazy("Cards at a time"), min_value=1, max_value=1_000_000, initial=1
    )
    gpu_hours = forms.IntegerField(
        label=gettext_lazy("GPU-hours"), min_value=1, max_value=10**9, initial=100
    )
    days = forms.IntegerField(
        label=gettext_lazy("Days"), min_value=1, max_value=366, initial=30
    )
    purpose = forms.CharField(
        label=gettext_lazy("Purpose"), max_length=8000, widget=forms.Textarea(attrs={"rows": 3})
    )

    def terms(self) -> RequestTerms:
        told = self.cleaned_data
        seconds = told["gpu_hours"] * (HOUR // timedelta(seconds=1))
        return RequestTerms(seconds, told["cards_max"], told["days"], told["purpose"])


def _form(request: SignedInRequest) -> AskForm:
    form = AskForm(request.POST if request.method == "POST" else None)
    own = [
        (row.code, site_name(row.name_ko, row.name_en))
        for row in organisations_for(request.actor)
        if request.actor.acts_as(Role.BENEFICIARY, row.id)
    ]
    offered = [
        (row.code, f"{row.code} · {site_name(row.site.name_ko, row.site.name_en)}")
        for row in classes()
    ]
    for name, choices in (("organisation", own), ("gpu_class", offered)):
        field = form.fields[name]
        assert isinstance(field, forms.ChoiceField)
        field.choices = choices
    return form


@takes("GET")
@signed_in(*READERS)
def requests(request: SignedInRequest) -> HttpResponse:
    rows = requests_of(request.actor)[:ROWS_MAX]
    facts = {
        "rows": rows,
        "waiting": [row for row in rows if row.state in WAITING],
        "form": _form(request) if request.actor.has(Role.BENEFICIARY) else None,
        "reason_form": ReasonForm() if request.actor.has(Role.OPERATOR) else None,
        **published_rule(request.at),
    }
    return desk_page(request, desk_of(request), "compute/requests.html", facts)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def ask(request: SignedInRequest) -> HttpResponse:
    form = taken(_form(request))
    made = request_gpu_time(
        request.actor,
        organisation_by_code(form.cleaned_data["organisation"]),
        class_by_code(form.cleaned_data["gpu_class"]),
        form.terms(),
        at=request.at,
    )
    if made.grant is not None:
        messages.success(request, _("The grant is there: you can use it now."))
        return redirect("gpu_grant", made.grant.code)
    messages.success(request, _("A person decides about it in the published time."))
    return redirect("gpu_requests")


@takes("POST")
@signed_in(Role.OPERATOR)
def accept(request: SignedInRequest, gpu_request_id: UUID) -> HttpResponse:
    row = request_for(request.actor, gpu_request_id)
    reason = reason_in(request.POST)
    approve_request(request.actor, row.id, reason=reason, at=request.at)
    messages.success(request, _("The decision is recorded and told."))
    return redirect("gpu_requests")


@takes("POST")
@signed_in(Role.OPERATOR)
def turn_down(request: SignedInRequest, gpu_request_id: UUID) -> HttpResponse:
    row = request_for(request.actor, gpu_request_id)
    act_with_reason(request, refuse_request, _("The decision is recorded and told."), row.id)
    return redirect("gpu_requests")
