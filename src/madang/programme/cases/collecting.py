"""Getting it back: cash, instalments, set-off, write-off; and on to the treasury (P21)."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction

from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.metering.payouts.models import BankAccount
from madang.metering.payouts.offsets import Owed, keep_back
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.cases.actions import locked_case, release, tell_debtor
from madang.programme.cases.deciding import case_stamp
from madang.programme.cases.law import in_instalments, law_at, without_fraction
from madang.programme.cases.models import (
    CaseInstalment,
    CaseMove,
    CaseWay,
    ClawbackCase,
)
from madang.programme.cases.queries import OWED, CaseMoney, is_all_set_off, money_of
from madang.programme.cases.workflow import CLAWBACK
from madang.programme.deadlines import due_after, holidays_at
from madang.programme.errors import (
    AmountInvalid,
    CaseDebtorUnknown,
    CaseMoveExists,
    CaseOverpaid,
    InstalmentsInvalid,
    NothingToRemit,
    ReasonMissing,
)

INSTALMENTS_MAX = 60
INSTANT = timedelta(microseconds=1)


@transaction.atomic
def plan_instalments(
    actor: Actor, case_id: UUID, *, count: int, every_days: int, reason: str, at: datetime
) -> ClawbackCase:
    """분할납부: equal parts in tens of won, the fractions with the first.

    Each is due on a working day, as every other last day is.
    """
    _, row = locked_case(case_id)
    if not reason.strip():
        raise ReasonMissing
    if not 1 < count <= INSTALMENTS_MAX:
        raise InstalmentsInvalid(field="count", reason=f"2 to {INSTALMENTS_MAX} are possible")
    if every_days <= 0:
        raise InstalmentsInvalid(field="every_days", reason="no day lies between them")
    CLAWBACK.move(row, "plan", actor, at=at, reason=reason)
    assert row.pay_due_at is not None, "a demand has its day"
    parts = in_instalments(money_of(row).owed, count)
    if not parts[-1]:
        raise InstalmentsInvalid(field="count", reason="a part would be below ten won")
    last, days = row.pay_due_at - INSTANT, holidays_at(at)
    CaseInstalment.objects.bulk_create(
        CaseInstalment(
            case=row,
            number=number,
            amount_microwon=amount,
            due_at=due_after(last, every_days * (number - 1), holidays=days),
        )
        for number, amount in enumerate(parts, start=1)
    )
    return row


@transaction.atomic
def collect_clawback(
    actor: Actor,
    case_id: UUID,
    *,
    amount_microwon: int,
    reference: str,
    at: datetime,
) -> ClawbackCase:
    """수납 under the bank's reference: the principal first. The same again changes nothing."""
    actor.need(Role.OPERATOR)
    award, row = locked_case(case_id)
    if _is_known(row, CaseWay.CASH, reference, amount_microwon):
        return row
    money = _need_owed(row, amount_microwon)
    move = _move(actor, row, CaseWay.CASH, reference, amount_microwon, money, at)
    postings.collect_clawback(
        case_stamp(actor, row, f"collect:{move.id}", at),
        programme_year=award.call.programme_year_id,
        case=row.id,
        principal=move.principal_microwon,
        surcharge=move.surcharge_microwon,
    )
    _end_if_paid(actor, row, at)
    return row


@transaction.atomic
def set_off_clawback(
    actor: Actor, case_id: UUID, *, amount_microwon: int, reference: str, at: datetime
) -> ClawbackCase:
    """상계: only a supplier's own debt, against what the programme-year owes that supplier.

    Of the principal alone. Raises OffsetRoomShort.
    """
    actor.need(Role.OPERATOR)
    award, row = locked_case(case_id)
    if row.supplier is None:
        raise CaseDebtorUnknown
    if _is_known(row, CaseWay.SET_OFF, reference, amount_microwon):
        return row
    money = _need_owed(row, amount_microwon)
    _need_within(amount_microwon, money.principal_owed)
    move = _move(actor, row, CaseWay.SET_OFF, reference, amount_microwon, money, at)
    year = award.call.programme_year
    owed = Owed(
        supplier=row.supplier.id,
        account=BankAccount.SUBSIDY,
        programme_year=year.id,
        programme=year.programme_id,
        amount_microwon=amount_microwon,
        source_type="case",
        source_id=str(move.id),
    )
    keep_back(owed, at=at)
    postings.set_off_clawback(
        case_stamp(actor, row, f"set_off:{move.id}", at),
        programme_year=year.id,
        case=row.id,
        supplier=row.supplier.id,
        amount=amount_microwon,
    )
    _end_if_paid(actor, row, at)
    return row


