"""Journals in memory, with the same guards as the database: for what-if, and for tests.

The postings do not know which of the two they write to. A test runs the same programmes over
both and compares every balance.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from madang.core.money import MICRO_PER_WON
from madang.ledger import errors
from madang.ledger.chart import CHART, Side, dimensions_of
from madang.ledger.draft import Ask, Draft, Facts, Leg, Original, Written
from madang.ledger.identities import RETURNING_KINDS, Picture, WalletPicture


@dataclass(frozen=True, slots=True)
class KeptJournal:
    id: UUID
    draft: Draft


class MemoryJournals:
    """A ledger of its own. Single-threaded: there is nothing to lock."""

    def __init__(self) -> None:
        self._facts = Facts()
        self._totals: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        self._flows: dict[tuple[str, str], int] = defaultdict(int)
        self._returned: dict[str, int] = defaultdict(int)
        self.journals: list[KeptJournal] = []

    def read(self, ask: Ask) -> Facts:
        """A copy of what was asked for: a posting that goes on to fail has changed nothing."""
        facts, found = self._facts, Facts()
        found.written = {i: facts.written[i] for i in ask.ids if i in facts.written}
        pairs = list(ask.pairs)
        for hold in ask.holds:
            if hold in facts.leases:
                lease = found.leases[hold] = replace(facts.leases[hold])
                pairs += [(lease.owner, lease.supplier)] if lease.supplier else []
        found.counters = {p: replace(facts.counters[p]) for p in pairs if p in facts.counters}
        found.wallets = {
            v: replace(facts.wallets[v]) for v in ask.wallets if v in facts.wallets
        }
        found.balances = {a.key: self.balance(a.key) for a in ask.accounts}
        found.originals = {j: self._original(j) for j in ask.journals if self._has(j)}
        for voucher in ask.voucher_sums:
            found.sums |= self._sums(voucher)
        return found

    def write(self, drafts: Sequence[Draft]) -> list[Written]:
        """All drafts or none, with the guards of the database."""
        known = [self._facts.written.get(d.request.stamp.id) for d in drafts]
        if len(drafts) == 1 and known[0] is not None:
            return [known[0]]
        assert not any(known), "an id of this batch is on file for something else"
        after = self._after(drafts)
        for key, (debit, credit) in after.items():
            self._guard(key, debit, credit)
        self._totals.update(after)
        return [self._keep(draft) for draft in drafts]

    def balance(self, key: str) -> int:
        """One account's balance on its normal side."""
        debit, credit = self._totals.get(key, (0, 0))
        return _on_normal_side(key, debit, credit)

    def totals(self) -> Mapping[str, tuple[int, int]]:
        """Debits and credits of every account."""
        return {key: (debit, credit) for key, (debit, credit) in self._totals.items()}

    def picture(self) -> Picture:
        """The books as the identities look at them."""
        facts = self._facts
        leased: dict[tuple[str, str], int] = defaultdict(int)
        for lease in facts.leases.values():
            if lease.supplier is not None:
                leased[str(lease.owner), str(lease.supplier)] += lease.left
        return Picture(
            accounts=self.totals(),
            flows=self._flows,
            returned=self._returned,
            counters={
                (str(v), str(s)): (c.captured, c.promised)
                for (v, s), c in facts.counters.items()
            },
            leased=leased,
            wallets={
                str(v): WalletPicture(w.issued, w.deposited, w.expired, w.ratio, w.vat)
                for v, w in facts.wallets.items()
            },
        )

    def _after(self, drafts: Sequence[Draft]) -> dict[str, list[int]]:
        after: dict[str, list[int]] = {}
        for draft in drafts:
            for leg in draft.legs:
                totals = after.setdefault(leg.account.key, list(self._totals[leg.account.key]))
                totals[leg.side is Side.CREDIT] += leg.amount
        return after

    def _guard(self, key: str, debit: int, credit: int) -> None:
        balance, before = _on_normal_side(key, debit, credit), self.balance(key)
        if balance < 0:
            code = key.split("|", 1)[0]
            raise errors.Overdrawn(account=code, needed=before - balance, available=before)
        assert not CHART[key.split("|", 1)[0]].whole_won or not balance % MICRO_PER_WON

    def _keep(self, draft: Draft) -> Written:
        request = draft.request
        id = UUID(int=len(self.journals) + 1) if draft.legs else None
        if id is not None:
            self.journals.append(KeptJournal(id, draft))
            self._note_flows(draft)
        self._facts.apply(draft)
        written = Written(id, request.kind, request.full_content, draft.answer, fresh=True)
        self._facts.written[request.stamp.id] = replace(written, fresh=False)
        return written

    def _note_flows(self, draft: Draft) -> None:
        kind = str(draft.request.kind)
        for leg in draft.legs:
            net = leg.amount if leg.side is Side.DEBIT else -leg.amount
            self._flows[leg.account.code, kind] += net
            voucher = leg.account.dimensions.get("voucher")
            if leg.account.code == "B500" and voucher and kind in RETURNING_KINDS:
                self._returned[voucher] += net

    def _has(self, journal: UUID) -> bool:
        return 0 < journal.int <= len(self.journals)

    def _original(self, journal: UUID) -> Original:
        kept = self.journals[journal.int - 1].draft
        corrected = any(k.draft.corrects == journal for k in self.journals)
        legs: tuple[Leg, ...] = kept.legs
        request = kept.request
        return Original(
            journal, request.kind, request.chain, legs, kept.voucher_move, corrected
        )

    def _sums(self, voucher: UUID) -> dict[tuple[UUID, str], int]:
        sums: dict[tuple[UUID, str], int] = defaultdict(int)
        for key in self._totals:
            if dimensions_of(key).get("voucher") == str(voucher):
                sums[voucher, key.split("|", 1)[0]] += self.balance(key)
        return sums


def _on_normal_side(key: str, debit: int, credit: int) -> int:
    normal = CHART[key.split("|", 1)[0]].normal
    return debit - credit if normal is Side.DEBIT else credit - debit
