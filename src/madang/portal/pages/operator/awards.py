"""Awards: agreement, deposit, voucher; what lapses, and who moves up."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.parties.actor import Role
from madang.parties.organisations.queries import organisations_for
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import MomentField, ReasonForm, WonField
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.agreements.queries import agreements_for
from madang.programme.awards.actions import lapse_award, promote_reserve
from madang.programme.awards.models import Award
from madang.programme.awards.queries import award_for, awards_for
from madang.programme.calls.queries import call_by_code
from madang.programme.copayments.actions import issue_voucher, record_deposit
from madang.programme.copayments.models import CoPaymentObligation

READERS = (Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 25


class DepositForm(forms.Form):
    payer = forms.ChoiceField(
        label=gettext_lazy("Paid by"),
        help_text=gettext_lazy("Money of anybody but the beneficiary is parked, not counted."),
    )
    amount = WonField(label=gettext_lazy("Amount in won"))
    reference = forms.CharField(label=gettext_lazy("The bank's reference"), max_length=100)
    received_at = MomentField(label=gettext_lazy("Received at"))

    def __init__(self, *args: object, firms: list[tuple[str, str]], **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        self.fields["payer"].choices = [  # type: ignore[attr-defined]  # a ChoiceField
            *firms,
            ("", _("somebody unknown")),
        ]
        self.fields["payer"].required = False


@takes("GET")
@signed_in(*READERS)
def awards(request: SignedInRequest) -> HttpResponse:
    rows = awards_for(request.actor).order_by("-created_at", "-id")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    return desk_page(request, "operator", "operator/awards.html", {"page": page})


@takes("GET")
@signed_in(*READERS)
def award(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    row = award_for(request.actor, award_id)
    agreement = agreements_for(request.actor).filter(award=row).first()
    initial = {"received_at": request.at, "payer": row.organisation.code}
    facts = {
        "award": row,
        "agreement": agreement,
        "parties": agreement.parties.order_by("id") if agreement else [],
        "obligation": CoPaymentObligation.objects.filter(award=row).first(),
        "receipts": row.voucher.receipts.order_by("received_at") if row.voucher else [],
        "form": DepositForm(firms=_firms(request, row), initial=initial),
        "reason_form": ReasonForm(auto_id="lapse_%s"),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/award.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def deposit(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    """A receipt on the trust account, under the bank's own reference."""
    row = award_for(request.actor, award_id)
    form = taken(DepositForm(request.POST, firms=_firms(request, row)))
    entered = form.cleaned_data
    receipt = record_deposit(
        request.actor,
        row.id,
        payer=entered["payer"] or None,
        amount_microwon=entered["amount"],
        reference=entered["reference"],
        received_at=entered["received_at"],
        at=request.at,
    )
    if receipt.state == "parked":
        messages.warning(
            request, _("The money is parked: it did not come from the beneficiary.")
        )
    else:
        messages.success(request, _("The deposit is recorded."))
    return redirect("award", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def issue(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    row = award_for(request.actor, award_id)
    voucher = issue_voucher(request.actor, row.id, at=request.at)
    messages.success(request, _("The voucher %(code)s is issued.") % {"code": voucher.code})
    return redirect("award", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def lapse(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    row = award_for(request.actor, award_id)
    told = _("The award has lapsed; the next in rank moves up.")
    act_with_reason(request, lapse_award, told, row.id)
    return redirect("award", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def promote(request: SignedInRequest, code: str) -> HttpResponse:
    call = call_by_code(request.actor, code)
    row = promote_reserve(request.actor, call.id, at=request.at)
    messages.success(request, _("The next in rank is selected."))
    return redirect("award", row.id)


def _firms(request: SignedInRequest, row: Award) -> list[tuple[str, str]]:
    """The beneficiary first, then everybody else who could have paid."""
    english = request.LANGUAGE_CODE == "en"
    others = organisations_for(request.actor).exclude(id=row.organisation_id)
    return [
        (firm.code, firm.name_en if english else firm.name_ko)
        for firm in (row.organisation, *others)
    ]
