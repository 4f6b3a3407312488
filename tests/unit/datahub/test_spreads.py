"""Steps into which the numbers of a column fall, also of columns that no machine can divide."""

from __future__ import annotations

import polars as pl
import pytest

from madang.datahub.preview.statistics import BINS, _bins


def test_steps_are_equal_and_hold_every_number() -> None:
    bins = _bins(pl.Series([0.0, 1.0, 2.0, 3.0, 6.0, float("inf"), None]))
    assert [count for _, count in bins] == [1, 1, 1, 1, 0, 1]
    assert [start for start, _ in bins] == list(range(BINS))


@pytest.mark.parametrize(
    ("numbers", "steps"),
    [
        ([2007, 2008, 2008, 2009], [[2007, 1], [2008, 2], [2009, 1]]),
        ([5, 5, 5], [[5, 3]]),
        ([0, 1, 2, 3, 4, 5, 6], [[0, 2], [2, 2], [4, 2], [6, 1]]),
        ([-3, 3, None], [[-3, 1], [-1, 0], [1, 0], [3, 1]]),
    ],
)
def test_whole_numbers_fall_into_whole_steps(numbers, steps) -> None:
    assert _bins(pl.Series(numbers, dtype=pl.Int64)) == steps


@pytest.mark.parametrize("numbers", [[-(2**63), 2**63 - 1], [2**63 - 2, 2**63 - 1]])
def test_whole_numbers_too_large_for_a_step_of_their_own_are_counted_or_left(numbers) -> None:
    assert sum(count for _, count in _bins(pl.Series(numbers, dtype=pl.Int64))) in {0, 2}


@pytest.mark.parametrize(
    "numbers",
    [
        [],
        [7, 7],
        [-1.7e308, 1.7e308],  # their range is no number
        [1.0, 1.0000000000000002],  # neighbours
        [2**53, 2**53 + 1],
        [0.0, 5e-324],
        [float("nan"), float("inf")],
    ],
)
def test_what_cannot_be_divided_has_no_steps(numbers) -> None:
    assert _bins(pl.Series(numbers, dtype=pl.Float64)) == []
