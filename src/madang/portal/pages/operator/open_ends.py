"""What stays open between a supplier and the programme: noted amounts, calls without an end."""

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

from madang.core.units import Unit
from madang.metering.disputes import actions
from madang.metering.disputes.models import DisputeEnd
from madang.metering.disputes.queries import Noted, dispute_ends, noted_disputes
from madang.metering.till.models import OpenCall
from madang.metering.till.queries import unsettled_calls
from madang.metering.till.settling import settle_unsettled
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.suppliers.queries import supplier_by_code
from madang.portal.acting import Offer, act, act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm, WonField
from madang.portal.labels import UNIT_NAMES
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.wire.pricing import QUANTITY_MAX

READERS = (Role.OPERATOR, Role.AUDITOR)
ROWS_MAX = 100


class EndForm(ReasonForm):
    """How much of a noted amount ends; the programme pays it, or nobody does."""

    amount_microwon = WonField(
        label=gettext_lazy("Amount in won"),
        help_text=gettext_lazy("Nothing entered: all of it."),
        required=False,
    )
    is_paid = forms.BooleanField(label=gettext_lazy("The programme pays it"), required=False)
    field_order = ("amount_microwon", "is_paid", "reason")


class QuantitiesForm(ReasonForm):
    """What a call of unknown outcome used, by unit; nothing entered: it cost nothing."""

    def __init__(self, units: list[str], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        for unit in units:
            self.fields[unit] = forms.IntegerField(
                label=str(UNIT_NAMES[Unit(unit)]),
                min_value=0,
                max_value=QUANTITY_MAX,
                required=False,
            )
        self.order_fields([*units, "reason"])

    def clean(self) -> dict[str, object]:
        given: dict[str, object] = dict(super().clean() or {})
        reason = given.pop("reason", "")
        used = {Unit(name): number for name, number in given.items() if number}
        return {"quantities": used, "reason": reason}


@takes("GET")
@signed_in(*READERS)
def open_ends(request: SignedInRequest) -> HttpResponse:
    noted = [(row, _propose(row)) for row in noted_disputes(request.actor)]
    ends = [(row, *_decisions(row)) for row in dispute_ends(request.actor)[:ROWS_MAX]]
    calls = [(row, _settle(row)) for row in unsettled_calls(request.actor)[:ROWS_MAX]]
    facts = {
        "noted": noted,
        "ends": ends,
        "calls": calls,
        "is_operator": request.actor.has(Role.OPERATOR),
        "me": request.actor.id,
    }
    return desk_page(request, "operator", "operator/open_ends.html", facts)


def _propose(row: Noted) -> Offer:
    href = reverse("propose_dispute_end", args=[row.supplier_code, row.voucher_code])
    key = f"{row.supplier_code}-{row.voucher_code}"
    return Offer(_("Propose how it ends"), href, EndForm(auto_id=f"end-{key}-%s"), key)


def _decisions(row: DisputeEnd) -> tuple[Offer, Offer]:
    close = Offer(_("So it ends"), reverse("close_dispute", args=[row.id]), about=str(row.id))
    refuse = reverse("refuse_dispute_end", args=[row.id])
    return close, with_reason(_("Not so"), refuse, row.id)


def _settle(row: OpenCall) -> Offer:
    form = QuantitiesForm(_units(row), auto_id=f"call-{row.call}-%s")
    href = reverse("settle_unsettled_call", args=[row.call])
    return Offer(_("Enter what it used"), href, form, str(row.call))


def _units(row: OpenCall) -> list[str]:
    """The units that its prices know: nothing else can have been used."""
    return sorted(row.price_set.prices)


@takes("POST")
@signed_in(Role.OPERATOR)
def propose(request: SignedInRequest, supplier: str, code: str) -> HttpResponse:
    voucher, seller = voucher_for(request.actor, code), supplier_by_code(supplier)

    def propose_end(amount_microwon: int | None, *, is_paid: bool, reason: str) -> None:
        amount = amount_microwon or _noted(request, seller.id, voucher.id)
        actions.propose_dispute_end(
            request.actor, voucher, seller, amount_microwon=amount, is_paid=is_paid,
            reason=reason, at=request.at,
        )  # fmt: skip

    told = _("The end is proposed; a second person decides.")
    act(request, EndForm(request.POST), propose_end, told)
    return redirect("open_ends")


def _noted(request: SignedInRequest, supplier: UUID, voucher: UUID) -> int:
    found = noted_disputes(request.actor)
    return sum(
        one.amount_microwon
        for one in found
        if (one.supplier, one.voucher) == (supplier, voucher)
    )


@takes("POST")
@signed_in(Role.OPERATOR)
def close(request: SignedInRequest, end_id: UUID) -> HttpResponse:
    actions.close_dispute(request.actor, end_id, at=request.at)
    messages.success(request, _("The dispute has ended."))
    return redirect("open_ends")


@takes("POST")
@signed_in(Role.OPERATOR)
def refuse(request: SignedInRequest, end_id: UUID) -> HttpResponse:
    told = _("The amount stays noted.")
    act_with_reason(request, actions.refuse_dispute_end, told, end_id)
    return redirect("open_ends")


@takes("POST")
@signed_in(Role.OPERATOR)
def settle(request: SignedInRequest, call: UUID) -> HttpResponse:
    """Charged at most what was held for it; the rest is the supplier's dispute."""
    row = unsettled_calls(request.actor).filter(call=call).first()
    units = _units(row) if row is not None else []
    step = partial(settle_unsettled, request.actor, call, at=request.at)
    act(request, QuantitiesForm(units, request.POST), step, _("The call is settled."))
    return redirect("open_ends")
