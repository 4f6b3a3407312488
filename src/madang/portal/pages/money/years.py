"""The end of a year: what is open, what goes to the treasury, bank against ledger."""

from __future__ import annotations

from collections.abc import Callable

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.core.money import microwon_from_won
from madang.parties.actor import Role
from madang.parties.people.queries import actor_for, person_by_id
from madang.portal.acting import read, sent_id, taken
from madang.portal.desks import desk_page
from madang.portal.forms import WON_MAX, ReasonForm, WonField
from madang.portal.pages.money.bank import BankForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.banking.queries import reconcile
from madang.programme.years import closing, rolling, treasury
from madang.programme.years.models import ProgrammeYear
from madang.programme.years.queries import year_of
from madang.programme.years.queries import years as all_years

READERS = (Role.OPERATOR, Role.AUDITOR)


class InterestForm(forms.Form):
    amount = WonField(label=gettext_lazy("Interest"))
    reference = forms.RegexField(
        label=gettext_lazy("Reference"), regex=r"^[A-Za-z0-9._:/#+=,~-]{1,100}$"
    )


class PartForm(forms.Form):
    amount = WonField(label=gettext_lazy("Amount"))


Take = Callable[[SignedInRequest, ProgrammeYear, QueryDict], object]


def _begin(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    return closing.begin_year_close(request.actor, row.id, at=request.at)


def _close(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    return closing.close_year(request.actor, row.id, at=request.at)


def _remit(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    identifier = sent_id(str(post.get("row", "")))
    return treasury.remit_treasury(request.actor, identifier, at=request.at)


def _interest(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    form = InterestForm(post)
    read(form)
    return treasury.record_interest(
        request.actor, row.id, amount_microwon=form.cleaned_data["amount"],
        reference=form.cleaned_data["reference"], at=request.at,
    )  # fmt: skip


def _interest_return(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    return treasury.prepare_interest(request.actor, row.id, at=request.at)


def _part(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    form = PartForm(post)
    read(form)
    return closing.return_part(
        request.actor, row.id, amount_microwon=form.cleaned_data["amount"], at=request.at
    )


class RollOverForm(forms.Form):
    """The next year's own budget, and what of this one goes over to it."""

    budget_won = forms.IntegerField(
        label=gettext_lazy("The next year's own budget, in won"),
        min_value=0, max_value=WON_MAX * 10,
    )  # fmt: skip
    carried_won = forms.IntegerField(
        label=gettext_lazy("Carried over from this year, in won"),
        min_value=0, max_value=WON_MAX * 10,
        help_text=gettext_lazy("Only what is unallotted can be carried over."),
    )  # fmt: skip


def _roll_over(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    form = taken(RollOverForm(post))
    return rolling.propose_roll_over(
        request.actor, row.id, at=request.at,
        budget_microwon=microwon_from_won(form.cleaned_data["budget_won"]),
        carried_microwon=microwon_from_won(form.cleaned_data["carried_won"]),
    )  # fmt: skip


def _approve(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    """The proposer must still be an operator."""
    held = rolling.roll_over_of(sent_id(str(post.get("row", ""))))
    origin = request.actor.origin
    proposer = actor_for(person_by_id(held.proposed_by), at=request.at, origin=origin)
    return rolling.approve_roll_over(request.actor, held.id, proposer=proposer, at=request.at)


def _refuse(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    held = rolling.roll_over_of(sent_id(str(post.get("row", ""))))
    reason = taken(ReasonForm(post)).cleaned_data["reason"]
    return rolling.refuse_roll_over(request.actor, held.id, reason=reason, at=request.at)


STEPS: dict[str, Take] = {
    "begin-close": _begin,
    "close": _close,
    "remit": _remit,
    "interest": _interest,
    "interest-return": _interest_return,
    "part": _part,
    "roll-over": _roll_over,
    "approve-roll-over": _approve,
    "refuse-roll-over": _refuse,
}


def _open_things(row: ProgrammeYear) -> list[tuple[closing.OpenThing, str]]:
    """What keeps the year from being closed, each with the page on which it is ended."""
    found = closing.what_is_open(row) if row.state != "closed" else ()
    return [(one, _place_of(one)) for one in found]


LISTS = {"statement": "settlement", "payout": "payouts"}


def _place_of(one: closing.OpenThing) -> str:
    match one.noun:
        case "call":
            return reverse("manage_call", args=[one.name])
        case "voucher" | "award" as page:
            return reverse(page, args=[one.name])
        case "milestone":
            return reverse("milestones", args=[one.award])
        case "statement" | "payout" as noun:
            return reverse(LISTS[noun])
        case "refund":
            return reverse("voucher_money", args=[one.of])
        case _:
            return reverse("open_ends")


@takes("GET")
@signed_in(*READERS)
def years(request: SignedInRequest) -> HttpResponse:
    return desk_page(request, "operator", "money/years.html", {"rows": all_years()})


@takes("GET")
@signed_in(*READERS)
def year(request: SignedInRequest, programme: str, year: int) -> HttpResponse:
    row = year_of(programme, year)
    facts = {
        "year": row,
        "open": _open_things(row),
        "returns": row.treasury_returns.order_by("prepared_at", "id"),
        "accounts": [reconcile(request.actor, row, account) for account in ("1100", "1110")],
        "bank_form": BankForm(),
        "interest_form": InterestForm(auto_id="interest_%s"),
        "part_form": PartForm(auto_id="part_%s"),
        "roll_overs": row.roll_overs.select_related("to_year").order_by("proposed_at"),
        "roll_form": RollOverForm(auto_id="roll_%s"),
        "me": request.actor.id,
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "money/year.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def take_step(request: SignedInRequest, programme: str, year: int, step: str) -> HttpResponse:
    row = year_of(programme, year)
    if step not in STEPS:
        raise NotFound
    STEPS[step](request, row, request.POST)
    messages.success(request, _("Done."))
    return redirect("year", programme, year)
