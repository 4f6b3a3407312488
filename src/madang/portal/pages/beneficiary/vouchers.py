"""Vouchers: the balance with its burn-down, keys that are shown once, calls and charges."""

from __future__ import annotations

from datetime import datetime

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from madang.ledger.queries import positions
from madang.ledger.types import Position
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.charges.queries import charges_of
from madang.metering.keys.actions import create_key, revoke_key
from madang.metering.keys.queries import key_for, keys_of
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import state_at, terms_of, voucher_for, vouchers_of
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.charts import LineChart, burn_down
from madang.portal.desks import desk_page
from madang.portal.examples import examples_for
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.portal.sentences import spoken
from madang.programme.awards.models import Award

PER_PAGE = 25
POINTS_MAX = 2_000
RPM_DEFAULT, RPM_MAX = 600, 6_000
READERS = (Role.BENEFICIARY, Role.OPERATOR, Role.AUDITOR)


class KeyForm(forms.Form):
    rpm_max = forms.IntegerField(
        label=gettext_lazy("Requests a minute, at most"),
        min_value=1,
        max_value=RPM_MAX,
        initial=RPM_DEFAULT,
    )


@takes("GET")
@signed_in(*READERS)
def vouchers(request: SignedInRequest) -> HttpResponse:
    """One's vouchers, with what each can still spend."""
    rows = list(vouchers_of(request.actor)[:PER_PAGE])
    found = positions([terms_of(row, request.at) for row in rows])
    shown = [(row, state_at(row, request.at).value, found[row.id]) for row in rows]
    return desk_page(request, _desk(request), "beneficiary/vouchers.html", {"rows": shown})


@takes("GET")
@signed_in(*READERS)
def voucher(request: SignedInRequest, code: str) -> HttpResponse:
    return _voucher_page(request, voucher_for(request.actor, code), form=KeyForm())


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
@never_cache
def make_key(request: SignedInRequest, code: str) -> HttpResponse:
    """A new key; its secret stands on this one answer and nowhere else."""
    row = voucher_for(request.actor, code)
    form = taken(KeyForm(request.POST))
    rpm_max = form.cleaned_data["rpm_max"]
    made = create_key(request.actor, row, rpm_max=rpm_max, at=request.at)
    return _voucher_page(request, row, form=KeyForm(), secret=made.secret)


@takes("POST")
@signed_in(Role.BENEFICIARY, Role.OPERATOR)
def end_key(request: SignedInRequest, no: int) -> HttpResponse:
    key = revoke_key(request.actor, key_for(request.actor, no), at=request.at)
    messages.success(request, _("The key has been revoked."))
    return redirect("voucher", key.voucher.code)


@takes("GET")
@signed_in(*READERS)
def calls(request: SignedInRequest, code: str) -> HttpResponse:
    """Every call and delivery of a voucher, with its charge."""
    row = voucher_for(request.actor, code)
    page = Paginator(_charges(request, row), PER_PAGE).get_page(request.GET.get("page"))
    facts = {"voucher": row, "page": page}
    return desk_page(request, _desk(request), "beneficiary/calls.html", facts)


def _charges(request: SignedInRequest, row: Voucher) -> QuerySet[Charge]:
    return charges_of(request.actor).filter(voucher=row)


def _voucher_page(
    request: SignedInRequest,
    row: Voucher,
    *,
    form: KeyForm,
    secret: str | None = None,
    status: int = 200,
) -> HttpResponse:
    position = positions([terms_of(row, request.at)])[row.id]
    facts = {
        "voucher": row,
        "voucher_state": state_at(row, request.at).value,
        "position": position,
        "deposit_needed": position.deposit_available + position.deposit_held,
        "chart": _chart(request, row, position),
        "keys": keys_of(request.actor).filter(voucher=row).order_by("-no"),
        "latest": _charges(request, row)[:5],
        "form": form,
        "secret": secret,
        "examples": examples_for(row, secret),
        "award_id": Award.objects.filter(voucher=row).values_list("id", flat=True).first(),
        "is_own": request.actor.acts_as(Role.BENEFICIARY, row.organisation_id),
        "sees_books": request.actor.sees_everything,
        "can_make_keys": request.actor.has(Role.BENEFICIARY, Role.OPERATOR),
        "reason_form": ReasonForm() if request.actor.has(Role.OPERATOR) else None,
    }
    return desk_page(request, _desk(request), "beneficiary/voucher.html", facts, status=status)


def _desk(request: SignedInRequest) -> str:
    """Operators and auditors read the same page from their own desk."""
    if request.actor.has(Role.OPERATOR):
        return "operator"
    return "beneficiary" if request.actor.has(Role.BENEFICIARY) else "auditor"


def _chart(request: SignedInRequest, row: Voucher, position: Position) -> LineChart:
    """Supply value left over time: charges fall from it, refunds return to it."""
    total = position.charged_supply + position.spendable_supply
    left, points = total, [(row.created_at, total)]
    for charge in _charges(request, row).order_by("no")[:POINTS_MAX]:
        amount = charge.amount_microwon
        left += amount if charge.kind == ChargeKind.REFUND else -amount
        points.append((charge.recorded_at, left))
    points.append((_latest(request.at, row.expires_at), left))
    return burn_down(
        points, total=total, starts_at=row.created_at, ends_at=row.expires_at,
        labels=(_("Left to spend"), _("Even use until the last day")), language=spoken(),
    )  # fmt: skip


def _latest(at: datetime, ends_at: datetime) -> datetime:
    return min(at, ends_at)
