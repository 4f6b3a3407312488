"""Every rounding of the ledger, in one place and by name. Nothing here reads or writes.

A charge arrives rounded already (madang.wire.pricing). From then on only the cumulative
supply of a voucher at one supplier is cut: f(x) = ⌊x·n/d⌋ is the subsidy's, x − f(x) the
beneficiary's, w(x) = ⌊x·vat⌋ the tax. The parts of a move from x to y are differences of
these, so they never drift, and none of the three falls as x grows.
"""

from __future__ import annotations

from dataclasses import dataclass

from madang.core.money import MICRO_PER_WON, Ratio, floor_to_won
from madang.ledger.types import Parts, Terms


def parts_at(terms: Terms, supply: int) -> Parts:
    """The cumulative parts of a cumulative supply of one voucher at one supplier."""
    subsidy = terms.ratio.floor_of(supply)
    return Parts(subsidy, supply - subsidy, terms.vat.floor_of(supply))


def parts_between(terms: Terms, low: int, high: int) -> Parts:
    """What a move of a counter from `low` up to `high` adds to each part."""
    return parts_at(terms, high) - parts_at(terms, low)


@dataclass(frozen=True, slots=True)
class StatementCut:
    """What of an accrual becomes a statement in whole won, and what stays accrued."""

    whole: Parts
    residue: Parts


def cut_statement(accrued: Parts, vat: Ratio) -> StatementCut:
    """T = ⌊S+C⌋, Sw = ⌊S⌋, Cw = T − Sw; one won lower when Cw passes C; Vw = ⌊T·vat⌋.

    The tax is computed anew on the statement's own supply value. That it fits what was
    accrued is proven, not arranged: it is asserted, never trimmed.
    """
    supply = floor_to_won(accrued.supply)
    subsidy = floor_to_won(accrued.subsidy)
    if supply - subsidy > accrued.own:
        supply = floor_to_won(supply - MICRO_PER_WON)
    whole = Parts(subsidy, supply - subsidy, floor_to_won(vat.floor_of(supply)))
    residue = accrued - whole
    assert residue.subsidy >= 0, "a statement takes more subsidy than was accrued"
    assert residue.own >= 0, "a statement takes more own part than was accrued"
    assert residue.vat >= 0, "a statement takes more VAT than was accrued"
    return StatementCut(whole, residue)


def refund_after_settlement(terms: Terms, supply: int) -> Parts:
    """a = ⌊R·n/d⌋ in whole won, c = R − a, v = ⌊R·vat⌋ in whole won."""
    subsidy = floor_to_won(terms.ratio.floor_of(supply))
    return Parts(subsidy, supply - subsidy, floor_to_won(terms.vat.floor_of(supply)))


def spendable_supply(terms: Terms, *, available: int, deposit: int) -> int:
    """The supply that subsidy and deposit can both still carry.

    min(⌊B400·d/n⌋, ⌊2200 / ((d−n)/d + vat)⌋). It is the figure for pages and for sizing a
    lease; the guard of a hold tests the exact parts and may refuse its last micro-won.
    """
    n, d = terms.ratio.numerator, terms.ratio.denominator
    vn, vd = terms.vat.numerator, terms.vat.denominator
    limits = []
    if n:
        limits.append(available * d // n)
    burden = (d - n) * vd + vn * d
    if burden:
        limits.append(deposit * d * vd // burden)
    return min(limits)


def safe_lease(terms: Terms, *, available: int, deposit: int) -> int:
    """A lease of at most this size is never refused: sized from one micro-won less deposit."""
    carried = spendable_supply(terms, available=available, deposit=max(deposit - 1, 0))
    return max(carried, 0)


def deposit_required(terms: Terms, tranche: int) -> int:
    """Own part and VAT of the largest supply of a tranche of subsidy, up to the won."""
    n, d = terms.ratio.numerator, terms.ratio.denominator
    if not n:
        return 0
    parts = parts_at(terms, tranche * d // n)
    return -(-parts.deposit // MICRO_PER_WON) * MICRO_PER_WON


def treasury_remittance(due: int, fraction: int, *, truncate: bool) -> tuple[int, int]:
    """What is remitted of `due` and the fraction carried so far, and the fraction after.

    국고금 관리법 §47: below ten won nothing is remitted. Fractions of instalments gather, so
    that less than ten won is ever outstanding.
    """
    total = due + fraction
    rest = total % (10 * MICRO_PER_WON) if truncate else 0
    return total - rest, rest
