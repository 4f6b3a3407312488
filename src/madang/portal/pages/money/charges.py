"""One charge: what was used, its evidence, what of it was given back, what is said of it."""

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
from madang.core.ids import uuid7
from madang.metering.charges.actions import is_settled, left_of, refund_charge
from madang.metering.charges.models import Charge
from madang.metering.charges.queries import charges_of
from madang.parties.actor import Role
from madang.portal.acting import Offer, act
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.pages.money.petitions import ObjectionForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.petitions.queries import OPEN, petitions_for

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY, Role.SUPPLIER)


class RefundForm(ReasonForm):
    """Its id is made with the form, so that a second click changes nothing."""

    amount_microwon = WonField(
        label=gettext_lazy("Amount in won"),
        help_text=gettext_lazy("Nothing entered: all that is left."),
        required=False,
    )
    refund = forms.UUIDField(widget=forms.HiddenInput)
    field_order = ("amount_microwon", "reason", "refund")


@takes("GET")
@signed_in(*READERS)
def charge(request: SignedInRequest, no: int) -> HttpResponse:
    row = _charge(request, no)
    said = petitions_for(request.actor).filter(charge=row)
    facts = {
        "charge": row,
        "left": left_of(row),
        "is_settled": is_settled(row),
        "given_back": row.refunded_by.order_by("no"),
        "agreed": row.settled_refunds.order_by("agreed_at"),
        "petitions": said,
        "steps": list(_steps(request, row, is_said=said.filter(state__in=OPEN).exists())),
        "sees_journal": request.actor.sees_everything,
        "sees_voucher": request.actor.sees_everything
        or request.actor.acts_for(row.voucher.organisation_id),
    }
    return desk_page(request, desk_of(request.actor), "money/charge.html", facts)


def _charge(request: SignedInRequest, no: int) -> Charge:
    row = charges_of(request.actor).filter(no=no, kind="charge").first()
    if row is None:
        raise NotFound
    return row


def _steps(request: SignedInRequest, row: Charge, *, is_said: bool) -> list[Offer]:
    steps = []
    if request.actor.acts_as(Role.BENEFICIARY, row.voucher.organisation_id) and not is_said:
        href = reverse("object_to_charge", args=[row.no])
        steps.append(Offer(_("Object to this charge"), href, ObjectionForm()))
    if request.actor.has(Role.OPERATOR) and left_of(row):
        form = RefundForm(initial={"refund": uuid7()}, auto_id="refund-%s")
        href = reverse("refund_charge", args=[row.no])
        steps.append(Offer(_("Give it back"), href, form, is_grave=True))
    return steps


@takes("POST")
@signed_in(Role.OPERATOR)
def refund(request: SignedInRequest, no: int) -> HttpResponse:
    """Before its statement it is spendable at once; afterwards it is agreed and collected."""
    row = _charge(request, no)
    give_back = partial(refund_charge, request.actor, row, at=request.at)

    def do(amount_microwon: int | None, reason: str, refund: UUID) -> object:
        amount = amount_microwon or left_of(row)
        return give_back(refund=refund, amount_microwon=amount, reason=reason)

    act(request, RefundForm(request.POST), do, _("It is given back."))
    return redirect("charge", no)
