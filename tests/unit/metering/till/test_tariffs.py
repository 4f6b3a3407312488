"""Rating a commit anew, against an oracle in fractions that shares no code with it (C4)."""

from __future__ import annotations

import math
import random
from fractions import Fraction
from uuid import uuid4

from madang.core.units import Unit
from madang.metering.till.tariffs import Tariff, quantities_of, rate
from madang.wire.record import OtherUnit, Record, RecordFlag, RecordKind

CASES = 2_000
SEED = 7
PRICES = {
    Unit.TOKEN_IN: 1_400_000_000,
    Unit.TOKEN_IN_CACHED: 350_000_001,
    Unit.TOKEN_OUT: 4_200_000_000,
    Unit.REQUEST: 1_234_567_891,
}
TARIFF = Tariff(1, 1, uuid4(), PRICES)


def commit(**changes) -> Record:
    given = {
        "seq": 0, "epoch": 1, "kind": RecordKind.COMMIT, "flags": RecordFlag.NONE, "attempt": 1,
        "call": uuid4(), "voucher": uuid4(), "hold": uuid4(), "price_set": 1,
        "est_microwon": 10**12, "cost_microwon": 0, "token_in": 0, "token_in_cached": 0,
        "token_in_cache_write": 0, "token_out": 0, "at_us": 0, "key_no": 1,
        "other_quantity": 0, "other_unit": OtherUnit.NONE,
    }  # fmt: skip
    return Record(**{**given, **changes})


def oracle(record: Record) -> int:
    """Won as fractions, from the printed prices."""
    won = (
        Fraction(1400, 10**6) * record.token_in
        + Fraction("350.000001") / 10**6 * record.token_in_cached
        + Fraction(4200, 10**6) * record.token_out
        + Fraction("1234.567891") / 10**6 * record.other_quantity
    )
    return math.ceil(won * 10**6)


def test_random_commits_cost_what_the_oracle_says() -> None:
    rng = random.Random(SEED)
    for _ in range(CASES):
        counted = {
            name: rng.choice((0, 1, rng.randrange(10**3), rng.randrange(10**7)))
            for name in ("token_in", "token_in_cached", "token_out", "other_quantity")
        }
        plain = commit(**counted, other_unit=OtherUnit.REQUEST)
        exact = oracle(plain)
        rated = rate(
            commit(**counted, other_unit=OtherUnit.REQUEST, cost_microwon=exact), TARIFF
        )
        assert rated is not None, (SEED, counted)
        assert (rated.priced, rated.cost_microwon, rated.disputed) == (exact, exact, 0)


def test_cost_that_differs_by_one_is_not_taken() -> None:
    for cost in (1_399, 1_401):
        assert rate(commit(token_in=1, cost_microwon=cost), TARIFF) is None
    assert rate(commit(token_in=1, cost_microwon=1_400), TARIFF) is not None


def test_cost_above_the_reservation_needs_its_flag() -> None:
    given = {"token_in": 10, "est_microwon": 10_000, "cost_microwon": 10_000}
    assert rate(commit(**given), TARIFF) is None

    rated = rate(commit(**given, flags=RecordFlag.ABOVE_BOUND), TARIFF)

    assert rated is not None
    assert (rated.cost_microwon, rated.disputed) == (10_000, 4_000)


def test_unit_without_a_price_is_not_rated() -> None:
    assert rate(commit(token_in_cache_write=1), TARIFF) is None


def test_programme_bears_up_to_the_reservation() -> None:
    flags = RecordFlag.PROGRAMME_BORNE | RecordFlag.ABOVE_BOUND
    rated = rate(commit(token_in=10, est_microwon=10_000, flags=flags), TARIFF)

    assert rated is not None
    assert (rated.cost_microwon, rated.programme, rated.disputed) == (0, 10_000, 4_000)


def test_zeros_are_left_out() -> None:
    record = commit(token_in=3, other_quantity=1, other_unit=OtherUnit.IMAGE)
    assert quantities_of(record) == {Unit.TOKEN_IN: 3, Unit.IMAGE: 1}
