"""What does not go by itself: parked money, objections, held payouts, products to list."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.metering.deposits.actions import return_receipt
from madang.metering.deposits.queries import receipt_for, receipts_of
from madang.metering.offerings.actions import list_offering
from madang.metering.offerings.queries import offering_for, offerings_of
from madang.metering.payouts.queries import payouts_of
from madang.metering.statements.queries import statements_of
from madang.metering.vouchers import actions as vouchers
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.notices.delivery import hand_over, undelivered
from madang.parties.notices.models import Notice
from madang.parties.notices.texts import notice_text
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.copayments.actions import match_receipt
from madang.programme.exceptions.queries import Exceptional, exceptions_for

VOUCHER_STEPS = {
    "suspend": vouchers.suspend_voucher,
    "reinstate": vouchers.reinstate_voucher,
    "cancel": vouchers.cancel_voucher,
}


class HandedOverForm(forms.Form):
    delivered_at = MomentField(label=gettext_lazy("Delivered"))


class MatchForm(ReasonForm):
    voucher = forms.CharField(label=gettext_lazy("Voucher"), max_length=64)


LISTS = {
    "bank_line": "years",
    "payout": "payouts",
    "call": "open_ends",
    "dispute": "open_ends",
    "dispute_end": "open_ends",
    "payout_hold": "payout_holds",
    "supplier": "suppliers",
    "correction": "corrections",
    "invoice": "invoices",
}
ROWS = {"flag": "flag", "case": "case", "petition": "petition"}


def where(one: Exceptional) -> str:
    """The page on which it is dealt with."""
    noun = one.kind.partition(".")[0]
    if noun in ROWS:
        return reverse(ROWS[noun], args=[one.id])
    if noun in LISTS:
        return reverse(LISTS[noun])
    if noun in {"deposit_return", "refund"}:
        return reverse("voucher_money", args=[one.about])
    if noun == "deposit":
        return reverse("award", args=[one.award])
    if one.award:
        return reverse("execution", args=[one.award])
    return f"#{noun}"  # receipts and statements stand on this very page


@takes("GET")
@signed_in(Role.OPERATOR, Role.AUDITOR)
def exceptions(request: SignedInRequest) -> HttpResponse:
    facts = {
        "queue": [(one, where(one)) for one in exceptions_for(request.actor, request.at)],
        "is_operator": request.actor.has(Role.OPERATOR),
        "receipts": receipts_of(request.actor).filter(state="parked"),
        "statements": statements_of(request.actor).filter(state="disputed"),
        "payouts": payouts_of(request.actor).filter(state__in=["held", "failed"]),
        "offerings": offerings_of(request.actor).filter(state="suspended"),
        "reason_form": ReasonForm(),
        "undelivered": [
            (row, _about(row)) for row in undelivered(request.actor, at=request.at)
        ],
        "handed_form": HandedOverForm(),
    }
    return desk_page(request, "operator", "operator/exceptions.html", facts)


def _about(row: Notice) -> str:
    """The notice's own title, in the language of who looks."""
    return notice_text(row.kind, row.facts, spoken()).title


@takes("POST")
@signed_in(Role.OPERATOR)
def hand_over_notice(request: SignedInRequest, notice_id: UUID) -> HttpResponse:
    """By post or by hand, with the instant that the proof of delivery names."""
    form = taken(HandedOverForm(request.POST))
    delivered_at = form.cleaned_data["delivered_at"]
    hand_over(request.actor, notice_id, delivered_at=delivered_at, at=request.at)
    messages.success(request, _("The delivery is recorded."))
    return redirect("exceptions")


@takes("POST")
@signed_in(Role.OPERATOR)
def match(request: SignedInRequest, receipt_id: UUID) -> HttpResponse:
    """A parked receipt turns out to be the beneficiary's: a person says so, with a reason."""
    receipt = receipt_for(request.actor, receipt_id)
    form = taken(MatchForm(request.POST))
    voucher = voucher_for(request.actor, form.cleaned_data["voucher"])
    reason = form.cleaned_data["reason"]
    match_receipt(request.actor, receipt, voucher, at=request.at, reason=reason)
    messages.success(request, _("The receipt is matched."))
    return redirect("exceptions")


@takes("POST")
@signed_in(Role.OPERATOR)
def give_back(request: SignedInRequest, receipt_id: UUID) -> HttpResponse:
    receipt = receipt_for(request.actor, receipt_id)
    act_with_reason(request, return_receipt, _("The money goes back to its sender."), receipt)
    return redirect("exceptions")


@takes("POST")
@signed_in(Role.OPERATOR)
def put_on_sale(request: SignedInRequest, code: str) -> HttpResponse:
    list_offering(request.actor, offering_for(request.actor, code), at=request.at)
    messages.success(request, _("The product is on sale."))
    return redirect("exceptions")


@takes("POST")
@signed_in(Role.OPERATOR)
def voucher_step(request: SignedInRequest, code: str, step: str) -> HttpResponse:
    """Suspend, reinstate, cancel: each with a reason. Close: when nothing is open."""
    row = voucher_for(request.actor, code)
    if step == "close":
        vouchers.close_voucher(request.actor, row, at=request.at)
        return redirect("voucher", code)
    if step not in VOUCHER_STEPS:
        raise NotFound
    act_with_reason(request, VOUCHER_STEPS[step], _("Done."), row)
    return redirect("voucher", code)
