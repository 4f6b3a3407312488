"""Refunds that a supplier will never pay: proposed with a paper, decided by a second person."""

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

from madang.core.errors import NotFound
from madang.metering.charges import writing_off
from madang.metering.charges.models import LossGround, SettledRefund
from madang.metering.charges.queries import open_proposal, settled_refund_for
from madang.parties.actor import Role
from madang.portal.acting import Offer, act_with_reason, taken, with_reason
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.uploads import keep_upload

GROUNDS = [
    (LossGround.BANKRUPT, gettext_lazy("the supplier is bankrupt")),
    (LossGround.UNCOLLECTABLE, gettext_lazy("it cannot be collected")),
]


class LossForm(ReasonForm):
    """Why nothing more will come, and what shows it."""

    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=GROUNDS)
    file = forms.FileField(label=gettext_lazy("Document that shows it"))
    field_order = ("ground", "reason", "file")


def loss_steps(request: SignedInRequest, row: SettledRefund) -> list[Offer]:
    """What this operator may do about a refund that does not come."""

    def href(step: str) -> str:
        return reverse("refund_step", args=[row.id, step])

    if row.state == "agreed":
        form = LossForm(auto_id=f"loss-{row.id}-%s")
        return [Offer(_("Propose to write it off"), href("propose"), form, str(row.charge_id))]
    if row.state == "written_off":
        return [with_reason(_("The supplier pays after all"), href("revive"), f"v-{row.id}")]
    proposal = open_proposal(row)
    if proposal is None:
        return []
    refuse = with_reason(_("Not so"), href("refuse"), f"n-{row.id}")
    if proposal.proposed_by == request.actor.id:
        return [refuse]
    return [Offer(_("Write it off"), href("write-off"), about=str(row.charge_id)), refuse]


@takes("POST")
@signed_in(Role.OPERATOR)
def take_step(request: SignedInRequest, refund_id: UUID, step: str) -> HttpResponse:
    row = settled_refund_for(request.actor, refund_id)
    match step:
        case "propose":
            _propose(request, row)
        case "write-off":
            writing_off.write_off_refund(request.actor, row, at=request.at)
            messages.success(request, _("It is written off."))
        case "refuse":
            told = _("It is to be collected as before.")
            act_with_reason(request, writing_off.refuse_write_off, told, row)
        case "revive":
            told = _("It is to be collected again.")
            act_with_reason(request, writing_off.revive_refund, told, row)
        case _:
            raise NotFound
    return redirect("voucher_money", row.charge.voucher.code)


def _propose(request: SignedInRequest, row: SettledRefund) -> None:
    """The paper is the agency's own: neither the supplier nor the beneficiary reads it."""
    given = taken(LossForm(request.POST, request.FILES)).cleaned_data
    propose = partial(writing_off.propose_write_off, request.actor, row, at=request.at)
    paper = keep_upload(request, given["file"], None)
    propose(ground=given["ground"], document=paper.id, reason=given["reason"])
    messages.success(request, _("The write-off is proposed; a second person decides."))
