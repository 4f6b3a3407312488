"""Planning, agreeing, handing in and accepting milestones. The award's lock is taken first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.metering.models import Payout
from madang.metering.payouts.actions import AcceptedWork, pay_accepted_work
from madang.parties.actor import Actor, Role
from madang.parties.documents.queries import document_for
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.programme.agreements.ending import complete_agreement
from madang.programme.agreements.models import Agreement, AgreementState
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.errors import (
    AmountInvalid,
    MilestonesMiss,
    PeriodInvalid,
    ReasonMissing,
)
from madang.programme.fulfilment.registry import StepsPort, is_reimbursed, port_of
from madang.programme.milestones.ending import cancel_open_steps
from madang.programme.milestones.models import (
    DELIVERED,
    Milestone,
    MilestoneEvidence,
    MilestoneState,
    promised_microwon,
)
from madang.programme.milestones.workflow import MILESTONE
from madang.programme.money import balance_microwon, stamp


@dataclass(frozen=True, slots=True)
class Step:
    """One milestone as it is planned."""

    name_ko: str
    name_en: str
    due_on: date
    amount_microwon: int


@transaction.atomic
def plan_milestones(
    actor: Actor, award_id: UUID, steps: Sequence[Step], *, at: datetime
) -> list[Milestone]:
    """Write the steps of an award that is agreed, all at once; again until they are agreed.

    The amounts add up to the award. An amendment of the amount opens what is not handed in once
    more: agreed steps are cancelled for the new ones. Raises AmountInvalid, MilestonesMiss,
    PeriodInvalid, TransitionNotAllowed.
    """
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    _need_in_force(award)
    if not is_plannable(award):
        raise TransitionNotAllowed(noun="milestone", transition="plan", state=award.state)
    held = list(award.milestones.select_for_update().order_by("number"))
    taken = next((one for one in held if one.state != MilestoneState.PLANNED), None)
    if taken is not None and not is_open_again(award, held):
        raise TransitionNotAllowed(noun="milestone", transition="plan", state=taken.state)
    kept = [one for one in held if one.state in DELIVERED]
    _check(award, steps, kept)
    _clear(actor, award, held, at)
    first = 1 + max((one.number for one in award.milestones.all()), default=0)
    made = Milestone.objects.bulk_create(
        Milestone(
            award=award,
            number=number,
            name_ko=step.name_ko,
            name_en=step.name_en,
            due_on=step.due_on,
            amount_microwon=step.amount_microwon,
            planned_by=actor.id,
        )
        for number, step in enumerate(steps, start=first)
    )
    record_event(
        actor,
        "award.plan_milestones",
        subject_type="award",
        subject_id=award.id,
        at=at,
        facts={"milestones": len(made)},
    )
    tell(award, "programme.milestones.planned", at)
    return made


@transaction.atomic
def agree_milestones(actor: Actor, award_id: UUID, *, at: datetime) -> list[Milestone]:
    """합의: the beneficiary takes the steps as they stand, all or none."""
    award = locked_award(award_id)
    actor.need_at(Role.BENEFICIARY, award.organisation_id)
    rows = list(award.milestones.select_for_update().order_by("number"))
    if not rows:
        raise MilestonesMiss(missing_microwon=award.amount_microwon)
    rows = [row for row in rows if row.state == MilestoneState.PLANNED] or rows
    MILESTONE.move_all(rows, "agree", actor, at=at)
    return rows


@transaction.atomic
def submit_milestone(
    actor: Actor, milestone_id: UUID, *, evidence: Sequence[UUID], at: datetime
) -> Milestone:
    """제출: the work's documents, at least one; what was handed in before stays on record."""
    row = locked_milestone(milestone_id)
    actor.need_at(Role.BENEFICIARY, row.award.organisation_id)
    for identifier in evidence:
        MilestoneEvidence.objects.get_or_create(
            milestone=row,
            document=document_for(actor, identifier),
            defaults={"submitted_at": at},
        )
    hashes = list(row.evidence.order_by("id").values_list("document__sha256", flat=True))
    MILESTONE.move(row, "submit", actor, at=at, facts={"documents": len(hashes)})
    row.submitted_by = actor.id
    row.save(update_fields=["submitted_by"])
    return row


@transaction.atomic
def return_milestone(
    actor: Actor, milestone_id: UUID, *, reason: str, at: datetime
) -> Milestone:
    """보완요청: what was handed in is not yet it. Nothing is paid."""
    if not reason.strip():
        raise ReasonMissing
    row = locked_milestone(milestone_id)
    MILESTONE.move(row, "return", actor, at=at, reason=reason)
    tell(row.award, "programme.milestone.returned", at)
    return row


