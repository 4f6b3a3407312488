"""Requests to the agency: holders ask, suppliers answer for their charges, operators decide."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.metering.charges.actions import left_of
from madang.metering.charges.queries import charges_of
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.portal.acting import Offer, act, act_with_reason, taken, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.labels import SIDE_NAMES
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.petitions import actions
from madang.programme.petitions.models import Petition, PetitionKind
from madang.programme.petitions.queries import OPEN, petition_for, petitions_for

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)
ROWS_MAX = 200
ASKED = [
    (PetitionKind.CARRY_OVER, gettext_lazy("more time for what is left (carry-over)")),
    (PetitionKind.CORRECTION, gettext_lazy("a booking is wrong (correction)")),
    (PetitionKind.OTHER, gettext_lazy("something else")),
]


class WordsForm(forms.Form):
    text = forms.CharField(
        label=gettext_lazy("In your words"), max_length=4_000,
        widget=forms.Textarea(attrs={"rows": 4}),
    )  # fmt: skip


class ObjectionForm(WordsForm):
    """What is wrong with a charge."""


class AskForm(WordsForm):
    kind = forms.ChoiceField(label=gettext_lazy("What you ask for"), choices=ASKED)
    until_on = forms.DateField(
        label=gettext_lazy("New last day"), required=False,
        help_text=gettext_lazy("Only when you ask for more time."),
        widget=forms.DateInput(attrs={"type": "date"}),
    )  # fmt: skip
    field_order = ("kind", "until_on", "text")


class GrantForm(ReasonForm):
    refund_microwon = WonField(label=gettext_lazy("Give back, in won"), required=False)
    field_order = ("refund_microwon", "reason")


@takes("GET")
@signed_in(*READERS)
def petitions(request: SignedInRequest) -> HttpResponse:
    facts = {"rows": petitions_for(request.actor)[:ROWS_MAX]}
    return desk_page(request, desk_of(request.actor), "money/petitions.html", facts)


@takes("GET")
@signed_in(*READERS)
def petition(request: SignedInRequest, petition_id: UUID) -> HttpResponse:
    row = petition_for(request.actor, petition_id)
    words = [(SIDE_NAMES[one.side], one) for one in row.words.order_by("at", "id")]
    facts = {
        "petition": row,
        "words": words,
        "steps": _steps(request, row) if row.state in OPEN else [],
        "is_operator": request.actor.has(Role.OPERATOR),
        "sees_voucher": request.actor.sees_everything
        or request.actor.acts_for(row.voucher.organisation_id),
    }
    return desk_page(request, desk_of(request.actor), "money/petition.html", facts)


def _steps(request: SignedInRequest, row: Petition) -> list[Offer]:
    """What this actor may do with an open petition."""

    def href(step: str) -> str:
        return reverse("petition_step", args=[row.id, step])

    actor, steps = request.actor, []
    seller = row.charge.supplier.organisation_id if row.charge else None
    if seller and row.state == "asked" and actor.acts_as(Role.SUPPLIER, seller):
        steps.append(Offer(_("Answer"), href("answer"), WordsForm()))
    if actor.has(Role.OPERATOR):
        steps += [
            Offer(_("Grant the request"), href("grant"), _grant_form(row)),
            with_reason(_("Refuse"), href("refuse"), row.voucher.code, is_grave=True),
        ]
    if actor.acts_as(Role.BENEFICIARY, row.voucher.organisation_id):
        steps.append(Offer(_("Take it back"), href("withdraw")))
    return steps


def _grant_form(row: Petition) -> forms.Form:
    if row.charge is None:
        return ReasonForm(auto_id="grant-%s")
    form = GrantForm(auto_id="grant-%s")
    form.fields["refund_microwon"].help_text = _("Nothing entered: all that is left.")
    return form


@takes("POST")
@signed_in(*READERS)
def take_step(request: SignedInRequest, petition_id: UUID, step: str) -> HttpResponse:
    row = petition_for(request.actor, petition_id)
    match step:
        case "answer":
            do = partial(actions.answer_petition, request.actor, row.id, at=request.at)
            act(request, WordsForm(request.POST), do, _("Your answer is on record."))
        case "grant":
            _grant(request, row)
        case "refuse":
            told = _("The request is refused, with your reason.")
            act_with_reason(request, actions.refuse_petition, told, row.id)
        case "withdraw":
            do = partial(actions.withdraw_petition, request.actor, row.id, at=request.at)
            act(request, forms.Form(request.POST), do, _("It is taken back."))
        case _:
            raise NotFound
    return redirect("petition", row.id)


def _grant(request: SignedInRequest, row: Petition) -> None:
    """Done at once, in one transaction: the refund, or the amendment that everybody signs."""

    def do(reason: str, refund_microwon: int | None = None) -> Petition:
        amount = refund_microwon or (left_of(row.charge) if row.charge else 0)
        return actions.grant_petition(
            request.actor, row.id, refund_microwon=amount, reason=reason, at=request.at
        )

    form = GrantForm if row.charge else ReasonForm
    act(request, form(request.POST), do, _("The request is granted, and done."))


@takes("GET", "POST")
@signed_in(Role.BENEFICIARY)
def ask(request: SignedInRequest, code: str) -> HttpResponse:
    """A request about one's voucher: more time, a correction, something else."""
    row = voucher_for(request.actor, code)
    if request.method != "POST":
        facts = {"voucher": row, "form": AskForm()}
        return desk_page(request, "beneficiary", "money/ask.html", facts)
    given = taken(AskForm(request.POST)).cleaned_data
    is_time = given["kind"] == PetitionKind.CARRY_OVER
    until = given["until_on"] if is_time else None
    wish = actions.Wish(PetitionKind(given["kind"]), given["text"], until_on=until)
    made = actions.ask_agency(request.actor, row, wish, at=request.at)
    return redirect("petition", made.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def object_to_charge(request: SignedInRequest, no: int) -> HttpResponse:
    row = charges_of(request.actor).filter(no=no).first()
    if row is None:
        raise NotFound

    def do(text: str) -> Petition:
        wish = actions.Wish(PetitionKind.USAGE, text, row.no)
        return actions.ask_agency(request.actor, row.voucher, wish, at=request.at)

    told = _("Your objection is received; the supplier answers, then the agency decides.")
    act(request, ObjectionForm(request.POST), do, told)
    return redirect("charge", no)
