"""Single kernels and all-reduces against published measurements."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import product

from madang.chips.predict.chips import Chip, chip, table

SHARES = tuple(x / 100 for x in range(40, 100, 5))
OVERHEADS_US = tuple(float(x) for x in range(0, 41, 3))
RING_RATES = tuple(x / 100 for x in range(30, 100, 5))


@dataclass(frozen=True, slots=True)
class Gemm:
    id: str
    chip: str
    m: int
    n: int
    k: int
    measured_s: float
    source: str


@dataclass(frozen=True, slots=True)
class GemmFit:
    """One share of both peaks and one overhead for every size."""

    share: float
    overhead_us: float


def gemms(device: str) -> list[Gemm]:
    """The source's columns are M, K, N."""
    return [
        Gemm(
            f"gemm {row['m']}x{row['n']}x{row['k']}",
            device,
            int(row["m"]),
            int(row["k"]),
            int(row["n"]),
            float(row["value"]) * 1e-3,
            row["source"],
        )
        for row in table("gpu-kernels.csv")
        if row["chip"] == device and row["kernel"] == "matmul fp16"
    ]


def device_of(name: str) -> Chip:
    return chip({"A100": "A100-80GB"}.get(name, name))


def seconds(one: Gemm, fitted: GemmFit) -> float:
    device = device_of(one.chip)
    moved = 2.0 * (one.m * one.k + one.k * one.n + one.m * one.n)
    compute = 2.0 * one.m * one.n * one.k / device.peak("fp16")[0]
    return max(compute, moved / device.bandwidth()) / fitted.share + fitted.overhead_us * 1e-6


def fit(rows: Sequence[Gemm]) -> GemmFit:
    points = [GemmFit(share, overhead) for share, overhead in product(SHARES, OVERHEADS_US)]
    return min(points, key=lambda one: mean_error(rows, one))


def mean_error(rows: Iterable[Gemm], fitted: GemmFit) -> float:
    errors = [abs(seconds(one, fitted) / one.measured_s - 1) for one in rows]
    return sum(errors) / len(errors)


@dataclass(frozen=True, slots=True)
class Reduced:
    bytes: int
    measured_s: float
    source: str


def all_reduces() -> list[Reduced]:
    return [
        Reduced(int(row["m"]), float(row["value"]) * 1e-6, row["source"])
        for row in table("gpu-kernels.csv")
        if row["kernel"].startswith("all-reduce")
    ]


def reduce_seconds(size: int, cards: int, rate_share: float, latency_us: float) -> float:
    link = device_of("A100").link
    assert link is not None
    rate = link.bytes_a_second(cards) * rate_share
    return 2 * (cards - 1) / cards * size / rate + latency_us * 1e-6


def fit_reduces(rows: Sequence[Reduced], cards: int = 4) -> tuple[float, float]:
    """Share of the link and latency with the least mean absolute error."""

    def error(point: tuple[float, float]) -> float:
        share, latency = point
        found = [
            abs(reduce_seconds(one.bytes, cards, share, latency) / one.measured_s - 1)
            for one in rows
        ]
        return sum(found) / len(found)

    points = [(share, float(latency)) for share in RING_RATES for latency in range(8, 41)]
    return min(points, key=error)
