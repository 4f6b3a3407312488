"""Offering awards, and what happens when one is not taken.

Locks: the call first, then the award; so the reserve list is walked by one at a time.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.errors import TransitionNotAllowed
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.programme.agreements.actions import draft_agreement
from madang.programme.agreements.models import Agreement, AgreementState
from madang.programme.agreements.workflow import AGREEMENT
from madang.programme.applications.models import Application, ApplicationState
from madang.programme.applications.notices import tell_applicant
from madang.programme.applications.workflow import APPLICATION
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.awards.workflow import AWARD
from madang.programme.calls.actions import locked_call
from madang.programme.calls.models import Call, CallState
from madang.programme.calls.phases import is_year_over, need_year_running
from madang.programme.copayments.models import CoPaymentObligation, CoPaymentState
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import NotDueYet, ReasonMissing, ReserveEmpty
from madang.programme.fulfilment.registry import port_of
from madang.programme.money import allotment_left_microwon, exceeded, stamp

BANK = "bank"
MOMENT = timedelta(microseconds=1)


def offer_award(actor: Actor, application: Application, *, at: datetime) -> Award:
    """P4, with the agreement sent to sign. Raises BudgetExceeded when the call has no more.

    The caller holds the call's lock and has moved the application to `selected`.
    """
    call = application.call
    row = Award.objects.create(
        call=call,
        application=application,
        organisation=application.organisation,
        supplier=application.supplier,
        amount_microwon=application.requested_microwon,
        created_at=at,
    )
    try:
        postings.award(
            stamp(actor, "award", row.id, "award", at=at),
            programme_year=call.programme_year_id,
            call=call.id,
            award=row.id,
            amount=row.amount_microwon,
        )
    except Overdrawn as err:
        raise exceeded(err) from err
    draft_agreement(actor, row, at=at)
    tell_applicant(application, "programme.application.selected", at)
    return row


@transaction.atomic
def decline_award(actor: Actor, award_id: UUID, *, reason: str, at: datetime) -> Award:
    """협약포기: the beneficiary steps back before the voucher is issued."""
    row = _locked_with_call(award_id)
    actor.need_at(Role.BENEFICIARY, row.organisation_id)
    AWARD.move(row, "decline", actor, at=at, reason=_needed(reason))
    _release(actor, row, at, reason)
    return row


@transaction.atomic
def lapse_award(actor: Actor, award_id: UUID, *, at: datetime, reason: str = "") -> Award:
    """실효: a signature or the deposit is overdue, and the bank has been heard of the deposit's
    last day (policy `bank`). Raises NotDueYet before that."""
    actor.need(Role.OPERATOR)
    row = _locked_with_call(award_id)
    if row.state in {AwardState.OFFERED, AwardState.AGREED}:
        due = _due_at(row, at)
        if due is None or at < due:
            raise NotDueYet(due_at=rfc3339(due) if due else "")
    AWARD.move(row, "lapse", actor, at=at, reason=reason)
    _release(actor, row, at, reason or "overdue")
    return row


def lapse_due(actor: Actor, *, at: datetime) -> int:
    """Every award that is overdue now, each in its own transaction; how many. Idempotent.

    One that waits for its deposit lapses when the bank's file of its last day must have come:
    what was paid in time is not lost for being heard of later.
    """
    overdue = Award.objects.filter(
        Q(
            state=AwardState.OFFERED,
            agreement__state=AgreementState.PENDING,
            agreement__sign_due_at__lte=at,
        )
        | Q(
            state=AwardState.AGREED,
            copayment__state=CoPaymentState.PENDING,
            copayment__cash_microwon__gt=0,
            copayment__due_at__lte=at,
        )
    ).order_by("id")
    return sum(_lapse_one(actor, award.id, at) for award in overdue)


def _lapse_one(actor: Actor, award_id: UUID, at: datetime) -> bool:
    """False when the bank is still to be heard, or when somebody signed, paid or let it lapse
    in the meantime."""
    try:
        lapse_award(actor, award_id, at=at)
    except (NotDueYet, TransitionNotAllowed):
        return False
    return True


@transaction.atomic
def promote_reserve(actor: Actor, call_id: UUID, *, at: datetime) -> Award:
    """예비 승격: the next in rank, when the call can still pay for it. Nobody is jumped."""
    actor.need(Role.OPERATOR)
    call = locked_call(call_id)
    need_year_running(call, at)
    row = _promote(actor, call, at)
    if row is None:
        raise ReserveEmpty
    return row


def _promote(actor: Actor, call: Call, at: datetime) -> Award | None:
    if call.state != CallState.DECIDED or is_year_over(call, at):
        return None
    found = (
        Application.objects.select_for_update(of=("self",))
        .select_related("call__programme_year__programme", "organisation", "supplier")
        .filter(call=call, state=ApplicationState.RESERVE)
        .order_by("rank")
        .first()
    )
    if found is None or found.requested_microwon > allotment_left_microwon(call.id):
        return None
    APPLICATION.move(found, "promote", actor, at=at)
    return offer_award(actor, found, at=at)


def revoke_offer(actor: Actor, row: Award, *, reason: str, at: datetime) -> None:
    """선정취소 of an offer that nobody signed yet, by a superseding ranking. Nobody moves up:
    that ranking says who is next. The caller holds the locks of the call and the award."""
    assert row.state == AwardState.OFFERED, row.state
    AWARD.move(row, "lapse", actor, at=at, reason=_needed(reason))
    _give_back(actor, row, at, reason)


def _release(actor: Actor, row: Award, at: datetime, reason: str) -> None:
    """Everything of _give_back, and the next on the reserve list moves up.

    The platform does what follows from the person's decision.
    """
    _give_back(actor, row, at, reason)
    _promote(system_actor(actor.origin), locked_call(row.call_id), at)


def _give_back(actor: Actor, row: Award, at: datetime, reason: str) -> None:
    """P4r; what was prepared is undone, the agreement lapses, the co-payment is void."""
    platform = system_actor(actor.origin)
    port_of(row).withdraw(platform, row, reason=reason, at=at)
    postings.lapse_award(
        stamp(actor, "award", row.id, "lapse", at=at),
        programme_year=row.call.programme_year_id,
        call=row.call_id,
        award=row.id,
        amount=row.amount_microwon,
    )
    agreement = Agreement.objects.select_for_update().get(award=row)
    AGREEMENT.move(agreement, "lapse", actor, at=at)
    obligation = CoPaymentObligation.objects.select_for_update().filter(award=row).first()
    if obligation is not None:
        COPAYMENT.move(obligation, "void", actor, at=at)
    send_notice(
        members_of(row.organisation_id, Role.BENEFICIARY),
        "programme.award.lapsed",
        subject_type="award",
        subject_id=row.id,
        at=at,
        facts={"call": row.call.code},
    )


def _locked_with_call(award_id: UUID) -> Award:
    call = Award.objects.filter(pk=award_id).values_list("call_id", flat=True).first()
    if call is None:
        raise NotFound
    locked_call(call)
    return locked_award(award_id)


def _due_at(row: Award, at: datetime) -> datetime | None:
    """From when on what is missing now is too late. None: nothing is missing."""
    if row.state == AwardState.OFFERED:
        return Agreement.objects.get(award=row).sign_due_at
    obligation = CoPaymentObligation.objects.get(award=row)
    if obligation.state != CoPaymentState.PENDING:
        return None
    days = current_policy(BANK, at).number("hear_days")
    return due_after(obligation.due_at - MOMENT, days, holidays=holidays_at(at))


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason
