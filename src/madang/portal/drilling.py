"""From any figure to its journals, from a journal to its evidence. For auditors and operators.

An account is named by its code and dimensions; its entries add up to its balance. A journal's
evidence is what its source kept: charges with their digests, receipts, lines of the bank,
documents, corrections, events.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from madang.ledger import queries as ledger
from madang.ledger.chart import CHART
from madang.ledger.journals.models import Entry
from madang.ledger.kinds import Kind
from madang.metering.charges.queries import charges_of
from madang.metering.deposits.queries import receipts_of
from madang.metering.models import Charge, SettledRefund, StatementLine
from madang.parties.actor import Actor, Role
from madang.parties.events.queries import events_about
from madang.programme.banking.models import BankLink
from madang.programme.corrections.queries import corrections_of
from madang.programme.models import BudgetChange, GrantStep, InKindEvidence, MilestoneEvidence

ROWS_MAX = 500


@dataclass(frozen=True, slots=True)
class EntryLine:
    """One leg on an account."""

    journal: UUID
    kind: str
    key: str
    effective_at: datetime
    booked_at: datetime
    debit: int
    credit: int


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing that a journal rests on."""

    kind: str
    id: str
    at: datetime
    sha256: str = ""
    amount_microwon: int | None = None


def entries_on(
    actor: Actor, code: str, dimensions: Mapping[str, str], *, before: UUID | None = None
) -> list[EntryLine]:
    """Entries of one code, newest first, on all accounts that carry the named dimensions."""
    actor.need(Role.AUDITOR, Role.OPERATOR)
    assert code in CHART, "the caller looked the code up"
    rows = Entry.objects.filter(account__code=code)
    for name, value in dimensions.items():
        rows = rows.filter(account__dimensions__contains={name: value})
    if before is not None:
        rows = rows.filter(journal__lt=before)
    found = rows.select_related("account", "journal").order_by("-journal", "-id")
    return [
        EntryLine(
            row.journal_id, row.journal.kind, row.account.key, row.journal.effective_at,
            row.journal.booked_at, row.debit, row.credit,
        )
        for row in found[:ROWS_MAX]
    ]  # fmt: skip


def evidence_of(actor: Actor, journal: ledger.JournalView) -> list[Evidence]:
    """What a journal rests on, oldest first."""
    actor.need(Role.AUDITOR, Role.OPERATOR)
    looks = (
        _charges, _deliveries, _refunds, _statement_lines, _receipts, _bank, _documents,
        _decisions, _corrections, _events,
    )  # fmt: skip
    found = [one for look in looks for one in look(actor, journal)]
    return sorted(found, key=lambda one: (one.at, one.kind, one.id))


def _charges(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    for row in charges_of(actor).filter(journal=journal.id)[:ROWS_MAX]:
        yield _charge(row)


def _charge(row: Charge) -> Evidence:
    return Evidence(
        f"charge.{row.kind}", str(row.no), row.usage.started_at,
        row.usage.evidence_sha256, row.amount_microwon,
    )  # fmt: skip


def _deliveries(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    """A delivery is held for before it is charged: the hold rests on the same measurement."""
    if (journal.source_type, journal.kind) == ("usage", Kind.HOLD):
        rows = charges_of(actor).filter(usage__call=UUID(journal.source_id), kind="charge")
        yield from map(_charge, rows[:ROWS_MAX])


def _refunds(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    """What was agreed after the settlement, and the charge that it gives back."""
    if journal.source_type == "refund":
        rows = SettledRefund.objects.filter(id=UUID(journal.source_id))
        for row in rows.select_related("charge__usage"):
            yield _charge(row.charge)
            yield Evidence("refund", str(row.id), row.agreed_at, "", row.supply_microwon)
            if journal.kind in (Kind.WRITE_OFF_REFUND, Kind.REVIVE_REFUND):
                yield from _losses(row)


def _losses(row: SettledRefund) -> Iterator[Evidence]:
    for one in row.write_offs.select_related("document"):
        amount = one.subsidy_microwon + one.deposit_microwon
        paper = one.document
        yield Evidence(
            f"loss.{one.outcome or 'proposed'}", str(one.id), one.proposed_at, "", amount
        )
        yield Evidence("document", str(paper.id), paper.uploaded_at, paper.sha256)


def _statement_lines(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    rows = StatementLine.objects.filter(journal=journal.id).select_related("statement")
    for row in rows:
        amount = row.supply_microwon + row.vat_microwon
        yield Evidence("statement", str(row.statement), row.statement.frozen_at, "", amount)


def _receipts(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    if journal.source_type == "receipt":
        for row in receipts_of(actor).filter(id=UUID(journal.source_id)):
            yield Evidence(
                f"receipt.{row.state}", row.reference, row.received_at, "", row.amount_microwon
            )


def _bank(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    for link in BankLink.objects.filter(journal=journal.id).select_related("line"):
        line = link.line
        yield Evidence(
            "bank_line", line.reference, line.booked_at, line.file_sha256, line.amount_microwon
        )


def _documents(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    if journal.source_type == "in_kind":
        rows = InKindEvidence.objects.filter(id=UUID(journal.source_id))
        for row in rows.select_related("document"):
            yield Evidence(
                "document", str(row.document_id), row.submitted_at, row.document.sha256,
                row.amount_microwon,
            )  # fmt: skip
    elif journal.source_type == "milestone":
        shown = MilestoneEvidence.objects.filter(milestone=UUID(journal.source_id))
        for one in shown.select_related("document"):
            yield Evidence(
                "document", str(one.document_id), one.submitted_at, one.document.sha256
            )


def _decisions(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    """The budget as it was decided, and what a direct voucher was given."""
    if journal.source_type == "budget_change":
        for row in BudgetChange.objects.filter(id=UUID(journal.source_id)):
            yield Evidence("budget_change", str(row.id), row.at, "", row.difference_microwon)
    elif journal.source_type == "grant_step":
        for step in GrantStep.objects.filter(id=UUID(journal.source_id)):
            yield Evidence("grant_step", str(step.id), step.at, "", step.subsidy_microwon)


def _corrections(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    for row in corrections_of(actor).filter(journal=journal.id):
        yield Evidence(f"correction.{row.state}", str(row.id), row.proposed_at)


def _events(actor: Actor, journal: ledger.JournalView) -> Iterator[Evidence]:
    rows = events_about(actor, journal.source_type, journal.source_id)
    for event in rows[:ROWS_MAX]:
        yield Evidence(f"event.{event.action}", str(event.id), event.at)
