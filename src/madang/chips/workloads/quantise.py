"""Quantisation as a rewrite of the graph, with the error it makes in numbers.

int8 and fp8 (e4m3) take weights and activations, int4 weights only; scales are symmetric, one
for each output channel. Dequantising costs vector work, and the rewritten graph shows it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from math import log10

import ml_dtypes
import numpy as np
import numpy.typing as npt

from madang.chips.errors import ParameterImpossible
from madang.chips.workloads.graph import Graph, JsonValue, Operator, vector

F32 = npt.NDArray[np.float32]
TARGETS = ("int8", "fp8", "int4")
LARGEST = {"int8": 127.0, "fp8": 448.0, "int4": 7.0}
KINDS = {"int8": np.dtype(np.int8), "fp8": np.dtype(ml_dtypes.float8_e4m3fn)}
KINDS |= {"int4": np.dtype(ml_dtypes.int4)}
SAMPLE_ROWS, SAMPLE_COLUMNS, SPREAD = 64, 4096, 0.02


def check_target(target: str) -> None:
    if target not in TARGETS:
        raise ParameterImpossible(
            name="--to", value=target, reason="no such format", limit="-", nearest="int8"
        )


@dataclass(frozen=True, slots=True)
class WeightError:
    """What one weight lost. SQNR is signal to quantisation noise, in decibel."""

    name: str
    elements: int
    max_abs: float
    relative: float
    sqnr_db: float
    is_synthetic: bool

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "elements": self.elements,
            "max_abs_error": self.max_abs,
            "relative_error": self.relative,
            "sqnr_db": self.sqnr_db,
            "synthetic": self.is_synthetic,
        }


def scales_of(weight: F32, target: str, axis: int) -> F32:
    """One scale for each index of `axis`; an all-zero channel keeps the scale 1."""
    others = tuple(i for i in range(weight.ndim) if i != axis)
    largest = np.abs(weight).max(axis=others) if others else np.abs(weight)
    scales = largest / LARGEST[target]
    return np.where(scales > 0, scales, 1).astype(np.float32)


def quantised_values(
    weight: F32, target: str, axis: int
) -> tuple[npt.NDArray[np.generic], F32]:
    """Values in the target's format, and their scales."""
    scales = scales_of(weight, target, axis)
    shape = [1] * weight.ndim
    shape[axis] = -1
    scaled = weight / scales.reshape(shape)
    most = LARGEST[target]
    if target != "fp8":
        scaled = np.rint(scaled)
    return np.clip(scaled, -most, most).astype(KINDS[target]), scales


def restored(values: npt.NDArray[np.generic], scales: F32, axis: int) -> F32:
    shape = [1] * values.ndim
    shape[axis] = -1
    return values.astype(np.float32) * scales.reshape(shape)


def error_of(
    name: str, exact: F32, found: F32, elements: int, *, is_synthetic: bool = False
) -> WeightError:
    noise = found.astype(np.float64) - exact
    power = float(np.sum(np.square(exact, dtype=np.float64)))
    lost = float(np.sum(np.square(noise)))
    ratio = 10 * log10(power / lost) if power and lost else float(999 if not lost else 0)
    worst = float(np.abs(noise).max()) if noise.size else 0.0
    relative = (lost / power) ** 0.5 if power else 0.0
    return WeightError(name, elements, worst, relative, ratio, is_synthetic)


def rewrite(graph: Graph, target: str) -> Graph:
    """Products and convolutions in the target's format, and what surrounds them."""
    check_target(target)
    made = [new for one in graph.operators for new in _rewritten(one, target)]
    note = f"{target}: {'weights only' if target == 'int4' else 'weights and activations'}"
    return replace(graph, operators=tuple(made), notes=(*graph.notes, note))


def _rewritten(one: Operator, target: str) -> Iterator[Operator]:
    if not one.is_matrix or not one.weights:
        yield one
        return
    if target == "int4":
        dequantise = vector(
            f"{one.name} dequantise",
            "DequantizeLinear",
            one.weights,
            times=one.times,
            dtype=one.dtype,
        )
        yield replace(dequantise, weight_dtype=one.dtype)
        yield replace(one, weight_dtype="int4")
        return
    quantise = vector(
        f"{one.name} quantise",
        "QuantizeLinear",
        one.inputs,
        times=one.times,
        flops=2,
        dtype=one.dtype,
    )
    yield quantise
    yield replace(one, dtype=target, weight_dtype=target)
    yield vector(
        f"{one.name} rescale",
        "DequantizeLinear",
        one.outputs,
        times=one.times,
        dtype=one.dtype,
    )


def synthetic_errors(graph: Graph, target: str, seed: int = 1) -> list[WeightError]:
    """Errors on normal random weights, where a model has none: a scale, not a measurement."""
    check_target(target)
    rng = np.random.default_rng(seed)
    found: dict[tuple[int, int], WeightError] = {}
    rows = []
    for one in graph.matrices():
        if not one.weights:
            continue
        size = (min(one.n, SAMPLE_ROWS), min(one.k, SAMPLE_COLUMNS))
        if size not in found:
            weight = rng.normal(0, SPREAD, size).astype(np.float32)
            values, scales = quantised_values(weight, target, 0)
            back = restored(values, scales, 0)
            found[size] = error_of("", weight, back, weight.size, is_synthetic=True)
        rows.append(replace(found[size], name=one.name, elements=one.weights))
    return rows
