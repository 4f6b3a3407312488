"""Goals of the plan, and build calls that are held for one of them and a published survey."""

from __future__ import annotations

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.clock import seoul_date
from madang.datahub.demand.models import DemandSurvey
from madang.datahub.plan.actions import GoalFacts, declare_goal
from madang.datahub.plan.models import BuildGoal
from madang.datahub.proposals.actions import KIND, offer_build
from madang.datahub.proposals.models import BuildOffer
from madang.parties.actor import Role
from madang.parties.canonical import Json
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.data.roadmap import FIELD_NAMES
from madang.portal.pages.operator.call_form import TERMS, CallForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.calls.actions import create_call
from madang.programme.years.queries import year_on

ROWS_MAX = 200
CRITERIA = "plan | 40 | 구축 계획 | Plan\neffect | 60 | 기대 효과 | Expected effect"
NOT_ASKED = (
    "fulfilment",
    "supplier_consent",
    "pay_direction",
    "auto_approve_won_max",
    "cut_offs",
)


class GoalForm(forms.Form):
    """How many kinds by the end of a half-year; setting one anew changes it in the open."""

    field = forms.ChoiceField(
        label=_("Field"), choices=list(FIELD_NAMES.items()), required=False
    )
    half_year = forms.RegexField(
        label=_("Half-year"), regex=r"^20[0-9]{2}H[12]$", max_length=6,
        help_text=_("As 2026H1 for January to June"),
        error_messages={"invalid": _("Write the year, and H1 or H2: 2026H1.")},
    )  # fmt: skip
    target = forms.IntegerField(label=_("Target kinds"), min_value=0, max_value=100_000)

    def facts(self) -> GoalFacts:
        given = self.cleaned_data
        code = f"{given['half_year'].lower()}-{given['field'] or 'all'}"
        held = BuildGoal.objects.filter(
            field=given["field"], half_year=given["half_year"]
        ).first()  # fmt: skip
        if held is None:
            return GoalFacts(code, given["field"], given["half_year"], given["target"])
        return GoalFacts(
            held.code, held.field, held.half_year, given["target"], held.published, held.source
        )


class BuildCallForm(CallForm):
    """A call of the programme that asks for proposals of what shall be built."""

    field_order = ("goal", "survey", "code", "programme")
    goal = forms.ModelChoiceField(
        label=_("Goal that it serves"),
        queryset=BuildGoal.objects.order_by("-half_year", "field"),
    )
    survey = forms.ModelChoiceField(
        label=_("Survey that it answers"),
        queryset=DemandSurvey.objects.filter(state="published").order_by("-opens_at"),
    )

    def __init__(self, *args: object, language: str, **kwargs: object) -> None:
        super().__init__(*args, language=language, **kwargs)
        for name in NOT_ASKED:
            del self.fields[name]
        names = {"goal": _goal_name, "survey": title_of}
        for name, label in names.items():
            held = self.fields[name]
            held.label_from_instance = label  # type: ignore[attr-defined]  # it chooses rows

    def clean_cut_offs(self) -> list[object]:  # type: ignore[override]  # there are none
        return []

    def terms(self) -> dict[str, Json]:
        given = self.cleaned_data
        said = {name: given[name] for name in TERMS if given.get(name)}
        return {**said, "fulfilment": KIND}


def title_of(row: DemandSurvey) -> str:
    return row.title_en if spoken() == "en" else row.title_ko


def _goal_name(row: BuildGoal) -> str:
    return f"{row.half_year} · {FIELD_NAMES[row.field]} · {row.target}"


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def calling(request: SignedInRequest) -> HttpResponse:
    may_act = request.actor.has(Role.OPERATOR)
    first = {"panel": 3, "quorum": 2, "trim": 0, "criteria": CRITERIA}
    goals = BuildGoal.objects.order_by("-half_year", "field")[:ROWS_MAX]
    offers = BuildOffer.objects.select_related("call", "goal", "survey").order_by("-set_at")
    facts = {
        "goals": [(row, FIELD_NAMES[row.field]) for row in goals],
        "offers": [(row, FIELD_NAMES[row.goal.field]) for row in offers[:ROWS_MAX]],
        "goal_form": GoalForm() if may_act else None,
        "call_form": BuildCallForm(language=request.LANGUAGE_CODE, initial=first)
        if may_act
        else None,
    }
    desk = "operator" if may_act else "auditor"
    return desk_page(request, desk, "data/calling.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def set_goal(request: SignedInRequest) -> HttpResponse:
    form = taken(GoalForm(request.POST))
    declare_goal(request.actor, form.facts(), at=request.at)
    messages.success(request, gettext("The goal is set. The plan shows it at once."))
    return redirect("data_calling")


@takes("POST")
@signed_in(Role.OPERATOR)
def new_call(request: SignedInRequest) -> HttpResponse:
    """The draft and what it is for, together: somebody else approves it."""
    form = taken(BuildCallForm(request.POST, language=request.LANGUAGE_CODE))
    given = form.cleaned_data
    with transaction.atomic():
        year = year_on(given["programme"], seoul_date(given["opens_at"]))
        made = create_call(request.actor, year, form.content(), at=request.at)
        offer_build(request.actor, made, given["goal"], given["survey"], at=request.at)
    messages.success(request, gettext("The draft is saved. A second person approves it."))
    return redirect("manage_call", made.code)
