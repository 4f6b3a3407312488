"""From a suspicion to a demand. The award's lock is taken first, then the case's."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.metering.models import VoucherState
from madang.metering.payout_holds.actions import HoldTerms, lift_payout_hold, place_payout_hold
from madang.metering.vouchers.actions import reinstate_voucher, suspend_voucher
from madang.metering.vouchers.queries import state_at
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.events.queries import reasons_of
from madang.parties.models import Supplier
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of
from madang.parties.policies.queries import current_policy
from madang.programme.awards.models import Award
from madang.programme.awards.queries import locked_award
from madang.programme.cases.models import CaseAnswer, CaseState, ClawbackCase, Ground
from madang.programme.cases.queries import suppliers_of
from madang.programme.cases.workflow import CLAWBACK
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import (
    AmountInvalid,
    CaseSupplierUnknown,
    HearingOver,
    ReasonMissing,
)

STOPPING = (CaseState.INVESTIGATING, CaseState.HEARD, CaseState.DECIDED)
"""The voucher stands still. The demand ends it, and whatever else ends the case lets it go."""


@dataclass(frozen=True, slots=True)
class Suspicion:
    """What somebody thinks that they have found."""

    ground: Ground
    found_microwon: int
    is_supplier: bool = False
    """The debtor is the award's supplier, not its beneficiary."""
    supplier: str = ""
    """The debtor is the supplier of this code: a direct voucher's award names none."""


@transaction.atomic
def open_clawback(
    actor: Actor, award_id: UUID, suspicion: Suspicion, *, reason: str, at: datetime
) -> ClawbackCase:
    """의심 접수: nothing is stopped yet and nobody is told. The same words of the same person
    again, while it is no more than a suspicion, are the same case."""
    actor.need(Role.OPERATOR)
    _needed(reason)
    if suspicion.found_microwon < 0 or not is_whole_won(suspicion.found_microwon):
        raise AmountInvalid(field="found_microwon")
    award = locked_award(award_id)
    supplier = _supplier_in(award, suspicion)
    same = {
        "award": award,
        "supplier": supplier,
        "ground": suspicion.ground,
        "found_microwon": suspicion.found_microwon,
        "opened_by": actor.id,
    }
    for held in ClawbackCase.objects.filter(state=CaseState.SUSPECTED, flag=None, **same):
        if reasons_of("case.open", [str(held.id)]).get(str(held.id)) == reason:
            return held
    row = ClawbackCase.objects.create(
        voucher=award.voucher,
        debtor=supplier.organisation if supplier else award.organisation,
        opened_at=at,
        **same,
    )
    record_event(
        actor,
        "case.open",
        subject_type="case",
        subject_id=row.id,
        at=at,
        after=row.state,
        reason=reason,
        facts={"award": str(award.id), "ground": row.ground},
    )
    return row


def _supplier_in(award: Award, suspicion: Suspicion) -> Supplier | None:
    """Whom the case is against, where it is a supplier. Raises CaseSupplierUnknown."""
    if suspicion.supplier:
        found = suppliers_of(award).filter(code=suspicion.supplier).first()
    elif suspicion.is_supplier:
        found = award.supplier
    else:
        return None
    if found is None:
        sold = suppliers_of(award).values_list("code", flat=True)
        raise CaseSupplierUnknown(supplier=suspicion.supplier, known=", ".join(sold) or "–")
    return found


@transaction.atomic
def investigate_clawback(
    actor: Actor, case_id: UUID, *, reason: str, at: datetime
) -> ClawbackCase:
    """조사 착수: the voucher is suspended, what would be paid out waits."""
    award, row = locked_case(case_id)
    CLAWBACK.move(row, "investigate", actor, at=at, reason=_needed(reason))
    if row.supplier is not None:
        terms = HoldTerms("clawback", supplier=row.supplier, case=row.id)
        row.hold = place_payout_hold(actor, terms, reason=reason, at=at).id
    elif row.voucher is not None:
        terms = HoldTerms("clawback", voucher=row.voucher, case=row.id)
        row.hold = place_payout_hold(actor, terms, reason=reason, at=at).id
    voucher = award.voucher
    if voucher is not None and state_at(voucher, at) is VoucherState.ACTIVE:
        suspend_voucher(actor, voucher, at=at, reason=reason)
        row.has_suspended = True
    row.save(update_fields=["hold", "has_suspended"])
    return row


