from __future__ import annotations

import numpy as np
import pytest

from madang.chips.pim.device import device
from madang.chips.pim.func import halves


def patterns(n: int, seed: int) -> np.ndarray:
    """Every kind of fp16: random bits hold NaN, infinities and subnormals."""
    return (
        np.random.default_rng(seed).integers(0, 1 << 16, n).astype(np.uint16).view(np.float16)
    )


@pytest.mark.parametrize(
    ("kernel", "numpy"), [(halves.add, np.add), (halves.multiply, np.multiply)]
)
def test_fp16_operation_has_the_bits_of_numpy_for_a_million_patterns(kernel, numpy) -> None:
    a, b = patterns(1_000_000, 1), patterns(1_000_000, 2)
    out = np.empty(len(a), np.float32)
    with np.errstate(all="ignore"):
        kernel(out, halves.fp16_in(a), halves.fp16_in(b))
        expected = numpy(a, b)
    bits = expected.view(np.uint16).copy()
    bits[np.isnan(expected)] = halves.NAN_FP16
    assert np.count_nonzero(halves.fp16_out(out).view(np.uint16) != bits) == 0


def test_bf16_rounds_to_nearest_even_and_keeps_infinity_and_nan() -> None:
    values = np.array([1.0, 1.00390625, 1.01171875, -2.5, 3.4e38, np.inf, np.nan], np.float32)
    bits = halves.bf16_bits(values)
    assert bits[:6].tolist() == [0x3F80, 0x3F80, 0x3F82, 0xC020, 0x7F80, 0x7F80]
    assert np.isnan(halves.bf16_value(bits)[6])


def test_gemv_adds_in_the_device_order_and_not_in_the_matrix_order() -> None:
    rng = np.random.default_rng(7)
    w = rng.standard_normal((70, 512)).astype(np.float16)
    x = rng.standard_normal(512).astype(np.float16)
    y, report = device("hbm2-pim").gemv(w, x)
    expected = np.zeros((70, 16), np.float16)
    for tile in (0, 2, 1, 3):  # all even tiles, then the odd ones
        for burst in range(8):
            at = tile * 128 + burst * 16
            expected = expected + w[:, at : at + 16] * x[at : at + 16]
    total = np.zeros(70, np.float16)
    for lane in range(16):
        total = total + expected[:, lane]
    assert y.tobytes() == total.tobytes()
    assert report.padding == {"out": 4026, "in": 0}


def test_int8_gemv_is_exact() -> None:
    rng = np.random.default_rng(8)
    w = rng.integers(-128, 128, (33, 300)).astype(np.int8)
    x = rng.integers(-128, 128, 300).astype(np.int8)
    y, report = device("hbm2-pim").gemv(w, x)
    assert y.tolist() == (w.astype(object) @ x.astype(object)).tolist()
    assert report.dtype == "int8"


def test_bf16_gemv_adds_columns_in_stream_order() -> None:
    rng = np.random.default_rng(9)
    w = halves.bf16_value(halves.bf16_bits(rng.standard_normal((20, 1040)).astype(np.float32)))
    x = halves.bf16_value(halves.bf16_bits(rng.standard_normal(1040).astype(np.float32)))
    y, _ = device("gddr6-aim").gemv(w, x)
    acc = np.zeros(20, np.float32)
    for column in range(65):
        tree = w[:, 16 * column : 16 * column + 16] * x[16 * column : 16 * column + 16]
        while tree.shape[1] > 1:
            tree = tree[:, ::2] + tree[:, 1::2]
        acc = acc + tree[:, 0]
    assert y.tobytes() == halves.bf16_value(halves.bf16_bits(acc)).tobytes()
