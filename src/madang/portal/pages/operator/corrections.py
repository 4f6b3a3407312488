"""Corrections (P23): proposed on a journal's page by one person, booked by another."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.metering.vouchers.queries import voucher_for
from madang.parties.actor import Role
from madang.parties.events.queries import reasons_of
from madang.portal.acting import Offer, act, act_with_reason, with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.corrections import actions
from madang.programme.corrections.actions import CORRECTABLE, DEPOSITS
from madang.programme.corrections.models import Correction
from madang.programme.corrections.queries import corrections_of

READERS = (Role.OPERATOR, Role.AUDITOR)
ROWS_MAX = 200


class CorrectionForm(ReasonForm):
    """For a deposit: the voucher that it belongs to."""

    voucher = forms.CharField(
        label=gettext_lazy("Voucher that the deposit belongs to"), max_length=64
    )
    field_order = ("voucher", "reason")


def proposal_for(request: SignedInRequest, journal: UUID, kind: str) -> Offer | None:
    """What a journal's page offers an operator; None where the kind has its own reverse."""
    if not request.actor.has(Role.OPERATOR) or kind not in CORRECTABLE:
        return None
    form = CorrectionForm() if kind in DEPOSITS else ReasonForm()
    href = reverse("propose_correction", args=[journal])
    return Offer(_("Propose a correction"), href, form, is_grave=True)


@takes("GET")
@signed_in(*READERS)
def corrections(request: SignedInRequest) -> HttpResponse:
    """The register: what was wrong, why, who proposed and who decided."""
    rows = list(corrections_of(request.actor)[:ROWS_MAX])
    why = reasons_of("correction.propose", [str(row.id) for row in rows])
    facts = {
        "rows": [(row, why.get(str(row.id), ""), *_decisions(row)) for row in rows],
        "is_operator": request.actor.has(Role.OPERATOR),
        "me": request.actor.id,
    }
    return desk_page(request, "operator", "operator/corrections.html", facts)


def _decisions(row: Correction) -> tuple[Offer, Offer]:
    book = Offer(_("Book it"), reverse("book_correction", args=[row.id]), about=str(row.id))
    refuse = reverse("refuse_correction", args=[row.id])
    return book, with_reason(_("Not so"), refuse, row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def propose(request: SignedInRequest, journal_id: UUID) -> HttpResponse:
    code = request.POST.get("voucher", "")
    voucher = voucher_for(request.actor, code) if code else None

    def propose_it(reason: str) -> Correction:
        return actions.propose_correction(
            request.actor, journal_id, voucher=voucher, reason=reason, at=request.at
        )

    told = _("The correction is proposed; a second person books it.")
    act(request, ReasonForm(request.POST), propose_it, told)
    return redirect("corrections")


@takes("POST")
@signed_in(Role.OPERATOR)
def book(request: SignedInRequest, correction_id: UUID) -> HttpResponse:
    actions.book_correction(request.actor, correction_id, at=request.at)
    messages.success(request, _("The correction is booked; both journals stay on record."))
    return redirect("corrections")


@takes("POST")
@signed_in(Role.OPERATOR)
def refuse(request: SignedInRequest, correction_id: UUID) -> HttpResponse:
    told = _("The correction is refused; nothing was booked.")
    act_with_reason(request, actions.refuse_correction, told, correction_id)
    return redirect("corrections")
