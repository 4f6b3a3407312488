"""The reviewer's desk: deliveries that wait, their report, a drawn sample, and the decision."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.datahub.deliveries.actions import accept_delivery, give_opinion, return_delivery
from madang.datahub.deliveries.models import Delivery
from madang.datahub.deliveries.queries import (
    SAMPLE_ROWS,
    deliveries_for,
    delivery_for,
    sample_of,
)
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.data.reports import lines_of, panels_of
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.REVIEWER, Role.OPERATOR, Role.AUDITOR)
ROWS_MAX = 100


class OpinionForm(forms.Form):
    """What a person found in the sample."""

    rows = forms.IntegerField(label=_("Rows looked at"), min_value=1, max_value=SAMPLE_ROWS)
    wrong = forms.IntegerField(label=_("Wrong rows"), min_value=0, max_value=SAMPLE_ROWS)
    comment = forms.CharField(label=_("Comment"), max_length=1000, required=False)


class ReturnForm(forms.Form):
    reason = forms.CharField(label=_("Reason"), max_length=1000)


def desk_of(request: SignedInRequest) -> str:
    if request.actor.has(Role.OPERATOR):
        return "operator"
    return "reviewer" if request.actor.has(Role.REVIEWER) else "auditor"


@takes("GET")
@signed_in(*READERS)
def waiting(request: SignedInRequest) -> HttpResponse:
    rows = deliveries_for(request.actor)
    facts = {
        "waiting": rows.filter(state="handed_in").order_by("handed_in_at")[:ROWS_MAX],
        "decided": rows.exclude(state="handed_in")[:ROWS_MAX],
    }
    return desk_page(request, desk_of(request), "data/reviews.html", facts)


@takes("GET")
@signed_in(*READERS)
def delivery(request: SignedInRequest, delivery: UUID) -> HttpResponse:
    return _page(request, delivery_for(request.actor, delivery))


@takes("POST")
@signed_in(Role.REVIEWER)
def opinion(request: SignedInRequest, delivery: UUID) -> HttpResponse:
    row = delivery_for(request.actor, delivery)
    form = taken(OpinionForm(request.POST))
    give_opinion(request.actor, row.id, **form.cleaned_data, at=request.at)
    return redirect("data_review", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def accept(request: SignedInRequest, delivery: UUID) -> HttpResponse:
    row = delivery_for(request.actor, delivery)
    accept_delivery(request.actor, row.id, at=request.at)
    messages.success(request, gettext("Accepted: it may be paid now."))
    return redirect("data_review", row.id)


@takes("POST")
@signed_in(Role.OPERATOR)
def send_back(request: SignedInRequest, delivery: UUID) -> HttpResponse:
    row = delivery_for(request.actor, delivery)
    form = taken(ReturnForm(request.POST))
    reason = form.cleaned_data["reason"]
    return_delivery(request.actor, row.id, reason=reason, at=request.at)
    messages.success(request, gettext("Sent back with the reason."))
    return redirect("data_review", row.id)


def _page(
    request: SignedInRequest,
    row: Delivery,
    *,
    opinion_form: OpinionForm | None = None,
    return_form: ReturnForm | None = None,
    status: int = 200,
) -> HttpResponse:
    is_open = row.state == "handed_in"
    given = row.opinions.filter(reviewer=request.actor.id).exists()
    may_look = is_open and request.actor.has(Role.REVIEWER) and not given
    may_decide = is_open and request.actor.has(Role.OPERATOR)
    facts = {
        "delivery": row,
        "check": row.quality_check,
        "lines": lines_of(row.quality_check),
        "panels": panels_of(row.quality_check),
        "sample": sample_of(row),
        "opinions": row.opinions.order_by("at"),
        "opinion_form": (opinion_form or OpinionForm()) if may_look else None,
        "return_form": (return_form or ReturnForm()) if may_decide else None,
        "may_decide": may_decide,
    }
    return desk_page(request, desk_of(request), "data/review.html", facts, status=status)
