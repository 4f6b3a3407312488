"""fp16 and bf16 arithmetic with every rounding in sight, on float32 that holds exact values.

A product of two fp16 numbers is exact in float32, and rounding a float32 sum of two of them
to fp16 once more is harmless because 24 >= 2 x 11 + 2 bits: so one float32 operation and one
rounding to nearest even equal the operation in fp16, subnormals included.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from madang.chips.jit import inline, kernel

F32 = npt.NDArray[np.float32]
U16 = npt.NDArray[np.uint16]

NAN_FP16 = 0x7FFF
FP16_OVERFLOW = np.float32(65520.0)
FP16_NORMAL = np.float32(2.0**-14)
HALF, ZERO = np.float32(0.5), np.float32(0.0)
INFINITY = np.float32(np.inf)
FP16, BF16 = 0, 1


@inline
def _fp16(v: np.float32) -> np.float32:
    """Nearest fp16 value, ties to even, as float32."""
    a = abs(v)
    if a < FP16_NORMAL:
        small = (a + HALF) - HALF  # float32 in [0.5, 1) has the spacing of fp16 subnormals
        return np.copysign(small, v)
    if a >= FP16_OVERFLOW:
        return np.copysign(INFINITY, v)
    if np.isnan(a):
        return v
    bits = np.float32(v).view(np.uint32)
    bits = np.uint32(bits + np.uint32(0xFFF) + ((bits >> np.uint32(13)) & np.uint32(1)))
    return np.uint32(bits & np.uint32(0xFFFFE000)).view(np.float32)


@inline
def _bf16(v: np.float32) -> np.float32:
    """Nearest bf16 value, ties to even, as float32."""
    if np.isnan(v):
        return v
    bits = np.float32(v).view(np.uint32)
    bits = np.uint32(bits + np.uint32(0x7FFF) + ((bits >> np.uint32(16)) & np.uint32(1)))
    return np.uint32(bits & np.uint32(0xFFFF0000)).view(np.float32)


@kernel
def mac(acc: F32, x: F32, w: F32) -> None:
    """acc[r, u, l] = round(acc + round(x[l] w[r, u, l])) in fp16. acc, w: R x U x 16."""
    for r in range(acc.shape[0]):
        for u in range(acc.shape[1]):
            for lane in range(acc.shape[2]):
                product = _fp16(x[lane] * w[r, u, lane])
                acc[r, u, lane] = _fp16(acc[r, u, lane] + product)


@kernel
def multiply(out: F32, a: F32, b: F32) -> None:
    """out = round(a b) in fp16, flat arrays."""
    for i in range(len(out)):
        out[i] = _fp16(a[i] * b[i])


@kernel
def add(out: F32, a: F32, b: F32) -> None:
    """out = round(a + b) in fp16, flat arrays."""
    for i in range(len(out)):
        out[i] = _fp16(a[i] + b[i])


@kernel
def sum_lanes(out: F32, lanes: F32) -> None:
    """out[n] = lanes 0..15 added one after the other from +0, rounded to fp16 each time."""
    for n in range(lanes.shape[0]):
        total = ZERO
        for lane in range(lanes.shape[1]):
            total = _fp16(total + lanes[n, lane])
        out[n] = total


@kernel
def dot_bf16(acc: F32, x: F32, w: F32, narrow: int, tree: F32) -> None:
    """AiM columns: 16 products, a tree of float32 adders, one accumulator per bank.

    acc: N; x: columns x 16; w: N x columns x 16; tree: 16, scratch. Columns in order.
    `narrow` 1 rounds the accumulator to bf16 after every column.
    """
    for n in range(len(acc)):
        total = acc[n]
        for k in range(x.shape[0]):
            for lane in range(16):
                tree[lane] = x[k, lane] * w[n, k, lane]
            width = 8
            while width >= 1:
                for lane in range(width):
                    tree[lane] = tree[2 * lane] + tree[2 * lane + 1]
                width //= 2
            total = total + tree[0]
            if narrow:
                total = _bf16(total)
        acc[n] = total


@kernel
def round_bf16(out: F32, a: F32) -> None:
    for i in range(len(out)):
        out[i] = _bf16(a[i])


def fp16_in(values: npt.NDArray[np.float16]) -> F32:
    return np.ascontiguousarray(values).astype(np.float32)


def fp16_out(values: F32) -> npt.NDArray[np.float16]:
    """Back to fp16; every NaN comes out as 0x7FFF."""
    bits = values.astype(np.float16).view(np.uint16)
    bits[np.isnan(values)] = NAN_FP16
    return bits.view(np.float16)


def bf16_bits(values: npt.NDArray[np.floating]) -> U16:
    """Round to bf16 and show the 16 bits."""
    flat = np.ascontiguousarray(values, np.float32).ravel()
    out = np.empty_like(flat)
    round_bf16(out, flat)
    return (out.view(np.uint32) >> 16).astype(np.uint16).reshape(np.shape(values))


def bf16_value(bits: U16) -> F32:
    return (np.ascontiguousarray(bits).astype(np.uint32) << 16).view(np.float32)
