"""Is the history what it was? Recompute every hash, every balance and every identity."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import connections, transaction
from django.db.models import DecimalField, F, Sum

from madang.ledger import identities as identities_of
from madang.ledger.accounts.models import AccountKind, Balance
from madang.ledger.chart import CHART, Side
from madang.ledger.holds.models import HoldState
from madang.ledger.identities import Identity, Picture, WalletPicture
from madang.ledger.journals.models import Entry
from madang.ledger.seals.chain import GENESIS, Fact, hash_of, root_of
from madang.ledger.seals.models import Root, Seal
from madang.ledger.vouchers.models import Split, Wallet

BATCH = 1_000

_JOURNAL = """
SELECT j.id, jsonb_build_object(
    'id', j.id, 'idem', j.idem, 'kind', j.kind, 'chain', j.chain, 'content', j.content,
    'content_sha256', j.content_sha256, 'answer', j.answer, 'actor', j.actor,
    'source_type', j.source_type, 'source_id', j.source_id, 'corrects', j.corrects_id,
    'effective_at_us', (extract(epoch FROM j.effective_at) * 1000000)::bigint,
    'booked_at_us', (extract(epoch FROM j.booked_at) * 1000000)::bigint,
    'entries', (SELECT jsonb_agg(jsonb_build_array(a.key, e.book, e.debit, e.credit)
                                 ORDER BY e.id)
                  FROM ledger_entry e LEFT JOIN ledger_account a ON a.id = e.account_id
                 WHERE e.journal_id = j.id),
    'hold', (SELECT jsonb_build_array(h.id, h.owner, h.supplier, h.unit, h.amount,
                                      (extract(epoch FROM h.expires_at) * 1000000)::bigint)
               FROM ledger_hold h WHERE h.journal_id = j.id),
    'hold_events', (SELECT jsonb_agg(jsonb_build_array(v.hold_id, v.event, v.amount)
                                     ORDER BY v.id)
                      FROM ledger_hold_event v WHERE v.journal_id = j.id),
    'voucher_events', (SELECT jsonb_agg(jsonb_build_array(v.voucher, v.supplier, v.event,
                                                          v.amount, v.mark, v.ratio, v.vat,
                                                          v.programme_year, v.programme)
                                        ORDER BY v.id)
                         FROM ledger_voucher_event v WHERE v.journal_id = j.id)
)::text FROM ledger_journal j WHERE j.id = ANY (%s)
"""


@dataclass(frozen=True, slots=True)
class FirstBad:
    """The first journal that is not what it was, and in which way."""

    journal: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """What `madang ledger verify` reports."""

    journals: int
    sealed: int
    unsealed: int
    oldest_unsealed_at: datetime | None
    root: str
    balances_differ: tuple[str, ...]
    identities: tuple[Identity, ...]
    first_bad: FirstBad | None

    @property
    def ok(self) -> bool:
        return (
            not self.balances_differ
            and self.first_bad is None
            and all(identity.ok for identity in self.identities)
        )


def verify(*, using: str = "default") -> Verification:
    """Check everything: every hash, every balance, every identity, in one snapshot."""
    with _one_snapshot(using):
        total, sealed, oldest = _counts(using)
        return Verification(
            journals=total,
            sealed=sealed,
            unsealed=total - sealed,
            oldest_unsealed_at=oldest,
            root=root_of(heads(using=using)),
            balances_differ=balances_differ(using=using),
            identities=tuple(identities_of.check(_picture(using))),
            first_bad=_first_bad(using),
        )


@contextmanager
def _one_snapshot(using: str) -> Iterator[None]:
    """While others post: read everything as it was at one instant."""
    connection = connections[using]
    if connection.in_atomic_block:
        yield
        return
    with transaction.atomic(using=using):
        with connection.cursor() as cursor:
            cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        yield


def _counts(using: str) -> tuple[int, int, datetime | None]:
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT count(*), count(s.journal_id),"
            " min(j.booked_at) FILTER (WHERE s.journal_id IS NULL)"
            " FROM ledger_journal j LEFT JOIN ledger_seal s ON s.journal_id = j.id"
        )
        total, sealed, oldest = cursor.fetchone()
    return total, sealed, oldest


def balances_differ(*, using: str = "default") -> tuple[str, ...]:
    """The balances and counters that do not follow from entries and events, by name."""
    with connections[using].cursor() as cursor:
        cursor.execute("SELECT what FROM ledger_differences()")
        found = [what for (what,) in cursor.fetchall()]
    return (*_chart_differs(using), *found)


def _chart_differs(using: str) -> list[str]:
    """Lines of the chart that are not those of the code: they guard every entry."""
    rows = AccountKind.objects.using(using).values_list("code", "book", "normal", "whole_won")
    found = {code: tuple(rest) for code, *rest in rows}
    wanted = {
        line.code: (line.book.value, 1 if line.normal is Side.DEBIT else -1, line.whole_won)
        for line in CHART.values()
    }
    codes = sorted(found.keys() | wanted.keys())
    return [f"chart:{code}" for code in codes if found.get(code) != wanted.get(code)]


def heads(*, using: str = "default") -> dict[str, tuple[int, str]]:
    """The last number and hash of every chain."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT DISTINCT ON (chain) chain::text, number, hash FROM ledger_seal"
            " ORDER BY chain, number DESC"
        )
        return {chain: (number, hash) for chain, number, hash in cursor.fetchall()}


