"""Is everything that was ever promised of money true right now?"""

from __future__ import annotations

from collections import defaultdict

from django.db.models import Sum

from madang.ledger import queries as ledger
from madang.metering.charges.models import Charge, ChargeKind
from madang.metering.identities import identities as metering_identities
from madang.metering.usage.models import Usage


def trial_balance() -> dict[str, int]:
    """Every account's balance: equal before and after what must change nothing."""
    return {
        f"{line.code} {sorted(line.dimensions.items())}": line.net
        for line in ledger.trial_balance().accounts
    }


def check_books() -> None:
    """C1 and C2: nothing below zero, books balanced, charges equal what was captured."""
    found = ledger.trial_balance()
    assert found.is_balanced
    sums = defaultdict(int)
    for line in found.accounts:
        assert line.net >= 0, line
        sums[line.code] += line.net
    charged = _charged(ChargeKind.CHARGE) - _charged(ChargeKind.REFUND)
    assert charged == sums["2300S"] + sums["2300C"], "before any statement"
    assert sums["K300"] == sums["K350"] == _usage("disputed_microwon")
    assert sums["5200"] == sums["B520"] == _usage("programme_microwon")
    priced = _usage("priced_microwon")
    assert priced == _charged(ChargeKind.CHARGE) + sums["K300"] + sums["5200"]


def _charged(kind: ChargeKind) -> int:
    return Charge.objects.filter(kind=kind).aggregate(n=Sum("amount_microwon"))["n"] or 0


def _usage(name: str) -> int:
    return Usage.objects.aggregate(n=Sum(name))["n"] or 0


def check_whole() -> None:
    """Every identity of the ledger and of metering, with statements or without."""
    broken = [one for one in (*ledger.identities(), *metering_identities()) if not one.ok]
    assert broken == []
    for line in ledger.trial_balance().accounts:
        assert line.net >= 0, line
