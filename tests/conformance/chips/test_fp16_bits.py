"""Goal: no bit of difference in fp16. Method: digests over random and wide values."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from madang.chips.pim.device import device
from madang.chips.pim.func import halves
from madang.chips.pim.func.run import gemv_lanes

DIGESTS = {
    20261: (
        "97722690311b2770451b026e6bf840e879e47f7f2dd1129a9c71cd4c5ed7101e",
        "e9bd202dd7de87bf215f09f7936cf035a4371af61c6d3d3133fc338ca9545b7d",
        "58b38261ab74f7842eedc35588e0c2dfed581e75e95ee9862e089f290e5d0d0f",
        "a6a6cf30203cfdacf0a186773636ec933b683c6dc4095007069ba591eaa05a76",
    ),
    20262: (
        "5797538d0f022518cc2e875a35d1fa84f1b64ab98b44c1d9a08326f6a260f30d",
        "9886adf8b0a45140d31e6c79e43465e458b7523f1a643f6604f1bdf0fba681d9",
        "38bf2ae272a1919cab98a18982d433f2ebf0a4d70a80205c9968680c282a8ccf",
        "d264af70b0d1001b240a06e8b26ed654e6616b70c0331d1e172defdd98a4feb3",
    ),
}


def digest(values: np.ndarray) -> str:
    return hashlib.sha256(values.view(np.uint16).astype("<u2").tobytes()).hexdigest()


@pytest.mark.parametrize("seed", DIGESTS)
def test_results_have_the_bits_of_the_documented_order(seed: int) -> None:
    rng = np.random.default_rng(seed)

    def values(n: int) -> np.ndarray:
        drawn = rng.standard_normal(n)
        wide = np.exp2(rng.integers(-18, 14, n)) if seed == 20262 else 1.0
        with np.errstate(over="ignore"):
            return (drawn * wide).astype(np.float16)

    x, w = values(1024), values(4096 * 1024).reshape(4096, 1024)
    a, b = values(1 << 20), values(1 << 20)
    dev = device("hbm2-pim", "pimsimulator")
    lanes = gemv_lanes(dev.spec, dev.task("gemv", out=4096, inner=1024), w, x)
    found = [halves.fp16_out(lanes), dev.add(a, b)[0], dev.mul(a, b)[0], dev.relu(a)[0]]
    assert tuple(digest(one) for one in found) == DIGESTS[seed]
