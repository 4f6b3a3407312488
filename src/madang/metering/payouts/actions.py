"""Paying a statement: one payout per bank account and programme-year, two people each."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.money import MICRO_PER_WON
from madang.ledger import postings
from madang.ledger.types import PayoutOrder, Stamp
from madang.metering.errors import AccountUnverified, PayoutOnHold, PayoutOpen
from madang.metering.payout_holds.queries import open_holds_on
from madang.metering.payouts.models import (
    GONE,
    BankAccount,
    Payout,
    PayoutState,
    SupplierAccount,
)
from madang.metering.payouts.offsets import parts_of
from madang.metering.payouts.workflow import PAYOUT
from madang.metering.policy import policy_at
from madang.metering.statements.actions import mark_paid, mark_unpaid
from madang.metering.statements.models import Statement, StatementState
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.models import Event, Supplier
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of


def _locked_statement(statement: Statement) -> Statement:
    return Statement.objects.select_for_update(no_key=True).get(pk=statement.pk)


@transaction.atomic
def create_payouts(actor: Actor, statement: Statement, *, at: datetime) -> list[Payout]:
    """Make a payout for every part of a confirmed statement that has none, or one that failed
    or was withdrawn.

    A statement of which nothing is left to pay is paid. Locks the statement. Raises
    TransitionNotAllowed before it is confirmed, PayoutOpen when every part is covered.
    """
    actor.need(Role.OPERATOR)
    statement = _locked_statement(statement)
    if statement.state != StatementState.CONFIRMED:
        raise TransitionNotAllowed(noun="payout", transition="create", state=statement.state)
    parts = parts_of(statement)
    if _is_paid(statement):
        mark_paid(actor, statement, at=at)  # what was not paid is kept back
        return []
    open_ones = statement.payouts.exclude(state__in=GONE)
    covered = {(row.account, row.programme_year) for row in open_ones}
    made = [
        Payout(
            statement=statement, account=account, programme_year=year, programme=programme,
            amount_microwon=amount, created_at=at, created_by=actor.id,
        )
        for (account, year, programme), amount in parts.items()
        if (account, year) not in covered
    ]  # fmt: skip
    if not made:
        raise PayoutOpen(statement=str(statement))
    for payout in Payout.objects.bulk_create(made):
        record_event(
            actor, "payout.create", subject_type="payout", subject_id=payout.id, at=at,
            after=payout.state, facts={"amount_microwon": payout.amount_microwon},
        )  # fmt: skip
    return made


@dataclass(frozen=True, slots=True)
class AcceptedWork:
    """What was accepted and made payable by P24: whose, and out of which year."""

    source_id: str
    payee: UUID
    programme_year: UUID
    programme: UUID
    amount_microwon: int


@transaction.atomic
def pay_accepted_work(actor: Actor, work: AcceptedWork, *, at: datetime) -> Payout:
    """A payout for accepted work; the one that is under way when there is one.

    One that is gone is followed by another. Its approval is a second person's, as for
    statements.
    """
    actor.need(Role.OPERATOR)
    rows = Payout.objects.select_for_update().filter(source_id=work.source_id)
    held = rows.exclude(state__in=GONE).first()
    if held is not None:
        return held
    payout = Payout.objects.create(
        payee_id=work.payee, source_id=work.source_id, account=BankAccount.SUBSIDY,
        programme_year=work.programme_year, programme=work.programme,
        amount_microwon=work.amount_microwon, created_at=at, created_by=actor.id,
    )  # fmt: skip
    record_event(
        actor, "payout.create", subject_type="payout", subject_id=payout.id, at=at,
        after=payout.state, facts={"amount_microwon": payout.amount_microwon},
    )  # fmt: skip
    return payout


def _locked(payout: Payout) -> Payout:
    """Lock order: statement, then payout."""
    if payout.statement is not None:
        _locked_statement(payout.statement)
    rows = Payout.objects.select_for_update(of=("self",), no_key=True)
    return rows.select_related("statement").get(pk=payout.pk)


def _order(payout: Payout) -> PayoutOrder:
    is_subsidy = payout.account == BankAccount.SUBSIDY
    return PayoutOrder(
        payout=payout.id,
        supplier=_payee(payout),
        programme_year=payout.programme_year,
        programme=payout.programme,
        subsidy=payout.amount_microwon if is_subsidy else 0,
        own=0 if is_subsidy else payout.amount_microwon,
    )


def _payee(payout: Payout) -> UUID:
    """The supplier of the statement, or the organisation that did the work."""
    return payout.whom.id


def _stamp(actor: Actor, payout: Payout, what: str, at: datetime) -> Stamp:
    return Stamp(f"payout:{payout.id}:{what}", actor.id, at, "payout", str(payout.id))


@transaction.atomic
def approve_payout(actor: Actor, payout: Payout, *, at: datetime) -> Payout:
    """A second person approves, and the order goes to the bank (P12). Locks the payout.

    Raises FourEyes for its creator, or for the platform itself; PayoutOnHold while the
    supplier or a voucher of the statement is on hold; AccountUnverified by policy.
    """
    payout = _locked(payout)
    _need_payable(payout, at)
    PAYOUT.move(payout, "approve", actor, at=at)
    payout.approved_by = actor.id
    payout.save(update_fields=["approved_by"])
    postings.send_payout(_stamp(actor, payout, "send", at), _order(payout))
    PAYOUT.move(payout, "send", actor, at=at)
    return payout


def _need_payable(payout: Payout, at: datetime) -> None:
    """Holds and verified accounts are about suppliers; work was accepted by a person."""
    if payout.statement is None:
        return
    hold = open_holds_on(payout.statement).first()
    if hold is not None:
        raise PayoutOnHold(hold=str(hold.id), kind=hold.kind)
    if policy_at(at).account_verified:
        rows = SupplierAccount.objects.filter(supplier=payout.statement.supplier_id)
        if not rows.exclude(verified_at=None).exists():
            raise AccountUnverified


@transaction.atomic
def settle_payout(actor: Actor, payout: Payout, *, at: datetime) -> Payout:
    """The bank has paid (P12). The last one of a statement marks it paid. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "settle", actor, at=at)
    postings.confirm_payout(_stamp(actor, payout, "confirm", at), _order(payout))
    if payout.statement is not None and _is_paid(payout.statement):
        mark_paid(actor, payout.statement, at=at)
    return payout


