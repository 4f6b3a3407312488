"""Who reads which proposal: its organisation, whom the panel asks, then everybody."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.datahub.proposals.models import BuildOffer, Proposal
from madang.parties.actor import Actor
from madang.programme.applications.queries import application_for

PUBLIC = ("selected",)


def proposals() -> QuerySet[Proposal]:
    return Proposal.objects.select_related(
        "application__organisation", "application__call__build_offer__goal", "demand__survey"
    )


def public_proposals(survey: UUID) -> QuerySet[Proposal]:
    """What was selected: the second round of comment is about these."""
    rows = proposals().filter(demand__survey=survey, application__state__in=PUBLIC)
    return rows.order_by("application__rank", "id")


def proposal_for(actor: Actor, identifier: UUID, *, at: datetime) -> Proposal:
    """Selected ones are everybody's; others are read by who reads the application."""
    row = proposals().filter(pk=identifier).first()
    if row is None:
        raise NotFound
    if row.application.state not in PUBLIC:
        if not actor.roles:
            raise NotFound
        application_for(actor, row.application_id, at=at)
    return row


def offer_of(call_code: str) -> BuildOffer:
    """Raises NotFound for calls that build nothing."""
    rows = BuildOffer.objects.select_related("call", "goal", "survey")
    row = rows.filter(call__code=call_code).first()
    if row is None:
        raise NotFound
    return row


def open_offers(at: datetime) -> list[BuildOffer]:
    """Build calls that take applications now."""
    rows = BuildOffer.objects.select_related("call", "goal", "survey")
    rows = rows.filter(call__state="approved", call__opens_at__lte=at, call__closes_at__gt=at)
    return list(rows.order_by("call__closes_at"))
