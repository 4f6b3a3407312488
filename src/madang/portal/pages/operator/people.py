"""People and organisations: who is entered, who has come in, and the link that lets one in."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.db.models import Prefetch, Q, QuerySet
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache

from madang.parties.actor import Role
from madang.parties.joining.actions import accept_join, decline_join, registered
from madang.parties.joining.queries import waiting_joins
from madang.parties.organisations.actions import declare_organisation
from madang.parties.organisations.models import OrganisationKind
from madang.parties.people.actions import (
    deactivate_person,
    readmit_person,
)
from madang.parties.people.entering import enter_person, hand_over_link
from madang.parties.people.models import Membership, Person
from madang.parties.people.queries import people_for, person_for
from madang.parties.people.staff import STAFF
from madang.portal.acting import act_with_reason, taken
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.invitations import link_for, send_link
from madang.portal.labels import KIND_NAMES, ROLE_NAMES
from madang.portal.request import SignedInRequest, signed_in, takes

READERS = (Role.OPERATOR, Role.AUDITOR)
PER_PAGE = 50
JOINS_SHOWN = 20


class PersonForm(forms.Form):
    email = forms.EmailField(label=gettext_lazy("E-mail address"))
    name = forms.CharField(label=gettext_lazy("Name"), max_length=100, required=False)
    language = forms.ChoiceField(
        label=gettext_lazy("Language"), choices=[("ko", "한국어"), ("en", "English")]
    )
    organisation = forms.SlugField(
        label=gettext_lazy("Organisation"),
        required=False,
        help_text=gettext_lazy("Its code. Empty for an expert of no organisation."),
    )
    unit = forms.CharField(label=gettext_lazy("Department"), max_length=100, required=False)
    roles = forms.MultipleChoiceField(
        label=gettext_lazy("Roles"),
        choices=[(one.value, name) for one, name in ROLE_NAMES.items() if one not in STAFF],
        widget=forms.CheckboxSelectMultiple,
        help_text=gettext_lazy("Operators and auditors are entered by declaration alone."),
    )


class CodeForm(forms.Form):
    code = forms.SlugField(max_length=64)


class OrganisationForm(forms.Form):
    code = forms.SlugField(
        label=gettext_lazy("Code of the organisation"),
        max_length=64,
        help_text=gettext_lazy("Chosen once and never used again for another."),
    )
    name_ko = forms.CharField(label=gettext_lazy("Name in Korean"), max_length=200)
    name_en = forms.CharField(label=gettext_lazy("Name in English"), max_length=200)
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of organisation"),
        choices=[(kind, KIND_NAMES[kind]) for kind in OrganisationKind.values],
    )
    registration_no = forms.CharField(
        label=gettext_lazy("Registration number"), max_length=20, required=False
    )
    region = forms.CharField(label=gettext_lazy("Region"), max_length=40, required=False)
    representative = forms.CharField(
        label=gettext_lazy("Representative"), max_length=100, required=False
    )


@takes("GET")
@signed_in(*READERS)
def people(request: SignedInRequest) -> HttpResponse:
    return _page(request)


@takes("POST")
@signed_in(Role.OPERATOR)
def enter(request: SignedInRequest) -> HttpResponse:
    form = taken(PersonForm(request.POST))
    given = {**form.cleaned_data, "organisation": form.cleaned_data["organisation"] or None}
    done = enter_person(request.actor, **given, at=request.at)
    messages.success(request, _("%(who)s is entered.") % {"who": done.row.email})
    return redirect("people")


@takes("POST")
@signed_in(Role.OPERATOR)
def enter_organisation(request: SignedInRequest) -> HttpResponse:
    form = taken(OrganisationForm(request.POST))
    done = declare_organisation(request.actor, **form.cleaned_data, at=request.at)
    messages.success(request, _("%(who)s is entered.") % {"who": done.row.code})
    return redirect("people")


@takes("POST")
@signed_in(Role.OPERATOR)
@never_cache
def invite(request: SignedInRequest, person_id: UUID) -> HttpResponse:
    """A fresh link by mail; where no mail is sent it stands on this one answer."""
    return _invited(request, person_for(request.actor, person_id))


def _invited(request: SignedInRequest, row: Person) -> HttpResponse:
    with transaction.atomic():  # what the link depends on is locked until it is made
        row = hand_over_link(request.actor, row, by_mail=settings.MAIL_IS_ON, at=request.at)
        link = link_for(row)
    if not settings.MAIL_IS_ON:
        return _page(request, link=link, invited=row)
    send_link(row, link)
    messages.success(request, _("The link is on its way to %(who)s.") % {"who": row.email})
    return redirect("people")


@takes("POST")
@signed_in(Role.OPERATOR)
@never_cache
def accept(request: SignedInRequest, join_id: UUID) -> HttpResponse:
    """Enter who asked, and let them in by a link like everybody."""
    form = taken(CodeForm(request.POST))
    row = accept_join(request.actor, join_id, code=form.cleaned_data["code"], at=request.at)
    if row.has_usable_password():
        messages.success(request, _("%(who)s is entered.") % {"who": row.email})
        return redirect("people")
    return _invited(request, row)


@takes("POST")
@signed_in(Role.OPERATOR)
def decline(request: SignedInRequest, join_id: UUID) -> HttpResponse:
    form = taken(ReasonForm(request.POST))
    reason = form.cleaned_data["reason"]
    if decline_join(request.actor, join_id, reason=reason, at=request.at):
        told = _("The request is declined. The reason goes out by mail.")
    else:
        told = _("The request is declined. No mail is sent here: nobody is told.")
    messages.success(request, told)
    return redirect("people")


@takes("POST")
@signed_in(Role.OPERATOR)
def bar(request: SignedInRequest, person_id: UUID) -> HttpResponse:
    row = person_for(request.actor, person_id)
    act_with_reason(request, deactivate_person, _("Signing in is barred."), row)
    return redirect("people")


@takes("POST")
@signed_in(Role.OPERATOR)
def readmit(request: SignedInRequest, person_id: UUID) -> HttpResponse:
    row = person_for(request.actor, person_id)
    act_with_reason(request, readmit_person, _("Signing in is allowed again."), row)
    return redirect("people")


def _page(
    request: SignedInRequest,
    *,
    link: str = "",
    invited: Person | None = None,
) -> HttpResponse:
    words = request.GET.get("q", "").strip()[:100]
    joins = [(one, registered(one)) for one in waiting_joins(request.actor)[:JOINS_SHOWN]]
    rows = Paginator(_found(people_for(request.actor), words), PER_PAGE)
    facts = {
        "page": rows.get_page(request.GET.get("page")),
        "q": words,
        "joins": joins,
        "person_form": PersonForm(),
        "organisation_form": OrganisationForm(),
        "link": link,
        "invited": invited,
        "is_operator": request.actor.has(Role.OPERATOR),
    }
    return desk_page(request, "operator", "operator/people.html", facts)


def _found(rows: QuerySet[Person], words: str) -> QuerySet[Person]:
    """Those whose address, name or open place holds these words, with their places."""
    places = Membership.objects.filter(ends_at=None).select_related("organisation")
    if words:
        firm = "memberships__organisation__"
        named = Q(**{f"{firm}code__icontains": words})
        named |= Q(**{f"{firm}name_ko__icontains": words})
        named |= Q(**{f"{firm}name_en__icontains": words})
        named &= Q(memberships__ends_at=None)
        rows = rows.filter(Q(email__icontains=words) | Q(name__icontains=words) | named)
    return rows.distinct().prefetch_related(Prefetch("memberships", places, "places"))
