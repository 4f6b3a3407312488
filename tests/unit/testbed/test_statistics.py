"""Early stopping, percentiles and intervals against LoadGen's words and textbook numbers."""

from __future__ import annotations

import numpy as np
import pytest

from madang.testbed.harness import statistics as stats


@pytest.mark.parametrize(
    ("late", "share", "queries"),
    [(1, 0.9, 64), (1, 0.99, 662), (0, 0.99, 459), (0, 0.9, 44)],
)
def test_the_fewest_queries_are_those_that_loadgen_names(late, share, queries):
    assert stats.queries_needed(late, share) == queries
    assert stats.early_stopping_met(late, queries, share)
    assert not stats.early_stopping_met(late, queries - 1, share)


def test_a_run_whose_plain_percentile_fails_never_stops_early():
    assert not stats.early_stopping_met(101, 10_000, 0.99)
    assert stats.early_stopping_met(5965, 3_687_092, 0.99)


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
