"""Tax invoices: what a supplier must issue, until when; what a beneficiary will get."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.metering.invoices.actions import record_tax_invoice
from madang.metering.invoices.queries import invoices_of, state_of
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)
ROWS_MAX = 200


class IssuedForm(forms.Form):
    number = forms.CharField(label=gettext_lazy("Number of the invoice"), max_length=64)
    issued_at = MomentField(label=gettext_lazy("Issued"))


@takes("GET")
@signed_in(*READERS)
def invoices(request: SignedInRequest) -> HttpResponse:
    may_issue = request.actor.has(Role.OPERATOR, Role.SUPPLIER)
    rows = [
        (row, state_of(row, request.at).value, IssuedForm(auto_id=f"i{row.id}_%s"))
        for row in invoices_of(request.actor)[:ROWS_MAX]
    ]
    facts = {"rows": rows, "may_issue": may_issue}
    return desk_page(request, desk_of(request.actor), "money/invoices.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR, Role.SUPPLIER)
def issued(request: SignedInRequest, invoice_id: UUID) -> HttpResponse:
    if not invoices_of(request.actor).filter(id=invoice_id).exists():
        raise NotFound
    form = taken(IssuedForm(request.POST))
    record_tax_invoice(
        request.actor, invoice_id, number=form.cleaned_data["number"],
        issued_at=form.cleaned_data["issued_at"], at=request.at,
    )  # fmt: skip
    messages.success(request, _("Done."))
    return redirect("invoices")