@transaction.atomic
def propose_write_off(
    actor: Actor, case_id: UUID, *, reason: str, at: datetime
) -> ClawbackCase:
    """결손 제안: it will not be collected. Somebody else decides."""
    actor.need(Role.OPERATOR)
    _, row = locked_case(case_id)
    if not reason.strip():
        raise ReasonMissing
    if row.state not in OWED:
        raise TransitionNotAllowed(noun="case", transition="write_off", state=row.state)
    row.write_off_proposed_by = actor.id
    row.save(update_fields=["write_off_proposed_by"])
    record_event(
        actor, "case.propose_write_off", subject_type="case", subject_id=row.id, at=at,
        reason=reason,
    )  # fmt: skip
    return row


@transaction.atomic
def write_off_clawback(actor: Actor, case_id: UUID, *, at: datetime) -> ClawbackCase:
    """결손 처분 of all that is still owed: then it is not owed to the treasury either."""
    award, row = locked_case(case_id)
    CLAWBACK.move(row, "write_off", actor, at=at)
    money = money_of(row)
    name = f"write-off {row.id}"  # no bank's reference: those are free for people to choose
    move = _move(actor, row, CaseWay.WRITE_OFF, name, money.owed, money, at)
    postings.write_off_clawback(
        case_stamp(actor, row, f"write_off:{move.id}", at),
        programme_year=award.call.programme_year_id,
        case=row.id,
        principal=move.principal_microwon,
        surcharge=move.surcharge_microwon,
    )
    release(actor, row, reason="written off", at=at)
    return row


@transaction.atomic
def remit_clawback(
    actor: Actor, case_id: UUID, *, reference: str, at: datetime
) -> ClawbackCase:
    """세입 납입: what was collected goes to the treasury, in tens of won until the last."""
    actor.need(Role.OPERATOR)
    award, row = locked_case(case_id)
    held = row.moves.filter(reference=reference).first()
    if held is not None:
        if held.way != CaseWay.REMIT:
            raise CaseMoveExists(reference=reference)
        return row
    money = money_of(row)
    truncate = law_at(row.ground, at).truncate and money.owed > 0
    amount = without_fraction(money.to_remit, truncate=truncate)
    if amount <= 0:
        raise NothingToRemit
    principal = min(amount, row.principal_microwon - _remitted(row) - money.principal_owed)
    parts = CaseMoney(principal, amount - principal, 0)
    move = _move(actor, row, CaseWay.REMIT, reference, amount, parts, at)
    postings.remit_clawback(
        case_stamp(actor, row, f"remit:{move.id}", at),
        programme_year=award.call.programme_year_id,
        case=row.id,
        principal=move.principal_microwon,
        surcharge=move.surcharge_microwon,
    )
    return row


def _remitted(row: ClawbackCase) -> int:
    """Principal that went to the treasury, or was written off."""
    ways = [CaseWay.REMIT, CaseWay.WRITE_OFF]
    rows = row.moves.filter(way__in=ways).values_list("principal_microwon", flat=True)
    return sum(rows)


def _need_owed(row: ClawbackCase, amount_microwon: int) -> CaseMoney:
    if row.state not in OWED:
        raise TransitionNotAllowed(noun="case", transition="collect", state=row.state)
    money = money_of(row)
    if amount_microwon <= 0 or not is_whole_won(amount_microwon):
        raise AmountInvalid(field="amount_microwon")
    _need_within(amount_microwon, money.owed)
    return money


def _need_within(amount_microwon: int, owed_microwon: int) -> None:
    if amount_microwon > owed_microwon:
        raise CaseOverpaid(
            field="amount_microwon", amount_microwon=amount_microwon,
            owed_microwon=owed_microwon,
        )  # fmt: skip


def _is_known(row: ClawbackCase, way: CaseWay, reference: str, amount: int) -> bool:
    held = row.moves.filter(reference=reference).first()
    if held is None:
        return False
    if held.way != way or held.principal_microwon + held.surcharge_microwon != amount:
        raise CaseMoveExists(reference=reference)
    return True


def _move(
    actor: Actor,
    row: ClawbackCase,
    way: CaseWay,
    reference: str,
    amount: int,
    money: CaseMoney,
    at: datetime,
) -> CaseMove:
    """The row of a posting, the principal first."""
    principal = min(amount, money.principal_owed)
    move = CaseMove.objects.create(
        case=row, way=way, reference=reference, principal_microwon=principal,
        surcharge_microwon=amount - principal, by=actor.id, at=at,
    )  # fmt: skip
    record_event(
        actor, f"case.money.{way}", subject_type="case", subject_id=row.id, at=at,
        facts={"move": str(move.id), "principal_microwon": principal,
               "surcharge_microwon": amount - principal},
    )  # fmt: skip
    return move


def _end_if_paid(actor: Actor, row: ClawbackCase, at: datetime) -> None:
    if money_of(row).owed:
        return
    CLAWBACK.move(row, "set_off" if is_all_set_off(row) else "collect", actor, at=at)
    release(actor, row, reason="paid", at=at)
    tell_debtor(row, "programme.case.collected", at)
