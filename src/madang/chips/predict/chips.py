"""Devices by their published numbers, each with unit, source and mark; how cards are joined."""

from __future__ import annotations

import csv
import difflib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from typing import Literal

from madang.chips.errors import (
    ChipUnknown,
    NumberUnknown,
    ParameterImpossible,
    ParameterUnknown,
)
from madang.chips.workloads.graph import JsonValue

Topology = Literal["switch", "mesh", "ring", "pcie"]
DATA = "madang.chips.predict.data"
SPELLED = {"h100": "H100-SXM", "a100": "A100-80GB", "gaudi-3": "Gaudi3", "gaudi-2": "Gaudi2"}
TERA, GIGA = 1e12, 1e9
SCALE = {
    "TFLOPS": TERA,
    "TOPS": TERA,
    "TB/s": TERA,
    "GB/s": GIGA,
    "GB": GIGA,
    "W": 1.0,
    "GB GDDR6": GIGA,
    "GB HBM3E": GIGA,
    "GHz": GIGA,
    "MB": 1e6,
}
PEAKS = {
    "fp8": ("peak_fp8", "peak_fp8_dense"),
    "int8": ("peak_int8", "peak_fp8", "peak_fp8_dense"),
    "int4": ("peak_int4",),
    "fp16": ("peak_bf16", "peak_16bit", "peak_fp16", "peak_16bit_or_as_listed"),
    "bf16": ("peak_bf16", "peak_16bit", "peak_fp16", "peak_16bit_or_as_listed"),
}


@dataclass(frozen=True, slots=True)
class Quantity:
    value: float
    unit: str
    source: str
    mark: str


@dataclass(frozen=True, slots=True)
class Link:
    """How cards of one server are joined: rate of one card in one direction, and latency."""

    topology: Topology
    gb_s: float
    latency_us: float
    source: str
    mark: str

    def bytes_a_second(self, cards: int) -> float:
        """A mesh gives each card a link to each other card."""
        links = cards - 1 if self.topology == "mesh" else 1
        return self.gb_s * GIGA * max(1, links)


@dataclass(frozen=True, slots=True)
class Chip:
    name: str
    numbers: Mapping[str, Quantity]
    link: Link | None

    def find(self, *names: str) -> Quantity | None:
        return next((self.numbers[name] for name in names if name in self.numbers), None)

    def number(self, what: str, *names: str) -> float:
        """A value in base units (flop/s, byte/s, byte, watt), or a refusal that names it."""
        found = self.find(*names)
        if found is None:
            raise NumberUnknown(device=self.name, name=names[0], what=what)
        return found.value * SCALE.get(found.unit, 1.0)

    def bandwidth(self) -> float:
        names = ("memory_bandwidth_used_by_predictor", "memory_bandwidth")
        return self.number("a prediction", *names)

    def capacity(self) -> float:
        return self.number("the batch that fits", "memory_capacity")

    def peak(self, dtype: str) -> tuple[float, str]:
        """Peak rate of a format, and what had to be assumed for it."""
        wanted = PEAKS.get(dtype, (f"peak_{dtype}",))
        if self.find(*wanted) is not None:
            return self.number("a prediction", *wanted), ""
        wider = PEAKS["fp16"] if dtype in ("fp8", "int8") else (*PEAKS["fp8"], *PEAKS["int8"])
        if dtype == "int4":
            wider = (*wider, *PEAKS["fp16"])
        if dtype in PEAKS and self.find(*wider) is not None:
            return self.number("a prediction", *wider), f"{dtype} is computed in a wider format"
        raise NumberUnknown(device=self.name, name=wanted[0], what="a prediction")

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "numbers": {
                key: {"value": q.value, "unit": q.unit, "source": q.source, "mark": q.mark}
                for key, q in self.numbers.items()
            },
        }


def table(name: str) -> list[dict[str, str]]:
    text = resources.files(DATA).joinpath(name).read_text("utf-8")
    return list(csv.DictReader(text.splitlines()))


@cache
def chips() -> Mapping[str, Chip]:
    """All devices; a value from memory never replaces one that was read."""
    numbers: dict[str, dict[str, Quantity]] = {}
    for row in (*table("chip-specs.csv"), *table("supplement.csv")):
        mark = "recalled" if row["mark"] == "memory" else row["mark"]
        one = Quantity(float(row["value"]), row["unit"], row["source"], mark)
        numbers.setdefault(row["chip"], {}).setdefault(row["field"], one)
    links = {
        row["chip"]: Link(
            _topology(row["topology"]),
            float(row["gb_s"]),
            float(row["latency_us"]),
            row["source"],
            row["mark"],
        )
        for row in table("links.csv")
    }
    return {name: Chip(name, held, links.get(name)) for name, held in numbers.items()}


def _topology(text: str) -> Topology:
    for known in ("switch", "mesh", "ring", "pcie"):
        if text == known:
            return known
    raise ValueError(text)


def chip(name: str) -> Chip:
    known = chips()
    lower = {one.lower(): one for one in known}
    found = lower.get(SPELLED.get(name.lower(), name).lower())
    if found is None:
        near = difflib.get_close_matches(name.lower(), lower, 3, 0.4)
        names = [lower[one] for one in near] or list(known)
        raise ChipUnknown(device=name, known=", ".join(names))
    return known[found]


UNITS = {"peak": "TFLOPS", "memory_bandwidth": "GB/s", "memory_capacity": "GB", "tdp": "W"}


def with_changes(one: Chip, changes: Mapping[str, float]) -> Chip:
    """Numbers set by hand: peaks in TFLOPS, bandwidth in GB/s, capacity in GB, power in W."""
    numbers = dict(one.numbers)
    for name, value in changes.items():
        unit = next((unit for start, unit in UNITS.items() if name.startswith(start)), None)
        if unit is None:
            nearest = "peak_fp8, peak_bf16, memory_bandwidth, memory_capacity, tdp"
            raise ParameterUnknown(device=one.name, name=name, nearest=nearest)
        if not value > 0:
            raise ParameterImpossible(
                name=name, value=str(value), reason="above 0", limit="> 0", nearest="1"
            )
        numbers[name] = Quantity(float(value), unit, "set by hand", "override")
    return replace(one, numbers=numbers)


def predictable() -> list[str]:
    """Devices whose published numbers are enough for a language model."""
    return [
        name
        for name, one in chips().items()
        if one.find("memory_bandwidth") and any(key.startswith("peak") for key in one.numbers)
    ]