@transaction.atomic
def accept_milestone(actor: Actor, milestone_id: UUID, *, at: datetime) -> Milestone:
    """승인, and P24: its amount is payable to the beneficiary. Raises FourEyes, and
    MilestonesMiss where an amendment left less than the accepted steps come to with it."""
    row = locked_milestone(milestone_id)
    MILESTONE.move(row, "accept", actor, at=at)
    _need_awarded(row.award)
    port = port_of(row.award)
    if isinstance(port, StepsPort):
        port.need_work(row, at=at)
    row.accepted_at = at
    row.save(update_fields=["accepted_at"])
    postings.pay_milestone(
        stamp(actor, "milestone", row.id, "pay", at=at),
        programme_year=row.award.call.programme_year_id,
        award=row.award_id,
        payee=row.award.organisation_id,
        amount=row.amount_microwon,
    )
    tell(row.award, "programme.milestone.accepted", at)
    return row


@transaction.atomic
def pay_milestone(actor: Actor, milestone_id: UUID, *, at: datetime) -> Payout:
    """지급: a payout of an accepted step, which a second person approves (P12).

    Again while one is under way: that one. Raises TransitionNotAllowed before acceptance.
    """
    row = locked_milestone(milestone_id)
    actor.need(Role.OPERATOR)
    if row.state != MilestoneState.ACCEPTED:
        raise TransitionNotAllowed(noun="milestone", transition="pay", state=row.state)
    year = row.award.call.programme_year
    work = AcceptedWork(
        f"milestone:{row.id}", row.award.organisation_id, year.id, year.programme_id,
        row.amount_microwon,
    )  # fmt: skip
    return pay_accepted_work(actor, work, at=at)


@transaction.atomic
def release_milestones(
    actor: Actor, award_id: UUID, *, reason: str, at: datetime
) -> list[Milestone]:
    """종료: what is not accepted is cancelled, its money is the call's again (P4r), and an
    invoice of which nothing is paid may be claimed where it belongs.

    So an award without a voucher is settled, also when every step was accepted: its agreement
    is completed, and nothing can be handed in any more. Coming again changes nothing.
    Raises ClaimsWait while a claim of a firm that has paid already waits to be decided.
    """
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ReasonMissing
    award = locked_award(award_id)
    _need_in_force(award)
    agreement = Agreement.objects.filter(award=award).first()
    if agreement is not None and agreement.state == AgreementState.COMPLETED:
        return []
    rows = cancel_open_steps(actor, award, reason=reason, at=at)
    rest = balance_microwon("B310", award=award.id)
    if rest:
        postings.lapse_award(
            stamp(actor, "award", award.id, "release", at=at, reason=reason),
            programme_year=award.call.programme_year_id,
            call=award.call_id,
            award=award.id,
            amount=rest,
        )
    complete_agreement(actor, award, at=at)
    return rows


def is_plannable(award: Award) -> bool:
    """An award in force that is paid by steps which an operator writes."""
    return _is_in_force(award) and not is_reimbursed(award)


def _is_in_force(award: Award) -> bool:
    return award.state == AwardState.ISSUED and isinstance(port_of(award), StepsPort)


def _need_in_force(award: Award) -> None:
    if not _is_in_force(award):
        raise TransitionNotAllowed(noun="milestone", transition="plan", state=award.state)


def _need_awarded(award: Award) -> None:
    """Said before the ledger refuses it. Raises MilestonesMiss."""
    accepted = award.milestones.filter(state=MilestoneState.ACCEPTED)
    missing = award.amount_microwon - promised_microwon(accepted)
    if missing < 0:
        raise MilestonesMiss(missing_microwon=missing)


def is_open_again(award: Award, rows: Sequence[Milestone]) -> bool:
    """Whether the amount was amended since the steps were agreed."""
    agreement = Agreement.objects.filter(award=award).first()
    is_amended = agreement is not None and agreement.state == AgreementState.AMENDED
    return is_amended and promised_microwon(rows) != award.amount_microwon


def _clear(actor: Actor, award: Award, rows: Sequence[Milestone], at: datetime) -> None:
    """Nobody has agreed to what is planned; what was agreed stays on record."""
    award.milestones.filter(state=MilestoneState.PLANNED).delete()
    for row in rows:
        if row.state == MilestoneState.AGREED:
            MILESTONE.move(row, "cancel", actor, at=at, reason="the award was amended")


def _check(award: Award, steps: Sequence[Step], kept: Sequence[Milestone]) -> None:
    for step in steps:
        if step.amount_microwon <= 0 or not is_whole_won(step.amount_microwon):
            raise AmountInvalid(field="amount_won")
        if step.due_on > award.call.use_ends_on:
            raise PeriodInvalid(field="due_on", reason="after the call's use_ends_on")
    missing = award.amount_microwon - promised_microwon(kept)
    missing -= sum(step.amount_microwon for step in steps)
    if missing:
        raise MilestonesMiss(missing_microwon=missing)


def locked_milestone(milestone_id: UUID) -> Milestone:
    found = Milestone.objects.filter(pk=milestone_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    locked_award(found)
    rows = Milestone.objects.select_for_update(of=("self",))
    return rows.select_related("award__call__programme_year").get(pk=milestone_id)


def tell(award: Award, what: str, at: datetime) -> None:
    send_notice(
        members_of(award.organisation_id, Role.BENEFICIARY),
        what,
        subject_type="award",
        subject_id=award.id,
        at=at,
        facts={"call": award.call.code},
    )
