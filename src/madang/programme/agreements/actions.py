"""Drafting and signing agreements. The award's lock is taken first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.canonical import Json, digest_of
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.agreements.models import (
    Agreement,
    AgreementParty,
    AgreementState,
    PartyRole,
)
from madang.programme.agreements.ratios import ratio_of
from madang.programme.agreements.signing import Signable, place_for
from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.phases import need_year_running
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import SignatureDigest, SignatureLate
from madang.programme.fulfilment.registry import port_of


def draft_agreement(actor: Actor, award: Award, *, at: datetime) -> Agreement:
    """The text from the award's facts, sent to every party at once."""
    terms = terms_of(award)
    row = Agreement.objects.create(
        award=award,
        terms=terms,
        terms_sha256=digest_of(terms),
        sign_due_at=_due(award, "sign_days", at),
        created_by=actor.id,
        created_at=at,
    )
    places = [(PartyRole.AGENCY, None), (PartyRole.BENEFICIARY, award.organisation_id)]
    if award.supplier is not None:
        places.append((PartyRole.SUPPLIER, award.supplier.organisation_id))
    AgreementParty.objects.bulk_create(
        AgreementParty(agreement=row, role=role, organisation_id=firm) for role, firm in places
    )
    AGREEMENT.move(row, "send", actor, at=at, facts={"sha256": row.terms_sha256})
    return row


def terms_of(award: Award) -> dict[str, Json]:
    """What every party signs: ids, amounts, ratios, dates; the call's own digest."""
    call, year = award.call, award.call.programme_year
    return {
        "award": str(award.id),
        "call": str(call.id),
        "call_sha256": call.frozen_sha256,
        "organisation": str(award.organisation_id),
        "supplier": str(award.supplier_id) if award.supplier_id else None,
        "subsidy_microwon": award.amount_microwon,
        "deposit_microwon": port_of(award).deposit_required_microwon(award),
        "subsidy_ratio": str(ratio_of(award)),
        "vat_rate": str(year.vat),
        "use_ends_on": call.use_ends_on.isoformat(),
        "offerings": call.terms["offerings"],
        "deposit_days": call.terms["deposit_days"],
        "pay_direction": call.terms["pay_direction"],
    }


@transaction.atomic
def sign_agreement(
    actor: Actor,
    agreement_id: UUID,
    *,
    sha256: str,
    role: PartyRole | None = None,
    at: datetime,
) -> Agreement:
    """서명: for the first party that the actor may sign for, or for the one named.

    The digest says which text was read. One person signs for one party only; the same
    signature again changes nothing. The last one concludes the agreement. After the last day
    of the call's year nobody signs: a firm would pay its own part for nothing.
    """
    award, row = _locked(agreement_id)
    party = place_for(actor, Signable(row.id, list(row.parties.order_by("id"))), role)
    if party.signed_by == actor.id:
        return row
    if row.state != AgreementState.PENDING:
        raise TransitionNotAllowed(noun="agreement", transition="sign", state=row.state)
    need_year_running(award.call, at)
    if at >= row.sign_due_at:
        raise SignatureLate(sign_due_at=rfc3339(row.sign_due_at))
    if sha256 != row.terms_sha256:
        raise SignatureDigest
    _sign(actor, row, party, at)
    if not row.parties.filter(signed_at=None).exists():
        _conclude(actor, award, row, at)
    return row


def _locked(agreement_id: UUID) -> tuple[Award, Agreement]:
    found = Agreement.objects.filter(pk=agreement_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    award = locked_award(found)
    return award, Agreement.objects.select_for_update().get(pk=agreement_id)


def _sign(actor: Actor, row: Agreement, party: AgreementParty, at: datetime) -> None:
    party.signed_by, party.signed_sha256, party.signed_at = actor.id, row.terms_sha256, at
    party.save(update_fields=["signed_by", "signed_sha256", "signed_at"])
    record_event(
        actor,
        "agreement.signature",
        subject_type="agreement",
        subject_id=row.id,
        at=at,
        facts={"role": party.role, "sha256": row.terms_sha256},
    )


def _conclude(actor: Actor, award: Award, row: Agreement, at: datetime) -> None:
    """체결: the award is agreed, the co-payment is owed, the platform prepares delivery."""
    AGREEMENT.move(row, "sign", actor, at=at)
    row.signed_at = at
    row.save(update_fields=["signed_at"])
    AWARD.move(award, "agree", actor, at=at)
    owed = CoPaymentObligation.objects.create(
        award=award,
        cash_microwon=port_of(award).deposit_required_microwon(award),
        due_at=_due(award, "deposit_days", at),
        created_at=at,
    )
    port_of(award).prepare(system_actor(actor.origin), award, at=at)
    send_notice(
        members_of(award.organisation_id, Role.BENEFICIARY),
        "programme.agreement.signed" if owed.cash_microwon else "programme.agreement.free",
        subject_type="agreement",
        subject_id=row.id,
        at=at,
        facts={"call": award.call.code},
    )


def _due(award: Award, days: str, at: datetime) -> datetime:
    return due_after(at, int(award.call.terms[days]), holidays=holidays_at(at))
