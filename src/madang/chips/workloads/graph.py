"""The graph that every engine reads: matrix products, convolutions, and everything beside them.

Totals are exact integers. Two digests: `sha256` over everything but names, `work_sha256` over
the multiset of matrix products, which two importers of one network share.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from dataclasses import dataclass, replace
from typing import Literal

from madang.chips.workloads.layers import Layer, gemm

Kind = Literal["matmul", "conv", "vector", "move"]
JsonValue = str | int | float | bool | None | list["JsonValue"] | dict[str, "JsonValue"]
BITS = {
    "fp32": 32,
    "fp16": 16,
    "bf16": 16,
    "fp8": 8,
    "int8": 8,
    "uint8": 8,
    "int4": 4,
    "int32": 32,
    "int64": 64,
    "fp64": 64,
    "bool": 8,
    "int16": 16,
}


def bytes_of(elements: int, dtype: str) -> int:
    """Packed bytes, rounded up once for each tensor."""
    return -(-elements * BITS[dtype] // 8)


@dataclass(frozen=True, slots=True)
class Operator:
    """`times` equal copies of one node.

    A matrix product is M x K times K x N; a convolution also has its window. `inputs`,
    `weights` and `outputs` are elements of one copy. Keys and values are inputs, not weights.
    """

    name: str
    op: str
    kind: Kind
    times: int = 1
    m: int = 0
    n: int = 0
    k: int = 0
    inputs: int = 0
    weights: int = 0
    outputs: int = 0
    flops: int = 0
    dtype: str = "fp16"
    weight_dtype: str = "fp16"
    window: Layer | None = None
    padding: tuple[int, int, int, int] = (0, 0, 0, 0)
    note: str = ""

    @property
    def macs(self) -> int:
        return self.times * self.m * self.n * self.k

    @property
    def weight_bytes(self) -> int:
        return self.times * bytes_of(self.weights, self.weight_dtype)

    @property
    def activation_bytes(self) -> int:
        one = bytes_of(self.inputs, self.dtype) + bytes_of(self.outputs, self.dtype)
        return self.times * one

    @property
    def is_matrix(self) -> bool:
        return self.kind in ("matmul", "conv")

    def layer(self) -> Layer:
        """What a systolic array is given; a padded convolution gets its padded input."""
        if self.window is not None:
            return replace(self.window, name=self.name)
        return gemm(self.name, self.m, self.n, self.k)

    def facts(self) -> list[JsonValue]:
        """Everything but the name."""
        window = self.window
        sizes: list[JsonValue] = [*window.sizes().values()] if window else []
        return [
            *(self.op, self.kind, self.times, self.m, self.n, self.k),
            *(self.inputs, self.weights, self.outputs, self.flops),
            self.dtype,
            self.weight_dtype,
            sizes,
            [*self.padding],
        ]


@dataclass(frozen=True, slots=True)
class Graph:
    name: str
    source: str
    operators: tuple[Operator, ...]
    notes: tuple[str, ...] = ()

    @property
    def macs(self) -> int:
        return sum(one.macs for one in self.operators)

    @property
    def weight_bytes(self) -> int:
        return sum(one.weight_bytes for one in self.operators)

    @property
    def activation_bytes(self) -> int:
        return sum(one.activation_bytes for one in self.operators)

    @property
    def parameters(self) -> int:
        return sum(one.times * one.weights for one in self.operators)

    def matrices(self) -> list[Operator]:
        return [one for one in self.operators if one.is_matrix]

    def sha256(self) -> str:
        return _digest([one.facts() for one in self.operators])

    def work_sha256(self) -> str:
        """Over matrix products and formats, whatever their order and however they are split."""
        work: Counter[tuple[int, int, int, bool, str, str]] = Counter()
        for one in self.matrices():
            stored = one.weights > 0
            key = (one.m, one.n, one.k, stored, one.dtype, one.weight_dtype)
            work[key] += one.times
        return _digest([[*key, times] for key, times in sorted(work.items())])

    def totals(self) -> dict[str, JsonValue]:
        matrices = self.matrices()
        return {
            "operators": sum(one.times for one in self.operators),
            "macs": self.macs,
            "parameters": self.parameters,
            "weight_bytes": self.weight_bytes,
            "activation_bytes": self.activation_bytes,
            "matrix_bytes": sum(one.weight_bytes + one.activation_bytes for one in matrices),
            "vector_flops": sum(one.times * one.flops for one in self.operators),
            "sha256": self.sha256(),
            "work_sha256": self.work_sha256(),
        }


def _digest(facts: JsonValue) -> str:
    text = json.dumps(facts, separators=(",", ":"), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()


def product(
    name: str,
    m: int,
    n: int,
    k: int,
    *,
    times: int = 1,
    stored: bool = True,
    dtype: str = "fp16",
    note: str = "",
) -> Operator:
    """A matrix product; its second operand is stored weights, or data."""
    return Operator(
        name,
        "MatMul",
        "matmul",
        times,
        *(m, n, k),
        inputs=m * k + (0 if stored else k * n),
        weights=k * n if stored else 0,
        outputs=m * n,
        dtype=dtype,
        weight_dtype=dtype,
        note=note,
    )


def convolution(
    layer: Layer,
    *,
    times: int = 1,
    padding: tuple[int, int, int, int] = (0, 0, 0, 0),
    dtype: str = "fp16",
    batch: int = 1,
) -> Operator:
    """`layer` has its input padded by hand; `padding` says how much of it is not read."""
    m = layer.m() * batch
    top, left, bottom, right = padding
    held = (layer.height - top - bottom) * (layer.width - left - right) * layer.channels
    return Operator(
        layer.name,
        "Conv",
        "conv",
        times,
        *(m, layer.n, layer.k),
        inputs=batch * held,
        weights=layer.k * layer.n,
        outputs=m * layer.n,
        dtype=dtype,
        weight_dtype=dtype,
        window=layer,
        padding=padding,
    )


def vector(
    name: str,
    op: str,
    elements: int,
    *,
    times: int = 1,
    flops: int = 1,
    inputs: int = 0,
    dtype: str = "fp16",
) -> Operator:
    """Work of the vector unit: `flops` for each of `elements` outputs."""
    return Operator(
        name,
        op,
        "vector",
        times,
        inputs=inputs or elements,
        outputs=elements,
        flops=flops * elements,
        dtype=dtype,
        weight_dtype=dtype,
    )
