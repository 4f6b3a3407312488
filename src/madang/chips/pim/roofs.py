"""Rates and sizes that follow from a device's numbers alone: capacity, bus, roofs."""

from __future__ import annotations

from madang.chips.pim.spec import Spec


def capacity_bytes(spec: Spec) -> int:
    banks = spec.integer("channels") * spec.integer("banks")
    row = spec.integer("columns") * spec.integer("burst_bytes")
    extra = 1
    for name in ("pseudo_channels", "stacks"):
        extra *= spec.integer(name) if spec.has(name) else 1
    groups = spec.integer("groups") if spec.family == "attacc" else 1
    addressable = spec.family == "attacc" or (spec.profile == "jedec" and spec.has("ranks"))
    ranks = spec.integer("ranks") if addressable else 1
    return banks * groups * ranks * extra * spec.integer("data_rows") * row


def host_bandwidth_gb_s(spec: Spec) -> float:
    """Usable rate of the bus: bytes a cycle over all channels, times the usable share."""
    if spec.family == "attacc":
        return (
            spec.number("stack_gb_s")
            * spec.integer("stacks")
            * spec.number("host_bandwidth_use")
        )
    gap = spec.integer("BL")
    if spec.family == "bank-pair":
        gap = max(gap // 2, spec.integer("CCDS"))
    burst = spec.integer("channels") * spec.integer("burst_bytes") / gap
    return burst / spec.clock_ns * spec.number("host_bandwidth_use")


def peaks(spec: Spec) -> tuple[float, float, float, float]:
    """GB/s and GFLOP/s inside the banks, then of the bus and the host."""
    gap = spec.integer("CCDAB") if spec.family == "attacc" else spec.integer("CCDL")
    units, lanes = spec.integer("units"), spec.integer("lanes")
    many = spec.integer("channels") * units / gap / spec.clock_ns
    if spec.family == "attacc":
        many *= spec.integer("stacks")
    inside = many * spec.integer("burst_bytes")
    flops = many * lanes * spec.number("flop_per_lane")
    host = spec.number("host_tflops") * spec.number("host_compute_use") * 1e3
    return inside, flops, host_bandwidth_gb_s(spec), host