def _is_paid(statement: Statement) -> bool:
    """What is not kept back has left the bank. The caller holds the statement's lock."""
    settled = statement.payouts.filter(state=PayoutState.SETTLED)
    paid = sum(row.amount_microwon for row in settled)
    return paid == sum(parts_of(statement).values())


@transaction.atomic
def fail_payout(actor: Actor, payout: Payout, *, at: datetime, reason: str = "") -> Payout:
    """The bank sent it back (P12): payable again. A retry is a new payout. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "fail", actor, at=at, reason=reason)
    postings.fail_payout(_stamp(actor, payout, "fail", at), _order(payout))
    return payout


@transaction.atomic
def bounce_payout(actor: Actor, payout: Payout, *, at: datetime, reason: str) -> Payout:
    """지급 반송 (P12b): the bank had paid, and the money came back. Payable again, by a new
    payout; its statement waits for it. The supplier is told. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "bounce", actor, at=at, reason=reason)
    postings.bounce_payout(_stamp(actor, payout, "bounce", at), _order(payout))
    if payout.statement is not None:
        mark_unpaid(actor, payout.statement, at=at)
    _tell_payee(payout, at)
    return payout


def _tell_payee(payout: Payout, at: datetime) -> None:
    """The money that came back was sent to an account of theirs."""
    whom = payout.whom
    place = whom.organisation_id if isinstance(whom, Supplier) else whom.id
    role = Role.SUPPLIER if isinstance(whom, Supplier) else None
    send_notice(
        members_of(place, role), "metering.payout.bounced", subject_type="payout",
        subject_id=payout.id, at=at,
        facts={"amount_won": payout.amount_microwon // MICRO_PER_WON},
    )  # fmt: skip


@transaction.atomic
def withdraw_payout(actor: Actor, payout: Payout, *, at: datetime, reason: str) -> Payout:
    """지급 철회 before it is approved: nothing was sent, so no book moves. What it was made
    for is payable again, or can be kept back. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "withdraw", actor, at=at, reason=reason)
    return payout


@transaction.atomic
def hold_payout(actor: Actor, payout: Payout, *, at: datetime, reason: str) -> Payout:
    """P12h: a case is open, the money waits apart. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "hold", actor, at=at, reason=reason)
    order = _order(payout)
    postings.hold_payout(
        _case_stamp(actor, payout, "hold", at), programme_year=order.programme_year,
        supplier=order.supplier, case=payout.id, subsidy=order.subsidy, own=order.own,
    )  # fmt: skip
    return payout


@transaction.atomic
def release_payout(actor: Actor, payout: Payout, *, at: datetime, reason: str) -> Payout:
    """P12h: the case is over, the payout waits for its approval again. Locks the payout."""
    payout = _locked(payout)
    PAYOUT.move(payout, "release", actor, at=at, reason=reason)
    order = _order(payout)
    postings.release_payout(
        _case_stamp(actor, payout, "release", at), programme_year=order.programme_year,
        supplier=order.supplier, case=payout.id, subsidy=order.subsidy, own=order.own,
    )  # fmt: skip
    return payout


def _case_stamp(actor: Actor, payout: Payout, what: str, at: datetime) -> Stamp:
    """A payout may be held more than once: its holds and releases are counted."""
    times = times_held(payout)
    return _stamp(actor, payout, f"{what}:{times}", at)


def times_held(payout: Payout) -> int:
    """How many times a payout was put on hold, this time included."""
    return Event.objects.filter(
        subject_type="payout", subject_id=str(payout.id), action="payout.hold"
    ).count()
