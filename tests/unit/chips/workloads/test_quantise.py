"""Quantisation as a rewrite: fewer bytes, vector work that shows, errors of the right size."""

from __future__ import annotations

import numpy as np
import pytest

from madang.chips.errors import ParameterImpossible
from madang.chips.workloads.load import load
from madang.chips.workloads.quantise import (
    quantised_values,
    restored,
    rewrite,
    synthetic_errors,
)


@pytest.mark.parametrize(("target", "times"), [("int8", 2), ("fp8", 2), ("int4", 4)])
def test_weights_of_products_shrink_and_macs_stay(target: str, times: int) -> None:
    before = load("llama-3.1-8b")
    after = rewrite(before, target)
    assert after.macs == before.macs
    weights = [sum(one.weight_bytes for one in graph.matrices()) for graph in (before, after)]
    assert weights[0] == times * weights[1]
    assert after.totals()["vector_flops"] > before.totals()["vector_flops"]
    assert after.sha256() != before.sha256()


@pytest.mark.parametrize("target", ["int8", "int4"])
def test_no_value_moves_more_than_half_a_step(target: str) -> None:
    weight = np.random.default_rng(2).standard_normal((7, 50)).astype(np.float32)
    values, scales = quantised_values(weight, target, 0)
    assert np.all(np.abs(restored(values, scales, 0) - weight) <= scales[:, None] * 0.5001)


def test_zero_channels_and_the_largest_value_survive() -> None:
    weight = np.array([[0, 0], [-3, 1.5]], np.float32)
    for target in ("int8", "fp8", "int4"):
        back = restored(*quantised_values(weight, target, 0), 0)
        assert np.all(back[0] == 0)
        assert back[1, 0] == pytest.approx(-3)


def test_errors_without_weights_are_marked_synthetic() -> None:
    rows = synthetic_errors(load("gpt2"), "int8")
    assert rows
    assert all(one.is_synthetic and 30 < one.sqnr_db < 60 for one in rows)


def test_another_format_is_refused() -> None:
    with pytest.raises(ParameterImpossible):
        rewrite(load("gpt2"), "int3")
