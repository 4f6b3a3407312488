"""What a posting reads and writes, as values: the border between rules and storage.

A posting is a pure step: facts in, one draft out. A `Journals` (PostgreSQL, or memory for
what-if and for the thousands of programmes of the property test) reads facts and writes
drafts. The same postings run over both.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol
from uuid import UUID

from madang.core.clock import rfc3339
from madang.core.money import MICRO_PER_WON
from madang.ledger import errors
from madang.ledger.chart import Account, Book, Side
from madang.ledger.kinds import KINDS, Kind
from madang.ledger.types import Posted, Resolution, Stamp, Terms

ENTRY_MAX = 2**63 - 1
OPAQUE_CHARACTERS_MAX = 200
_OPAQUE = re.compile(r"[A-Za-z0-9._:/#+=,~-]{1,%d}" % OPAQUE_CHARACTERS_MAX)

Content = Mapping[str, str | int]
"""What the caller asked for: compared when an id comes again."""

Answer = Mapping[str, int]
"""What the caller was told: returned again with the same id."""


_encoder = json.JSONEncoder(sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def canonical_json(value: object) -> str:
    """One text for one value: sorted keys, no blanks, UTF-8. What hashes are made of."""
    return _encoder.encode(value)


def sha256_hex(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def amount_of(value: object, *, whole: bool = False) -> int:
    """An amount as the ledger takes it: a positive int that fits one entry. Else refuses."""
    if type(value) is not int:
        raise errors.AmountNotInteger(type=type(value).__name__)
    if value <= 0:
        raise errors.AmountNotPositive(amount=value)
    return _within_limits(value, whole=whole)


def amount_or_zero(value: object, *, whole: bool = False) -> int:
    """As amount_of, where nothing is an amount too."""
    if type(value) is int and value == 0:
        return 0
    return amount_of(value, whole=whole)


def _within_limits(value: int, *, whole: bool) -> int:
    if value > ENTRY_MAX:
        raise errors.AmountTooLarge(amount=value, amount_max=ENTRY_MAX)
    if whole and value % MICRO_PER_WON:
        raise errors.AmountNotWholeWon(amount=value)
    return value


@dataclass(frozen=True, slots=True)
class Leg:
    """One entry to be: an account, a side, an amount above zero."""

    account: Account
    side: Side
    amount: int


@dataclass(frozen=True, slots=True)
class NewHold:
    """A lease: on a voucher at a supplier, or on a grant's quota (`supplier` is None)."""

    id: UUID
    owner: UUID
    supplier: UUID | None
    unit: str | None
    amount: int
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class HoldMove:
    """What happens to a lease: a capture, or its one resolution."""

    hold: UUID
    kind: str  # capture | void | expire
    amount: int


@dataclass(frozen=True, slots=True)
class VoucherMove:
    """What happens to a voucher's counters outside leases.

    issue and deposit add to the voucher's totals, expire ends it. At one supplier: refund
    takes a supply back, freeze marks all that was captured as stated, of which `amount` became
    whole won, agree notes a supply to be returned after settlement.
    """

    voucher: UUID
    supplier: UUID | None
    kind: str  # issue | deposit | expire | refund | freeze | agree
    amount: int
    ratio: str = ""
    vat: str = ""
    programme_year: UUID | None = None
    programme: UUID | None = None


@dataclass(frozen=True, slots=True)
class Request:
    """Who asks for what: everything of a journal that is known before a fact is read."""

    kind: Kind
    stamp: Stamp
    chain: UUID
    content: Content

    def __post_init__(self) -> None:
        assert self.stamp.effective_at.tzinfo is not None, "an instant has a time zone"
        for name in ("id", "actor", "source_type", "source_id"):
            if not _OPAQUE.fullmatch(getattr(self.stamp, name)):
                raise errors.StampNotOpaque(field=name)

    @property
    def full_content(self) -> dict[str, str | int]:
        source = {"source_type": self.stamp.source_type, "source_id": self.stamp.source_id}
        return {**self.content, **source}

    def draft(
        self,
        *,
        debit: Iterable[tuple[Account, int]] = (),
        credit: Iterable[tuple[Account, int]] = (),
        answer: Answer | None = None,
        hold: NewHold | None = None,
        hold_move: HoldMove | None = None,
        voucher_move: VoucherMove | None = None,
        corrects: UUID | None = None,
    ) -> Draft:
        """The journal of this request. A leg of 0 is left out."""
        legs = [Leg(account, Side.DEBIT, amount) for account, amount in debit if amount]
        legs += [Leg(account, Side.CREDIT, amount) for account, amount in credit if amount]
        return Draft(self, tuple(legs), answer or {}, hold, hold_move, voucher_move, corrects)


