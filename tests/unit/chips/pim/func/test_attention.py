"""Goal: attention, softmax and the scalar instructions have the bits of the device's order.

Method: oracles in this file, one number after the other, written from the description of the
devices; none of the code under test takes part in them.
"""

from __future__ import annotations

import math
import struct
from functools import reduce

import numpy as np
import pytest

from madang.chips.errors import KernelUnsupported, ShapeImpossible
from madang.chips.pim.device import device

H, F = np.float16, np.float32


# --- HBM2-PIM: two roundings a MAC, sixteen lanes, even tiles of 128 inputs before odd ones ---


def half_order(inner: int) -> list[int]:
    """Inputs by burst of 16 in the order in which a unit meets them."""
    tiles = range(-(-inner // 128))
    order = [t for t in tiles if t % 2 == 0] + [t for t in tiles if t % 2]
    return [t * 128 + b * 16 for t in order for b in range(8)]


def half_dot(row: np.ndarray, x: np.ndarray) -> np.float16:
    lanes = [H(0)] * 16
    for first in half_order(len(row)):
        for lane in range(16):
            k = first + lane
            product = H(row[k] * x[k]) if k < len(row) else H(0)
            lanes[lane] = H(lanes[lane] + product)
    return reduce(lambda a, b: H(a + b), lanes, H(0))


def half_softmax(row: np.ndarray) -> np.ndarray:
    top = max(row)
    shifted = [H(one + H(-top)) for one in row]
    powers = np.array([H(math.exp(float(one))) for one in shifted])
    total = half_dot(powers, np.ones(len(row), H))
    inverse = H(1.0 / float(total))
    return np.array([H(one * inverse) for one in powers])


# --- AiM: bf16 products, a tree of neighbours in float32, one float32 accumulator -------------


def brain(value: float) -> np.float32:
    """Nearest bf16, ties to even, by hand."""
    bits = struct.unpack("<I", struct.pack("<f", F(value)))[0]
    low, high = bits & 0xFFFF, bits >> 16
    if low > 0x8000 or (low == 0x8000 and high & 1):
        high += 1
    return F(struct.unpack("<f", struct.pack("<I", high << 16 & 0xFFFFFFFF))[0])


def brain_dot(row: np.ndarray, x: np.ndarray) -> np.float32:
    total = F(0)
    for first in range(0, len(row), 16):
        level = [F(row[k] * x[k]) if k < len(row) else F(0) for k in range(first, first + 16)]
        while len(level) > 1:
            level = [F(level[i] + level[i + 1]) for i in range(0, len(level), 2)]
        total = F(total + level[0])
    return brain(total)


def brain_softmax(row: np.ndarray) -> np.ndarray:
    top = max(row)
    shifted = [brain(F(one + F(-top))) for one in row]
    powers = np.array([brain(math.exp(float(one))) for one in shifted])
    total = brain_dot(powers, np.ones(len(row), F))
    inverse = brain(1.0 / float(total))
    return np.array([brain(F(one * inverse)) for one in powers])


ORACLES = {
    "hbm2-pim": (half_dot, half_softmax, lambda values: values.astype(H)),
    "gddr6-aim": (brain_dot, brain_softmax, np.vectorize(brain, otypes=[F])),
}
SHAPES = [(1, 9, 5), (2, 40, 130), (3, 33, 64), (2, 20, 300)]


def drawn(name: str, *shape: int) -> np.ndarray:
    rng = np.random.default_rng(sum(shape))
    return ORACLES[name][2](rng.standard_normal(shape).astype(F))


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(("heads", "context", "width"), SHAPES)
def test_score_and_context_have_the_bits_of_the_scalar_oracle(
    name: str, heads: int, context: int, width: int
) -> None:
    dot = ORACLES[name][0]
    q, keys = drawn(name, heads, width), drawn(name, heads, context, width)
    found, report = device(name).score(q, keys)
    expected = [[dot(key, q[h]) for key in keys[h]] for h in range(heads)]
    assert found.tobytes() == np.array(expected, found.dtype).tobytes()
    weights = drawn(name, heads, context)
    mixed, _ = device(name).context(weights, keys)
    expected = [[dot(keys[h, :, w], weights[h]) for w in range(width)] for h in range(heads)]
    assert mixed.tobytes() == np.array(expected, mixed.dtype).tobytes()
    assert (
        report.cycles
        == device(name).run("score", heads=heads, context=context, width=width).cycles
    )


@pytest.mark.parametrize("name", ORACLES)
@pytest.mark.parametrize(("heads", "context"), [(1, 1), (3, 37), (2, 300)])
def test_softmax_has_the_bits_of_its_pieces(name: str, heads: int, context: int) -> None:
    rows = drawn(name, heads, context) * F(4)
    rows = ORACLES[name][2](rows.astype(F))
    found, report = device(name).softmax(rows)
    expected = np.stack([ORACLES[name][1](row) for row in rows])
    assert found.tobytes() == expected.astype(found.dtype).tobytes()
    assert np.abs(found.astype(float).sum(axis=1) - 1).max() < 0.02
    assert "in the host" in report.notes[0]
    assert report.overhead_ns > 0


@pytest.mark.parametrize("name", ORACLES)
def test_attention_is_score_softmax_and_context_in_one_stream(name: str) -> None:
    dot, softmax, nearest = ORACLES[name]
    heads, context, width = 2, 40, 72
    q, keys, values = (
        drawn(name, *shape)
        for shape in ((heads, width), (heads, context, width), (heads, context, width))
    )
    found, report = device(name).attention(q, keys, values)
    factor = nearest(np.array([width**-0.5], F))[0]
    for h in range(heads):
        if name == "hbm2-pim":  # a scalar register scales the scores
            scores = np.array([H(dot(key, q[h]) * factor) for key in keys[h]])
        else:  # the host scales the query
            scaled = nearest(q[h] * factor)
            scores = np.array([dot(key, scaled) for key in keys[h]])
        weights = softmax(scores)
        expected = [dot(values[h, :, w], weights) for w in range(width)]
        assert found[h].tobytes() == np.array(expected, found.dtype).tobytes()
    parts = [
        device(name).run(kernel, heads=heads, context=context, **more).cycles
        for kernel, more in (
            ("score", {"width": width}),
            ("softmax", {}),
            ("context", {"width": width}),
        )
    ]
    assert max(parts) < report.cycles < 1.3 * sum(parts)


def test_another_order_of_addition_gives_other_bits() -> None:
    row, x = drawn("hbm2-pim", 1024), drawn("hbm2-pim", 1024) + H(1)
    natural = reduce(lambda a, b: H(a + b), [H(a * b) for a, b in zip(row, x, strict=True)])
    assert half_dot(row, x) != natural
    assert device("hbm2-pim").gemv(row[None], x)[0][0] == half_dot(row, x)


@pytest.mark.parametrize("batch", [1, 5])
@pytest.mark.parametrize("name", ORACLES)
def test_gemm_runs_the_batch_through_one_stream(name: str, batch: int) -> None:
    w, x = drawn(name, 21, 270), drawn(name, 270, batch)
    found, report = device(name).gemm(w, x)
    expected = [[ORACLES[name][0](row, column) for column in x.T] for row in w]
    assert found.tobytes() == np.array(expected, found.dtype).tobytes()
    assert report.shape["batch"] == batch


def test_tree_variant_adds_neighbours_in_pairs() -> None:
    w, x = drawn("hbm2-pim", 10, 384), drawn("hbm2-pim", 384)
    found, report = device("hbm2-pim").gemv(w, x, tree=True)
    for row, value in zip(w, found, strict=True):
        tiles = []
        for tile in range(3):
            lanes = [H(0)] * 16
            for k in range(tile * 128, tile * 128 + 128):
                lanes[k % 16] = H(lanes[k % 16] + H(row[k] * x[k]))
            while len(lanes) > 1:
                lanes = [H(a + b) for a, b in zip(lanes[::2], lanes[1::2], strict=True)]
            tiles.append(lanes[0])
        assert value == H(H(tiles[0] + tiles[1]) + tiles[2])
    assert report.kernel == "gemv-tree"


def test_scalar_registers_multiply_and_add_with_two_roundings() -> None:
    a = drawn("hbm2-pim", 1000)
    dev = device("hbm2-pim")
    factor, addend = H(0.3), H(-1.7)
    scaled, first = dev.scale(a, 0.3)
    moved, second = dev.affine(a, 0.3, -1.7)
    assert scaled.tobytes() == (a * factor).tobytes()
    assert moved.tobytes() == (a * factor + addend).tobytes()
    assert "MUL GRF_A, EVEN_BANK, SRF_M" in first.asm()
    assert "MAD GRF_A, EVEN_BANK, SRF_M, SRF_A" in second.asm()
    assert first.cycles > dev.run("relu", elements=1000).cycles  # one register write more


def test_activation_tables_hold_the_nearest_values() -> None:
    a = drawn("gddr6-aim", 700) * F(3)
    dev = device("gddr6-aim")
    expected = [brain(math.exp(float(brain(one)))) for one in a]
    assert dev.exp(a)[0].tolist() == [float(one) for one in expected]
    assert dev.relu(a)[0].tolist() == [max(float(brain(one)), 0.0) for one in a]
    copied, report = dev.copy(a)
    assert copied.tolist() == [float(brain(one)) for one in a]
    assert report.commands["RDCP"] == report.commands["WRCP"]


def test_upmem_adds_along_the_row_and_wraps_whole_numbers() -> None:
    dev = device("upmem-v1")
    w, x = drawn("gddr6-aim", 7, 50), drawn("gddr6-aim", 50)
    expected = []
    for row in w:
        products = [F(a * b) for a, b in zip(row, x, strict=True)]
        expected.append(reduce(lambda a, b: F(a + b), products, F(0)))
    assert dev.gemv(w, x)[0].tolist() == [float(one) for one in expected]
    big = np.full((3, 4), 2**30, np.int32)
    assert dev.gemv(big, np.ones(4, np.int32))[0].tolist() == [0, 0, 0]
    assert dev.add(big, big)[0].tolist() == [[-(2**31)] * 4] * 3


def test_bits_that_nobody_publishes_or_that_a_profile_overwrites_are_refused() -> None:
    q, keys = np.ones((2, 64), H), np.ones((2, 8, 64), H)
    with pytest.raises(KernelUnsupported):
        device("hbm3-attacc").attention(q, keys, keys)
    with pytest.raises(KernelUnsupported):
        device("hbm3-attacc").gemv(keys[0], q[0])
    quirky = device("hbm2-pim", "pimsimulator")
    with pytest.raises(ShapeImpossible, match="collide"):
        quirky.gemm(np.ones((5000, 256), H), np.ones((256, 2), H))
    with pytest.raises(ShapeImpossible, match="131072"):
        quirky.add(q, q)
    for bad in (q[:, :10], np.ones(64, H)):
        with pytest.raises(ShapeImpossible):
            device("hbm2-pim").score(bad, keys)


def test_what_the_host_moves_for_softmax_costs_a_read_of_every_byte() -> None:
    sizes = {"heads": 32, "context": 512}
    for name, passes, pj_byte in (
        ("hbm2-pim", 5, 8 * (0.44 + 1.01 + 1.23 + 0.5 + 0.3)),
        ("gddr6-aim", 3, 8 * 5.5 + 438.15 * 1.25 / 32),
    ):
        energy = device(name).run("softmax", **sizes).energy
        assert energy is not None
        moved = passes * 32 * 512 * 2
        assert energy.parts["host steps"] == pytest.approx(moved * pj_byte)
        assert energy.mid == pytest.approx(sum(energy.parts.values()))
        assert any("host" in one for one in energy.left_out)
        plain = device(name).run("relu", elements=512).energy
        assert plain is not None
        assert "host steps" not in plain.parts
