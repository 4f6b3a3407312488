"""The pool of reviewers, and the ties from which conflicts of interest are found."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from madang.core.errors import NotFound
from madang.parties.actor import Role
from madang.parties.people.queries import person_by_email
from madang.parties.relationships.actions import declare_relationship, end_relationship
from madang.parties.relationships.models import Relationship
from madang.parties.relationships.queries import parties_of
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.labels import CONFLICT_NAMES
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.review.pool.actions import (
    enrol_reviewer,
    reinstate_reviewer,
    suspend_reviewer,
)
from madang.review.pool.queries import reviewer_for, reviewers_for

READERS = (Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 50
NOT_TIES = frozenset({"self", "same_organisation", "same_unit", "affiliate_organisation"})


class EnrolForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    expertise = forms.CharField(
        label=gettext_lazy("Fields of expertise"),
        required=False,
        max_length=1000,
        help_text=gettext_lazy("Separated by commas, in the words of the call's form."),
    )

    def fields_of_expertise(self) -> list[str]:
        parts = self.cleaned_data["expertise"].split(",")
        return [part.strip()[:64] for part in parts if part.strip()]


class RelationshipForm(forms.Form):
    a = forms.CharField(
        label=gettext_lazy("One side"),
        max_length=300,
        help_text=gettext_lazy("person:ADDRESS, organisation:CODE or supplier:CODE"),
    )
    b = forms.CharField(label=gettext_lazy("Other side"), max_length=300)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of tie"),
        choices=[(code, name) for code, name in CONFLICT_NAMES.items() if code not in NOT_TIES],
    )


@takes("GET")
@signed_in(*READERS)
def reviewers(request: SignedInRequest) -> HttpResponse:
    page = Paginator(reviewers_for(request.actor), PER_PAGE).get_page(request.GET.get("page"))
    facts = {
        "page": page,
        "form": EnrolForm(),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/reviewers.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def enrol(request: SignedInRequest) -> HttpResponse:
    form = taken(EnrolForm(request.POST))
    person = person_by_email(form.cleaned_data["email"])
    enrol_reviewer(request.actor, person, expertise=form.fields_of_expertise(), at=request.at)
    messages.success(request, _("The expert is in the pool."))
    return redirect("reviewers")


@takes("POST")
@signed_in(Role.OPERATOR)
def suspend(request: SignedInRequest, reviewer_id: UUID) -> HttpResponse:
    row = reviewer_for(request.actor, reviewer_id)
    act_with_reason(
        request, suspend_reviewer, _("Nothing new is assigned to this expert."), row
    )
    return redirect("reviewers")


@takes("POST")
@signed_in(Role.OPERATOR)
def reinstate(request: SignedInRequest, reviewer_id: UUID) -> HttpResponse:
    row = reviewer_for(request.actor, reviewer_id)
    act_with_reason(request, reinstate_reviewer, _("The expert may be asked again."), row)
    return redirect("reviewers")


@takes("GET")
@signed_in(*READERS)
def relationships(request: SignedInRequest) -> HttpResponse:
    rows = Relationship.objects.order_by("-starts_at", "-pk")
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page"))
    known = parties_of(page)
    facts = {
        "page": page,
        "ties": [(row, known.get(row.a_id), known.get(row.b_id)) for row in page],
        "form": RelationshipForm(),
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/relationships.html", facts)


@takes("POST")
@signed_in(Role.OPERATOR)
def declare(request: SignedInRequest) -> HttpResponse:
    form = taken(RelationshipForm(request.POST))
    declare_relationship(request.actor, **form.cleaned_data, at=request.at)
    messages.success(request, _("The tie is on record and counts from now on."))
    return redirect("relationships")


@takes("POST")
@signed_in(Role.OPERATOR)
def end(request: SignedInRequest, no: int) -> HttpResponse:
    row = Relationship.objects.filter(pk=no).first()
    if row is None:
        raise NotFound
    act_with_reason(request, end_relationship, _("The tie is ended; it stays on record."), row)
    return redirect("relationships")
