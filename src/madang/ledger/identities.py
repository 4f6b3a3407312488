"""The identities that hold after every posting: sums that agree, states that are allowed.

Pure: a picture of the books in, one line per identity out. The same code looks at PostgreSQL
and at the in-memory ledger of the property test. Numbers are those of docs/invariants.md.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from madang.core.money import MICRO_PER_WON, Ratio
from madang.ledger.chart import CHART, Side, dimensions_of

Key = str
Pair = tuple[str, str]
RETURNING_KINDS = ("P13b", "P16", "P20")
"""Journals that take consumed money back without moving a counter."""


@dataclass(frozen=True, slots=True)
class Identity:
    """One identity: its number and name, whether it holds, and the first that breaks it."""

    name: str
    ok: bool
    detail: str = ""


@dataclass(frozen=True, slots=True)
class WalletPicture:
    issued: int
    deposited: int
    expired: bool
    ratio: str
    vat: str


@dataclass(slots=True)
class Picture:
    """The books at one instant.

    `accounts` maps an account's key to its debit and credit totals; `flows` maps (account
    code, kind of journal) to debits less credits, for 1100, 2500 and B500 by voucher;
    `counters` maps (voucher, supplier) to captured and promised; `leased` to what its open
    leases still hold.
    """

    accounts: Mapping[Key, tuple[int, int]]
    flows: Mapping[tuple[str, str], int]
    returned: Mapping[str, int]
    counters: Mapping[Pair, tuple[int, int]]
    leased: Mapping[Pair, int]
    wallets: Mapping[str, WalletPicture]
    _by_code: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    _by_dimension: dict[tuple[str, str, str], int] = field(
        default_factory=lambda: defaultdict(int)
    )

    def __post_init__(self) -> None:
        for key, (debit, credit) in self.accounts.items():
            code = key.split("|", 1)[0]
            balance = debit - credit if CHART[code].normal is Side.DEBIT else credit - debit
            self._by_code[code] += balance
            for name, value in dimensions_of(key).items():
                self._by_dimension[code, name, value] += balance

    def total(self, *codes: str) -> int:
        return sum(self._by_code.get(code, 0) for code in codes)

    def of(self, code: str, name: str, value: str) -> int:
        """The balance of a code summed over all accounts that carry this dimension."""
        return self._by_dimension.get((code, name, value), 0)

    def values(self, name: str, *codes: str) -> Sequence[str]:
        found = {v for code, n, v in self._by_dimension if n == name and code in codes}
        return sorted(found)


def check(picture: Picture) -> list[Identity]:
    """Every identity, in the order of their numbers."""
    return [_first(name, differences(picture)) for name, differences in _IDENTITIES]


def _first(name: str, differences: Iterator[str]) -> Identity:
    detail = next(differences, "")
    return Identity(name, not detail, detail)


def _equal(label: str, left: int, right: int) -> Iterator[str]:
    if left != right:
        yield f"{label}: {left} is not {right}"


def _books(p: Picture) -> Iterator[str]:
    sums: dict[str, int] = defaultdict(int)
    for key, (debit, credit) in p.accounts.items():
        sums[CHART[key.split("|", 1)[0]].book] += debit - credit
    for book, difference in sorted(sums.items()):
        yield from _equal(f"book {book}", difference, 0)


def _income(p: Picture) -> Iterator[str]:
    income = p.total("4100") - p.total("4190")
    expense = p.total("5100", "5200") - p.total("5190")
    yield from _equal("income and expense", income, expense)
    yield from _equal("income and consumed budget", income, p.total("B500", "B520"))


def _budget(p: Picture) -> Iterator[str]:
    uses = ("B200", "B300", "B310", "B400", "B410", "B500", "B520", "B600", "B650")
    yield from _equal("appropriation and its uses", p.total("B100"), p.total(*uses))


def _subsidy_bank(p: Picture) -> Iterator[str]:
    owed = (
        "2100", "2300S", "2300P", "2310S", "2320S", "2330S",
        "2500", "2510", "2520", "2530", "2590",
    )  # fmt: skip
    yield from _equal("subsidy bank", p.total("1100", "1300", "1310"), p.total(*owed))


def _copayment_bank(p: Picture) -> Iterator[str]:
    owed = (
        "1120", "2200", "2210", "2300C", "2300V", "2310C", "2320C", "2330C", "2600",
    )  # fmt: skip
    yield from _equal("co-payment bank", p.total("1110"), p.total(*owed))


def _receivables(p: Picture) -> Iterator[str]:
    for part in "SC":
        for supplier in p.values("supplier", f"1320{part}", f"2410{part}"):
            yield from _equal(
                f"1320{part} and 2410{part} of {supplier}",
                p.of(f"1320{part}", "supplier", supplier),
                p.of(f"2410{part}", "supplier", supplier),
            )


def _money_meets_budget(p: Picture) -> Iterator[str]:
    """2100 is the cash that came, less what was consumed and what went to the treasury."""
    came = p.flows.get(("1100", "P2"), 0) + p.flows.get(("1100", "P2r"), 0)
    unspent = -p.flows.get(("2500", "P18"), 0)
    consumed = p.total("B500", "B520", "B650")
    yield from _equal("grant held", p.total("2100"), came - unspent - consumed)


def _grain(p: Picture) -> Iterator[str]:
    for key, (debit, credit) in p.accounts.items():
        line = CHART[key.split("|", 1)[0]]
        balance = debit - credit if line.normal is Side.DEBIT else credit - debit
        if balance < 0:
            yield f"{key} is below zero: {balance}"
        if line.whole_won and balance % MICRO_PER_WON:
            yield f"{key} carries a fraction of a won: {balance}"


def _holds(p: Picture) -> Iterator[str]:
    budget: dict[str, int] = defaultdict(int)
    deposit: dict[str, int] = defaultdict(int)
    for (voucher, supplier), (captured, promised) in p.counters.items():
        leased = p.leased.get((voucher, supplier), 0)
        yield from _equal(f"leases of {voucher} at {supplier}", leased, promised - captured)
        ratio, vat = _terms(p, voucher)
        subsidy = ratio.floor_of(promised) - ratio.floor_of(captured)
        budget[voucher] += subsidy
        deposit[voucher] += leased - subsidy + vat.floor_of(promised) - vat.floor_of(captured)
    for voucher in sorted(budget.keys() | set(p.values("voucher", "B410", "2210"))):
        yield from _equal(
            f"B410 of {voucher}", p.of("B410", "voucher", voucher), budget[voucher]
        )
        yield from _equal(
            f"2210 of {voucher}", p.of("2210", "voucher", voucher), deposit[voucher]
        )


def _terms(p: Picture, voucher: str) -> tuple[Ratio, Ratio]:
    wallet = p.wallets[voucher]
    return Ratio.parse(wallet.ratio), Ratio.parse(wallet.vat)


def _consumed(p: Picture) -> Iterator[str]:
    shares: dict[str, int] = defaultdict(int)
    supply: dict[str, int] = defaultdict(int)
    for (voucher, _), (captured, _) in p.counters.items():
        shares[voucher] += _terms(p, voucher)[0].floor_of(captured)
        supply[voucher] += captured
    for voucher in p.values("voucher", "B500"):
        consumed = p.of("B500", "voucher", voucher)
        returned = p.returned.get(voucher, 0)
        yield from _equal(
            f"consumed and returned of {voucher}", consumed + returned, shares[voucher]
        )
        if shares[voucher] > _terms(p, voucher)[0].floor_of(supply[voucher]):
            yield f"{voucher} consumed more than its ratio"
        if consumed > p.wallets[voucher].issued:
            yield f"{voucher} consumed more than was issued"


def _accruals(p: Picture) -> Iterator[str]:
    """What suppliers earned in all is either accrued or was stated, to the micro-won."""
    for voucher, supplier in p.counters:
        captured = p.counters[voucher, supplier][0]
        ratio, vat = _terms(p, voucher)
        key = f"supplier={supplier}|voucher={voucher}"
        for code, most in (
            ("2300S", ratio.floor_of(captured)),
            ("2300C", captured - ratio.floor_of(captured)),
            ("2300V", vat.floor_of(captured)),
        ):
            debit, credit = p.accounts.get(f"{code}|{key}", (0, 0))
            if credit - debit > most:
                yield f"{code} of {voucher} at {supplier} is more than it ever earned"


def _expired(p: Picture) -> Iterator[str]:
    for voucher, wallet in p.wallets.items():
        if wallet.expired and (left := p.of("B400", "voucher", voucher)):
            yield f"{voucher} has ended and still has {left} to spend"


def _memoranda(p: Picture) -> Iterator[str]:
    uses = ("Q400", "Q410", "Q500", "Q600")
    for grant in p.values("grant", "Q100", *uses):
        used = sum(p.of(code, "grant", grant) for code in uses)
        yield from _equal(f"quota of {grant}", p.of("Q100", "grant", grant), used)
    for voucher in p.values("voucher", "K300", "K350"):
        noted, contra = (p.of(code, "voucher", voucher) for code in ("K300", "K350"))
        yield from _equal(f"disputes of {voucher}", noted, contra)
    for award in p.values("award", "K100", "K150", "K200"):
        shown = p.of("K100", "award", award) + p.of("K150", "award", award)
        yield from _equal(f"in kind of {award}", p.of("K200", "award", award), shown)
    yield from _equal("programme-borne cost", p.total("5200"), p.total("B520"))


_IDENTITIES = (
    ("1 every book balances", _books),
    ("2 income, expense and consumed budget agree", _income),
    ("3 the appropriation is the sum of its uses", _budget),
    ("4 the subsidy bank is the sum of what is owed from it", _subsidy_bank),
    ("5 the co-payment bank is the sum of what is owed from it", _copayment_bank),
    ("6 what suppliers must return is pending by the same amount", _receivables),
    ("7 money meets budget", _money_meets_budget),
    ("8 no account is below zero, whole-won accounts are whole", _grain),
    ("9 what is held follows the two counters", _holds),
    ("10 what is consumed follows the captured counter", _consumed),
    ("11 an ended voucher has nothing to spend", _expired),
    ("14 quota, disputes and in-kind balance per key", _memoranda),
    ("16 no supplier accrues more than it earned", _accruals),
)
