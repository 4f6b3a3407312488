"""The operator's queue of what does not go by itself: everything that waits for a person.

Nothing is stored: what somebody has dealt with is gone from the queue at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from madang.metering.charges.collecting import left_to_collect
from madang.metering.charges.queries import settled_refunds_of
from madang.metering.deposits.queries import receipts_of
from madang.metering.disputes.queries import dispute_ends, noted_disputes
from madang.metering.exits.queries import exits_of
from madang.metering.invoices.queries import invoices_of
from madang.metering.models import Payout, SettledRefund
from madang.metering.payout_holds.queries import payout_holds_of
from madang.metering.payouts.models import GONE
from madang.metering.payouts.queries import payouts_of
from madang.metering.returns.queries import deposit_returns_of
from madang.metering.statements.queries import statements_of
from madang.metering.till.queries import unsettled_calls
from madang.parties.actor import Actor, Role
from madang.programme.banking.queries import bank_lines
from madang.programme.cases.queries import cases_for
from madang.programme.checks.models import ExecutionCheck
from madang.programme.copayments.models import CoPaymentObligation
from madang.programme.corrections.queries import corrections_of
from madang.programme.flags.queries import flags_for
from madang.programme.petitions.queries import OPEN, petitions_for
from madang.programme.reports.models import Report
from madang.programme.settlements.models import ProjectSettlement


@dataclass(frozen=True, slots=True)
class Exceptional:
    """One thing that waits: its kind, its row, what it is about, since when, how much."""

    kind: str
    id: str
    about: str
    since: datetime | None
    amount_microwon: int | None = None
    award: str = ""
    """Whose execution it is about, where it is about one."""


def exceptions_for(actor: Actor, at: datetime) -> list[Exceptional]:
    """Everything, oldest first; undated last. For operators and auditors."""
    actor.need(Role.OPERATOR, Role.AUDITOR)
    found = [one for look in LOOKS for one in look(actor, at)]
    dated = sorted((one for one in found if one.since), key=lambda one: str(one.since))
    return [*dated, *(one for one in found if one.since is None)]


def _receipts(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for row in receipts_of(actor).filter(state="parked"):
        yield Exceptional(
            f"receipt.{row.park_reason or 'payer'}", str(row.id), row.reference,
            row.received_at, row.amount_microwon,
        )  # fmt: skip


def _deposits(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    rows = CoPaymentObligation.objects.filter(state="pending_deposit", due_at__lte=at)
    for row in rows.select_related("award__organisation"):
        about = row.award.organisation.code
        yield Exceptional(
            "deposit.overdue", str(row.id), about, row.due_at, row.cash_microwon,
            str(row.award_id),
        )  # fmt: skip


def _bank(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for row in bank_lines(actor).filter(link=None):
        yield Exceptional(
            "bank_line.open", str(row.id), row.reference, row.booked_at, row.amount_microwon
        )


def _payouts(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for row in payouts_of(actor).filter(state__in=["held", "failed"]):
        if row.state == "failed" and _is_retried(row):
            continue
        about = row.whom.code
        yield Exceptional(
            f"payout.{row.state}", str(row.id), about, row.created_at, row.amount_microwon
        )
    for back in deposit_returns_of(actor).filter(state="created"):
        yield Exceptional(
            "deposit_return.created", str(back.id), back.voucher.code, back.created_at,
            back.amount_microwon,
        )  # fmt: skip


def _is_retried(row: Payout) -> bool:
    """Another payout of the same part took its place."""
    same = {"statement": row.statement, "source_id": row.source_id}
    others = Payout.objects.filter(
        **same, account=row.account, programme_year=row.programme_year
    )
    return others.exclude(state__in=GONE).exists()


def _refunds(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    """What a supplier that is gone, or somebody who looked, will never pay back."""
    rows = settled_refunds_of(actor)
    for row in rows.filter(state="proposed"):
        yield _refund("refund.proposed", row)
    gone = exits_of(actor).filter(ended_at=None, kind="bankrupt").values("supplier")
    for row in rows.filter(state="agreed", charge__supplier__in=gone):
        yield _refund("refund.not_collected", row)


def _refund(kind: str, row: SettledRefund) -> Exceptional:
    left = left_to_collect(row).total
    return Exceptional(kind, str(row.id), row.charge.voucher.code, row.agreed_at, left)


def _statements(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for row in statements_of(actor).filter(state="disputed"):
        yield Exceptional("statement.disputed", str(row.id), str(row), row.frozen_at)


def _open_ends(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for call in unsettled_calls(actor):
        yield Exceptional(
            "call.unsettled", str(call.call), call.voucher.code, call.started_at,
            call.est_microwon,
        )  # fmt: skip
    for noted in noted_disputes(actor):
        about = f"{noted.supplier_code} {noted.voucher_code}"
        yield Exceptional(
            "dispute.noted", str(noted.voucher), about, None, noted.amount_microwon
        )
    for end in dispute_ends(actor).filter(state="proposed"):
        yield Exceptional(
            "dispute_end.proposed", str(end.id), end.supplier.code, end.proposed_at,
            end.amount_microwon,
        )  # fmt: skip


def _flags(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    for row in payout_holds_of(actor).filter(lifted_at=None):
        about = row.supplier.code if row.supplier else row.voucher.code if row.voucher else ""
        yield Exceptional("payout_hold.open", str(row.id), about, row.placed_at)
    for flag in flags_for(actor).filter(state="open"):
        yield Exceptional(f"flag.{flag.kind}", str(flag.id), str(flag.kind), flag.found_at)
    for gone in exits_of(actor).filter(ended_at=None):
        yield Exceptional(f"supplier.{gone.kind}", str(gone.id), gone.supplier.code, gone.at)


def _cases(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    over = ("collected", "set_off", "written_off", "dropped")
    for row in cases_for(actor).exclude(state__in=over):
        yield Exceptional(
            f"case.{row.state}", str(row.id), row.debtor.code, row.opened_at,
            row.principal_microwon or row.found_microwon,
        )  # fmt: skip
    for fix in corrections_of(actor).filter(state="proposed"):
        yield Exceptional("correction.proposed", str(fix.id), fix.kind, fix.proposed_at)
    for wish in petitions_for(actor).filter(state__in=OPEN):
        yield Exceptional(
            f"petition.{wish.kind}", str(wish.id), wish.voucher.code, wish.asked_at
        )


def _execution(actor: Actor, at: datetime) -> Iterator[Exceptional]:
    late = Report.objects.filter(state__in=["due", "returned"], due_at__lte=at)
    for row in late.select_related("award__organisation"):
        about = row.award.organisation.code
        yield Exceptional(
            "report.late", str(row.id), about, row.due_at, award=str(row.award_id)
        )
    for check in ExecutionCheck.objects.filter(state="planned", due_at__lte=at):
        where = str(check.award_id)
        yield Exceptional("check.late", str(check.id), where, check.due_at, award=where)
    for one in ProjectSettlement.objects.filter(state="report_due", due_at__lte=at):
        where = str(one.award_id)
        yield Exceptional("settlement.late", str(one.id), where, one.due_at, award=where)
    for invoice in invoices_of(actor).filter(state="due", due_at__lte=at):
        yield Exceptional(
            "invoice.late", str(invoice.id), invoice.supplier.code, invoice.due_at,
            invoice.supply_microwon,
        )  # fmt: skip


LOOKS: tuple[Callable[[Actor, datetime], Iterator[Exceptional]], ...] = (
    _receipts,
    _deposits,
    _bank,
    _payouts,
    _refunds,
    _statements,
    _open_ends,
    _flags,
    _cases,
    _execution,
)
