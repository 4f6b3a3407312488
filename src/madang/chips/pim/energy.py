"""Energy: counts times a table with sources, always with its band, never an estimate of shapes.

Bank-pair and HBM3: activation per row bit opened, cell and path per bit moved, ALU per
operation. AiM: power times duration per command. A device that publishes no numbers has no
energy, and the report says why.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madang.chips.pim.lower.bankpair import ENTER_ROW, EXIT_ROW, LAST_COLUMN, REGISTERS
from madang.chips.pim.spec import Spec
from madang.chips.pim.timing.bankpair import C_ACT, C_PRE, C_RD, C_REF, C_WR

I64 = npt.NDArray[np.int64]
CHANNEL_PATH = ("column_pj_bit", "group_pj_bit", "tsv_pj_bit", "interposer_pj_bit")


@dataclass(frozen=True, slots=True)
class Energy:
    """Picojoule by part for the whole device; total = sum of parts, exactly."""

    parts: Mapping[str, float]
    low: float
    mid: float
    high: float
    left_out: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Activity:
    """What one channel did: numbers of commands by what they cost."""

    act: int = 0
    pre: int = 0
    ref: int = 0
    act_all: int = 0  # opens one bank in every unit
    host_columns: int = 0
    register_writes: int = 0
    pim_columns: int = 0
    pim_reads: int = 0


def account(spec: Spec, parts: dict[str, float], left_out: tuple[str, ...]) -> Energy:
    mid = sum(parts.values())
    low, high = mid * spec.number("band_low"), mid * spec.number("band_high")
    return Energy(parts, low, mid, high, left_out)


def bankpair_activity(log: I64) -> Activity:
    """Sort a channel's log by mode: all-bank mode begins with the fourth activation of the
    enter row and ends with the second precharge of the exit row."""
    kind, bank, row, column = log[:, 1], log[:, 2], log[:, 3], log[:, 4]
    enter = (kind == C_ACT) & (row == ENTER_ROW) & (column == LAST_COLUMN)
    leave = (kind == C_PRE) & (row == EXIT_ROW) & (bank < 2)
    entered = np.cumsum(enter) // 4
    left = np.cumsum(leave) // 2
    inside = (entered > left) & ~enter
    columns = (kind == C_RD) | (kind == C_WR)
    registers = columns & inside & (row == REGISTERS)
    work = columns & inside & (row < ENTER_ROW)
    n = np.count_nonzero
    acts = kind == C_ACT
    return Activity(
        act=int(n(acts & ~inside)),
        pre=int(n(kind == C_PRE)),
        ref=int(n((kind == C_REF) & (bank == 0))),
        act_all=int(n(acts & inside)),
        host_columns=int(n(columns & ~registers & ~work)),
        register_writes=int(n(registers)),
        pim_columns=int(n(work)),
        pim_reads=int(n(work & (kind == C_RD))),
    )


def bankpair_energy(spec: Spec, activity: Activity, channels: int, operations: float) -> Energy:
    """`operations`: ALU operations of one lane per PIM read (2 for MAC, 1 for add or mul)."""
    bits = 8 * spec.integer("burst_bytes")
    units, lanes = spec.integer("units"), spec.integer("lanes")
    row = spec.integer("row_bits") * spec.number("act_pj_bit", "energy")
    cell = bits * spec.number("cell_pj_bit", "energy")
    path = bits * sum(spec.number(name, "energy") for name in CHANNEL_PATH)
    a = activity
    parts = {
        "activation": row * (a.act + units * a.act_all),
        "cells by PIM": cell * units * a.pim_columns,
        "arithmetic": spec.number("alu_pj", "energy")
        * operations
        * lanes
        * units
        * a.pim_reads,
        "register writes": (cell + path) * a.register_writes,
        "host columns": (cell + path) * a.host_columns,
    }
    scaled = {name: value * channels for name, value in parts.items()}
    return account(spec, scaled, ("refresh and standby: no published number",))


def with_host_steps(spec: Spec, spent: Energy, moved: int) -> Energy:
    """Bytes that the host's part of a kernel moves over the bus, at the price of a read."""
    if not moved:
        return spent
    bits = 8 * moved
    if spec.family == "aim":
        burst = spec.number("rd_mw") * spec.number("burst_ns") / spec.integer("burst_bytes")
        cost = moved * burst + bits * spec.number("dq_pj_bit")
    else:
        cost = bits * sum(spec.number(n, "energy") for n in ("cell_pj_bit", *CHANNEL_PATH))
    left = (*spent.left_out, "arithmetic of the host: no published number")
    return account(spec, {**spent.parts, "host steps": cost}, left)


def aim_energy(
    spec: Spec, counts: Mapping[str, int], instructions: int, open_ns: float, total_ns: float
) -> Energy:
    """Counts are commands of one channel that sees the whole stream, times the channels."""
    act = spec.number("act_mw") * spec.number("act_ns")
    rd = spec.number("rd_mw") * spec.number("burst_ns")
    wr = spec.number("wr_mw") * spec.number("burst_ns")
    mac16 = spec.number("rd_mw") * spec.number("mac16_of_rd") * spec.number("mac_ns")
    dq = 8 * spec.integer("burst_bytes") * spec.number("dq_pj_bit")

    def n(*names: str) -> int:
        return sum(counts.get(name, 0) for name in names)

    commands = sum(counts.values())
    control = (
        spec.number("controller_isr") * instructions
        + spec.number("controller_command") * commands
    )
    closed_ns = max(0.0, total_ns - open_ns)
    parts = {
        "activation": act * (n("ACT") + 16 * n("ACT16")),
        "reads": rd * (n("RD", "RDCP") + 16 * n("AF16")),
        "writes": wr * (n("WR", "WRCP") + 16 * n("WRA16")),
        "arithmetic": mac16 * (n("MAC16") + n("MAC") / 16 + n("EWMUL16") / 4),
        "interface": dq * n("RD", "WR", "WRA16", "WRGB", "WRMAC", "RDMAC", "RDAF"),
        "controller": control * spec.clock_ns / 2,
        "standby": spec.number("standby_active_mw") * open_ns
        + spec.number("standby_precharged_mw") * closed_ns,
    }
    channels = spec.integer("channels")
    return account(spec, {k: v * channels for k, v in parts.items()}, ("refresh",))
