"""Devices side by side: the same job, and PIM only where it is faster."""

from __future__ import annotations

import pytest

from madang.chips.errors import ChipUnknown, DeviceUnknown, OperatorUnsupported
from madang.chips.predict.chips import chip
from madang.chips.predict.compare import compare, side
from madang.chips.predict.serving import Job, predict
from madang.chips.workloads.load import known

JOB = Job(known("llama-2-7b"), "bf16", 256, 64, 1)


def test_pim_helps_a_single_sequence_and_never_hurts() -> None:
    plain, inside = compare(["RNGD", "RNGD+hbm2-pim"], JOB)
    assert inside.tokens_s > 1.5 * plain.tokens_s
    assert all(one.chosen_s <= one.cores_s for one in inside.parts)
    many = Job(JOB.model, "bf16", 256, 64, 256)
    plain, inside = compare(["RNGD", "RNGD+hbm2-pim"], many)
    assert inside.tokens_s >= plain.tokens_s * 0.999


def test_a_device_without_pim_is_its_prediction() -> None:
    one = side("H100", JOB)
    assert one.tokens_s == pytest.approx(predict(chip("H100"), JOB).tokens_s)
    assert (one.kind, side("RNGD", JOB).kind) == ("gpu", "npu")


def test_operators_on_cores_add_up_to_the_predicted_step() -> None:
    one = side("RNGD+gddr6-aim", JOB)
    alone = sum(part.cores_s for part in one.parts) + one.base.step.overhead
    assert alone == pytest.approx(one.base.step.total, rel=0.02)


@pytest.mark.parametrize(
    ("name", "error"), [("RNGD+nothing", DeviceUnknown), ("nothing", ChipUnknown)]
)
def test_unknown_names_are_refused(name, error) -> None:
    with pytest.raises(error):
        side(name, JOB)


def test_experts_on_pim_are_refused_by_name() -> None:
    job = Job(known("mixtral-8x7b"), "fp8", 64, 64, 1, 2)
    with pytest.raises(OperatorUnsupported):
        side("RNGD+hbm2-pim", job)


def test_a_given_batch_that_does_not_fit_is_said() -> None:
    one = predict(chip("RNGD"), Job(JOB.model, "bf16", 2048, 128, 64))
    assert one.fits is False
    assert any("does not fit" in words for words in one.assumptions)
