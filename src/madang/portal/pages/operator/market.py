"""Suppliers: who sells, who has left, whose bank account is verified."""

from __future__ import annotations

from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.metering.exits.actions import readmit_supplier, withdraw_supplier
from madang.metering.exits.models import ExitKind, SupplierExit
from madang.metering.exits.queries import exits_of
from madang.metering.payouts.accounts import verify_account
from madang.metering.payouts.models import SupplierAccount
from madang.parties.actor import Role
from madang.parties.models import Supplier
from madang.parties.suppliers.queries import supplier_by_code, suppliers
from madang.portal.acting import Offer, act, act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.OPERATOR, Role.AUDITOR)
KINDS = [
    (ExitKind.WITHDRAWN, gettext_lazy("it withdraws")),
    (ExitKind.BANKRUPT, gettext_lazy("it is bankrupt")),
]


class ExitForm(ReasonForm):
    kind = forms.ChoiceField(label=gettext_lazy("What happened"), choices=KINDS)
    field_order = ("kind", "reason")


@takes("GET")
@signed_in(*READERS)
def all_suppliers(request: SignedInRequest) -> HttpResponse:
    gone = {row.supplier_id: row for row in exits_of(request.actor).filter(ended_at=None)}
    accounts = SupplierAccount.objects.select_related("supplier").order_by("supplier__code")
    waiting = [(one, _verify(one)) for one in accounts]
    facts = {
        "rows": [(row, gone.get(row.id), _step(row, gone.get(row.id))) for row in suppliers()],
        "accounts": waiting,
        "past": exits_of(request.actor).exclude(ended_at=None),
        "is_operator": request.actor.has(Role.OPERATOR),
        "me": request.actor.id,
    }
    return desk_page(request, "operator", "operator/suppliers.html", facts)


def _step(row: Supplier, gone: SupplierExit | None) -> Offer:
    if gone is not None:
        href = reverse("readmit_supplier", args=[row.code])
        return with_reason(_("Let it sell again"), href, row.code)
    form = ExitForm(auto_id=f"exit-{row.code}-%s")
    href = reverse("withdraw_supplier", args=[row.code])
    return Offer(_("Record an exit"), href, form, row.code, is_grave=True)


def _verify(row: SupplierAccount) -> Offer:
    href = reverse("verify_supplier_account", args=[row.id])
    return Offer(_("The bank's paper agrees"), href, about=row.last_digits)


@takes("POST")
@signed_in(Role.OPERATOR)
def withdraw(request: SignedInRequest, code: str) -> HttpResponse:
    supplier = supplier_by_code(code)
    step = partial(withdraw_supplier, request.actor, supplier, at=request.at)
    told = _("The supplier sells nothing any more; everybody whose voucher covers it is told.")
    act(request, ExitForm(request.POST), step, told)
    return redirect("suppliers")


@takes("POST")
@signed_in(Role.OPERATOR)
def readmit(request: SignedInRequest, code: str) -> HttpResponse:
    told = _("The supplier may sell again; list its products one by one.")
    act_with_reason(request, readmit_supplier, told, supplier_by_code(code))
    return redirect("suppliers")


@takes("POST")
@signed_in(Role.OPERATOR)
def verify(request: SignedInRequest, account_id: UUID) -> HttpResponse:
    verify_account(request.actor, account_id, at=request.at)
    messages.success(request, _("The account is verified."))
    return redirect("suppliers")
