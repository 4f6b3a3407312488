"""Energy: counts times a small table, with its source, its mark and a band."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Protocol, cast

import yaml

from madang.chips.workloads.graph import BITS, Graph, JsonValue


class Counted(Protocol):
    """What energy is made of: the counts of a layer."""

    @property
    def macs(self) -> int: ...
    @property
    def sram_ifmap_reads(self) -> int: ...
    @property
    def sram_filter_reads(self) -> int: ...
    @property
    def sram_ofmap_writes(self) -> int: ...
    @property
    def sram_ofmap_reads(self) -> int: ...
    @property
    def dram_ifmap_reads(self) -> int: ...
    @property
    def dram_filter_reads(self) -> int: ...
    @property
    def dram_ofmap_writes(self) -> int: ...
    @property
    def dram_ofmap_reads(self) -> int: ...


@dataclass(frozen=True, slots=True)
class Table:
    source: str
    mark: str
    process_nm: int
    low: float
    high: float
    pj: Mapping[str, float]


@cache
def table() -> Table:
    text = resources.files("madang.chips.npu").joinpath("energy.yaml").read_text("utf-8")
    raw = cast("dict[str, object]", yaml.safe_load(text))
    band = cast("list[float]", raw["band"])
    return Table(
        str(raw["source"]),
        str(raw["mark"]),
        cast("int", raw["process_nm"]),
        band[0],
        band[1],
        cast("dict[str, float]", raw["pj"]),
    )


@dataclass(frozen=True, slots=True)
class Energy:
    parts_pj: Mapping[str, float]

    @property
    def pj(self) -> float:
        return sum(self.parts_pj.values())

    def as_dict(self) -> dict[str, JsonValue]:
        known = table()
        return {
            "energy_pj": self.pj,
            "band_pj": {"low": self.pj * known.low, "high": self.pj * known.high},
            "parts_pj": dict(self.parts_pj),
            "source": known.source,
            "mark": known.mark,
            "process_nm": known.process_nm,
            "left_out": ["leakage", "clock tree", "host"],
        }


def energy_of(rows: Iterable[Counted], graph: Graph) -> Energy:
    """Energy of a run. A word is as wide as the graph's matrix products."""
    pj, dtype = table().pj, matrix_dtype(graph)
    word = BITS[dtype] / 8
    parts = {"multiply": 0.0, "sram": 0.0, "dram": 0.0}
    for one in rows:
        parts["multiply"] += one.macs * pj[f"mac_{dtype}"]
        inside = one.sram_ifmap_reads + one.sram_filter_reads
        inside += one.sram_ofmap_writes + one.sram_ofmap_reads
        parts["sram"] += inside * word * pj["sram_byte"]
        outside = one.dram_ifmap_reads + one.dram_filter_reads
        outside += one.dram_ofmap_writes + one.dram_ofmap_reads
        parts["dram"] += outside * word * pj["dram_byte"]
    flops = sum(one.flops * one.times for one in graph.operators)
    return Energy({**parts, "vector": flops * pj["vector_op"]})


def matrix_dtype(graph: Graph) -> str:
    found = [one.weight_dtype for one in graph.matrices()]
    name = found[0] if found else "int8"
    return name if f"mac_{name}" in table().pj else "fp32"
