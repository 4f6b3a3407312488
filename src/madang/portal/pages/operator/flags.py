"""Flags: what joins of facts found. A person looks, decides and says why."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.money import MICRO_PER_WON, microwon_from_won
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Role
from madang.parties.events.queries import reasons_of
from madang.parties.models import Supplier
from madang.portal.acting import Offer, act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import WON_MAX, ReasonForm
from madang.portal.pages.money.cases import GROUNDS, debtors_of, suspicion_in
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.models import Application
from madang.programme.awards.models import Award
from madang.programme.cases.from_flags import (
    awards_in,
    likely_amount_microwon,
    likely_ground,
    open_case_on_flag,
)
from madang.programme.cases.models import ClawbackCase
from madang.programme.cases.queries import cases_for
from madang.programme.flags import actions
from madang.programme.flags.models import Flag, FlagState
from madang.programme.flags.queries import flag_for, flags_for

READERS = (Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 25


@takes("GET")
@signed_in(*READERS)
def flags(request: SignedInRequest) -> HttpResponse:
    """Open ones first asked for; the others by their state."""
    state = request.GET.get("state", FlagState.OPEN)
    rows = flags_for(request.actor).filter(state=state)
    facts = {
        "page": Paginator(rows, PER_PAGE).get_page(request.GET.get("page")),
        "asked": state,
        "states": FlagState.values,
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/flags.html", facts)


@takes("GET")
@signed_in(*READERS)
def flag(request: SignedInRequest, flag_id: UUID) -> HttpResponse:
    row = flag_for(request.actor, flag_id)
    facts = {
        "flag": row,
        "organisations": row.organisations.select_related("contact").order_by("code"),
        "applications": _applications(row),
        "voucher": Voucher.objects.filter(id=row.evidence.get("voucher")).first(),
        "supplier": Supplier.objects.filter(id=row.evidence.get("supplier")).first(),
        "numbers": [item for item in row.evidence.items() if not isinstance(item[1], list)],
        "days": row.evidence.get("days", []),
        "receipts": row.evidence.get("receipts", []),
        "form": ReasonForm(),
        "awards": _cases_on(request, row) if row.state == FlagState.CONFIRMED else [],
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/flag.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def find(request: SignedInRequest) -> HttpResponse:
    looked = actions.find_flags(request.actor, at=request.at)
    told = _("%(new)s new, %(changed)s changed.")
    messages.success(request, told % {"new": looked.new, "changed": looked.changed})
    return redirect("flags")


@takes("POST")
@signed_in(Role.OPERATOR)
def decide(request: SignedInRequest, flag_id: UUID, step: str) -> HttpResponse:
    row = flag_for(request.actor, flag_id)
    decide_it = partial(actions.decide_flag, is_confirmed=step == "confirm")
    act_with_reason(request, decide_it, _("Your decision is recorded."), row.id)
    return redirect("flag", row.id)


REASON_MAX = 1_000


class CaseForm(ReasonForm):
    """One award of whom the finding names; everything is filled in, a press is enough."""

    award = forms.UUIDField(widget=forms.HiddenInput)
    debtor = forms.ChoiceField(
        label=gettext_lazy("Who would have to pay back"), choices=(), required=False
    )
    ground = forms.ChoiceField(label=gettext_lazy("Ground"), choices=GROUNDS)
    amount_won = forms.IntegerField(
        label=gettext_lazy("Amount in question"), min_value=0, max_value=WON_MAX
    )
    field_order = ("award", "debtor", "ground", "amount_won", "reason")

    def __init__(self, awards: Iterable[Award], *args: object, **kwargs: object) -> None:
        super().__init__(*args, **kwargs)  # type: ignore[arg-type]  # Django's own arguments
        debtor = self.fields["debtor"]
        assert isinstance(debtor, forms.ChoiceField)
        debtor.choices = [choice for award in awards for choice in debtors_of(award)]


def _cases_on(
    request: SignedInRequest, row: Flag
) -> list[tuple[Award, ClawbackCase | None, Offer]]:
    """Each award that the finding names, with its case, or with the step that opens one."""
    opened = {case.award_id: case for case in cases_for(request.actor).filter(flag=row)}
    href = reverse("open_case_on_flag", args=[row.id])
    decided = reasons_of("flag.confirm", [str(row.id)])
    start = {
        "ground": likely_ground(row),
        "amount_won": likely_amount_microwon(row) // MICRO_PER_WON,
        "reason": decided.get(str(row.id), "")[:REASON_MAX],
    }
    found = []
    for award in awards_in(row):
        first = {**start, "award": award.id}
        form = CaseForm([award], initial=first, auto_id=f"c-{award.id}-%s")
        step = Offer(_("Open a case on it"), href, form, award.organisation.code, is_grave=True)
        found.append((award, opened.get(award.id), step))
    return found


@takes("POST")
@signed_in(Role.OPERATOR)
def open_case(request: SignedInRequest, flag_id: UUID) -> HttpResponse:
    """The finding's evidence goes with the case, as it stands now."""
    row = flag_for(request.actor, flag_id)
    form = taken(CaseForm(awards_in(row), request.POST))
    given = form.cleaned_data
    amount = microwon_from_won(given["amount_won"])
    suspicion = suspicion_in(given, amount)
    made = open_case_on_flag(
        request.actor, row.id, given["award"], suspicion, reason=given["reason"],
        at=request.at,
    )  # fmt: skip
    messages.success(request, _("The case is open, with the finding's evidence."))
    return redirect("case", made.id)


def _applications(row: Flag) -> QuerySet[Application]:
    found = Application.objects.filter(id__in=row.evidence.get("applications", []))
    return found.select_related("organisation", "call").order_by("submitted_at")
