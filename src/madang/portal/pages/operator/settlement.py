"""Settlement: close months, create payouts, let a second person approve them."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Sum
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.clock import SEOUL
from madang.ledger import queries as ledger
from madang.metering.payouts import actions as paying
from madang.metering.payouts.queries import payout_for, payouts_of, waiting_for_payouts
from madang.metering.statements.actions import close_statement, settle_dispute
from madang.metering.statements.queries import statement_for, statements_of
from madang.parties.actor import Role
from madang.parties.suppliers.queries import supplier_by_code, suppliers
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.request import SignedInRequest, signed_in, takes

PER_PAGE = 25


class CloseForm(forms.Form):
    supplier = forms.ChoiceField(label=gettext_lazy("Supplier"))
    month = forms.RegexField(
        label=gettext_lazy("Month"),
        regex=r"^\d{4}-(0[1-9]|1[0-2])$",
        help_text=gettext_lazy("Year and month, such as 2026-03"),
    )

    def __init__(self, *args: object, language: str, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        rows = suppliers()
        self.fields["supplier"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            (row.code, row.name_en if language == "en" else row.name_ko) for row in rows
        ]


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def settlement(request: SignedInRequest) -> HttpResponse:
    """What each supplier has earned and is not stated; statements; payouts."""
    month = request.at.astimezone(SEOUL).strftime("%Y-%m")
    form = CloseForm(initial={"month": month}, language=request.LANGUAGE_CODE)
    rows = statements_of(request.actor).order_by("-frozen_at").annotate(
        subsidy=Sum("lines__subsidy_microwon"),
        own=Sum("lines__own_microwon"),
        vat=Sum("lines__vat_microwon"),
    )  # fmt: skip
    facts = {
        "accrued": [(row, _accrued_total(row.id)) for row in suppliers()],
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "form": form if request.actor.has(Role.OPERATOR) else None,
    }
    return desk_page(request, "operator", "operator/settlement.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def close(request: SignedInRequest) -> HttpResponse:
    """Freeze a supplier's month: another statement, or nothing new."""
    form = taken(CloseForm(request.POST, language=request.LANGUAGE_CODE))
    supplier = supplier_by_code(form.cleaned_data["supplier"])
    made = close_statement(request.actor, supplier, form.cleaned_data["month"], at=request.at)
    if made is None:
        messages.info(request, _("Nothing of a whole won is new: the month is unchanged."))
        return redirect("settlement")
    messages.success(request, _("The statement is frozen. The supplier confirms it next."))
    return redirect("statement", supplier.code, made.month, made.number)


def _accrued_total(supplier: UUID) -> int:
    return sum(line.parts.total for line in ledger.accrued(supplier))


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def payouts(request: SignedInRequest) -> HttpResponse:
    rows = payouts_of(request.actor).order_by("-created_at", "-id")
    facts = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "waiting": waiting_for_payouts(request.actor),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/payouts.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def create(request: SignedInRequest, supplier: str, month: str, number: int) -> HttpResponse:
    """One payout per bank account; somebody else approves it."""
    statement = statement_for(request.actor, supplier, month, number)
    paying.create_payouts(request.actor, statement, at=request.at)
    messages.success(request, _("The payouts are made. A second person approves them."))
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def approve(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    payout = payout_for(request.actor, payout_id)
    paying.approve_payout(request.actor, payout, at=request.at)
    messages.success(request, _("Approved; the order is at the bank."))
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def settle(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    payout = payout_for(request.actor, payout_id)
    paying.settle_payout(request.actor, payout, at=request.at)
    messages.success(request, _("The payout is settled."))
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def fail(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    payout = payout_for(request.actor, payout_id)
    paying.fail_payout(request.actor, payout, at=request.at)
    messages.info(request, _("The payout failed. The amount is payable again."))
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def hold(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    return _with_reason(request, payout_id, "hold")


@takes("POST")
@signed_in(Role.OPERATOR)
def release(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    return _with_reason(request, payout_id, "release")


@takes("POST")
@signed_in(Role.OPERATOR)
def withdraw(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    """Before anybody approved it: the amount is payable again, or can be kept back."""
    return _with_reason(request, payout_id, "withdraw")


@takes("POST")
@signed_in(Role.OPERATOR)
def bounce(request: SignedInRequest, payout_id: UUID) -> HttpResponse:
    """The bank had paid, and the money came back."""
    return _with_reason(request, payout_id, "bounce")


REASONED = {
    "bounce": paying.bounce_payout,
    "hold": paying.hold_payout,
    "release": paying.release_payout,
    "withdraw": paying.withdraw_payout,
}


def _with_reason(request: SignedInRequest, payout_id: UUID, step: str) -> HttpResponse:
    payout = payout_for(request.actor, payout_id)
    act_with_reason(request, REASONED[step], _("Done."), payout)
    return redirect("payouts")


@takes("POST")
@signed_in(Role.OPERATOR)
def end_dispute(
    request: SignedInRequest, supplier: str, month: str, number: int
) -> HttpResponse:
    statement = statement_for(request.actor, supplier, month, number)
    told = _("The objection is settled; the figures stand.")
    act_with_reason(request, settle_dispute, told, statement)
    return redirect("statement", supplier, month, number)
