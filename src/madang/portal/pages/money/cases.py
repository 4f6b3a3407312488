"""Clawback cases: the operator leads them, the debtor answers, the auditor reads."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.events.models import Event
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.templatetags.madang import name
from madang.programme.awards.models import Award
from madang.programme.awards.queries import award_for
from madang.programme.cases import actions, collecting, deciding
from madang.programme.cases.models import CaseInstalment, ClawbackCase, Ground
from madang.programme.cases.queries import (
    case_for,
    cases_for,
    instalments_of,
    money_of,
    reasons_for,
    suppliers_of,
)

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)
WRITERS = (Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER)


SOLD = "sold:"
"""Before the code of a supplier that is not the award's own."""
GROUNDS = [
    (Ground.FRAUD, gettext_lazy("fraud")),
    (Ground.OTHER_PURPOSE, gettext_lazy("used for another purpose")),
    (Ground.BREACH, gettext_lazy("breach of law or order")),
    (Ground.REQUIREMENT, gettext_lazy("requirement not met")),
]


def debtors_of(award: Award) -> list[tuple[str, str]]:
    """Its beneficiary, its supplier, and every other supplier that sold under its voucher."""
    found = [("beneficiary", _("the beneficiary"))]
    for one in suppliers_of(award):
        if one.pk == award.supplier_id:
            found.insert(1, ("supplier", _("the supplier of the award")))
        else:
            told = _("the supplier %(name)s") % {"name": name(one)}
            found.append((SOLD + one.code, told))
    return found


def suspicion_in(given: dict[str, object], amount_microwon: int) -> actions.Suspicion:
    """What a form with `debtor` and `ground` says."""
    debtor = str(given["debtor"])
    code = debtor.removeprefix(SOLD) if debtor.startswith(SOLD) else ""
    return actions.Suspicion(
        Ground(str(given["ground"])), amount_microwon, debtor == "supplier", code
    )


class SuspicionForm(ReasonForm):
    debtor = forms.ChoiceField(
        label=gettext_lazy("Who would have to pay back"), choices=(), required=False
    )
    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=GROUNDS)
    amount = WonField(label=gettext_lazy("Amount in question"))

    def __init__(self, award: Award, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        debtor = self.fields["debtor"]
        assert isinstance(debtor, forms.ChoiceField)
        debtor.choices = debtors_of(award)


class OpinionForm(ReasonForm):
    """What the debtor says to it."""

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["reason"].label = _("Your answer")


class AmountForm(forms.Form):
    amount = WonField(label=gettext_lazy("Amount"))
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=100)


class DecisionForm(ReasonForm):
    amount = WonField(label=gettext_lazy("Amount to take back"))


class PlanForm(ReasonForm):
    count = forms.IntegerField(
        label=gettext_lazy("Number of instalments"), min_value=2, max_value=60
    )


class ReferenceForm(forms.Form):
    reference = forms.CharField(label=gettext_lazy("Reference"), max_length=100)


Take = Callable[[SignedInRequest, UUID, dict[str, object]], object]


