"""`madang ledger`: verify, trial balance, rebuild."""

from __future__ import annotations

from dataclasses import replace

from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Text, command, group
from madang.cli.installation import opened
from madang.cli.naming import codes_of
from madang.cli.shipping import shipped
from madang.ledger.chart import CHART
from madang.ledger.queries import TrialBalance
from madang.ledger.queries import trial_balance as balance_of_all
from madang.ledger.seals.actions import rebuild as rebuild_balances
from madang.ledger.seals.queries import Verification
from madang.ledger.seals.queries import verify as verify_ledger
from madang.metering.identities import identities as metering_identities

UNWELL = 3


@command("verify", ko="원장 전체를 검증합니다.", en="Check every hash, balance and identity.")
def verify(console: Console) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        found = _verified()
    return Answer(_verification(found), _lines(found), 0 if found.ok else UNWELL)


def _verified() -> Verification:
    """The ledger's own checks, and what must be true between it and metering."""
    found = verify_ledger()
    return replace(found, identities=(*found.identities, *metering_identities()))


def _verification(found: Verification) -> dict[str, object]:
    bad = found.first_bad
    return {
        "ok": found.ok,
        "journals": found.journals,
        "sealed": found.sealed,
        "unsealed": found.unsealed,
        "root": found.root,
        "balances_differ": list(found.balances_differ),
        "identities": [
            {"name": one.name, "ok": one.ok, **({} if one.ok else {"detail": one.detail})}
            for one in found.identities
        ],
        "first_bad": bad and {"journal": str(bad.journal), "reason": bad.reason},
    }


def _lines(found: Verification) -> list[str]:
    verdict = Text("정상", "ok") if found.ok else Text("이상 있음", "NOT OK")
    lines = [f"{verdict}: {found.journals} {Text('분개', 'journals')}, root {found.root}"]
    lines += [f"  ✗ {name}" for name in found.balances_differ]
    lines += [f"  ✗ {one.name}: {one.detail}" for one in found.identities if not one.ok]
    if found.first_bad is not None:
        lines.append(f"  ✗ {found.first_bad.journal}: {found.first_bad.reason}")
    return lines


@command("trial-balance", ko="시산표", en="Every account and the totals of each book.")
def trial_balance(console: Console) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        found = balance_of_all()
        data = report_of(found)
        return Answer(data, lines_of(found))


def report_of(found: TrialBalance) -> dict[str, object]:
    """The trial balance with codes for ids."""
    named = codes_of(line.dimensions for line in found.accounts)
    return {
        "balanced": found.is_balanced,
        "books": {
            book: {"debit_microwon": total.debit, "credit_microwon": total.credit}
            for book, total in found.books.items()
        },
        "accounts": [
            {
                "code": line.code,
                "dimensions": dimensions,
                "debit_microwon": line.debit,
                "credit_microwon": line.credit,
                "balance_microwon": line.net,
            }
            for line, dimensions in zip(found.accounts, named, strict=True)
        ],
    }


def lines_of(found: TrialBalance) -> list[str]:
    """For a person: every account that is not zero, then each book's totals."""
    named = codes_of(line.dimensions for line in found.accounts)
    lines = []
    for line, dimensions in zip(found.accounts, named, strict=True):
        if line.net:
            kind = CHART[line.code]
            where = " ".join(dimensions.values())
            amount = f"{line.net:,}" if kind.book == "Q" else won(line.net)
            lines.append(f"{line.code:6} {Text(kind.name_ko, kind.name_en)}  {where}  {amount}")
    for book, total in found.books.items():
        told = "{:,}".format if book == "Q" else won
        lines.append(f"{book}: {told(total.debit)} = {told(total.credit)}")
    lines.append(
        str(Text("균형", "balanced") if found.is_balanced else Text("불균형", "NOT BALANCED"))
    )
    return lines


@command(
    "rebuild", ko="잔액을 분개에서 다시 만듭니다.", en="Make balances anew from the entries."
)
def rebuild(console: Console) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        rebuild_balances()
        found = _verified()
    return Answer(_verification(found), _lines(found), 0 if found.ok else UNWELL)


ledger = group("ledger", verify, trial_balance, rebuild, ko="원장", en="The ledger.")
