"""Calls: write, approve by a second person, extend, cancel; start the review."""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import seoul_date
from madang.parties.actor import Role
from madang.parties.canonical import Json
from madang.portal.acting import act, act_with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm, WonField
from madang.portal.pages.operator.applicants import listed
from madang.portal.pages.operator.rule_lines import bonuses_in, moments_in, rules_in
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.queries import applications_for
from madang.programme.calls import actions
from madang.programme.calls.content import CallContent
from madang.programme.calls.phases import phase_at
from madang.programme.calls.queries import call_by_code, calls_for
from madang.programme.calls.series import approve_series, calls_of, create_series
from madang.programme.forms.models import FormVersion
from madang.programme.selection.actions import start_review
from madang.programme.years.queries import programmes, year_on
from madang.review.rules import CRITERIA_MAX

READERS = (Role.OPERATOR, Role.AUDITOR)
CRITERION_HELP = gettext_lazy(
    "One a line: code, weight, Korean name, English name, separated by |. "
    "Example: plan | 40 | 계획의 구체성 | Plan"
)


RULE_HELP = gettext_lazy(
    "One a line: code | kind | name | conditions. Example: young | years_since | "
    "established_on | at_most=7"
)
BONUS_HELP = gettext_lazy(
    "One a line: code | points | kind | name | conditions. Example: rural | 1.5 | region | | "
    "any_of=전남;전북"
)
CONSENTS = [
    ("none", gettext_lazy("not asked for")),
    ("before_submission", gettext_lazy("before the application is handed in")),
    ("before_review", gettext_lazy("before the review")),
    ("after_award", gettext_lazy("after the award")),
]
DIRECTIONS = [
    ("supplier_direct", gettext_lazy("the programme, with the voucher")),
    ("reimburse", gettext_lazy("the firm, which is reimbursed the subsidy's share")),
]


