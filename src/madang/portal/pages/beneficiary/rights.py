"""What an applicant may do beside applying: be matched, challenge, appeal, look back."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.facts.actions import record_fact
from madang.parties.facts.queries import facts_for
from madang.parties.organisations.models import Organisation
from madang.parties.organisations.queries import organisations_for
from madang.parties.suppliers.queries import suppliers
from madang.portal.acting import reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.labels import GROUND_NAMES
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.actions import carry_application, restore_draft
from madang.programme.applications.eligibility import find_again
from madang.programme.applications.findings import newest_findings
from madang.programme.applications.lane import lane_wait
from madang.programme.applications.models import Application
from madang.programme.applications.queries import application_for, drafts_of, following_call
from madang.programme.matches.actions import (
    answer_consent,
    ask_consent,
    is_matchable,
    withdraw_consent,
)
from madang.programme.matches.queries import match_for, matches_for
from madang.programme.selection import appeals
from madang.programme.selection.results import DECIDED, Result, name_of, result_for, roster_for
from madang.review.errors import NotDecidedYet
from madang.review.rules import rules_from

SIDES = (Role.BENEFICIARY, Role.SUPPLIER)
SUMMARY_MAX = 2000
IN_REVIEW = frozenset({"in_review", "scored"})


class MatchForm(forms.Form):
    """Whom to ask, and for what."""

    supplier = forms.CharField(label=gettext_lazy("Supplier"), max_length=64)
    summary = forms.CharField(
        label=gettext_lazy("What you want to buy"), max_length=SUMMARY_MAX, required=False
    )


class GroundForm(forms.Form):
    """A ground that the call admits, and one's own words."""

    ground = forms.ChoiceField(label=gettext_lazy("Ground"))
    text = forms.CharField(
        label=gettext_lazy("In your words"), max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip

    def __init__(self, grounds: list[str], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        names: list[tuple[str, str | Promise]] = [
            (code, GROUND_NAMES.get(code, code)) for code in grounds
        ]
        self.fields["ground"].choices = names  # type: ignore[attr-defined]  # a ChoiceField


class FactForm(forms.Form):
    name = forms.RegexField(
        label=gettext_lazy("Name"), regex=r"^[a-z][a-z0-9_]{0,63}$",
        help_text=gettext_lazy("As the rules name it: established_on, employees_count …"),
    )  # fmt: skip
    value = forms.CharField(label=gettext_lazy("Value"), max_length=200)
    valid_until = forms.DateField(
        label=gettext_lazy("Valid until"), required=False,
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip


def beside(request: SignedInRequest, row: Application) -> dict[str, object]:
    """The facts of an application's page that belong here, for the applicant alone."""
    found: dict[str, object] = {
        "machine_findings": newest_findings(row),
        "lane_wait": lane_wait(row),
    }
    if not request.actor.acts_as(Role.BENEFICIARY, row.organisation_id):
        return found
    found |= {
        "drafts": drafts_of(request.actor, row)[:20],
        "matches": matches_for(request.actor).filter(application=row),
        "suppliers": suppliers() if is_matchable(row) else [],
        "result": _result(request, row),
        "criteria": {one.code: one for one in rules_from(row.call.rules).criteria},
        "can_carry": following_call(row, request.at) is not None,
    }
    if row.state in IN_REVIEW:
        grounds = appeals.term(row.call, "challenge_grounds", request.at)
        found["challenge_form"] = GroundForm(grounds, auto_id="challenge_%s")
        found["roster"] = _roster(request, row)
    if row.state in appeals.TOLD and row.state != "selected":
        found |= _appeal_facts(request, row)
    return found


def _result(request: SignedInRequest, row: Application) -> Result | None:
    if row.state not in DECIDED:
        return None
    try:
        return result_for(request.actor, row.id, at=request.at)
    except NotFound:
        return None


def _roster(request: SignedInRequest, row: Application) -> list[tuple[str, str]]:
    """Whom the panel asks: the address to name, and the name."""
    try:
        rows = roster_for(request.actor, row.id, at=request.at)
    except NotFound:
        return []
    return [(one.person.email, name_of(one, request.at)) for one in rows]


def _appeal_facts(request: SignedInRequest, row: Application) -> dict[str, object]:
    """Until when an appeal can be filed against the decision that stands."""
    try:
        decided = appeals.decision_about(row, request.at)
    except NotDecidedYet:
        return {}
    ends = decided.window_ends_at
    if ends is not None and request.at >= ends:
        return {"appeal_ended_at": ends}
    grounds = appeals.term(row.call, "appeal_grounds", request.at)
    return {"appeal_form": GroundForm(grounds, auto_id="appeal_%s"), "appeal_until": ends}


@takes("POST")
@signed_in(Role.BENEFICIARY)
def appeal(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    grounds = appeals.term(row.call, "appeal_grounds", request.at)
    form = taken(GroundForm(grounds, request.POST))
    made = appeals.appeal_decision(request.actor, row.id, **form.cleaned_data, at=request.at)
    messages.success(request, _("Your appeal is received."))
    return redirect("appeal", made.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def challenge(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    grounds = appeals.term(row.call, "challenge_grounds", request.at)
    form = taken(GroundForm(grounds, request.POST))
    reviewer = request.POST.get("reviewer", "")
    appeals.challenge_reviewer(
        request.actor, row.id, reviewer, **form.cleaned_data, at=request.at
    )
    messages.success(request, _("Your challenge is received."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def ask(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    form = taken(MatchForm(request.POST))
    ask_consent(request.actor, row.id, **form.cleaned_data, at=request.at)
    messages.success(request, _("The supplier is asked."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def carry(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    carry_application(request.actor, row.id, at=request.at)
    messages.success(request, _("Your draft goes to the next cut-off."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def restore(request: SignedInRequest, application_id: UUID, number: int) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    restore_draft(request.actor, row.id, number, at=request.at)
    messages.success(request, _("The earlier draft is taken up again."))
    return redirect("application", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def find(request: SignedInRequest, application_id: UUID) -> HttpResponse:
    row = application_for(request.actor, application_id, at=request.at)
    find_again(request.actor, row.id, at=request.at)
    messages.success(request, _("The rules are asked again."))
    return redirect("application", row.id)


@takes("GET")
@signed_in(*SIDES, Role.OPERATOR, Role.AUDITOR)
def matches(request: SignedInRequest) -> HttpResponse:
    rows = matches_for(request.actor)
    desk = desk_of(request.actor)
    facts = {
        "rows": rows,
        "own": request.actor.suppliers,
        "is_party": request.actor.has(*SIDES),
    }
    return desk_page(request, desk, "supplier/matches.html", facts)


@takes("POST")
@signed_in(Role.SUPPLIER)
def answer(request: SignedInRequest, match_id: UUID) -> HttpResponse:
    row = match_for(request.actor, match_id)
    consents = request.POST.get("consents") == "yes"
    answer_consent(request.actor, row.id, consents=consents, at=request.at)
    messages.success(request, _("Your word is recorded and told."))
    return redirect("matches")


@takes("POST")
@signed_in(*SIDES)
def take_back(request: SignedInRequest, match_id: UUID) -> HttpResponse:
    row = match_for(request.actor, match_id)
    reason = reason_in(request.POST)
    withdraw_consent(request.actor, row.id, reason=reason, at=request.at)
    messages.success(request, _("It is taken back."))
    return redirect("matches")


@takes("GET")
@signed_in(Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR)
def facts(request: SignedInRequest, code: str) -> HttpResponse:
    firm = _organisation(request, code)
    desk = "operator" if request.actor.sees_everything else "beneficiary"
    page = {"firm": firm, "rows": facts_for(request.actor, firm), "form": FactForm()}
    return desk_page(request, desk, "beneficiary/facts.html", page)


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
def declare_fact(request: SignedInRequest, code: str) -> HttpResponse:
    firm, form = _organisation(request, code), taken(FactForm(request.POST))
    record_fact(request.actor, firm, **form.cleaned_data, at=request.at)
    messages.success(request, _("The fact is recorded."))
    return redirect("facts", code)


def _organisation(request: SignedInRequest, code: str) -> Organisation:
    row = organisations_for(request.actor).filter(code=code).first()
    if row is None:
        raise NotFound
    return row