@dataclass(frozen=True, slots=True)
class Draft:
    """A journal that is ready to be written. Checked here, and again by the database."""

    request: Request
    legs: tuple[Leg, ...]
    answer: Answer
    hold: NewHold | None = None
    hold_move: HoldMove | None = None
    voucher_move: VoucherMove | None = None
    corrects: UUID | None = None

    def __post_init__(self) -> None:
        for book, total in totals_by_book(self.legs).items():
            assert total == 0, f"book {book} of a {self.request.kind} is off by {total}"
        for leg in self.legs:
            assert leg.amount > 0, f"{leg.account.code} would move by {leg.amount}"
            self._check_grain(leg)

    def _check_grain(self, leg: Leg) -> None:
        if leg.amount > ENTRY_MAX:
            raise errors.AmountTooLarge(amount=leg.amount, amount_max=ENTRY_MAX)
        if leg.account.kind.whole_won and leg.amount % MICRO_PER_WON:
            raise errors.AmountNotWholeWon(amount=leg.amount)
        if self.request.kind is not Kind.CORRECT:
            line = KINDS[self.request.kind]
            allowed = line.debit if leg.side is Side.DEBIT else line.credit
            assert leg.account.code in allowed, (
                f"{self.request.kind} may not touch {leg.side} {leg.account.code}"
            )


def totals_by_book(legs: Iterable[Leg]) -> dict[Book, int]:
    """Σ debits − Σ credits of each book."""
    totals: dict[Book, int] = defaultdict(int)
    for leg in legs:
        totals[leg.account.kind.book] += leg.amount if leg.side is Side.DEBIT else -leg.amount
    return totals


@dataclass(slots=True)
class Counters:
    """The counters of one voucher at one supplier: all supply values, cumulative.

    captured is Gs, promised is Ys = Gs + what open leases still hold. stated is Gs at the
    last statement, settled the whole won that statements took, returned what was agreed to
    come back after that.
    """

    captured: int = 0
    promised: int = 0
    stated: int = 0
    settled: int = 0
    returned: int = 0


@dataclass(slots=True)
class Lease:
    """A hold as it stands."""

    id: UUID
    owner: UUID
    supplier: UUID | None
    unit: str | None
    amount: int
    captured: int = 0
    resolution: Resolution | None = None

    @property
    def left(self) -> int:
        return 0 if self.resolution else self.amount - self.captured


@dataclass(slots=True)
class Wallet:
    """A voucher's totals that no balance shows: what was issued and paid in, and its end."""

    issued: int = 0
    deposited: int = 0
    expired: bool = False
    ratio: str = ""
    vat: str = ""
    programme_year: UUID | None = None
    programme: UUID | None = None

    def was_issued_under(self, terms: Terms) -> bool:
        """True also before the first issue or deposit."""
        mine = (self.ratio, self.vat, self.programme_year, self.programme)
        given = (str(terms.ratio), str(terms.vat), terms.programme_year, terms.programme)
        return not self.ratio or mine == given


@dataclass(frozen=True, slots=True)
class Written:
    """A journal on file, seen through its id. `journal` is None when nothing had to move."""

    journal: UUID | None
    kind: str
    content: Content
    answer: Answer
    fresh: bool

    def posted_for(self, request: Request) -> Posted:
        """The first answer again, or an error that names the first difference."""
        if not self.fresh:
            refuse_difference(request, self)
        return Posted(self.journal, replayed=not self.fresh)


def written_soon(draft: Draft) -> Written:
    """A draft of this very batch, as a later request of the batch under its id sees it."""
    request = draft.request
    return Written(None, request.kind, request.full_content, draft.answer, fresh=False)


_AMOUNTS = frozenset({"amount", "subsidy", "own", "surcharge", "deposit_required", "returned"})
_HOLD = frozenset({"hold_id", "expires_at"})
_SOURCE = frozenset({"source_type", "source_id"})


def _class_of_difference(name: str) -> type[errors.ExistsWithDifferent]:
    if name in _AMOUNTS:
        return errors.ExistsWithDifferentAmount
    if name in _HOLD:
        return errors.ExistsWithDifferentHold
    return (
        errors.ExistsWithDifferentSource if name in _SOURCE else errors.ExistsWithDifferentLeg
    )


def refuse_difference(request: Request, written: Written) -> None:
    """Raise ExistsWithDifferent… when an id came back with another kind or content."""
    if written.kind != request.kind:
        raise errors.ExistsWithDifferentKind(id=request.stamp.id, field="kind")
    asked = request.full_content
    names = sorted(asked.keys() | written.content.keys())
    for name in (
        *(n for n in names if n in _AMOUNTS),
        *(n for n in names if n not in _AMOUNTS),
    ):
        if asked.get(name) != written.content.get(name):
            raise _class_of_difference(name)(id=request.stamp.id, field=name)