def journal_facts(journals: Sequence[UUID], *, using: str) -> dict[UUID, dict[str, Fact]]:
    """What is hashed of each journal."""
    with connections[using].cursor() as cursor:
        cursor.execute(_JOURNAL, [list(journals)])
        return {id: json.loads(text) for id, text in cursor.fetchall()}


@dataclass(frozen=True, slots=True)
class _SealRow:
    chain: str
    number: int
    journal: UUID
    hash: str
    booked_at: datetime | None


def _first_bad(using: str) -> FirstBad | None:
    """The earliest of: a broken seal, a root that no chain has, a journal that is not whole."""
    candidates = [*_broken_seals(using), *_broken_roots(using), *_broken_journals(using)]
    if not candidates:
        return None
    _, journal, reason = min(candidates, key=lambda c: c[0])
    return FirstBad(journal, reason)


Bad = tuple[str, UUID, str]
"""When it was booked (as sortable text), which journal, what is wrong."""


def _broken_seals(using: str) -> Iterator[Bad]:
    """The first broken seal of each chain: all after it hang on it."""
    expected: dict[str, tuple[int, str]] = {}
    broken: set[str] = set()
    for batch in _seal_batches(using):
        facts = journal_facts([row.journal for row in batch], using=using)
        for row in batch:
            if row.chain in broken:
                continue
            number, previous = expected.get(row.chain, (0, GENESIS))
            reason = _reason(row, number, previous, facts.get(row.journal))
            if reason:
                broken.add(row.chain)
                yield (_sortable(row.booked_at), row.journal, reason)
            expected[row.chain] = (row.number, row.hash)


def _reason(
    row: _SealRow, number: int, previous: str, facts: dict[str, Fact] | None
) -> str | None:
    if row.number != number + 1:
        return f"the chain has a gap before number {row.number}"
    if facts is None:
        return "the journal is sealed and gone"
    if facts["chain"] != row.chain:
        return "the journal belongs to another chain"
    if hash_of(previous, facts) != row.hash:
        return "the journal, its entries or its seal were changed"
    return None


def _seal_batches(using: str) -> Iterator[list[_SealRow]]:
    after: tuple[str, int] = ("00000000-0000-0000-0000-000000000000", 0)
    while True:
        with connections[using].cursor() as cursor:
            cursor.execute(
                "SELECT s.chain::text, s.number, s.journal_id, s.hash, j.booked_at"
                " FROM ledger_seal s LEFT JOIN ledger_journal j ON j.id = s.journal_id"
                " WHERE (s.chain, s.number) > (%s::uuid, %s)"
                " ORDER BY s.chain, s.number LIMIT %s",
                [*after, BATCH],
            )
            batch = [_SealRow(*row) for row in cursor.fetchall()]
        if not batch:
            return
        yield batch
        after = (batch[-1].chain, batch[-1].number)


