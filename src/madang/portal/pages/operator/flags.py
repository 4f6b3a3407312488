"""Flags: what joins of facts found. A person looks, decides and says why."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Role
from madang.parties.models import Supplier
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.models import Application
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
    form = ReasonForm(request.POST)
    if not form.is_valid():
        messages.error(request, _("Please say why."))
        return redirect("flag", row.id)
    reason = form.cleaned_data["reason"]
    is_confirmed = step == "confirm"
    actions.decide_flag(
        request.actor, row.id, is_confirmed=is_confirmed, reason=reason, at=request.at
    )
    messages.success(request, _("Your decision is recorded."))
    return redirect("flag", row.id)


def _applications(row: Flag) -> QuerySet[Application]:
    found = Application.objects.filter(id__in=row.evidence.get("applications", []))
    return found.select_related("organisation", "call").order_by("submitted_at")
