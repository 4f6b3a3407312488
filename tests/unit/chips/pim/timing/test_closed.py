from __future__ import annotations

import pytest

from madang.chips.errors import KernelUnsupported
from madang.chips.pim.device import device

RUNS = [
    ("gemv", {"out": 4096, "inner": 1024}),
    ("gemv", {"out": 12288, "inner": 4096}),
    ("gemv", {"out": 4096, "inner": 1024, "batch": 4}),
    ("add", {"elements": 1 << 20}),
    ("relu", {"elements": 8 << 20}),
]


@pytest.mark.parametrize("profile", ["pimsimulator", "jedec"])
@pytest.mark.parametrize(("kernel", "sizes"), RUNS)
def test_formula_is_within_one_and_a_half_percent_of_the_engine(
    profile: str, kernel: str, sizes: dict[str, int]
) -> None:
    dev = device("hbm2-pim", profile)
    found = dev.closed(kernel, **sizes).cycles
    assert found == pytest.approx(dev.run(kernel, baseline=False, **sizes).cycles, rel=0.015)


def test_formula_follows_changed_numbers() -> None:
    sizes = {"out": 4096, "inner": 2048}
    for changes in ({"CCDL": 6}, {"RCDRD": 20, "RP": 20, "RC": 60}, {"WR": 30}):
        dev = device("hbm2-pim", **changes)
        found = dev.closed("gemv", **sizes).cycles
        assert found == pytest.approx(
            dev.run("gemv", baseline=False, **sizes).cycles, rel=0.015
        )


def test_formula_that_would_not_hold_is_refused() -> None:
    with pytest.raises(KernelUnsupported):
        device("hbm2-pim").closed("gemv-tree", out=64, inner=256)
    with pytest.raises(KernelUnsupported):
        device("gddr6-aim").closed("gemv", out=64, inner=256)


AIM_SIZES = [
    (1, 1, 1),
    (1, 1, 7),
    (512, 1024, 5),
    (513, 1025, 1),
    (4096, 11008, 1),
    (77, 3000, 3),
]


@pytest.mark.parametrize(("out", "inner", "batch"), AIM_SIZES)
def test_formula_of_an_aim_product_is_exact_with_any_timings(
    out: int, inner: int, batch: int
) -> None:
    sizes = {"out": out, "inner": inner, "batch": batch}
    for changes in ({}, {"CCDL": 7, "RP": 11}, {"MODCH": 3, "RCDRDMAC": 20, "RAS": 90}):
        dev = device("gddr6-aim", "aim_sim", changes)
        assert (
            dev.closed("gemv", **sizes).cycles
            == dev.run("gemv", baseline=False, **sizes).cycles
        )
