"""The end of a year: what is open, what goes to the treasury, bank against ledger."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse, QueryDict
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.portal.desks import desk_page
from madang.portal.forms import WonField
from madang.portal.pages.money.bank import BankForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.banking.queries import reconcile
from madang.programme.years import closing, treasury
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
    try:
        identifier = UUID(str(post.get("row", "")))
    except ValueError as err:
        raise NotFound from err
    return treasury.remit_treasury(request.actor, identifier, at=request.at)


def _interest(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    form = InterestForm(post)
    if not form.is_valid():
        raise NotFound
    return treasury.record_interest(
        request.actor, row.id, amount_microwon=form.cleaned_data["amount"],
        reference=form.cleaned_data["reference"], at=request.at,
    )  # fmt: skip


def _interest_return(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    return treasury.prepare_interest(request.actor, row.id, at=request.at)


def _part(request: SignedInRequest, row: ProgrammeYear, post: QueryDict) -> object:
    form = PartForm(post)
    if not form.is_valid():
        raise NotFound
    return closing.return_part(
        request.actor, row.id, amount_microwon=form.cleaned_data["amount"], at=request.at
    )


STEPS: dict[str, Take] = {
    "begin-close": _begin,
    "close": _close,
    "remit": _remit,
    "interest": _interest,
    "interest-return": _interest_return,
    "part": _part,
}


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
        "open": list(closing.what_is_open(row)) if row.state != "closed" else [],
        "returns": row.treasury_returns.order_by("prepared_at", "id"),
        "accounts": [reconcile(request.actor, row, account) for account in ("1100", "1110")],
        "bank_form": BankForm(),
        "interest_form": InterestForm(auto_id="interest_%s"),
        "part_form": PartForm(auto_id="part_%s"),
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
