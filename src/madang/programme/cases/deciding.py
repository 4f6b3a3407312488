"""Deciding a case and booking it: P20, the surcharge, the strike."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.money import MICRO_PER_WON, is_whole_won
from madang.ledger import postings
from madang.ledger.errors import ClawbackExceeded
from madang.ledger.types import Stamp
from madang.metering.models import VoucherState
from madang.metering.vouchers.actions import note_ended
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor
from madang.parties.policies.queries import current_policy
from madang.parties.sanctions.actions import SanctionTerms, impose_sanction
from madang.programme.awards.models import Award
from madang.programme.cases.actions import locked_case, release, tell_debtor
from madang.programme.cases.law import last_day_after, law_at, without_fraction
from madang.programme.cases.models import CaseState, ClawbackCase
from madang.programme.cases.queries import settled_microwon
from madang.programme.cases.workflow import CLAWBACK
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import AmountInvalid, ClawbackTooLarge, ReasonMissing
from madang.programme.years.rolling import year_to_book_in

BOOKED = (
    CaseState.RECEIVABLE,
    CaseState.INSTALMENT,
    CaseState.COLLECTED,
    CaseState.SET_OFF,
    CaseState.WRITTEN_OFF,
)


@transaction.atomic
def decide_clawback(
    actor: Actor, case_id: UUID, *, principal_microwon: int, reason: str, at: datetime
) -> ClawbackCase:
    """환수 결정, by somebody other than who opened it. The surcharge is the law's, at this day.

    Fractions below ten won are dropped where the law says so. Nothing is booked yet, so until
    the demand it may be decided anew: a refund may have taken some of it meanwhile. Raises
    ClawbackTooLarge beyond what was settled.
    """
    _, row = locked_case(case_id)
    if not reason.strip():
        raise ReasonMissing
    CLAWBACK.move(row, "decide", actor, at=at, reason=reason)
    law = law_at(row.ground, at)
    principal = without_fraction(principal_microwon, truncate=law.truncate)
    if principal <= 0 or not is_whole_won(principal):
        raise AmountInvalid(field="principal_microwon")
    if principal > (settled := settled_microwon(row)):
        raise ClawbackTooLarge(settled_microwon=settled)
    row.principal_microwon = principal
    row.multiplier, row.law = law.multiplier, law.version
    row.surcharge_microwon = without_fraction(principal * law.multiplier, truncate=law.truncate)
    row.decided_by, row.decided_at = actor.id, at
    row.save(
        update_fields=[
            "principal_microwon",
            "multiplier",
            "law",
            "surcharge_microwon",
            "decided_by",
            "decided_at",
        ]
    )
    return row


@transaction.atomic
def demand_clawback(actor: Actor, case_id: UUID, *, at: datetime) -> ClawbackCase:
    """환수 통지 (P20), by a third pair of eyes: the debt is booked, the voucher ends.

    A strike that is one too many excludes the debtor. Follow-up of a closed year is booked in
    the programme's open one, as its other corrections are. Raises ClawbackTooLarge beyond what
    was settled (what is on no statement yet goes back as a refund), YearNotReady.
    """
    award, row = locked_case(case_id)
    CLAWBACK.move(row, "demand", actor, at=at)
    try:
        _book(actor, award, row, at)
    except ClawbackExceeded as err:
        raise ClawbackTooLarge(settled_microwon=err.fields.get("available")) from err
    days = current_policy("law", at).number("pay_days")
    row.pay_due_at = due_after(at, days, holidays=holidays_at(at))
    row.save(update_fields=["pay_due_at"])
    if row.supplier is None:
        row.has_suspended = False
        row.save(update_fields=["has_suspended"])
        release(actor, row, reason="decided", at=at)
    _strike(actor, row, at)
    tell_debtor(
        row,
        "programme.case.decided",
        at,
        principal_won=row.principal_microwon // MICRO_PER_WON,
        surcharge_won=row.surcharge_microwon // MICRO_PER_WON,
        due=rfc3339(row.pay_due_at),
    )
    return row


def _book(actor: Actor, award: Award, row: ClawbackCase, at: datetime) -> None:
    stamp = case_stamp(actor, row, "decide", at)
    booked_in = year_to_book_in(award.call.programme_year).id
    if row.voucher is None:
        postings.decide_award_clawback(
            stamp,
            programme_year=booked_in,
            award=award.id,
            case=row.id,
            principal=row.principal_microwon,
            surcharge=row.surcharge_microwon,
        )
        return
    voucher = locked(row.voucher)
    postings.decide_clawback(
        stamp,
        terms_of(voucher, at),
        chain=booked_in,
        case=row.id,
        principal=row.principal_microwon,
        surcharge=row.surcharge_microwon,
    )
    if voucher.state in {VoucherState.ACTIVE, VoucherState.SUSPENDED}:
        note_ended(actor, voucher, at=at, reason="clawback")


def _strike(actor: Actor, row: ClawbackCase, at: datetime) -> None:
    """제재: how many decided cases on this ground the debtor has by now, this one included."""
    law = law_at(row.ground, at)
    mine = ClawbackCase.objects.filter(debtor=row.debtor, ground=row.ground, state__in=BOOKED)
    strikes = mine.exclude(pk=row.pk).count() + 1
    if not law.strikes or strikes < law.strikes:
        return
    terms = SanctionTerms(
        organisation=row.debtor,
        ground=row.ground,
        last_day=last_day_after(at, law.exclusion_months),
        strikes=strikes,
        case=row.id,
    )
    impose_sanction(actor, terms, at=at)


def case_stamp(actor: Actor, row: ClawbackCase, what: str, at: datetime) -> Stamp:
    return Stamp(f"case:{row.id}:{what}", actor.id, at, "case", str(row.id))
