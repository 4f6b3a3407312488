"""Predictions behave as physics does, and refuse what no card can hold."""

from __future__ import annotations

from dataclasses import replace

import pytest

from madang.chips.errors import ChipUnknown, NumberUnknown, ShapeImpossible, ShapeTooLarge
from madang.chips.predict import intervals
from madang.chips.predict.chips import chip, chips, predictable
from madang.chips.predict.serving import DEFAULT, Efficiency, Job, experts_met, plans, predict
from madang.chips.workloads.load import known

IDEAL = Efficiency("ideal", 1.0, 1.0, 0.0)
LLAMA = known("llama-3.1-8b")


def job(**changes: object) -> Job:
    return replace(Job(LLAMA, "fp8", 128, 128, 1), **changes)


def test_a_single_decode_step_reads_the_weights_once() -> None:
    one = predict(chip("H100"), job(), IDEAL)
    read = 32 * LLAMA.layer_weights() + 4096 * 128256
    assert one.step.total == pytest.approx(read / 3.35e12, rel=0.01)
    assert one.step.bound() == "memory"
    long = predict(chip("H100"), job(input_tokens=8192), IDEAL)
    assert long.prefill.bound() == "compute"


def test_more_batch_gives_more_tokens_until_memory_is_full() -> None:
    rates = [predict(chip("RNGD"), job(batch=b)).tokens_s for b in (1, 4, 16, 64)]
    assert rates == sorted(rates)


def test_a_batch_that_nobody_gave_is_marked_and_widens_the_interval() -> None:
    auto = predict(chip("H200"), job(batch=None, output_tokens=2048))
    given = predict(chip("H200"), job(batch=auto.batch, output_tokens=2048))
    wide, narrow = intervals.interval(auto), intervals.interval(given)
    assert auto.batch_source == "what memory holds"
    assert wide[0] < narrow[0] < auto.tokens_s < narrow[1] <= wide[1]
    assert any("batch unknown" in words for words in auto.assumptions)


def test_cards_on_pcie_are_run_as_a_pipeline_and_cards_on_a_switch_are_not() -> None:
    big = Job(known("llama-3.1-70b"), "fp8", 2048, 128, 256, 8)
    assert predict(chip("RNGD"), big).plan.pipeline > 1
    assert predict(chip("H100"), big).plan.pipeline == 1
    assert {one.tensor * one.pipeline for one in plans(chip("RNGD"), 8, 80)} == {8}


def test_an_all_reduce_costs_less_on_a_faster_link() -> None:
    big = Job(known("llama-3.1-70b"), "fp8", 2048, 128, 256, 8)
    fast = predict(chip("Gaudi3"), big, DEFAULT)
    slow_chip = chip("Gaudi3")
    assert slow_chip.link is not None
    slow = replace(slow_chip, link=replace(slow_chip.link, gb_s=7.5))
    assert predict(slow, big, DEFAULT).tokens_s < fast.tokens_s


def test_experts_read_more_weights_than_they_compute() -> None:
    model = known("mixtral-8x7b")
    assert experts_met(model, 1) == pytest.approx(2)
    assert 7.9 < experts_met(model, 64) <= 8
    one = predict(chip("H200"), Job(model, "fp8", 128, 128, 1))
    many = predict(chip("H200"), Job(model, "fp8", 128, 128, 32))
    assert many.step.memory > 2 * one.step.memory


def test_an_interval_never_claims_less_than_the_error_that_is_kept() -> None:
    one = predict(chip("H100"), job(batch=64))
    low, high = intervals.interval(one)
    assert low <= one.tokens_s * (1 - 2 * intervals.ONE_CARD)
    assert high >= one.tokens_s * (1 + 2 * intervals.ONE_CARD)


@pytest.mark.parametrize(
    ("device", "changes", "error"),
    [
        ("L40S", {"model": known("llama-3.1-70b")}, ShapeTooLarge),
        ("H100", {"batch": 0}, ShapeImpossible),
        ("H100", {"dtype": "fp32"}, ShapeImpossible),
        ("H100", {"cards": 0}, ShapeImpossible),
        ("H100", {"input_tokens": 0}, ShapeImpossible),
        ("H100", {"batch": None, "input_tokens": 4_000_000}, ShapeTooLarge),
        ("Warboy", {}, NumberUnknown),
        ("RTX PRO 6000", {}, NumberUnknown),
    ],
)
def test_what_cannot_be_served_is_refused_with_its_reason(device, changes, error) -> None:
    with pytest.raises(error) as refused:
        predict(chip(device), job(**changes))
    assert "<" not in refused.value.sentence("en") + refused.value.sentence("ko")


def test_an_unknown_device_says_what_is_near() -> None:
    with pytest.raises(ChipUnknown) as refused:
        chip("Gaudi4")
    assert "Gaudi3" in str(refused.value)


def test_a_value_from_memory_never_replaces_one_that_was_read() -> None:
    for one in chips().values():
        for quantity in one.numbers.values():
            assert quantity.mark in ("read", "recalled")
    assert chip("H100").numbers["peak_16bit_or_as_listed"].mark == "read"
    assert {"RNGD", "ATOM", "H100-SXM", "Gaudi3"} <= set(predictable())


def test_a_batch_that_memory_fills_fits_and_one_that_is_given_must_to_its_end() -> None:
    job = Job(known("llama-3.3-70b"), "fp8", 128, 2048, None, 2)
    filled = predict(chip("H100"), job)
    given = predict(chip("H100"), replace(job, batch=filled.batch))
    assert filled.fits is True
    assert given.fits is False
    assert predict(chip("H100"), replace(job, batch=filled.batch // 2)).fits is True
