"""Writing a proposal beside its application: which demand, what, by when, for how much."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.money import microwon_from_won
from madang.datahub.demand.queries import clusters
from madang.datahub.proposals.actions import ProposalFacts, save_proposal
from madang.datahub.proposals.models import Proposal
from madang.datahub.proposals.queries import offer_of
from madang.datahub.terms.steps import stored_steps
from madang.parties.actor import Role
from madang.portal.acting import taken
from madang.portal.desks import desk_page
from madang.portal.pages.data.builder import desk_of
from madang.portal.pages.data.step_lines import lines_of_steps
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.applications.models import Application
from madang.programme.applications.queries import application_for

EXAMPLE = """[completeness]
files = "*.csv"
promised = 1000

[personal]
files = "*.csv"
"""


class ProposalForm(forms.Form):
    """What would be built. Steps are lines: day, volume, won, name."""

    demand = forms.ChoiceField(label=_("Demand that it answers"))
    name = forms.CharField(
        label=_("Name of the data set"), max_length=96,
        help_text=_("Plain letters, digits, - _ and dots; below your organisation's code"),
    )  # fmt: skip
    title_ko = forms.CharField(label=_("Title in Korean"), max_length=200)
    title_en = forms.CharField(label=_("Title in English"), max_length=200)
    licence = forms.CharField(label=_("Licence"), max_length=64, initial="KOGL-1")
    targets = forms.CharField(
        label=_("Targets (TOML)"), max_length=100_000, initial=EXAMPLE,
        widget=forms.Textarea(attrs={"rows": 12}),
        help_text=_(
            "Volume, classes and quality in one file; the checks run it as it is. Sections: "
            "schema, completeness, uniqueness, balance, agreement, near_duplicates, leakage, "
            "media, personal"
        ),
    )  # fmt: skip
    plan = forms.CharField(
        label=_("Steps: day, volume so far, won, name; one a line"), max_length=4000,
        widget=forms.Textarea(attrs={"rows": 4}),
        help_text="2026-06-30 1000 10000000 전체",
    )  # fmt: skip

    def clean_plan(self) -> str:
        return lines_of_steps(self.cleaned_data["plan"], 3, "2026-06-30 1000 10000000 전체")


@takes("GET", "POST")
@signed_in(Role.BENEFICIARY)
def proposal_form(request: SignedInRequest, application: UUID) -> HttpResponse:
    row = application_for(request.actor, application, at=request.at)
    offer = offer_of(row.call.code)
    choices = [
        (str(one.item.id), f"{one.item.title} ({one.count})")
        for one in clusters(offer.survey)
        if one.item.state != "declined" and offer.goal.field in ("", one.item.field)
    ]
    is_sent = request.method == "POST"
    form = ProposalForm(request.POST if is_sent else None, initial=_as_written(row))
    form.fields["demand"] = forms.ChoiceField(
        label=_("Demand that it answers"), choices=choices
    )
    form.order_fields(["demand"])
    if not is_sent:
        facts = {"form": form, "application": row, "offer": offer}
        return desk_page(request, desk_of(request), "data/propose.html", facts)
    save_proposal(request.actor, row.id, _facts(taken(form)), at=request.at)
    messages.success(request, gettext("Saved. Hand in the application next."))
    return redirect("application", row.id)


def _facts(form: ProposalForm) -> ProposalFacts:
    given = dict(form.cleaned_data)
    steps = []
    for line in given.pop("plan").splitlines():
        day, volume, won, *name = [*line.split(), "", "", ""][: max(4, len(line.split()))]
        words = " ".join(one for one in name if one) or "–"
        steps.append(
            {
                "name_ko": words,
                "name_en": words,
                "due_on": day,
                "volume": int(volume) if volume.isdigit() else 0,
                "amount_microwon": microwon_from_won(int(won)) if won.isdigit() else -1,
            }
        )
    return ProposalFacts(**{**given, "demand": UUID(given["demand"]), "steps": steps})


def _as_written(row: Application) -> dict[str, str]:
    found = Proposal.objects.filter(application=row).first()
    if found is None:
        return {}
    plan = "\n".join(
        f"{one.due_on} {one.volume} {one.amount_microwon // 1_000_000} {one.name_ko}"
        for one in stored_steps(found.steps)
    )
    names = ("name", "title_ko", "title_en", "licence", "targets")
    written = {name: str(getattr(found, name)) for name in names}
    return {**written, "demand": str(found.demand_id), "plan": plan}
