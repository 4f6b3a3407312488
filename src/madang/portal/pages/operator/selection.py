"""From a closed call to its decision: eligibility, panel with conflicts shown, ranking."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.people.queries import person_for
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm
from madang.portal.pages.operator.fairness import ContingencyForm, VerdictForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.actions import return_for_completion
from madang.programme.applications.eligibility import check_eligibility
from madang.programme.applications.models import Application
from madang.programme.applications.queries import application_for, applications_for
from madang.programme.calls.models import Call
from madang.programme.calls.queries import call_by_code
from madang.programme.selection import actions
from madang.review.assignments.candidates import candidates_for
from madang.review.assignments.models import GONE_STATES, SEATED_STATES, Assignment
from madang.review.assignments.queries import (
    assignments_for,
    conflicts_on,
    subjects_with_free_seats,
)
from madang.review.challenges.queries import challenges_for
from madang.review.panels.models import Subject
from madang.review.panels.queries import panel_of, subjects_for
from madang.review.rankings.models import RankingRun
from madang.review.rankings.queries import (
    budget_of,
    outputs_of,
    reproduces,
    run_for,
    runs_for,
)
from madang.review.rules import rules_from

READERS = (Role.OPERATOR, Role.AUDITOR)
SEATS_PER_PAGE = 25
LINES_PER_PAGE = 50


class EligibilityForm(forms.Form):
    is_eligible = forms.ChoiceField(
        label=gettext_lazy("Finding"),
        choices=[("yes", gettext_lazy("eligible")), ("no", gettext_lazy("not eligible"))],
        widget=forms.RadioSelect,
    )
    findings = forms.CharField(
        label=gettext_lazy("Requirements not met"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Separated by commas; the applicant reads them."),
    )
    reason = forms.CharField(
        label=gettext_lazy("Reason"), required=False, max_length=1000,
        help_text=gettext_lazy("Needed where you decide against the rules."),
    )  # fmt: skip


class ReturnForm(ReasonForm):
    due_at = MomentField(label=gettext_lazy("Complete until"))


@dataclass(frozen=True, slots=True)
class Seat:
    """One application before the panel: who is asked, how many seats are taken."""

    application: Application
    assignments: tuple[Assignment, ...]
    seated: int


@takes("POST")
@signed_in(Role.OPERATOR)
def eligibility(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    form = taken(EligibilityForm(request.POST))
    findings = [part.strip() for part in form.cleaned_data["findings"].split(",")]
    check_eligibility(
        request.actor,
        row.id,
        is_eligible=form.cleaned_data["is_eligible"] == "yes",
        findings=[finding for finding in findings if finding],
        reason=form.cleaned_data["reason"],
        at=request.at,
    )
    messages.success(request, _("The eligibility check is recorded."))
    return redirect("manage_call", row.call.code)


@takes("POST")
@signed_in(Role.OPERATOR)
def give_back(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Ask for completion until a day; the receipt stays."""
    row = application_for(request.actor, application_id, at=request.at)
    form = taken(ReturnForm(request.POST))
    entered = form.cleaned_data
    return_for_completion(
        request.actor, row.id, reason=entered["reason"], due_at=entered["due_at"], at=request.at
    )
    messages.success(request, _("The applicant is asked to complete the application."))
    return redirect("application", row.id)