@transaction.atomic
def call_hearing(actor: Actor, case_id: UUID, *, reason: str, at: datetime) -> ClawbackCase:
    """의견제출 통지: the debtor is told what is alleged, and has policy's days to answer."""
    actor.need(Role.OPERATOR)
    _, row = locked_case(case_id)
    if row.state != CaseState.INVESTIGATING:
        CLAWBACK.move(row, "hear", actor, at=at)  # refuses and says why
    days = current_policy("law", at).number("hearing_days")
    row.hearing_due_at = due_after(at, days, holidays=holidays_at(at))
    row.save(update_fields=["hearing_due_at"])
    record_event(
        actor,
        "case.call_hearing",
        subject_type="case",
        subject_id=row.id,
        at=at,
        reason=_needed(reason),
        facts={"hearing_due_at": rfc3339(row.hearing_due_at)},
    )
    _tell(row, "programme.case.hearing", at, due=row.hearing_due_at)
    return row


@transaction.atomic
def answer_clawback(actor: Actor, case_id: UUID, *, text: str, at: datetime) -> ClawbackCase:
    """의견제출: by the debtor's own people, until the day of the hearing is over."""
    _, row = locked_case(case_id)
    role = Role.SUPPLIER if row.supplier is not None else Role.BENEFICIARY
    actor.need_at(role, row.debtor_id)
    _needed(text)
    if (
        row.state != CaseState.INVESTIGATING
        or row.hearing_due_at is None
        or at >= row.hearing_due_at
    ):
        raise HearingOver
    CaseAnswer.objects.create(case=row, text=text, by=actor.id, at=at)
    row.answered_at = row.answered_at or at
    row.save(update_fields=["answered_at"])
    record_event(actor, "case.answer", subject_type="case", subject_id=row.id, at=at)
    return row


@transaction.atomic
def hear_clawback(actor: Actor, case_id: UUID, *, at: datetime) -> ClawbackCase:
    """의견 청취: the debtor answered, or let the day pass. Raises HearingNotOver before."""
    _, row = locked_case(case_id)
    CLAWBACK.move(row, "hear", actor, at=at, facts={"is_answered": row.answered_at is not None})
    return row


@transaction.atomic
def drop_clawback(actor: Actor, case_id: UUID, *, reason: str, at: datetime) -> ClawbackCase:
    """종결: nothing in it, or nothing left to take back since it was decided. What the case had
    stopped goes on."""
    _, row = locked_case(case_id)
    was_told = row.state != CaseState.SUSPECTED
    CLAWBACK.move(row, "drop", actor, at=at, reason=_needed(reason))
    release(actor, row, reason=reason, at=at)
    if was_told:
        _tell(row, "programme.case.dropped", at)
    return row


def release(actor: Actor, row: ClawbackCase, *, reason: str, at: datetime) -> None:
    """Lift what the case has stopped: its hold, and the suspension while there is a voucher.

    Another case that is not over yet keeps the voucher suspended, and lets it go in its turn.
    """
    if row.hold is not None:
        lift_payout_hold(actor, row.hold, reason=reason, at=at)
    if not row.has_suspended or row.voucher is None:
        return
    row.has_suspended = False
    row.save(update_fields=["has_suspended"])
    row.voucher.refresh_from_db()
    if state_at(row.voucher, at) is not VoucherState.SUSPENDED:
        return
    other = ClawbackCase.objects.filter(voucher=row.voucher, state__in=STOPPING).first()
    if other is None:
        reinstate_voucher(actor, row.voucher, at=at, reason=reason)
        return
    other.has_suspended = True
    other.save(update_fields=["has_suspended"])


def locked_case(case_id: UUID) -> tuple[Award, ClawbackCase]:
    found = ClawbackCase.objects.filter(pk=case_id).values_list("award_id", flat=True).first()
    if found is None:
        raise NotFound
    award = locked_award(found)
    row = (
        ClawbackCase.objects.select_for_update(of=("self",))
        .select_related("debtor", "supplier", "voucher")
        .get(pk=case_id)
    )
    row.award = award
    return award, row


def tell_debtor(row: ClawbackCase, kind: str, at: datetime, **facts: str | int) -> None:
    role = Role.SUPPLIER if row.supplier_id is not None else Role.BENEFICIARY
    send_notice(
        members_of(row.debtor_id, role),
        kind,
        subject_type="case",
        subject_id=row.id,
        at=at,
        facts={"call": row.award.call.code, **facts},
    )


def _tell(row: ClawbackCase, kind: str, at: datetime, due: datetime | None = None) -> None:
    tell_debtor(row, kind, at, **({"due": rfc3339(due)} if due else {}))


def _needed(reason: str) -> str:
    if not reason.strip():
        raise ReasonMissing
    return reason
