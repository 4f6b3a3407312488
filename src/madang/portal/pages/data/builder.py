"""The builder's desk: projects, what is due, goals to sign, handing in, proposals to write."""

from __future__ import annotations

from dataclasses import dataclass

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.datahub.deliveries.actions import hand_in
from madang.datahub.deliveries.queries import Due, due_of
from madang.datahub.plan.actions import WORK_STEPS, move_project
from madang.datahub.plan.models import BuildProject
from madang.datahub.plan.queries import project_for, projects_for
from madang.datahub.plan.workflow import BUILD_PROJECT
from madang.datahub.proposals.queries import open_offers
from madang.datahub.quality.targets import targets_from
from madang.datahub.sets.actions import may_write
from madang.datahub.terms.actions import offer_terms, propose_terms, sign_terms, withdraw_terms
from madang.datahub.terms.queries import open_terms, terms_in_force
from madang.datahub.terms.steps import steps_data, stored_steps
from madang.parties.actor import Role
from madang.parties.canonical import Json
from madang.parties.workflow import Transition
from madang.portal.acting import Offer, reason_in, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.pages.data.step_lines import lines_of_steps
from madang.portal.pages.data.wishes import target_lines
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

ENDINGS = ("fail", "terminate")
READERS = (Role.BUILDER, Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR)
ROWS_MAX = 200


class EndForm(ReasonForm):
    step = forms.CharField(widget=forms.HiddenInput())


@dataclass(frozen=True, slots=True)
class Card:
    """A project with what it owes next and what waits for a signature."""

    project: BuildProject
    due: Due | None
    waiting: str
    percent: int


class HandInForm(forms.Form):
    step = forms.IntegerField(widget=forms.HiddenInput())
    revision = forms.CharField(label=_("Branch, tag or commit"), max_length=200, initial="main")


class AmendForm(forms.Form):
    """An amendment: targets as a file, volumes and days of the steps as lines."""

    targets = forms.CharField(
        label=_("Targets (TOML)"), max_length=100_000, widget=forms.Textarea(attrs={"rows": 12})
    )
    plan = forms.CharField(
        label=_("Steps: day and volume, one a line"), max_length=2000,
        widget=forms.Textarea(attrs={"rows": 4}), help_text="2026-06-30 1000",
    )  # fmt: skip
    reason = forms.CharField(label=_("Reason"), max_length=1000)

    def clean_plan(self) -> str:
        return lines_of_steps(self.cleaned_data["plan"], 2, "2026-06-30 1000")


def desk_of(request: SignedInRequest) -> str:
    for role, desk in ((Role.OPERATOR, "operator"), (Role.BUILDER, "builder")):
        if request.actor.has(role):
            return desk
    return "auditor" if request.actor.has(Role.AUDITOR) else "beneficiary"


@takes("GET")
@signed_in(*READERS)
def projects(request: SignedInRequest) -> HttpResponse:
    rows = [_card(row) for row in projects_for(request.actor)[:ROWS_MAX]]
    facts = {"cards": rows, "offers": open_offers(request.at), "today": request.at.date()}
    return desk_page(request, desk_of(request), "data/projects.html", facts)


@takes("GET")
@signed_in(*READERS)
def project(request: SignedInRequest, code: str) -> HttpResponse:
    return _page(request, project_for(request.actor, code=code))


@takes("POST")
@signed_in(Role.BUILDER, Role.OPERATOR)
def step(request: SignedInRequest, code: str) -> HttpResponse:
    row = project_for(request.actor, code=code)
    move_project(
        request.actor, row.id, step=request.POST.get("step", ""),
        reason=reason_in(request.POST), at=request.at,
    )  # fmt: skip
    return redirect("build_project", code)


@takes("POST")
@signed_in(Role.BUILDER)
def deliver(request: SignedInRequest, code: str) -> HttpResponse:
    row = project_for(request.actor, code=code)
    form = taken(HandInForm(request.POST))
    made = hand_in(request.actor, row.id, **form.cleaned_data, at=request.at)
    messages.success(request, gettext("Handed in and measured. See the report."))
    return redirect("data_check", made.quality_check_id)


