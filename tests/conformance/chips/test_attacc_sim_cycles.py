"""Goal: no cycle of difference from AttAcc's own runs (commit c600051) on published checks."""

from __future__ import annotations

import pytest

from madang.chips.pim.device import device
from madang.chips.pim.lower.attacc import Attention
from madang.chips.pim.plans.attacc import stack_cycles

# context, heads of a stack, cycles
LIMITED = [
    (128, 16, 273), (128, 32, 505), (200, 5, 393), (256, 32, 889), (300, 100, 4314),
    (512, 77, 4642), (600, 20, 2303), (1000, 33, 5968), (128, 636, 11030), (2048, 32, 7861),
    (2048, 51, 16161), (4096, 40, 24386),
]  # fmt: skip
FREE = [(128, 16, 213), (512, 40, 2042), (1000, 33, 4066), (2048, 51, 11755)]


@pytest.mark.parametrize(("length", "heads", "measured"), LIMITED)
def test_power_limited_run_takes_the_measured_cycles(
    length: int, heads: int, measured: int
) -> None:
    spec = device("hbm3-attacc", "attacc_sim").spec
    assert stack_cycles(spec, Attention(length, heads, 128, 2))[0] == measured


@pytest.mark.parametrize(("length", "heads", "measured"), FREE)
def test_unlimited_run_takes_the_measured_cycles(
    length: int, heads: int, measured: int
) -> None:
    spec = device("hbm3-attacc", "attacc_sim", CCDAB=4).spec
    assert stack_cycles(spec, Attention(length, heads, 128, 2))[0] == measured


def test_command_line_view_of_one_stack_is_the_same_run() -> None:
    dev = device("hbm3-attacc", "attacc_sim", stacks=1)
    assert dev.run("attention", heads=20, context=600, width=128).cycles == 2303
