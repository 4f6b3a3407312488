"""Demand on public pages: saying what is needed, what others said, and what is proposed."""

from __future__ import annotations

from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from madang.core.errors import NotFound
from madang.datahub.comments.actions import TEXT_MAX, comment_on
from madang.datahub.comments.queries import open_round, shown_comments
from madang.datahub.demand.actions import submit_demand
from madang.datahub.demand.models import DemandItem, DemandSurvey
from madang.datahub.demand.queries import clusters, demand_for, public_surveys, survey_by_code
from madang.datahub.demand.reading import PURPOSE_MAX, TITLE_MAX, Demand
from madang.datahub.proposals.models import Proposal
from madang.datahub.proposals.queries import proposal_for, public_proposals
from madang.datahub.quality.targets import targets_from
from madang.datahub.terms.steps import stored_steps, volume_of
from madang.portal.acting import taken
from madang.portal.labels import KIND_NAMES
from madang.portal.pages.data.roadmap import FIELD_NAMES
from madang.portal.pages.data.wishes import target_lines
from madang.portal.request import PageRequest, takes

CLUSTERS_SHOWN = 200
FIELD_CHOICES = [(code, name) for code, name in FIELD_NAMES.items() if code]


class DemandForm(forms.Form):
    """What somebody needs. `website` is seen by machines only: who fills it in is one."""

    field = forms.ChoiceField(label=_("Field"), choices=FIELD_CHOICES)
    title = forms.CharField(
        label=_("Which data?"), max_length=TITLE_MAX,
        help_text=_("One kind of data in one line, as you would tell a colleague"),
    )  # fmt: skip
    purpose = forms.CharField(
        label=_("What for?"), max_length=PURPOSE_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Please write no names, telephone or resident numbers"),
    )  # fmt: skip
    user_kind = forms.ChoiceField(
        label=_("Who are you?"), required=False, choices=[("", "–"), *KIND_NAMES.items()]
    )
    website = forms.CharField(required=False, widget=forms.HiddenInput())


class CommentForm(forms.Form):
    """A word on one demand or one proposal."""

    text = forms.CharField(
        label=_("Your comment"), max_length=TEXT_MAX, widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Shown with the agency's answer. Please write no personal data"),
    )  # fmt: skip
    website = forms.CharField(required=False, widget=forms.HiddenInput())


@takes("GET")
def surveys(request: PageRequest) -> HttpResponse:
    rows = [(row, is_taking(row, request)) for row in public_surveys()]
    return render(request, "data/surveys.html", {"rows": rows})


@takes("GET")
def survey(request: PageRequest, code: str) -> HttpResponse:
    return _page(request, _survey(code), DemandForm())


@takes("POST")
def answer(request: PageRequest, code: str) -> HttpResponse:
    """One answer. A machine is thanked as everybody is, and nothing is kept."""
    _survey(code)
    given = taken(DemandForm(request.POST)).cleaned_data
    if not given.pop("website"):
        submit_demand(
            request.actor, code, Demand(**given), address=address_of(request), at=request.at
        )
    messages.success(request, gettext("Thank you. Your answer was received."))
    return redirect("data_survey", code)


@takes("GET")
def demand(request: PageRequest, demand: UUID) -> HttpResponse:
    return _demand_page(request, demand_for(demand), CommentForm())


@takes("POST")
def comment_demand(request: PageRequest, demand: UUID) -> HttpResponse:
    row = demand_for(demand)
    _comment(request, row)
    return redirect("data_demand", row.id)


@takes("GET")
def proposal(request: PageRequest, proposal: UUID) -> HttpResponse:
    row = proposal_for(request.actor, proposal, at=request.at)
    return _proposal_page(request, row, CommentForm())


@takes("POST")
def comment_proposal(request: PageRequest, proposal: UUID) -> HttpResponse:
    row = proposal_for(request.actor, proposal, at=request.at)
    _comment(request, row)
    return redirect("data_proposal", row.id)


def is_taking(row: DemandSurvey, request: PageRequest) -> bool:
    return row.state == "open" and row.opens_at <= request.at < row.closes_at


def address_of(request: PageRequest) -> str:
    return str(request.META.get("REMOTE_ADDR", ""))


def _survey(code: str) -> DemandSurvey:
    row = survey_by_code(code)
    if row is None or row.state == "draft":
        raise NotFound
    return row


def _comment(request: PageRequest, subject: DemandItem | Proposal) -> None:
    """A machine is thanked as everybody is."""
    given = taken(CommentForm(request.POST)).cleaned_data
    if not given["website"]:
        address = address_of(request)
        comment_on(request.actor, subject, given["text"], address=address, at=request.at)
    messages.success(request, gettext("Thank you. Your comment will be answered here."))


def _page(
    request: PageRequest, row: DemandSurvey, form: DemandForm, *, status: int = 200
) -> HttpResponse:
    found = clusters(row)[:CLUSTERS_SHOWN] if row.state == "published" else []
    facts = {
        "survey": row,
        "form": form if is_taking(row, request) else None,
        "clusters": [(one, FIELD_NAMES[one.item.field]) for one in found],
        "most": max([one.count for one in found], default=1),
        "answers": row.items.count(),
        "rounds": row.rounds.order_by("number"),
        "round": open_round(row, 1, request.at),
        "proposals": public_proposals(row.id),
        "comments": shown_comments(row)[:CLUSTERS_SHOWN],
    }
    return render(request, "data/survey.html", facts, status=status)


def _demand_page(
    request: PageRequest, row: DemandItem, form: CommentForm, *, status: int = 200
) -> HttpResponse:
    facts = {
        "demand": row,
        "field_name": FIELD_NAMES[row.field],
        "count": row.merged.count() + 1,
        "comments": shown_comments(row.survey).filter(demand=row),
        "form": form if open_round(row.survey, 1, request.at) else None,
        "proposals": public_proposals(row.survey_id).filter(demand=row),
    }
    return render(request, "data/demand.html", facts, status=status)


def _proposal_page(
    request: PageRequest, row: Proposal, form: CommentForm, *, status: int = 200
) -> HttpResponse:
    targets = targets_from(row.targets)
    facts = {
        "proposal": row,
        "field_name": FIELD_NAMES[row.demand.field],
        "volume": volume_of(targets),
        "targets": target_lines(targets),
        "steps": stored_steps(row.steps),
        "comments": shown_comments(row.demand.survey).filter(proposal=row),
        "form": form if open_round(row.demand.survey, 2, request.at) else None,
    }
    return render(request, "data/proposal.html", facts, status=status)
