"""Milestones of an award: an operator plans and accepts, the beneficiary hands in."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.money import microwon_from_won
from madang.parties.actor import Role
from madang.parties.events.queries import reasons_of
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.uploads import keep_upload
from madang.programme.awards.models import Award
from madang.programme.awards.queries import award_for
from madang.programme.errors import (
    PeriodInvalid,
)
from madang.programme.fulfilment.registry import is_reimbursed
from madang.programme.milestones import actions
from madang.programme.milestones.models import Milestone
from madang.programme.milestones.queries import milestone_for, milestones_for, payouts_for
from madang.programme.reimbursements.actions import Bought, claim_reimbursement, refuse_claim

CLAIM_FACTS = ("seller_no", "invoice_no", "delivered_on", "paid_on", "supply_microwon")
PERIOD_REASONS: dict[str, str | Promise] = {
    "before the agreement": gettext_lazy("This day lies before the agreement was signed."),
    "after the agreement's use_ends_on": gettext_lazy("This day lies after the agreement."),
    "in the future": gettext_lazy("This day has not come yet: pay first, then ask."),
}
READERS = (Role.BENEFICIARY, Role.SUPPLIER, Role.OPERATOR, Role.AUDITOR)
STEPS_HELP = gettext_lazy(
    "One a line: due day, amount in won, Korean name, English name, separated by |. "
    "Example: 2026-06-30 | 4000000 | 시제품 | Prototype"
)
PARTS = 4


class StepsForm(forms.Form):
    steps = forms.CharField(
        label=gettext_lazy("Steps"), help_text=STEPS_HELP, max_length=20_000,
        widget=forms.Textarea(attrs={"rows": 5}),
    )  # fmt: skip

    def clean_steps(self) -> list[actions.Step]:
        lines = [line for line in self.cleaned_data["steps"].splitlines() if line.strip()]
        return [self._step(line) for line in lines]

    def _step(self, line: str) -> actions.Step:
        parts = [part.strip() for part in line.split("|")]
        if len(parts) != PARTS:
            raise forms.ValidationError(_("Four parts are needed: %(line)s") % {"line": line})
        due, won, name_ko, name_en = parts
        day = forms.DateField(input_formats=["%Y-%m-%d"]).clean(due)
        amount = microwon_from_won(forms.IntegerField(min_value=1).clean(won))
        return actions.Step(name_ko, name_en, day, amount)


class WorkForm(forms.Form):
    file = forms.FileField(label=gettext_lazy("Document that shows the work"))


class ClaimForm(forms.Form):
    """One paid tax invoice, with the paper that shows it."""

    seller_no = forms.CharField(label=gettext_lazy("Seller's registration no."), max_length=20)
    invoice_no = forms.CharField(label=gettext_lazy("Number of the tax invoice"), max_length=64)
    delivered_on = forms.DateField(
        label=gettext_lazy("Delivered on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    paid_on = forms.DateField(
        label=gettext_lazy("Paid on"), widget=forms.DateInput(attrs={"type": "date"})
    )
    supply_microwon = WonField(label=gettext_lazy("Supply value without VAT (won)"))
    file = forms.FileField(label=gettext_lazy("Invoice and proof of payment"))


@takes("GET")
@signed_in(*READERS)
def milestones(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    award = award_for(request.actor, award_id)
    rows = (
        milestones_for(request.actor)
        .filter(award=award)
        .select_related("purchase")
        .prefetch_related("evidence__document")
    )
    facts = {
        "award": award,
        "rows": rows,
        "returned": _returned(rows),
        "paid": payouts_for(rows),
        "form": StepsForm(),
        "claim_form": ClaimForm(),
        "is_reimbursed": is_reimbursed(award),
        "work_form": WorkForm(),
        "reason_form": ReasonForm(auto_id="release_%s"),
        "is_operator": request.actor.has(Role.OPERATOR),
        "sees_papers": request.actor.sees_everything
        or request.actor.acts_for(award.organisation_id),
        "is_own": request.actor.acts_as(Role.BENEFICIARY, award.organisation_id),
        "can_plan": _can_plan(award, list(rows)),
        "can_agree": any(row.state == "planned" for row in rows),
    }
    return desk_page(request, desk_of(request.actor), "beneficiary/milestones.html", facts)


def _can_plan(award: Award, rows: Sequence[Milestone]) -> bool:
    """Until the steps are agreed, and again when the amount was amended since."""
    is_open = all(row.state == "planned" for row in rows) or actions.is_open_again(award, rows)
    return actions.is_plannable(award) and is_open


def _returned(rows: Iterable[Milestone]) -> dict[UUID, str]:
    """Why a step was sent back the last time."""
    told = reasons_of("milestone.return", [str(row.id) for row in rows])
    return {UUID(row): reason for row, reason in told.items()}


@takes("POST")
@signed_in(Role.OPERATOR)
def plan(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    award = award_for(request.actor, award_id)
    form = taken(StepsForm(request.POST))
    actions.plan_milestones(request.actor, award.id, form.cleaned_data["steps"], at=request.at)
    messages.success(request, _("The milestones are written; the beneficiary agrees next."))
    return redirect("milestones", award.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def agree(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    award = award_for(request.actor, award_id)
    actions.agree_milestones(request.actor, award.id, at=request.at)
    messages.success(request, _("You have agreed to the milestones."))
    return redirect("milestones", award.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def submit(request: SignedInRequest, milestone_id: UUID) -> HttpResponse:
    """The file becomes a document of the firm, and the milestone's evidence."""
    row = milestone_for(request.actor, milestone_id)
    form = taken(WorkForm(request.POST, request.FILES))
    document = keep_upload(request, form.cleaned_data["file"], row.award.organisation_id)
    actions.submit_milestone(request.actor, row.id, evidence=[document.id], at=request.at)
    messages.success(request, _("The work is handed in."))
    return redirect("milestones", row.award_id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def claim(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    """The share of what the firm has paid already."""
    award = award_for(request.actor, award_id)
    form = taken(ClaimForm(request.POST, request.FILES))
    told = form.cleaned_data
    bought = Bought(**{name: told[name] for name in CLAIM_FACTS})
    try:
        with transaction.atomic():
            paper = keep_upload(request, told["file"], award.organisation_id)
            claim_reimbursement(
                request.actor, award.id, bought, evidence=[paper.id], at=request.at
            )
    except PeriodInvalid as err:
        name, reason = str(err.fields.get("field")), str(err.fields.get("reason"))
        if name not in form.fields or reason not in PERIOD_REASONS:
            raise
        form.add_error(name, str(PERIOD_REASONS[reason]))
        taken(form)
    messages.success(request, _("The claim is handed in."))
    return redirect("milestones", award.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def refuse(request: SignedInRequest, milestone_id: UUID) -> HttpResponse:
    row = milestone_for(request.actor, milestone_id)
    act_with_reason(request, refuse_claim, _("The claim is refused."), row.id)
    return redirect("milestones", row.award_id)


@takes("POST")
@signed_in(Role.OPERATOR)
def accept(request: SignedInRequest, milestone_id: UUID) -> HttpResponse:
    row = actions.accept_milestone(request.actor, milestone_id, at=request.at)
    messages.success(request, _("Accepted: the amount is payable."))
    return redirect("milestones", row.award_id)


@takes("POST")
@signed_in(Role.OPERATOR)
def pay(request: SignedInRequest, milestone_id: UUID) -> HttpResponse:
    actions.pay_milestone(request.actor, milestone_id, at=request.at)
    messages.success(request, _("The payouts are made. A second person approves them."))
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def send_back(request: SignedInRequest, milestone_id: UUID) -> HttpResponse:
    row = milestone_for(request.actor, milestone_id)
    act_with_reason(request, actions.return_milestone, _("The milestone goes back."), row.id)
    return redirect("milestones", row.award_id)


@takes("POST")
@signed_in(Role.OPERATOR)
def release(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    award = award_for(request.actor, award_id)
    told = _("What was not accepted is cancelled.")
    act_with_reason(request, actions.release_milestones, told, award.id)
    return redirect("milestones", award.id)