class CallForm(forms.Form):
    code = forms.RegexField(
        label=gettext_lazy("Call code"),
        regex=r"^[a-z0-9][a-z0-9-]*$",
        max_length=50,
        help_text=gettext_lazy(
            "Lower-case letters, digits, hyphens; every receipt begins with it."
        ),
    )
    programme = forms.ChoiceField(label=gettext_lazy("Programme"))
    title_ko = forms.CharField(label=gettext_lazy("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=gettext_lazy("Title in English"), max_length=200)
    summary_ko = forms.CharField(
        label=gettext_lazy("Summary in Korean"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    summary_en = forms.CharField(
        label=gettext_lazy("Summary in English"), required=False, max_length=10_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip
    opens_at = MomentField(label=gettext_lazy("Applications from"))
    closes_at = MomentField(label=gettext_lazy("Deadline"))
    budget = WonField(label=gettext_lazy("Budget in won"))
    criteria = forms.CharField(
        label=gettext_lazy("Criteria"), help_text=CRITERION_HELP, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip
    panel = forms.IntegerField(
        label=gettext_lazy("Experts per application"), min_value=1, max_value=100
    )
    quorum = forms.IntegerField(
        label=gettext_lazy("At least so many reviews"), min_value=1, max_value=100
    )
    trim = forms.IntegerField(
        label=gettext_lazy("Highest and lowest scores left out, each"),
        min_value=0, max_value=10,
        help_text=gettext_lazy("Fewer than half of the reviews that are needed"),
    )  # fmt: skip

    form_code = forms.ChoiceField(
        label=gettext_lazy("Application form"), required=False,
        help_text=gettext_lazy("Built under Forms; empty for the standard one."),
    )  # fmt: skip
    eligibility = forms.CharField(
        label=gettext_lazy("Eligibility rules"), required=False, max_length=20_000,
        help_text=RULE_HELP, widget=forms.Textarea(attrs={"rows": 3}),
    )  # fmt: skip
    bonuses = forms.CharField(
        label=gettext_lazy("Bonuses"), required=False, max_length=20_000,
        help_text=BONUS_HELP, widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip
    supplier_consent = forms.ChoiceField(
        label=gettext_lazy("Supplier's word"), choices=CONSENTS, required=False
    )
    pay_direction = forms.ChoiceField(
        label=gettext_lazy("Who pays the supplier"), choices=DIRECTIONS, required=False
    )
    auto_approve_won_max = forms.IntegerField(
        label=gettext_lazy("Answered at once up to, in won"), min_value=0, max_value=10**12,
        required=False, help_text=gettext_lazy("Empty: every application goes to the experts."),
    )  # fmt: skip
    cut_offs = forms.CharField(
        label=gettext_lazy("Cut-offs of a rolling call"), required=False, max_length=2_000,
        help_text=gettext_lazy(
            "One a line, as 2026-04-30 18:00; each becomes a call of its own, and the deadline "
            "above is not looked at."
        ),
        widget=forms.Textarea(attrs={"rows": 2}),
    )  # fmt: skip

    def __init__(self, *args: object, language: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["programme"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (row.code, row.name_en if language == "en" else row.name_ko) for row in programmes()
        ]
        built = FormVersion.objects.exclude(form__code__startswith="call/")
        codes = built.order_by("form__code").values_list("form__code", flat=True).distinct()
        choices = [("", "–"), *((code, code) for code in codes)]
        self.fields["form_code"].choices = choices  # type: ignore[attr-defined]  # same

    def clean_criteria(self) -> list[dict[str, str | int]]:
        """Each line as a criterion."""
        lines = [line for line in self.cleaned_data["criteria"].splitlines() if line.strip()]
        if len(lines) > CRITERIA_MAX:
            raise forms.ValidationError(_("Too many criteria."))
        return [_criterion(line) for line in lines]

    def clean_eligibility(self) -> list[dict[str, Json]]:
        return rules_in(self.cleaned_data["eligibility"])

    def clean_bonuses(self) -> list[dict[str, Json]]:
        return bonuses_in(self.cleaned_data["bonuses"])

    def clean_cut_offs(self) -> list[datetime]:
        return moments_in(self.cleaned_data["cut_offs"])

    def terms(self) -> dict[str, Json]:
        """Of the call's terms, what was said here; the rest comes from policy."""
        names = ("supplier_consent", "auto_approve_won_max", "pay_direction")
        return {name: self.cleaned_data[name] for name in names if self.cleaned_data[name]}

    def content(self) -> CallContent:
        return self.typed(self.cleaned_data["code"])

    def typed(self, code: str) -> CallContent:
        """What was typed, as a call of this code."""
        entered = self.cleaned_data
        rules = {"panel": entered["panel"], "quorum": entered["quorum"]}
        trims = {"trim_high": entered["trim"], "trim_low": entered["trim"]}
        return CallContent(
            code=code,
            title_ko=entered["title_ko"],
            title_en=entered["title_en"],
            summary_ko=entered["summary_ko"],
            summary_en=entered["summary_en"],
            opens_at=entered["opens_at"],
            closes_at=entered["closes_at"],
            budget_microwon=entered["budget"],
            criteria=entered["criteria"],
            rules={**rules, **trims},
            form_code=entered["form_code"],
            eligibility=entered["eligibility"],
            bonuses=entered["bonuses"],
            terms=self.terms(),
        )


def _criterion(line: str) -> dict[str, str | int]:
    parts = [part.strip() for part in line.split("|")]
    if len(parts) < 2 or not parts[1].isdecimal():
        raise forms.ValidationError(
            _("Not a criterion with a whole weight: %(line)s"), params={"line": line}
        )
    code, weight, *names = parts
    ko, en = (*names, "", "")[:2]
    return {"code": code, "weight": int(weight), "name_ko": ko, "name_en": en or ko}


class ExtendForm(ReasonForm):
    closes_at = MomentField(label=gettext_lazy("New deadline"))


@takes("GET")
@signed_in(*READERS)
def calls(request: SignedInRequest) -> HttpResponse:
    rows = [(row, phase_at(row, request.at)) for row in calls_for(request.actor)]
    return desk_page(request, "operator", "operator/calls.html", {"rows": rows})


@takes("GET", "POST")
@signed_in(Role.OPERATOR)
def new_call(request: SignedInRequest) -> HttpResponse:
    """A draft. Somebody else approves it."""
    if request.method != "POST":
        form = CallForm(
            language=request.LANGUAGE_CODE, initial={"panel": 7, "quorum": 5, "trim": 1}
        )
        return desk_page(request, "operator", "operator/new_call.html", {"form": form})
    form = CallForm(request.POST, language=request.LANGUAGE_CODE)
    if not form.is_valid():
        facts = {"form": form}
        return desk_page(request, "operator", "operator/new_call.html", facts, status=422)
    year = year_on(form.cleaned_data["programme"], seoul_date(form.cleaned_data["opens_at"]))
    cut_offs = form.cleaned_data["cut_offs"]
    if cut_offs:
        made = create_series(
            request.actor, year, form.content(), cut_offs=cut_offs, at=request.at
        )
        messages.success(request, _("The draft is saved. A second person approves it."))
        return redirect("manage_call", calls_of(made)[0].code)
    row = actions.create_call(request.actor, year, form.content(), at=request.at)
    messages.success(request, _("The draft is saved. A second person approves it."))
    return redirect("manage_call", row.code)


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
        missing=_("A new deadline and a reason are needed."),
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
    start_review(request.actor, row.id, at=request.at)
    messages.success(request, _("The review has begun. Assign the experts next."))
    return redirect("panel", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def archive(request: SignedInRequest, code: str) -> HttpResponse:
    row = call_by_code(request.actor, code)
    actions.archive_call(request.actor, row.id, at=request.at)
    messages.success(request, _("The call is archived; what it did not award is unallotted."))
    return redirect("manage_call", code)