def _with_reason(do: Callable[..., object]) -> Take:
    def take(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
        return do(request.actor, case, reason=given["reason"], at=request.at)

    return take


def _plain(do: Callable[..., object]) -> Take:
    def take(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
        return do(request.actor, case, at=request.at)

    return take


def _money(do: Callable[..., object]) -> Take:
    def take(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
        return do(
            request.actor,
            case,
            amount_microwon=given["amount"],
            reference=given["reference"],
            at=request.at,
        )

    return take


def _decide(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
    amount = given["amount"]
    assert isinstance(amount, int), "the form reads won"
    return deciding.decide_clawback(
        request.actor,
        case,
        principal_microwon=amount,
        reason=str(given["reason"]),
        at=request.at,
    )


def _plan(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
    count = given["count"]
    assert isinstance(count, int), "the form reads a number"
    return collecting.plan_instalments(
        request.actor, case, count=count, every_days=30, reason=str(given["reason"]),
        at=request.at,
    )  # fmt: skip


def _answer(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
    return actions.answer_clawback(
        request.actor, case, text=str(given["reason"]), at=request.at
    )


def _remit(request: SignedInRequest, case: UUID, given: dict[str, object]) -> object:
    return collecting.remit_clawback(
        request.actor, case, reference=str(given["reference"]), at=request.at
    )


STEPS: dict[str, tuple[type[forms.Form], Take]] = {
    "investigate": (ReasonForm, _with_reason(actions.investigate_clawback)),
    "hearing": (ReasonForm, _with_reason(actions.call_hearing)),
    "answer": (OpinionForm, _answer),
    "hear": (forms.Form, _plain(actions.hear_clawback)),
    "decide": (DecisionForm, _decide),
    "demand": (forms.Form, _plain(deciding.demand_clawback)),
    "drop": (ReasonForm, _with_reason(actions.drop_clawback)),
    "instalments": (PlanForm, _plan),
    "collect": (AmountForm, _money(collecting.collect_clawback)),
    "set-off": (AmountForm, _money(collecting.set_off_clawback)),
    "propose-write-off": (ReasonForm, _with_reason(collecting.propose_write_off)),
    "write-off": (forms.Form, _plain(collecting.write_off_clawback)),
    "remit": (ReferenceForm, _remit),
}
OPEN_TO: dict[str, tuple[str, ...]] = {
    "suspected": ("investigate", "drop"),
    "investigating": ("hearing", "hear", "drop"),
    "heard": ("decide", "drop"),
    "decided": ("demand", "decide", "drop"),
    "receivable": (
        "collect", "instalments", "set-off", "remit", "propose-write-off", "write-off",
    ),
    "instalment": ("collect", "set-off", "remit", "propose-write-off", "write-off"),
    "collected": ("remit",),
    "set_off": ("remit",),
    "written_off": ("remit",),
}  # fmt: skip


def names_of() -> dict[str, str]:
    """What each step is called on its button."""
    return {
        "investigate": _("Investigate"),
        "hearing": _("Call the hearing"),
        "answer": _("Hand in your answer"),
        "hear": _("The hearing is over"),
        "decide": _("Decide"),
        "demand": _("Book and demand"),
        "drop": _("Drop the case"),
        "instalments": _("Agree instalments"),
        "collect": _("Record a payment"),
        "set-off": _("Set off"),
        "propose-write-off": _("Propose a write-off"),
        "write-off": _("Write off"),
        "remit": _("Remit to the treasury"),
    }


def _open_to(actor: Actor, row: ClawbackCase, at: datetime) -> list[str]:
    """The steps that somebody may take now: nothing is offered that the room would refuse."""
    if row.state == "investigating" and actor.acts_for(row.debtor_id):
        return ["answer"]
    if not actor.has(Role.OPERATOR):
        return []
    shut = {
        "set-off": row.supplier_id is None,
        "hear": not _is_hearing_over(row, at),
        "remit": not money_of(row).to_remit,
        "write-off": not row.write_off_proposed_by,
        "propose-write-off": bool(row.write_off_proposed_by),
    }
    return [step for step in OPEN_TO.get(row.state, ()) if not shut.get(step, False)]


def _is_hearing_over(row: ClawbackCase, at: datetime) -> bool:
    """The debtor answered, or let the day pass."""
    due = row.hearing_due_at
    return due is not None and (row.answered_at is not None or at >= due)


def _words(actor: Actor, row: ClawbackCase) -> list[tuple[Event, str]]:
    names = {
        **names_of(),
        "open": _("Open a clawback case"),
        "call_hearing": _("Call the hearing"),
        "plan": _("Agree instalments"),
        "propose_write_off": _("Propose a write-off"),
    }
    return [(one, names[one.action.removeprefix("case.")]) for one in reasons_for(actor, row)]


@takes("GET")
@signed_in(*READERS)
def cases(request: SignedInRequest) -> HttpResponse:
    named = dict(GROUNDS)
    rows = [(row, named[Ground(row.ground)]) for row in cases_for(request.actor)]
    facts = {"rows": rows}
    return desk_page(request, desk_of(request.actor), "money/cases.html", facts)


@takes("GET")
@signed_in(*READERS)
def case(request: SignedInRequest, case_id: UUID) -> HttpResponse:
    return _page(request, case_for(request.actor, case_id))


def _page(request: SignedInRequest, row: ClawbackCase, status: int = 200) -> HttpResponse:
    names = names_of()
    facts = {
        "case": row,
        "ground": dict(GROUNDS)[Ground(row.ground)],
        "money": money_of(row),
        "evidence": row.evidence.items(),
        "sees_finding": request.actor.sees_everything,
        "instalments": [
            (one, paid, _state_of(one, paid, request.at)) for one, paid in instalments_of(row)
        ],
        "moves": row.moves.order_by("at", "id"),
        "answers": row.answers.order_by("at", "id"),
        "words": _words(request.actor, row),
        "steps": [
            (step, names[step], STEPS[step][0](auto_id=f"{step}_%s"))
            for step in _open_to(request.actor, row, request.at)
        ],
    }
    return desk_page(request, desk_of(request.actor), "money/case.html", facts, status=status)


def _state_of(one: CaseInstalment, paid_microwon: int, at: datetime) -> tuple[str, str]:
    """What became of a part of the plan, and the tone of its badge."""
    if paid_microwon == one.amount_microwon:
        return _("paid in full"), "success"
    if at >= one.due_at:
        return _("overdue"), "danger"
    return (_("paid in part"), "warning") if paid_microwon else (_("not paid yet"), "gray")


@takes("POST")
@signed_in(Role.OPERATOR)
def open_case(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    """A suspicion on an award: nothing is stopped yet."""
    award = award_for(request.actor, award_id)
    form = taken(SuspicionForm(award, request.POST))
    given = form.cleaned_data
    suspicion = suspicion_in(given, given["amount"])
    row = actions.open_clawback(
        request.actor, award.id, suspicion, reason=given["reason"], at=request.at
    )
    messages.success(request, _("The case is open."))
    return redirect("case", row.id)


@takes("POST")
@signed_in(*WRITERS)
def take_step(request: SignedInRequest, case_id: UUID, step: str) -> HttpResponse:
    row = case_for(request.actor, case_id)
    if step not in STEPS:
        raise NotFound
    form_class, take = STEPS[step]
    form = taken(form_class(request.POST))
    take(request, row.id, form.cleaned_data)
    messages.success(request, _("Done."))
    return redirect("case", row.id)
