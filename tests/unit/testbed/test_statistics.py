"""Early stopping, percentiles and intervals against LoadGen's words and textbook numbers."""

from __future__ import annotations

import math

import numpy as np
import pytest

from madang.testbed.harness import statistics as stats


@pytest.mark.parametrize(
    ("late", "share", "queries"),
    [(1, 0.9, 64), (1, 0.99, 662), (0, 0.99, 459), (0, 0.9, 44)],
)
def test_the_fewest_queries_are_those_that_loadgen_names(late, share, queries):
    assert stats.early_stopping_met(late, queries, share)
    assert not stats.early_stopping_met(late, queries - 1, share)


def test_a_run_whose_plain_percentile_fails_never_stops_early():
    assert not stats.early_stopping_met(101, 10_000, 0.99)
    assert stats.early_stopping_met(5965, 3_687_092, 0.99)


@pytest.mark.parametrize("queries", [459, 10_000, 60_000_000])
def test_the_chance_of_few_late_queries_is_the_binomials(queries):
    """Against the plain sum of its terms, each worked out by itself."""
    for late in (0, 3, queries // 200):
        terms = (
            math.lgamma(queries + 1)
            - math.lgamma(i + 1)
            - math.lgamma(queries - i + 1)
            + i * math.log(0.01)
            + (queries - i) * math.log1p(-0.01)
            for i in range(max(0, late - 20_000), late + 1)
        )
        plain = math.fsum(math.exp(one) for one in terms)
        assert stats.chance_of_at_most(late, queries, 0.01) == pytest.approx(plain, rel=1e-5)


def test_a_count_of_a_fast_device_is_judged_at_once():
    """60 million queries of ten minutes at 100,000 a second: no sum over all late ones."""
    assert stats.early_stopping_met(5_990_000, 60_000_000, 0.9)
    assert not stats.early_stopping_met(5_999_999, 60_000_000, 0.9)


def test_the_estimate_discards_as_many_as_loadgen_did():
    """As told by LoadGen 6.0.17 for runs of so many queries, at p90."""
    for count, discarded in ((401, 25), (202, 9), (101, 2), (65, 0), (64, 0)):
        values = np.arange(count, dtype=np.float64)
        assert stats.early_stopping_estimate(values, 0.9) == count - 1 - discarded
    assert stats.early_stopping_estimate(values[:63], 0.9) is None


def test_the_percentile_is_the_value_at_its_place():
    values = np.arange(100, dtype=np.float64)
    assert stats.percentile(values, 0.9) == 90
    assert stats.percentile(values[:1], 0.99) == 0


def test_percentiles_of_resampled_blocks_are_those_of_the_joined_blocks():
    rng = np.random.default_rng(5)
    for _ in range(20):
        blocks = [rng.integers(-30, 40, rng.integers(1, 60)) / 4 for _ in range(3)]
        taken = rng.integers(0, 4, (7, 3)) + np.array([1, 0, 0])
        joined = [
            np.concatenate([one for one, n in zip(blocks, row, strict=True) for _ in range(n)])
            for row in taken
        ]
        for share in (0.01, 0.5, 0.9, 0.99):
            wanted = [stats.percentile(one, share) for one in joined]
            found = stats.percentiles([np.sort(one) for one in blocks], taken, share)
            assert found.tolist() == wanted


def test_the_t_interval_is_students():
    found = stats.t_interval([1.0, 2.0, 3.0, 4.0, 5.0])
    assert found.value == 3.0
    assert found.high - found.value == pytest.approx(2.776 * 2.5**0.5 / 5**0.5)


def test_the_block_interval_is_the_same_for_the_same_seed_and_covers_the_blocks():
    blocks = [np.full(50, float(n)) for n in range(5)]
    first, again = (stats.block_interval(blocks, 0.5, 7) for _ in range(2))
    assert first == again
    assert first.low <= first.value <= first.high
    assert first != stats.block_interval(blocks, 0.5, 8) or first.low < first.high
