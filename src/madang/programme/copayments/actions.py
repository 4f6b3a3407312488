"""The co-payment comes in, the voucher goes out. The award's lock is taken first."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import rfc3339
from madang.ledger import queries as ledger
from madang.metering.deposits import actions as deposits
from madang.metering.models import Receipt, Voucher
from madang.metering.vouchers.queries import terms_of
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.notices.actions import send_notice
from madang.parties.organisations.queries import organisation_by_code
from madang.parties.people.queries import members_of
from madang.parties.sanctions.queries import need_not_sanctioned
from madang.programme.awards.models import Award, AwardState
from madang.programme.awards.queries import locked_award
from madang.programme.awards.workflow import AWARD
from madang.programme.copayments.models import CoPaymentObligation, CoPaymentState
from madang.programme.copayments.workflow import COPAYMENT
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import VoucherMissing
from madang.programme.fulfilment.registry import port_of


def meet_empty_obligations(actor: Actor, *, at: datetime) -> int:
    """Awards signed before `prepare` met what asks for nothing, each with its event; how many.

    Idempotent, each in its own transaction.
    """
    empty = CoPaymentObligation.objects.filter(
        state=CoPaymentState.PENDING, cash_microwon=0, award__state=AwardState.AGREED
    )
    found = list(empty.order_by("id").values_list("award_id", flat=True))
    return sum(_meet_empty(actor, award, at) for award in found)


@transaction.atomic
def _meet_empty(actor: Actor, award_id: UUID, at: datetime) -> bool:
    award = locked_award(award_id)
    row = CoPaymentObligation.objects.select_for_update().get(award=award)
    if award.state != AwardState.AGREED or row.state != CoPaymentState.PENDING:
        return False
    COPAYMENT.move(row, "fund", actor, at=at, facts={"repaired": True})
    return True


@transaction.atomic
def record_deposit(
    actor: Actor,
    award_id: UUID,
    *,
    payer: str | None,
    amount_microwon: int,
    reference: str,
    received_at: datetime,
    at: datetime,
) -> Receipt:
    """P5 자부담 입금, under the bank's reference. Somebody else's money is parked, not counted,
    and so is what the bank received too late.

    When what lies ready reaches what was agreed, the obligation is met. Raises ReceiptInFuture.
    """
    actor.need(Role.OPERATOR)
    deposits.check_received(received_at, at)
    award = locked_award(award_id)
    voucher = _voucher(award)
    if award.state in {AwardState.LAPSED, AwardState.DECLINED}:
        raise TransitionNotAllowed(noun="award", transition="deposit", state=award.state)
    receipt = deposits.record_deposit(
        actor,
        voucher,
        payer=organisation_by_code(payer) if payer else None,
        amount_microwon=amount_microwon,
        reference=reference,
        received_at=received_at,
        at=at,
        due_at=_owed_until(award),
    )
    _fund_if_met(actor, award, voucher, at)
    return receipt


def fund_by(actor: Actor, voucher: Voucher, *, at: datetime) -> None:
    """A correction brought money to a voucher: its obligation may be met now."""
    award = _award_of(voucher)
    if award is not None:
        _fund_if_met(actor, award, voucher, at)


def reopen_if_short(actor: Actor, voucher: Voucher, *, at: datetime) -> None:
    """A correction took money from a voucher that is not issued yet: its own part is owed
    again, for at least as many days as after the signatures. The caller holds both locks."""
    row = (
        CoPaymentObligation.objects.select_for_update(of=("self",))
        .select_related("award__call")
        .filter(award__voucher=voucher, state=CoPaymentState.FUNDED)
        .first()
    )
    if row is None or row.award.state != AwardState.AGREED:
        return
    if ledger.position(terms_of(voucher, at)).deposit_available >= row.cash_microwon:
        return
    COPAYMENT.move(row, "reopen", actor, at=at)
    days = int(row.award.call.terms["deposit_days"])
    row.due_at = max(row.due_at, due_after(at, days, holidays=holidays_at(at)))
    row.save(update_fields=["due_at"])
    send_notice(
        members_of(row.award.organisation_id, Role.BENEFICIARY),
        "programme.copayment.reopened",
        subject_type="award",
        subject_id=row.award_id,
        at=at,
        facts={"call": row.award.call.code, "due": rfc3339(row.due_at)},
    )


def _award_of(voucher: Voucher) -> Award | None:
    """Under its lock, which comes before the voucher's."""
    found = Award.objects.filter(voucher=voucher).values_list("id", flat=True).first()
    return locked_award(found) if found is not None else None


@transaction.atomic
def match_receipt(
    actor: Actor, receipt: Receipt, voucher: Voucher, *, reason: str, at: datetime
) -> Receipt:
    """대사: a parked receipt is this voucher's after all; its obligation may be met by it."""
    actor.need(Role.OPERATOR)
    award = _award_of(voucher)
    done = deposits.match_receipt(actor, receipt, voucher, at=at, reason=reason)
    if award is not None:
        _fund_if_met(actor, award, voucher, at)
    return done


@transaction.atomic
def issue_voucher(actor: Actor, award_id: UUID, *, at: datetime) -> Voucher:
    """P6 발급: agreement signed, deposit in. Issuing again answers with the same voucher.

    Raises Sanctioned while the organisation is excluded.
    """
    actor.need(Role.OPERATOR)
    award = locked_award(award_id)
    voucher = _voucher(award)
    if award.state == AwardState.ISSUED:
        voucher.refresh_from_db()  # it was read before the lock was given
        return voucher
    need_not_sanctioned(award.organisation_id, at)
    AWARD.move(award, "issue", actor, at=at)
    port_of(award).deliver(actor, award, at=at)
    voucher.refresh_from_db()
    _fund_if_met(actor, award, voucher, at)
    send_notice(
        members_of(award.organisation_id, Role.BENEFICIARY),
        "programme.voucher.issued",
        subject_type="award",
        subject_id=award.id,
        at=at,
        facts={"voucher": voucher.code},
    )
    return voucher


def _voucher(award: Award) -> Voucher:
    if award.voucher is None:
        raise VoucherMissing
    return award.voucher


def _owed_until(award: Award) -> datetime | None:
    """The first instant that is too late for what is still owed; by the bank's time, however
    late its file comes. None: nothing is owed."""
    row = CoPaymentObligation.objects.filter(award=award, state=CoPaymentState.PENDING).first()
    return row.due_at if row is not None else None


def _fund_if_met(actor: Actor, award: Award, voucher: Voucher, at: datetime) -> None:
    obligation = CoPaymentObligation.objects.select_for_update().filter(award=award).first()
    if obligation is None or obligation.state != CoPaymentState.PENDING:
        return
    paid = ledger.position(terms_of(voucher, at)).deposit_available
    if paid >= obligation.cash_microwon:
        COPAYMENT.move(obligation, "fund", actor, at=at)
