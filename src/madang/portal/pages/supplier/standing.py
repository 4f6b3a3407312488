"""A supplier's own standing: its bank account, payouts on hold and why, leaving the market."""

from __future__ import annotations

from functools import partial

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.metering.disputes.queries import noted_disputes
from madang.metering.exits.actions import withdraw_supplier
from madang.metering.exits.models import ExitKind
from madang.metering.exits.queries import exits_of
from madang.metering.payout_holds.queries import payout_holds_of, reasons_for
from madang.metering.payouts.accounts import enter_account
from madang.metering.payouts.models import SupplierAccount
from madang.metering.payouts.queries import payouts_of
from madang.parties.actor import Role
from madang.portal.acting import Offer, act, act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.pages.supplier.market import own_supplier
from madang.portal.request import SignedInRequest, signed_in, takes


class AccountForm(forms.Form):
    bank = forms.CharField(label=gettext_lazy("Bank"), max_length=40)
    number = forms.CharField(
        label=gettext_lazy("Account number"), max_length=30,
        help_text=gettext_lazy("Kept as a digest and the last digits."),
    )  # fmt: skip


@takes("GET")
@signed_in(Role.SUPPLIER)
def standing(request: SignedInRequest) -> HttpResponse:
    holds = list(payout_holds_of(request.actor).filter(lifted_at=None))
    why = reasons_for(holds)
    accounts = SupplierAccount.objects.filter(supplier__in=request.actor.suppliers)
    account = Offer(_("Enter an account"), reverse("enter_supplier_account"), AccountForm())
    leave = with_reason(_("Leave the market"), reverse("leave_market"), "leave", is_grave=True)
    facts = {
        "supplier": own_supplier(request),
        "gone": exits_of(request.actor).filter(ended_at=None).first(),
        "holds": [(row, why.get(row.id, "")) for row in holds],
        "payouts": payouts_of(request.actor).filter(state="held"),
        "noted": noted_disputes(request.actor),
        "accounts": accounts.order_by("entered_at"),
        "account": account,
        "leave": leave,
    }
    return desk_page(request, "supplier", "supplier/standing.html", facts)


@takes("POST")
@signed_in(Role.SUPPLIER)
def account(request: SignedInRequest) -> HttpResponse:
    step = partial(enter_account, request.actor, own_supplier(request), at=request.at)
    told = _("The account is entered; an operator verifies it.")
    act(request, AccountForm(request.POST), step, told)
    return redirect("standing")


@takes("POST")
@signed_in(Role.SUPPLIER)
def leave(request: SignedInRequest) -> HttpResponse:
    """Nothing new is sold; what was earned is settled and paid."""
    step = partial(withdraw_supplier, kind=ExitKind.WITHDRAWN)
    told = _("You sell nothing any more. What you have earned is settled and paid.")
    act_with_reason(request, step, told, own_supplier(request))
    return redirect("standing")
