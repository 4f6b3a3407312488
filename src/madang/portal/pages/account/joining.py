"""Asking to be entered: a public form, answered the same whoever asks."""

from __future__ import annotations

from django import forms
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext_lazy

from madang.datahub.senders import sender_of
from madang.parties.joining.actions import ROLES, JoinWish, ask_to_join
from madang.parties.joining.models import WORDS_MAX
from madang.parties.organisations.models import OrganisationKind
from madang.portal.acting import taken
from madang.portal.labels import KIND_NAMES, ROLE_NAMES
from madang.portal.request import PageRequest, takes
from madang.portal.sentences import spoken


class JoinForm(forms.Form):
    """Who asks, and for whom. `website` is seen by machines only: who fills it in is one."""

    name_ko = forms.CharField(label=gettext_lazy("Organisation"), max_length=200)
    name_en = forms.CharField(
        label=gettext_lazy("Its name in English"), max_length=200, required=False
    )
    kind = forms.ChoiceField(
        label=gettext_lazy("Kind of organisation"),
        choices=[(kind, KIND_NAMES[kind]) for kind in OrganisationKind.values],
    )
    registration_no = forms.CharField(
        label=gettext_lazy("Business registration number"),
        max_length=20,
        help_text=gettext_lazy("Of the organisation, never of a person"),
    )
    region = forms.CharField(label=gettext_lazy("Region"), max_length=40, required=False)
    representative = forms.CharField(
        label=gettext_lazy("Representative"), max_length=100, required=False
    )
    role = forms.ChoiceField(
        label=gettext_lazy("What you want to do here"),
        choices=[(role.value, ROLE_NAMES[role]) for role in ROLES],
    )
    name = forms.CharField(label=gettext_lazy("Your name"), max_length=100)
    email = forms.EmailField(
        label=gettext_lazy("Your mail address at work"),
        help_text=gettext_lazy("The link to set your password goes there."),
    )
    words = forms.CharField(
        label=gettext_lazy("Anything the agency should know"),
        max_length=WORDS_MAX,
        required=False,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
    website = forms.CharField(required=False, widget=forms.HiddenInput())


@takes("GET", "POST")
def join(request: PageRequest) -> HttpResponse:
    """A machine is answered as everybody is, and nothing is kept."""
    if request.method != "POST":
        return render(request, "account/join.html", {"form": JoinForm()})
    given = taken(JoinForm(request.POST)).cleaned_data
    if not given.pop("website"):
        sender = sender_of(request.actor, str(request.META.get("REMOTE_ADDR", "")), request.at)
        wish = JoinWish(**given, language=spoken())
        ask_to_join(request.actor, wish, sender=sender, at=request.at)
    return redirect("join_asked")


@takes("GET")
def asked(request: PageRequest) -> HttpResponse:
    return render(request, "account/join_asked.html")
