"""Agreements: read by every party, signed by digest. Operators sign for the agency."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _

from madang.parties.actor import Actor, Role
from madang.portal.acting import act_with_reason
from madang.portal.desks import desk_page
from madang.portal.forms import ReasonForm
from madang.portal.request import SignedInRequest, signed_in, takes
from madang.programme.agreements.actions import sign_agreement
from madang.programme.agreements.models import Agreement, AgreementParty, PartyRole
from madang.programme.agreements.queries import agreement_for, agreements_for
from madang.programme.awards.actions import decline_award
from madang.programme.awards.queries import award_for
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.fulfilment.registry import is_reimbursed

READERS = (Role.BENEFICIARY, Role.SUPPLIER, Role.OPERATOR, Role.AUDITOR)
SIGNERS = (Role.BENEFICIARY, Role.SUPPLIER, Role.OPERATOR)


@takes("GET")
@signed_in(*READERS)
def agreements(request: SignedInRequest) -> HttpResponse:
    rows = agreements_for(request.actor).order_by("-created_at", "-id")
    facts = {"rows": rows}
    return desk_page(request, desk_of(request.actor), "beneficiary/agreements.html", facts)


@takes("GET")
@signed_in(*READERS)
def agreement(request: SignedInRequest, agreement_id: UUID) -> HttpResponse:
    row = agreement_for(request.actor, agreement_id)
    parties = list(row.parties.select_related("organisation").order_by("id"))
    facts = {
        "agreement": row,
        "award": row.award,
        "parties": parties,
        "can_sign": row.state == "pending_signatures" and _has_place(request.actor, parties),
        "can_decline": row.award.state in {"offered", "agreed"}
        and request.actor.acts_as(Role.BENEFICIARY, row.award.organisation_id),
        "is_reimbursed": is_reimbursed(row.award),
        "obligation": CoPaymentObligation.objects.filter(award=row.award).first(),
        "reason_form": ReasonForm(),
    }
    return desk_page(request, desk_of(request.actor), "beneficiary/agreement.html", facts)


@takes("POST")
@signed_in(*SIGNERS)
def sign(request: SignedInRequest, agreement_id: UUID) -> HttpResponse:
    """The form carries the digest of the text that was shown."""
    row = agreement_for(request.actor, agreement_id)
    sha256 = request.POST.get("sha256", "")
    sign_agreement(request.actor, row.id, sha256=sha256, at=request.at)
    if agreement_for(request.actor, agreement_id).state == "signed":
        messages.success(request, _("Everybody has signed: the agreement is concluded."))
    else:
        messages.success(request, _("You have signed. The other parties sign next."))
    return redirect("agreement", row.id)


@takes("POST")
@signed_in(Role.BENEFICIARY)
def decline(request: SignedInRequest, award_id: UUID) -> HttpResponse:
    row = award_for(request.actor, award_id)
    act_with_reason(request, decline_award, _("You have declined the award."), row.id)
    found: Agreement = agreements_for(request.actor).get(award=row)
    return redirect("agreement", found.id)


def desk_of(actor: Actor) -> str:
    """Whose desk a shared page stands on."""
    for role in (Role.OPERATOR, Role.BENEFICIARY, Role.SUPPLIER, Role.AUDITOR):
        if actor.has(role):
            return role.value
    return "account"


def _has_place(actor: Actor, parties: list[AgreementParty]) -> bool:
    """True when an open place is this actor's to sign, and none is signed by the actor yet."""
    if any(party.signed_by == actor.id for party in parties):
        return False
    return any(not party.signed_by and _may_sign(actor, party) for party in parties)


def _may_sign(actor: Actor, party: AgreementParty) -> bool:
    if party.organisation_id is None:
        return actor.has(Role.OPERATOR)
    role = Role.SUPPLIER if party.role == PartyRole.SUPPLIER else Role.BENEFICIARY
    return actor.acts_as(role, party.organisation_id)