@takes("GET")
@signed_in(*READERS)
def panel(request: SignedInRequest, code: str) -> HttpResponse:
    """Who reviews what, a page of applications at a time; `seat` shows one of them with
    everybody who could be asked and what stands against each, `free` those with free seats."""
    call = call_by_code(request.actor, code)
    found = panel_of(actions.CONTEXT, call.id)
    subjects = subjects_for(request.actor, found.id).select_related("panel")
    chosen = _chosen(request, subjects)
    if chosen is not None:
        subjects = subjects.filter(id=chosen.id)
    elif "free" in request.GET:
        subjects = subjects_with_free_seats(request.actor, found)
    page = Paginator(subjects, SEATS_PER_PAGE).get_page(request.GET.get("page"))
    facts = {
        "gone": GONE_STATES,
        "late_conflicts": conflicts_on(request.actor, found.id, at=request.at),
        "challenges": challenges_for(request.actor).filter(subject__panel=found),
        "verdict_form": VerdictForm(),
        "call": call,
        "panel": found,
        "rules": rules_from(found.rules),
        "page": page,
        "seats": _seats(request, list(page)),
        "candidates": candidates_for(request.actor, chosen, at=request.at) if chosen else (),
        "is_chosen": chosen is not None,
        "is_free": "free" in request.GET,
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/panel.html", facts)


def _chosen(request: SignedInRequest, subjects: QuerySet[Subject]) -> Subject | None:
    """The one seat that is asked for, by its application. Raises NotFound."""
    if not (asked := request.GET.get("seat")):
        return None
    row = subjects.filter(subject_id=_uuid(asked)).first()
    if row is None:
        raise NotFound
    return row


def _seats(request: SignedInRequest, subjects: Sequence[Subject]) -> list[Seat]:
    given: dict[UUID, list[Assignment]] = defaultdict(list)
    for one in assignments_for(request.actor).filter(subject__in=[row.id for row in subjects]):
        given[one.subject_id].append(one)
    wanted = [row.subject_id for row in subjects]
    rows = {row.id: row for row in applications_for(request.actor).filter(id__in=wanted)}
    return [
        Seat(
            rows[row.subject_id],
            tuple(given[row.id]),
            sum(one.state in SEATED_STATES for one in given[row.id]),
        )
        for row in subjects
        if row.subject_id in rows
    ]


@takes("POST")
@signed_in(Role.OPERATOR)
def assign(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    """Invite one expert. The room refuses a conflict whatever the page showed."""
    row = application_for(request.actor, application_id, at=request.at)
    person = person_for(request.actor, _uuid(request.POST.get("person", "")))
    actions.assign_reviewer(request.actor, row.id, person, at=request.at)
    messages.success(request, _("The expert is invited."))
    return redirect(f"{reverse('panel', args=[row.call.code])}?seat={row.id}")


def _uuid(text: str) -> UUID:
    """Raises NotFound for what is no id: nothing bears that name."""
    try:
        return UUID(text)
    except ValueError as err:
        raise NotFound from err


@takes("GET")
@signed_in(*READERS)
def ranking(request: SignedInRequest, code: str) -> HttpResponse:
    """The standing run with its order, who confirmed it, and the runs it superseded; `?run=1`
    shows one of those.
    """
    call = call_by_code(request.actor, code)
    runs = list(runs_for(request.actor, panel_of(actions.CONTEXT, call.id).id))
    standing = next((run for run in reversed(runs) if run.state != "superseded"), None)
    asked = request.GET.get("run")
    run = next((one for one in runs if str(one.number) == asked), standing)
    facts = {
        "call": call,
        "runs": runs,
        "run": run,
        "is_standing": run is standing,
        "is_operator": request.actor.has(Role.OPERATOR),
        "contingency_form": ContingencyForm(),
        **(_run_facts(request, call, run) if run else {}),
    }
    return desk_page(request, "operator", "operator/ranking.html", facts)


def _run_facts(request: SignedInRequest, call: Call, run: RankingRun) -> dict[str, object]:
    outputs = outputs_of(run)
    page = Paginator(outputs.lines, LINES_PER_PAGE).get_page(request.GET.get("page"))
    wanted = applications_for(request.actor).filter(
        call=call, id__in=[line.subject for line in page]
    )
    names = {str(row.id): row for row in wanted}
    confirmed = list(run.confirmations.order_by("at"))
    return {
        "page": page,
        "lines": [(line, names.get(line.subject)) for line in page],
        "selected_microwon": outputs.selected_microwon,
        "budget_microwon": budget_of(run),
        "reproduces": reproduces(run),
        "confirmations": confirmed,
        "confirmations_needed": rules_from(run.panel.rules).confirmations,
        "has_confirmed": any(row.person == request.actor.id for row in confirmed),
    }


@takes("POST")
@signed_in(Role.OPERATOR)
def compute(request: SignedInRequest, code: str) -> HttpResponse:
    call = call_by_code(request.actor, code)
    actions.compute_ranking(request.actor, call.id, at=request.at)
    messages.success(request, _("The ranking is computed. Two people confirm it."))
    return redirect("ranking", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def confirm(request: SignedInRequest, code: str, run_id: UUID) -> HttpResponse:
    call = call_by_code(request.actor, code)
    run = actions.confirm_ranking(
        request.actor, call.id, run_for(request.actor, run_id).id, at=request.at
    )
    if run.state == "confirmed":
        messages.success(request, _("The ranking stands; awards are offered and notices sent."))
    else:
        messages.success(request, _("Your word is recorded; one more person is needed."))
    return redirect("ranking", code)