@takes("POST")
@signed_in(Role.BUILDER, Role.BENEFICIARY, Role.OPERATOR)
def sign(request: SignedInRequest, code: str) -> HttpResponse:
    """The signature of whichever side this person is on, over the digest that was shown."""
    row = project_for(request.actor, code=code)
    terms, sha256 = open_terms(row), request.POST.get("sha256", "")
    if terms is not None and request.POST.get("step") == "withdraw":
        withdraw_terms(request.actor, terms.id, reason="", at=request.at)
    elif terms is not None:
        act = offer_terms if terms.state == "proposed" else sign_terms
        act(request.actor, terms.id, sha256=sha256, at=request.at)
    return redirect("build_project", code)


@takes("POST")
@signed_in(Role.BUILDER, Role.OPERATOR)
def amend(request: SignedInRequest, code: str) -> HttpResponse:
    row = project_for(request.actor, code=code)
    form = taken(AmendForm(request.POST))
    given = form.cleaned_data
    propose_terms(
        request.actor, row, targets=given["targets"], steps=_steps(row, given["plan"]),
        reason=given["reason"], at=request.at,
    )  # fmt: skip
    return redirect("build_project", code)


def _steps(row: BuildProject, text: str) -> list[Json]:
    """The steps in force with other days and volumes, line by line; what is odd is refused."""
    held = terms_in_force(row)
    before = steps_data(stored_steps(held.steps)) if held else []
    lines = [line.split() for line in text.splitlines() if line.strip()]
    steps: list[Json] = []
    for at, words in enumerate(lines):
        known = before[at] if at < len(before) else {}
        volume = int(words[1]) if len(words) > 1 and words[1].isdigit() else 0
        steps.append({**known, "due_on": words[0], "volume": volume})
    return steps


def _card(row: BuildProject) -> Card:
    terms = open_terms(row)
    percent = min(100, row.delivered * 100 // row.promised) if row.promised else 0
    return Card(row, due_of(row), terms.state if terms else "", percent)


def _page(
    request: SignedInRequest,
    row: BuildProject,
    *,
    hand_in_form: HandInForm | None = None,
    amend_form: AmendForm | None = None,
    status: int = 200,
) -> HttpResponse:
    terms, waiting, due = terms_in_force(row), open_terms(row), due_of(row)
    shown = waiting or terms
    moves = [one for one in BUILD_PROJECT.transitions if row.state in one.sources]
    facts = {
        "project": row,
        "card": _card(row),
        "due": due,
        "may_check": row.data_set is not None and may_write(request.actor, row.data_set),
        "terms": shown,
        "is_waiting": waiting is not None,
        "targets": target_lines(targets_from(shown.targets)) if shown else [],
        "steps": stored_steps(shown.steps) if shown else [],
        "texts": row.terms.order_by("-number"),
        "deliveries": row.deliveries.select_related("quality_check").order_by("-number"),
        "moves": [
            (one.code, one.ko if spoken() == "ko" else one.en)
            for one in moves
            if one.code in WORK_STEPS
            and one.code not in ENDINGS
            and request.actor.has(*one.who)
        ],
        "endings": [
            _ending(row, one)
            for one in moves
            if one.code in ENDINGS and request.actor.has(*one.who)
        ],
        "hand_in": hand_in_form or HandInForm(initial={"step": due.number if due else 1}),
        "may_hand_in": due is not None and row.state == "inspecting",
        "amend": amend_form or AmendForm(initial=_as_lines(terms)) if terms else None,
        "may_sign": _may_sign(request, row, waiting.state if waiting else ""),
    }
    return desk_page(request, desk_of(request), "data/project.html", facts, status=status)


def _ending(row: BuildProject, one: Transition[BuildProject]) -> Offer:
    """Nothing that ends a project is one click away: it says why first."""
    form = EndForm(initial={"step": one.code}, auto_id=f"end-{one.code}-%s")
    label = one.ko if spoken() == "ko" else one.en
    return Offer(label, reverse("build_project_step", args=[row.code]), form, is_grave=True)


def _as_lines(terms: object) -> dict[str, str]:
    steps = stored_steps(getattr(terms, "steps", []))
    plan = "\n".join(f"{one.due_on.isoformat()} {one.volume}" for one in steps)
    return {"targets": str(getattr(terms, "targets", "")), "plan": plan}


def _may_sign(request: SignedInRequest, row: BuildProject, state: str) -> bool:
    if state == "proposed":
        return request.actor.has(Role.OPERATOR)
    own = (Role.BUILDER, Role.BENEFICIARY)
    return state == "offered" and any(
        request.actor.acts_as(role, row.organisation_id) for role in own
    )
