"""What a programme's books must show, computed in another way than the ledger computes it.

No journals, no entries, no counters that move: every figure is a closed formula over what
happened, in exact fractions. Where ledger and oracle disagree, one of them is wrong.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from math import floor
from uuid import UUID

WON = 1_000_000


def whole(amount: Fraction | int) -> int:
    """The whole won inside an amount, in micro-won."""
    return floor(Fraction(amount) / WON) * WON


@dataclass
class PairFacts:
    """One voucher at one supplier."""

    captured: int = 0
    leased: dict[UUID, int] = field(default_factory=dict)
    stated_at: int = 0
    stated: list[tuple[int, int, int]] = field(default_factory=list)
    agreed: int = 0
    pending: list[int] = field(default_factory=lambda: [0, 0])
    given_up: list[int] = field(default_factory=lambda: [0, 0])
    residue: tuple[int, int, int] = (0, 0, 0)

    @property
    def promised(self) -> int:
        return self.captured + sum(self.leased.values())

    @property
    def settled(self) -> int:
        return sum(s + c for s, c, _ in self.stated)


@dataclass
class VoucherFacts:
    id: UUID
    year: UUID
    ratio: Fraction
    vat: Fraction
    issued: int = 0
    paid: int = 0
    ended: bool = False
    collected: int = 0
    own_back: int = 0
    clawed: int = 0
    to_budget: int = 0
    deposit_out: int = 0
    cuts: dict[int, tuple[int, int, int]] = field(default_factory=dict)  # worked out before
    pairs: dict[UUID, PairFacts] = field(default_factory=lambda: defaultdict(PairFacts))

    def cut(self, supply: int) -> tuple[int, int, int]:
        """Subsidy, own part and VAT of a cumulative supply."""
        if supply not in self.cuts:
            subsidy = floor(self.ratio * supply)
            self.cuts[supply] = subsidy, supply - subsidy, floor(self.vat * supply)
        return self.cuts[supply]

    def between(self, low: int, high: int) -> tuple[int, int, int]:
        return tuple(b - a for a, b in zip(self.cut(low), self.cut(high), strict=True))

    def accrued(self, supplier: UUID) -> tuple[int, int, int]:
        pair = self.pairs[supplier]
        earned = self.cut(pair.captured)
        return tuple(
            earned[i] - sum(s[i] for s in pair.stated) - pair.residue[i] for i in range(3)
        )

    def statement(self, supplier: UUID) -> tuple[int, int, int]:
        subsidy, own, _ = self.accrued(supplier)
        total, paid = whole(subsidy + own), whole(subsidy)
        if total - paid > own:
            total -= WON
        return paid, total - paid, whole(total * self.vat)

    @property
    def released(self) -> tuple[int, int]:
        """Residues given back: subsidy, and own part with VAT."""
        parts = [pair.residue for pair in self.pairs.values()]
        return sum(p[0] for p in parts), sum(p[1] + p[2] for p in parts)

    @property
    def consumed(self) -> int:
        share = sum(self.cut(pair.captured)[0] for pair in self.pairs.values())
        return share - self.collected - self.released[0] - self.clawed

    @property
    def held(self) -> int:
        return sum(self.between(p.captured, p.promised)[0] for p in self.pairs.values())

    @property
    def rest(self) -> int:
        return self.issued - self.consumed - self.held - self.clawed

    @property
    def available(self) -> int:
        return 0 if self.ended else self.rest

    @property
    def expired(self) -> int:
        return self.rest - self.to_budget if self.ended else 0

    @property
    def deposit_held(self) -> int:
        parts = [self.between(p.captured, p.promised) for p in self.pairs.values()]
        return sum(own + vat for _, own, vat in parts)

    @property
    def deposit(self) -> int:
        used = [self.cut(pair.captured) for pair in self.pairs.values()]
        charged = sum(own + vat for _, own, vat in used)
        back = self.own_back + self.released[1]
        return self.paid - self.deposit_held - charged + back - self.deposit_out

    @property
    def recoverable(self) -> int:
        """Settled subsidy that nobody has asked back yet."""
        accrued = sum(self.accrued(s)[0] for s in self.pairs)
        pending = sum(pair.pending[0] for pair in self.pairs.values())
        return self.consumed - accrued - pending


@dataclass
class CaseFacts:
    year: UUID
    principal: int
    surcharge: int
    owed: list[int] = field(default_factory=lambda: [0, 0])
    due: list[int] = field(default_factory=lambda: [0, 0])


@dataclass
class QuotaFacts:
    granted: int = 0
    used: int = 0
    ended: int = 0
    leased: dict[UUID, int] = field(default_factory=dict)

    @property
    def available(self) -> int:
        return self.granted - self.used - self.ended - sum(self.leased.values())


class Books:
    """All of a world: vouchers by formula, the rest by counting what came and went."""

    def __init__(self) -> None:
        self.vouchers: dict[UUID, VoucherFacts] = {}
        self.payable: dict[tuple[UUID, UUID], int] = defaultdict(int)  # supplier, year
        self.payable_own: dict[UUID, int] = defaultdict(int)
        self.grant: dict[UUID, int] = defaultdict(int)  # cash of a year less other uses
        self.plain: dict[str, int] = defaultdict(int)  # other accounts, by key

    def expected(self) -> dict[str, int]:
        """Every account that must not be zero, by key."""
        found = dict(self.plain)
        for year in self.grant:
            found[f"2100|programme_year={year}"] = self.granted(year)
        for voucher in self.vouchers.values():
            found.update(self._of_voucher(voucher))
        for (supplier, _), amount in self.payable.items():
            key = f"2310S|supplier={supplier}"
            found[key] = found.get(key, 0) + amount
        for supplier, amount in self.payable_own.items():
            found[f"2310C|supplier={supplier}"] = amount
        for code, index in (("1320S", 0), ("1320C", 1)):
            for supplier in {s for v in self.vouchers.values() for s in v.pairs}:
                pending = sum(v.pairs[supplier].pending[index] for v in self.vouchers.values())
                found[f"{code}|supplier={supplier}"] = pending
        return {key: amount for key, amount in found.items() if amount}

    def _of_voucher(self, v: VoucherFacts) -> dict[str, int]:
        found = {
            f"{code}|voucher={v.id}": amount
            for code, amount in (
                ("B400", v.available),
                ("B410", v.held),
                ("B500", v.consumed),
                ("B600", v.expired),
                ("B650", v.clawed),
                ("2200", v.deposit),
                ("2210", v.deposit_held),
                ("4100", self.income(v)),
                ("5100", self.income(v)),
                ("4190", v.collected + v.clawed),
                ("5190", v.collected + v.clawed),
            )
        }
        for supplier, pair in v.pairs.items():
            parts = v.accrued(supplier)
            for code, amount in zip(("2300S", "2300C", "2300V"), parts, strict=True):
                found[f"{code}|supplier={supplier}|voucher={v.id}"] = amount
            for code, amount in zip(("2410S", "2410C"), pair.pending, strict=True):
                found[f"{code}|supplier={supplier}|voucher={v.id}"] = amount
        return found

    @staticmethod
    def income(v: VoucherFacts) -> int:
        return sum(v.cut(p.captured)[0] for p in v.pairs.values()) - v.released[0]

    def granted(self, year: UUID) -> int:
        """2100: what came, less what left it and what vouchers have consumed."""
        used = sum(v.consumed + v.clawed for v in self.vouchers.values() if v.year == year)
        return self.grant[year] - used