@dataclass(frozen=True, slots=True)
class Ask:
    """What a posting must read, in one round trip, after taking its locks.

    `locks` are vouchers, suppliers, grants or programme-years whose figures the posting
    depends on; they are taken in one fixed order and held to the end of the transaction.
    `voucher_sums` names vouchers whose accounts are summed by code over all suppliers.
    """

    locks: tuple[UUID, ...] = ()
    ids: tuple[str, ...] = ()
    pairs: tuple[tuple[UUID, UUID], ...] = ()
    holds: tuple[UUID, ...] = ()
    accounts: tuple[Account, ...] = ()
    wallets: tuple[UUID, ...] = ()
    journals: tuple[UUID, ...] = ()
    voucher_sums: tuple[UUID, ...] = ()


@dataclass(frozen=True, slots=True)
class Original:
    """A journal to be corrected."""

    id: UUID
    kind: Kind
    chain: UUID
    legs: tuple[Leg, ...]
    voucher_move: VoucherMove | None
    corrected: bool


@dataclass(slots=True)
class Facts:
    """What was read. A batch applies its own drafts to it and goes on."""

    written: dict[str, Written] = field(default_factory=dict)
    counters: dict[tuple[UUID, UUID], Counters] = field(default_factory=dict)
    leases: dict[UUID, Lease] = field(default_factory=dict)
    balances: dict[str, int] = field(default_factory=dict)
    wallets: dict[UUID, Wallet] = field(default_factory=dict)
    originals: dict[UUID, Original] = field(default_factory=dict)
    sums: dict[tuple[UUID, str], int] = field(default_factory=dict)

    def pair(self, voucher: UUID, supplier: UUID) -> Counters:
        return self.counters.setdefault((voucher, supplier), Counters())

    def wallet(self, voucher: UUID) -> Wallet:
        return self.wallets.setdefault(voucher, Wallet())

    def wallet_of(self, terms: Terms) -> Wallet:
        """The wallet, when the terms are still those of its first journal; else refuses."""
        wallet = self.wallet(terms.voucher)
        if not wallet.was_issued_under(terms):
            raise errors.TermsChanged(
                voucher=str(terms.voucher), ratio=wallet.ratio, vat=wallet.vat
            )
        return wallet

    def balance(self, account: Account) -> int:
        """The balance on the account's normal side."""
        return self.balances.get(account.key, 0)

    def lease(self, hold_id: UUID) -> Lease:
        found = self.leases.get(hold_id)
        if found is None:
            raise errors.HoldUnknown(hold=str(hold_id))
        return found

    def apply(self, draft: Draft) -> None:
        """Move leases and counters as the database's triggers do."""
        if draft.hold is not None:
            self._apply_hold(draft.hold)
        if draft.hold_move is not None:
            self._apply_hold_move(draft.hold_move)
        if draft.voucher_move is not None:
            self._apply_voucher_move(draft.voucher_move)

    def _apply_hold(self, hold: NewHold) -> None:
        self.leases[hold.id] = Lease(hold.id, hold.owner, hold.supplier, hold.unit, hold.amount)
        if hold.supplier is not None:
            self.pair(hold.owner, hold.supplier).promised += hold.amount

    def _apply_hold_move(self, move: HoldMove) -> None:
        lease = self.lease(move.hold)
        if move.kind == "capture":
            lease.captured += move.amount
        else:
            lease.resolution = "void" if move.kind == "void" else "expire"
        if lease.supplier is not None:
            counters = self.pair(lease.owner, lease.supplier)
            if move.kind == "capture":
                counters.captured += move.amount
            else:
                counters.promised -= move.amount

    def _apply_voucher_move(self, move: VoucherMove) -> None:
        if move.supplier is None:
            wallet = self.wallet(move.voucher)
            if not wallet.ratio:
                wallet.ratio, wallet.vat = move.ratio, move.vat
                wallet.programme_year, wallet.programme = move.programme_year, move.programme
            wallet.issued += move.amount if move.kind == "issue" else 0
            wallet.deposited += move.amount if move.kind == "deposit" else 0
            wallet.expired = wallet.expired or move.kind == "expire"
            return
        counters = self.pair(move.voucher, move.supplier)
        if move.kind == "refund":
            counters.captured -= move.amount
            counters.promised -= move.amount
        elif move.kind == "freeze":
            counters.stated = counters.captured
            counters.settled += move.amount
        else:
            counters.returned += move.amount


class Journals(Protocol):
    """Where journals are kept."""

    def read(self, ask: Ask) -> Facts:
        """Take the locks, then read, in that order."""

    def write(self, drafts: Sequence[Draft]) -> list[Written]:
        """Write all or none. Raises Overdrawn; an id that is on file comes back not fresh."""


def time_text(at: datetime) -> str:
    """An instant as content and hashes carry it."""
    return rfc3339(at)
