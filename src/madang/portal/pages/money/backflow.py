"""Money that comes back on one voucher: deposits, their returns, refunds by instalment."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.core.ids import uuid7
from madang.metering.charges.collecting import collect_refund, left_to_collect
from madang.metering.charges.models import CollectionWay, SettledRefund
from madang.metering.charges.queries import (
    loss_reasons,
    settled_refund_for,
    settled_refunds_of,
)
from madang.metering.deposits.queries import receipts_of
from madang.metering.models import DepositReturn, Voucher
from madang.metering.returns import actions as returns
from madang.metering.returns.queries import deposit_returns_of, owed_microwon
from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.portal.acting import Offer, act, act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import WonField
from madang.portal.pages.beneficiary.agreements import desk_of
from madang.portal.pages.money.losses import loss_steps
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.OPERATOR, Role.AUDITOR, Role.BENEFICIARY)
COLLECTED_FROM = ("agreed", "proposed")
WAYS = [
    (CollectionWay.OFFSET, gettext_lazy("kept back from its next statement")),
    (CollectionWay.CASH, gettext_lazy("paid in cash")),
]


class CollectForm(forms.Form):
    """One instalment. Its id is made with the form, so that a second click changes nothing."""

    by = forms.ChoiceField(label=gettext_lazy("How"), choices=WAYS)
    amount_microwon = WonField(
        label=gettext_lazy("Amount in won"),
        help_text=gettext_lazy("Nothing entered: all that is left."),
        required=False,
    )
    collection = forms.UUIDField(widget=forms.HiddenInput)


@takes("GET")
@signed_in(*READERS)
def voucher_money(request: SignedInRequest, code: str) -> HttpResponse:
    """What was paid in, what is owed back and was paid back, what suppliers give back."""
    row = voucher_for(request.actor, code)
    is_operator = request.actor.has(Role.OPERATOR)
    made = deposit_returns_of(request.actor).filter(voucher=row)
    facts = {
        "voucher": row,
        "receipts": receipts_of(request.actor).filter(voucher=row),
        "owed": owed_microwon(row),
        "returns": [(one, _return_steps(request, one)) for one in made],
        "make_return": Offer(
            _("Make the return"), reverse("create_deposit_return", args=[code])
        ),
        "refunds": _refunds(request, row),
        "is_operator": is_operator,
        "sees_papers": request.actor.sees_everything,
    }
    return desk_page(request, desk_of(request.actor), "money/voucher.html", facts)


@dataclass(frozen=True, slots=True)
class RefundCard:
    """A refund, all of it with VAT, what is left, what was proposed of it, and what to do."""

    row: SettledRefund
    whole: int
    left: int
    why: str
    steps: list[Offer]


def _refunds(request: SignedInRequest, row: Voucher) -> list[RefundCard]:
    rows = list(settled_refunds_of(request.actor).filter(charge__voucher=row))
    why = loss_reasons(request.actor, rows)
    return [_card(request, one, why.get(one.id, "")) for one in rows]


def _card(request: SignedInRequest, row: SettledRefund, why: str) -> RefundCard:
    whole = row.subsidy_microwon + row.deposit_microwon
    left = left_to_collect(row).total
    steps: list[Offer] = []
    if request.actor.has(Role.OPERATOR):
        if row.state in COLLECTED_FROM:
            form = CollectForm(auto_id=f"r-{row.id}-%s", initial={"collection": uuid7()})
            href = reverse("collect_refund", args=[row.id])
            steps.append(Offer(_("Record an instalment"), href, form, str(row.charge_id)))
        steps += loss_steps(request, row)
    return RefundCard(row, whole, left, why, steps)


def _return_steps(request: SignedInRequest, row: DepositReturn) -> list[Offer]:
    def href(step: str) -> str:
        return reverse("deposit_return_step", args=[row.id, step])

    if row.state == "created" and row.created_by != request.actor.id:
        return [Offer(_("Approve"), href("approve"), about=str(row.id))]
    if row.state == "approved":
        return [
            Offer(_("The bank has paid"), href("pay"), about=str(row.id)),
            with_reason(_("The bank sent it back"), href("fail"), row.id),
        ]
    return []


@takes("POST")
@signed_in(Role.OPERATOR)
def make_return(request: SignedInRequest, code: str) -> HttpResponse:
    row = voucher_for(request.actor, code)
    returns.create_deposit_return(request.actor, row, at=request.at)
    messages.success(request, _("The return is made. A second person approves it."))
    return redirect("voucher_money", code)


@takes("POST")
@signed_in(Role.OPERATOR)
def return_step(request: SignedInRequest, return_id: UUID, step: str) -> HttpResponse:
    row = deposit_returns_of(request.actor).filter(id=return_id).first()
    if row is None:
        raise NotFound
    if step == "fail":
        told = _("It came back: still owed, to be made anew.")
        act_with_reason(request, returns.fail_deposit_return, told, row.id)
    elif step in {"approve", "pay"}:
        is_paid = step == "pay"
        do = returns.pay_deposit_return if is_paid else returns.approve_deposit_return
        do(request.actor, row.id, at=request.at)
        messages.success(request, _("Done."))
    else:
        raise NotFound
    return redirect("voucher_money", row.voucher.code)


@takes("POST")
@signed_in(Role.OPERATOR)
def collect(request: SignedInRequest, refund_id: UUID) -> HttpResponse:
    """An instalment came in, or is kept back; the subsidy comes first."""
    row = settled_refund_for(request.actor, refund_id)
    step = partial(collect_refund, request.actor, row, at=request.at)
    act(request, CollectForm(request.POST), step, _("The instalment is recorded."))
    return redirect("voucher_money", row.charge.voucher.code)
