"""Every rounding of the ledger against exact fractions."""

from __future__ import annotations

from fractions import Fraction
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from madang.core.money import MICRO_PER_WON, Ratio
from madang.ledger.rounding import (
    cut_statement,
    deposit_required,
    parts_at,
    parts_between,
    refund_after_settlement,
    safe_lease,
    spendable_supply,
    treasury_remittance,
)
from madang.ledger.types import Parts, Terms

AMOUNTS = st.integers(0, 10**14)


@st.composite
def ratios(draw) -> Ratio:
    d = draw(st.integers(1, 40))
    return Ratio(draw(st.integers(1, d)), d)


@st.composite
def terms(draw) -> Terms:
    vat = draw(st.sampled_from([Ratio(1, 10), Ratio(0, 1), Ratio(1, 7)]))
    return Terms(uuid4(), uuid4(), uuid4(), draw(ratios()), vat)


@given(terms(), AMOUNTS, AMOUNTS)
def test_parts_of_a_move_are_never_negative_and_add_up(terms, low, more):
    parts = parts_between(terms, low, low + more)
    assert parts.subsidy >= 0
    assert parts.own >= 0
    assert parts.vat >= 0
    assert parts.supply == more
    assert parts_at(terms, low) + parts == parts_at(terms, low + more)
    assert parts_at(terms, low).subsidy <= terms.ratio.as_fraction() * low


@given(terms(), st.lists(AMOUNTS, min_size=1, max_size=6))
def test_statements_of_a_growing_accrual_always_fit_and_carry_less_than_two_won(terms, steps):
    supply, stated = 0, Parts(0, 0, 0)
    for step in steps:
        supply += step
        cut = cut_statement(parts_at(terms, supply) - stated, terms.vat)
        stated = stated + cut.whole
        assert cut.residue.subsidy < MICRO_PER_WON
        assert cut.residue.own < 2 * MICRO_PER_WON
        for part in (cut.whole.subsidy, cut.whole.own, cut.whole.vat):
            assert part % MICRO_PER_WON == 0
        exact = Fraction(cut.whole.supply) * terms.vat.as_fraction()
        assert 0 <= exact - cut.whole.vat < MICRO_PER_WON
    assert stated.supply <= supply


@given(terms(), AMOUNTS, AMOUNTS, AMOUNTS)
def test_a_lease_of_the_safe_size_fits_both_limits_exactly(terms, available, deposit, promised):
    lease = safe_lease(terms, available=available, deposit=deposit)
    parts = parts_between(terms, promised, promised + lease)
    assert parts.subsidy <= available
    assert parts.deposit <= deposit
    assert lease <= spendable_supply(terms, available=available, deposit=deposit)


@given(terms(), st.integers(1, 10**7))
def test_the_deposit_of_a_tranche_carries_its_largest_supply(terms, tranche_won):
    tranche = tranche_won * MICRO_PER_WON
    required = deposit_required(terms, tranche)
    supply = tranche * terms.ratio.denominator // terms.ratio.numerator
    assert required % MICRO_PER_WON == 0
    assert 0 <= required - parts_at(terms, supply).deposit < MICRO_PER_WON


@given(terms(), st.integers(1, 10**8))
def test_a_refund_after_settlement_is_whole_won_and_adds_up(terms, won):
    parts = refund_after_settlement(terms, won * MICRO_PER_WON)
    assert parts.supply == won * MICRO_PER_WON
    assert parts.subsidy % MICRO_PER_WON == 0
    assert parts.vat % MICRO_PER_WON == 0
    exact = terms.ratio.as_fraction() * won * MICRO_PER_WON
    assert 0 <= exact - parts.subsidy < MICRO_PER_WON


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=8))
def test_instalments_to_the_treasury_leave_less_than_ten_won_in_all(instalments):
    fraction = paid_in_all = 0
    for won in instalments:
        paid, fraction = treasury_remittance(won * MICRO_PER_WON, fraction, truncate=True)
        assert paid % (10 * MICRO_PER_WON) == 0
        paid_in_all += paid
    assert 0 <= fraction < 10 * MICRO_PER_WON
    assert paid_in_all + fraction == sum(instalments) * MICRO_PER_WON
    assert treasury_remittance(7, 3, truncate=False) == (10, 0)
