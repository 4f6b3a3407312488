"""Calls: write, approve by a second person, extend, cancel; start the review."""

from __future__ import annotations

from functools import partial

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import seoul_date
from madang.parties.actor import Role
from madang.portal.acting import act, act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm
from madang.portal.pages.operator.applicants import listed
from madang.portal.pages.operator.call_form import CallForm, first_values
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.queries import applications_for
from madang.programme.calls import actions
from madang.programme.calls.phases import phase_at
from madang.programme.calls.queries import call_by_code, calls_for
from madang.programme.calls.series import approve_series, calls_of, create_series
from madang.programme.selection.actions import has_candidates, start_review
from madang.programme.years.queries import year_on
from madang.review.models import PanelState

READERS = (Role.OPERATOR, Role.AUDITOR)


class ExtendForm(ReasonForm):
    closes_at = MomentField(label=gettext_lazy("New deadline"))


@takes("GET")
@signed_in(*READERS)
def calls(request: SignedInRequest) -> HttpResponse:
    rows = [(row, phase_at(row, request.at)) for row in calls_for(request.actor)]
    facts = {"rows": rows, "is_operator": request.actor.has(Role.OPERATOR)}
    return desk_page(request, "operator", "operator/calls.html", facts)


@takes("GET", "POST")
@signed_in(Role.OPERATOR)
def new_call(request: SignedInRequest) -> HttpResponse:
    """A draft. Somebody else approves it."""
    if request.method != "POST":
        form = CallForm(language=request.LANGUAGE_CODE, initial=first_values(request.at))
        return desk_page(request, "operator", "operator/new_call.html", {"form": form})
    form = taken(CallForm(request.POST, language=request.LANGUAGE_CODE))
    code = _written(request, form)
    messages.success(request, _("The draft is saved. A second person approves it."))
    return redirect("manage_call", code)


def _written(request: SignedInRequest, form: CallForm) -> str:
    """The code of the draft, or of the first of a rolling call."""
    cut_offs = form.cleaned_data["cut_offs"]
    day = seoul_date(form.cleaned_data["opens_at"])
    year = year_on(form.cleaned_data["programme"], day)
    if not cut_offs:
        return actions.create_call(request.actor, year, form.content(), at=request.at).code
    series = create_series(
        request.actor, year, form.content(), cut_offs=cut_offs, at=request.at
    )
    return calls_of(series)[0].code


@takes("GET")
@signed_in(*READERS)
def manage_call(request: SignedInRequest, code: str) -> HttpResponse:
    """One call with its applications and the steps that are possible now."""
    row = call_by_code(request.actor, code)
    phase = phase_at(row, request.at)
    unchecked = applications_for(request.actor).filter(
        call=row, state__in=["submitted", "returned_for_completion"]
    )
    facts = {
        **listed(request, row),
        "call": row,
        "phase": phase,
        "is_own": row.created_by == request.actor.id,
        "unchecked": unchecked.count(),
        "is_reviewable": has_candidates(row),
        "reason_form": ReasonForm(),
        "siblings": calls_of(row.series) if row.series else [],
        "extend_form": ExtendForm(auto_id="extend_%s"),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/call.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def approve(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    actions.approve_call(request.actor, row.id, at=request.at)
    messages.success(request, _("Approved: the content is frozen and the budget allotted."))
    return redirect("manage_call", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def approve_all(request: SignedInRequest, code: str) -> HttpResponse:
    """Every call of a rolling one, by a second person."""
    row = approve_series(request.actor, code, at=request.at)
    messages.success(request, _("Approved: the content is frozen and the budget allotted."))
    return redirect("manage_call", calls_of(row)[0].code)


@takes("POST")
@signed_in(Role.OPERATOR)
def extend(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    act(
        request,
        ExtendForm(request.POST),
        partial(actions.extend_call, request.actor, row.id, at=request.at),
        _("The deadline is extended for everybody."),
    )
    return redirect("manage_call", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def cancel(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    act_with_reason(request, actions.cancel_call, _("The call is cancelled."), row.id)
    return redirect("manage_call", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def revise(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    act_with_reason(request, actions.revise_call, _("The call is a draft again."), row.id)
    return redirect("manage_call", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def review(request: SignedInRequest, code: str) -> HttpResponse:
    """All eligible applications come before one panel."""
    row = call_by_code(request.actor, code)
    panel = start_review(request.actor, row.id, at=request.at)
    if panel.state == PanelState.DECIDED:
        messages.success(request, _("The call is decided: nothing was left to review."))
        return redirect("manage_call", code)
    messages.success(request, _("The review has begun. Assign the experts next."))
    return redirect("panel", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def archive(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    actions.archive_call(request.actor, row.id, at=request.at)
    messages.success(request, _("The call is archived; what it did not award is unallotted."))
    return redirect("manage_call", code)