def _broken_roots(using: str) -> Iterator[Bad]:
    """A published root whose heads are no longer in the chains: history was written anew."""
    for root in Root.objects.using(using).order_by("day"):
        listed = {chain: (number, hash) for chain, (number, hash) in root.heads.items()}
        if root_of(listed) != root.root:
            yield (_sortable(None), UUID(int=0), f"the root of {root.day} was changed")
        for chain, (number, hash) in listed.items():
            seal = Seal.objects.using(using).filter(chain=chain, number=number).first()
            if seal is None or seal.hash != hash:
                journal = seal.journal_id if seal else UUID(int=0)
                reason = f"the chain is not the one published on {root.day}"
                yield (_sortable(None), journal, reason)


def _broken_journals(using: str) -> Iterator[Bad]:
    """Journals without entries or out of balance, sealed or not."""
    with connections[using].cursor() as cursor:
        cursor.execute(
            "SELECT j.booked_at, j.id FROM ledger_journal j"
            " LEFT JOIN ledger_entry e ON e.journal_id = j.id"
            " GROUP BY j.id, e.book"
            " HAVING count(e.id) = 0 OR sum(e.debit) <> sum(e.credit)"
            " ORDER BY j.booked_at LIMIT 1"
        )
        for booked_at, journal in cursor.fetchall():
            yield (_sortable(booked_at), journal, "the journal is empty or does not balance")


def _sortable(at: datetime | None) -> str:
    return at.isoformat() if at else ""


def identities(*, using: str = "default") -> list[Identity]:
    """The identities of docs/invariants.md over the whole ledger."""
    with _one_snapshot(using):
        return identities_of.check(_picture(using))


def _picture(using: str) -> Picture:
    """The books as they stand, for the identities."""
    return Picture(
        accounts=_accounts(using),
        flows=_flows(using),
        returned=_returned(using),
        counters=_counters(using),
        leased=_leased(using),
        wallets={
            str(w.voucher): WalletPicture(
                int(w.issued), int(w.deposited), w.expired, w.ratio, w.vat
            )
            for w in Wallet.objects.using(using).all()
        },
    )


def _accounts(using: str) -> dict[str, tuple[int, int]]:
    rows = Balance.objects.using(using).values_list("account__key", "debit", "credit")
    return {key: (int(debit), int(credit)) for key, debit, credit in rows}


def _flows(using: str) -> dict[tuple[str, str], int]:
    rows = (
        Entry.objects.using(using)
        .filter(account__code__in=("1100", "2500"))
        .values_list("account__code_id", "journal__kind")
        .annotate(net=Sum("debit") - Sum("credit"))
    )
    return {(code, kind): int(net) for code, kind, net in rows}


def _returned(using: str) -> dict[str, int]:
    rows = (
        Entry.objects.using(using)
        .filter(
            account__code="B500",
            account__voucher__isnull=False,
            journal__kind__in=identities_of.RETURNING_KINDS,
        )
        .values_list("account__voucher")
        .annotate(net=Sum("debit") - Sum("credit"))
    )
    return {str(voucher): int(net) for voucher, net in rows}


def _counters(using: str) -> dict[tuple[str, str], tuple[int, int]]:
    return {
        (str(s.voucher), str(s.supplier)): (int(s.captured), int(s.promised))
        for s in Split.objects.using(using).all()
    }


def _leased(using: str) -> dict[tuple[str, str], int]:
    rows = (
        HoldState.objects.using(using)
        .filter(resolution__isnull=True, hold__supplier__isnull=False)
        .values_list("hold__owner", "hold__supplier")
        .annotate(left=Sum(F("amount") - F("captured"), output_field=DecimalField()))
    )
    return {(str(voucher), str(supplier)): int(left) for voucher, supplier, left in rows}
