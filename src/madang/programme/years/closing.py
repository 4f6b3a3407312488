"""Closing a year: nothing is left open, the rest is the treasury's, then the books are shut.

The year's lock is taken first. Claims that are still collected outlive their year; everything
else of it can only be corrected, in the open year.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet

from madang.core.errors import NotFound
from madang.core.money import floor_to_won
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.years.actions import end_year
from madang.metering.models import (
    Payout,
    PayoutState,
    RefundState,
    SettledRefund,
    Statement,
    Voucher,
    VoucherState,
)
from madang.metering.payouts.models import GONE
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier
from madang.programme.awards.models import Award, AwardState
from madang.programme.calls.models import CallState
from madang.programme.errors import YearNotReady
from madang.programme.milestones.models import Milestone
from madang.programme.money import allotment_left_microwon, balance_microwon, stamp
from madang.programme.years.models import ProgrammeYear, TreasuryKind, TreasuryReturn
from madang.programme.years.workflow import YEAR

ENDED_CALLS = (CallState.ARCHIVED, CallState.CANCELLED, CallState.DRAFT)
OWED_REFUNDS = (RefundState.AGREED, RefundState.PROPOSED)
ENDED_VOUCHERS = (VoucherState.CLOSED, VoucherState.CANCELLED)


@transaction.atomic
def begin_year_close(actor: Actor, year_id: UUID, *, at: datetime) -> ProgrammeYear:
    """마감 시작: after its last day, when nothing is open. The unspent rest is owed (P18).

    Raises YearNotReady with the first thing that is open.
    """
    row = locked_year(year_id)
    YEAR.move(row, "begin_close", actor, at=at)
    row.closing_by = actor.id
    row.save(update_fields=["closing_by"])
    _return_allotments(actor, row, at)
    open_thing = next(what_is_open(row), None)
    if open_thing is not None:
        raise YearNotReady(reason=str(open_thing))
    _release_programme_residues(actor, row, at)
    prepare_unspent(actor, row, at=at)
    return row


@dataclass(frozen=True, slots=True)
class OpenThing:
    """One thing that keeps a year from being closed; said in English, shown in both."""

    noun: str
    name: str
    state: str
    of: str = ""
    """Whose it is, where the name alone does not say it."""
    award: str = ""
    """The award in which it waits, where it is no award itself."""

    def __str__(self) -> str:
        return f"{self.noun} {self.name} is {self.state}"


def what_is_open(year: ProgrammeYear) -> Iterator[OpenThing]:
    """Everything that still keeps a year from being closed."""
    for call in year.calls.exclude(state__in=ENDED_CALLS).filter(is_hidden=False):
        yield OpenThing("call", call.code, call.state)
    vouchers = Voucher.objects.filter(programme_year=year.id)
    for voucher in vouchers.exclude(state__in=ENDED_VOUCHERS).order_by("code"):
        yield OpenThing("voucher", voucher.code, voucher.state)
    waiting = (AwardState.OFFERED, AwardState.AGREED)
    for award in _awards(year).filter(state__in=waiting):
        yield _award(award)
    yield from _work(year)
    mine = Statement.objects.filter(lines__programme_year=year.id)
    for statement in mine.exclude(state="paid").select_related("supplier").distinct():
        yield OpenThing("statement", str(statement), statement.state, statement.supplier.code)
    done = (PayoutState.SETTLED, *GONE)
    payouts = Payout.objects.filter(programme_year=year.id).exclude(state__in=done)
    for payout in payouts.select_related("statement__supplier", "payee").order_by("id"):
        yield OpenThing("payout", str(payout.id), payout.state, _payee(payout))
    yield from _disputes(year)
    yield from _refunds(year)


def _work(year: ProgrammeYear) -> Iterator[OpenThing]:
    """Awards that are paid for accepted work: nothing waits in them, all accepted is paid."""
    held = {award for (_, award), net in ledger.sums_by("award", ("B310",)).items() if net}
    for award in _awards(year).filter(state=AwardState.ISSUED, voucher=None):
        if str(award.id) in held:
            yield _award(award)
    accepted = Milestone.objects.filter(award__call__programme_year=year, state="accepted")
    for row in accepted.select_related("award__organisation", "award__call").order_by("id"):
        paid = Payout.objects.filter(source_id=f"milestone:{row.id}", state=PayoutState.SETTLED)
        if not paid.exists():
            whose = _whose(row.award)
            yield OpenThing("milestone", str(row.id), row.state, whose, str(row.award_id))


def _awards(year: ProgrammeYear) -> QuerySet[Award]:
    rows = Award.objects.filter(call__programme_year=year)
    return rows.select_related("organisation", "call").order_by("id")


def _award(row: Award) -> OpenThing:
    return OpenThing("award", str(row.id), row.state, _whose(row))


def _payee(payout: Payout) -> str:
    if payout.statement is not None:
        return f"{payout.statement.supplier.code} {payout.statement}"
    return payout.payee.code if payout.payee else ""


def _whose(award: Award) -> str:
    return f"{award.organisation.code} ({award.call.code})"


def _disputes(year: ProgrammeYear) -> Iterator[OpenThing]:
    noted = [line.dimensions["voucher"] for line in ledger.lines_of("K300") if line.net]
    rows = Voucher.objects.filter(programme_year=year.id, id__in=noted)
    codes = {str(identifier): code for identifier, code in rows.values_list("id", "code")}
    for voucher in noted:
        if voucher in codes:
            yield OpenThing("dispute", codes[voucher], "noted")


def _refunds(year: ProgrammeYear) -> Iterator[OpenThing]:
    """What suppliers agreed to give back: after the close nothing of it could come in.

    What was written off never will.
    """
    mine = Voucher.objects.filter(programme_year=year.id).values("pk")
    rows = SettledRefund.objects.filter(charge__voucher__in=mine, state__in=OWED_REFUNDS)
    for row in rows.select_related("charge__voucher").order_by("agreed_at", "id"):
        state = "proposed" if row.state == RefundState.PROPOSED else "not_collected"
        yield OpenThing("refund", str(row.id), state, row.charge.voucher.code)


def _return_allotments(actor: Actor, year: ProgrammeYear, at: datetime) -> None:
    """What awards gave back after their call had ended, and direct grants to the hidden call,
    is unallotted again (P3r)."""
    for call in year.calls.filter(Q(is_hidden=True) | Q(state__in=ENDED_CALLS)):
        left = allotment_left_microwon(call.id)
        if left:
            postings.close_call(
                stamp(actor, "call", call.id, "year-end", at=at),
                programme_year=year.id,
                call=call.id,
                amount=left,
            )


def _release_programme_residues(actor: Actor, year: ProgrammeYear, at: datetime) -> None:
    """P16 of what the programme bore: less than a won of each supplier."""
    for supplier in Supplier.objects.order_by("id"):
        borne = balance_microwon("5200", programme_year=year.id, supplier=supplier.id)
        if borne and ledger.accrued_programme_borne(supplier.id):
            postings.release_programme_residue(
                stamp(actor, "year", year.id, f"residue:{supplier.id}", at=at),
                programme_year=year.id,
                supplier=supplier.id,
            )


@transaction.atomic
def return_part(
    actor: Actor, year_id: UUID, *, amount_microwon: int, at: datetime
) -> TreasuryReturn:
    """집행잔액 일부 반납 before the close: unallotted budget goes back in part (P18)."""
    actor.need(Role.OPERATOR)
    row = locked_year(year_id)
    made = _owe(actor, row, amount_microwon, at)
    postings.return_unspent(
        stamp(actor, "treasury", made.id, "owe", at=at),
        programme_year=row.id,
        amount=amount_microwon,
    )
    return made


def prepare_unspent(actor: Actor, year: ProgrammeYear, *, at: datetime) -> TreasuryReturn:
    """P18: all of the grant that was not consumed is owed to the treasury. Lock held."""
    held = balance_microwon("2100", programme_year=year.id)
    unallotted = balance_microwon("B200", programme_year=year.id)
    if held != floor_to_won(held):
        raise YearNotReady(reason="a fraction of a won is not released")
    made = _owe(actor, year, held, at)
    if held:
        postings.return_unspent(
            stamp(actor, "treasury", made.id, "owe", at=at),
            programme_year=year.id,
            amount=held,
            returned=held - unallotted,
        )
    return made


def _owe(actor: Actor, year: ProgrammeYear, amount: int, at: datetime) -> TreasuryReturn:
    made = TreasuryReturn.objects.create(
        programme_year=year,
        kind=TreasuryKind.UNSPENT,
        amount_microwon=amount,
        prepared_by=actor.id,
        prepared_at=at,
    )
    record_event(
        actor, "treasury_return.prepare", subject_type="treasury_return", subject_id=made.id,
        at=at, after=made.state, facts={"amount_microwon": amount},
    )  # fmt: skip
    return made


MUST_BE_EMPTY = ("B200", "2100", "2500")


@transaction.atomic
def close_year(actor: Actor, year_id: UUID, *, at: datetime) -> ProgrammeYear:
    """마감 by a second person: everything is remitted; from now on only corrections (I15)."""
    row = locked_year(year_id)
    YEAR.move(row, "close", actor, at=at)
    open_thing = next(what_is_open(row), None)
    if open_thing is not None:
        raise YearNotReady(reason=str(open_thing))
    for code in MUST_BE_EMPTY:
        if balance_microwon(code, programme_year=row.id):
            raise YearNotReady(reason=f"{code} is not empty")
    if row.treasury_returns.filter(state="prepared").exists():
        raise YearNotReady(reason="a return to the treasury is not remitted")
    row.closed_at = at
    row.save(update_fields=["closed_at"])
    end_year(row.id, by=actor.id, at=at)
    return row


def locked_year(year_id: UUID) -> ProgrammeYear:
    row = (
        ProgrammeYear.objects.select_for_update(of=("self",))
        .select_related("programme")
        .filter(pk=year_id)
        .first()
    )
    if row is None:
        raise NotFound
    return row
