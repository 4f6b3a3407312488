"""Payout holds: placed on a supplier or a voucher, with a reason, and lifted with another."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.metering.payout_holds.actions import (
    HoldTerms,
    lift_payout_hold,
    place_payout_hold,
)
from madang.metering.payout_holds.models import PayoutHold
from madang.metering.payout_holds.queries import payout_holds_of, reasons_for
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.suppliers.queries import supplier_by_code, suppliers
from madang.portal.acting import Offer, act_with_reason, taken, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken

READERS = (Role.OPERATOR, Role.AUDITOR)
ROWS_MAX = 200
BY_HAND = "by_hand"


class HoldForm(ReasonForm):
    """On one of the two."""

    supplier = forms.ChoiceField(label=gettext_lazy("Supplier"), required=False)
    voucher = forms.CharField(label=gettext_lazy("Voucher"), required=False, max_length=64)
    field_order = ("supplier", "voucher", "reason")

    def __init__(self, *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["supplier"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            ("", "–"),
            *((row.code, getattr(row, f"name_{spoken()}")) for row in suppliers()),
        ]

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = dict(super().clean() or {})
        if bool(given.get("supplier")) is bool(given.get("voucher")):
            raise forms.ValidationError(_("Name a supplier or a voucher, one of the two."))
        return given


@takes("GET")
@signed_in(*READERS)
def holds(request: SignedInRequest) -> HttpResponse:
    """Those in force first, with why; then those that were lifted."""
    rows = sorted(
        payout_holds_of(request.actor)[:ROWS_MAX], key=lambda row: bool(row.lifted_at)
    )
    why = reasons_for(rows)
    place = Offer(_("Put payouts on hold"), reverse("place_payout_hold"), HoldForm())
    facts = {
        "rows": [(row, why.get(row.id, ""), _lift(row)) for row in rows],
        "place": place if request.actor.has(Role.OPERATOR) else None,
    }
    return desk_page(request, "operator", "operator/holds.html", facts)


def _lift(row: PayoutHold) -> Offer:
    return with_reason(_("Lift"), reverse("lift_payout_hold", args=[row.id]), row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def place(request: SignedInRequest) -> HttpResponse:
    form = taken(HoldForm(request.POST))
    given = form.cleaned_data
    terms = HoldTerms(
        BY_HAND,
        supplier=supplier_by_code(given["supplier"]) if given["supplier"] else None,
        voucher=voucher_for(request.actor, given["voucher"]) if given["voucher"] else None,
    )
    place_payout_hold(request.actor, terms, reason=given["reason"], at=request.at)
    messages.success(request, _("Nothing of it is paid out until the hold is lifted."))
    return redirect("payout_holds")


@takes("POST")
@signed_in(Role.OPERATOR)
def lift(request: SignedInRequest, payout_hold_id: UUID) -> HttpResponse:
    told = _("The hold is lifted; payouts under no other hold wait for their approval.")
    act_with_reason(request, lift_payout_hold, told, payout_hold_id)
    return redirect("payout_holds")
