"""The own part in kind 현물: pledged, shown piece by piece (P22). It never funds a charge."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.parties.actor import Actor, Role
from madang.parties.documents.queries import document_for
from madang.parties.events.actions import record_event
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.copayments.models import (
    InKindEvidence,
    InKindPledge,
    InKindState,
)
from madang.programme.copayments.workflow import IN_KIND
from madang.programme.errors import AmountInvalid, InKindTooLarge, ReasonMissing
from madang.programme.money import balance_microwon, stamp


@transaction.atomic
def pledge_in_kind(
    actor: Actor, award_id: UUID, *, amount_microwon: int, at: datetime
) -> InKindPledge:
    """현물 약정 (P22), beside the cash part. Only ever added to."""
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    if amount_microwon <= 0 or not is_whole_won(amount_microwon):
        raise AmountInvalid(field="amount_microwon")
    row = InKindPledge.objects.create(
        award=award, amount_microwon=amount_microwon, by=actor.id, at=at
    )
    postings.pledge_in_kind(
        stamp(actor, "pledge", row.id, "pledge", at=at),
        programme_year=award.call.programme_year_id,
        award=award.id,
        amount=amount_microwon,
    )
    record_event(
        actor, "in_kind.pledge", subject_type="award", subject_id=award.id, at=at,
        facts={"amount_microwon": amount_microwon},
    )  # fmt: skip
    return row


@transaction.atomic
def submit_in_kind(
    actor: Actor, award_id: UUID, *, document: UUID, amount_microwon: int, at: datetime
) -> InKindEvidence:
    """현물 증빙 by the beneficiary: a document for an amount. Raises InKindTooLarge."""
    award = locked_award(award_id)
    actor.need_at(Role.BENEFICIARY, award.organisation_id)
    if amount_microwon <= 0 or not is_whole_won(amount_microwon):
        raise AmountInvalid(field="amount_microwon")
    left = outstanding_microwon(award)
    if amount_microwon > left:
        raise InKindTooLarge(left_microwon=left)
    row = InKindEvidence.objects.create(
        award=award,
        document=document_for(actor, document),
        amount_microwon=amount_microwon,
        submitted_by=actor.id,
        submitted_at=at,
    )
    record_event(
        actor, "in_kind.submit", subject_type="in_kind", subject_id=row.id, at=at,
        after=row.state, facts={"amount_microwon": amount_microwon},
    )  # fmt: skip
    return row


@transaction.atomic
def accept_in_kind(actor: Actor, evidence_id: UUID, *, at: datetime) -> InKindEvidence:
    """현물 인정 (P22): the paper shows it."""
    award, row = _locked(evidence_id)
    IN_KIND.move(row, "accept", actor, at=at)
    postings.evidence_in_kind(
        stamp(actor, "in_kind", row.id, "accept", at=at),
        programme_year=award.call.programme_year_id,
        award=award.id,
        amount=row.amount_microwon,
    )
    return row


@transaction.atomic
def reject_in_kind(
    actor: Actor, evidence_id: UUID, *, reason: str, at: datetime
) -> InKindEvidence:
    """현물 불인정, with a reason; another paper may come."""
    _, row = _locked(evidence_id)
    if not reason.strip():
        raise ReasonMissing
    IN_KIND.move(row, "reject", actor, at=at, reason=reason)
    return row


def outstanding_microwon(award: Award) -> int:
    """What is pledged and neither shown nor waiting to be looked at."""
    waiting = InKindEvidence.objects.filter(award=award, state=InKindState.SUBMITTED)
    held = sum(waiting.values_list("amount_microwon", flat=True))
    return balance_microwon("K150", award=award.id) - held


def _locked(evidence_id: UUID) -> tuple[Award, InKindEvidence]:
    found = InKindEvidence.objects.filter(pk=evidence_id).values_list("award_id", flat=True)
    award_id = found.first()
    if award_id is None:
        raise NotFound
    award = locked_award(award_id)
    return award, InKindEvidence.objects.select_for_update().get(pk=evidence_id)
