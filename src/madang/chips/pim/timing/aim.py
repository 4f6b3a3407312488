"""AiM streams: tables as arrays, channels that see the same stream simulated once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from madang.chips.pim.standards.gddr6_aim import INSTRUCTIONS, Command, Isr, distances, evaluate
from madang.chips.pim.stream import Stream
from madang.chips.pim.timing import aim_runs, aim_ticks
from madang.chips.pim.timing.aim_runs import I64, LONG_AGO

SCOPES = {"channel": 0, "group": 1, "bank": 2}
ACTIVE_MAX = 256


@dataclass(frozen=True, slots=True)
class AimTables:
    """Instruction table and distances as the kernels read them."""

    instructions: I64
    near: I64


@dataclass(frozen=True, slots=True)
class AimRun:
    cycles: int
    groups: tuple[tuple[int, int], ...]  # (first channel, channels) per distinct stream
    issued: tuple[int, ...]  # commands per group, a run of columns counts once
    log: I64  # cycle, command, bank, row, gap, count of the first group


def tables_of(timing: Mapping[str, int]) -> AimTables:
    near = np.full((3, len(Command), len(Command)), 2 * LONG_AGO, np.int64)
    for rule in distances(dict(timing)):
        cell = near[SCOPES[rule.scope], rule.second]
        cell[rule.first] = max(cell[rule.first], rule.cycles)
    rows = []
    for one in INSTRUCTIONS:
        latency = evaluate("+".join(one.latency) or "ONE", dict(timing))
        command = -1 if one.command is None else int(one.command)
        flags = (one.register_mode, one.blocking, one.conventional)
        rows.append([command, int(one.shape), *map(int, flags), latency])
    return AimTables(np.array(rows, np.int64), near)


def channel_groups(masks: I64, channels: int) -> tuple[list[list[int]], I64]:
    """Channels whose mask bits agree in every row, and the masks over these groups.

    Bit i of a mask selects channel `channels - 1 - i`.
    """
    if len(masks) and masks[0] == (1 << channels) - 1 and (masks == masks[0]).all():
        return [list(range(channels))], np.ones(len(masks), np.int64)
    columns: dict[bytes, list[int]] = {}
    for channel in range(channels):
        bits = (masks >> (channels - 1 - channel) & 1).astype(np.uint8)
        columns.setdefault(bits.tobytes(), []).append(channel)
    grouped = np.zeros(len(masks), np.int64)
    for g, bits_of in enumerate(columns):
        grouped |= np.frombuffer(bits_of, np.uint8).astype(np.int64) << g
    return list(columns.values()), grouped


def fields_of(stream: Stream) -> tuple[I64, I64, I64, I64]:
    names = ("op", "bank", "row", "count")
    op, bank, row, count = (stream[name].astype(np.int64) for name in names)
    return op, bank, row, count


def aim_cycles(
    stream: Stream, tables: AimTables, *, channels: int, capacity: int,
    log_rows: int = 0, ticks: bool = False, refi: int = 0,
) -> AimRun:  # fmt: skip
    """Time a stream that ends with EOC. `ticks`: force the tick engine. `refi`: 0 for none."""
    op, bank, row, count = fields_of(stream)
    names, masks = channel_groups(stream["channels"].astype(np.int64), channels)
    groups = len(names)
    rows = np.full((groups, 16), -1, np.int64)
    last = np.full((groups, 21, len(Command)), LONG_AGO, np.int64)
    reg = np.zeros((groups, 10), np.int64)
    log = np.zeros((log_rows, 6), np.int64)
    if ticks or bool(tables.instructions[op, aim_runs.T_CONVENTIONAL].any()):
        lists = np.zeros((groups, 4, max(capacity, ACTIVE_MAX), 2), np.int64)
        sizes, host = np.zeros((groups, 4), np.int64), np.zeros(4, np.int64)
        answers = np.zeros((groups, int(count.sum()) + 1, 2), np.int64)
        patience = 2 * int(tables.near.max()) + int(tables.instructions.max()) + 64
        cycles = aim_ticks.aim_ticks(
            op, bank, row, count, masks, capacity, patience, refi, tables.instructions,
            tables.near, rows, last, reg, lists, sizes, answers, host, log,
        )  # fmt: skip
        issued = reg[:, aim_ticks.C_ISSUED]
    else:
        runs = np.zeros((groups, len(stream) + 1, 4), np.int64)
        cycles = aim_runs.aim_runs(
            op, bank, row, count, masks, capacity, refi, tables.instructions, tables.near,
            rows, last, reg, runs, log, 1,
        )  # fmt: skip
        issued = reg[:, aim_runs.G_ISSUED]
    shape = tuple((members[0], len(members)) for members in names)
    return AimRun(int(cycles), shape, tuple(int(n) for n in issued), log)


__all__ = ["AimRun", "AimTables", "Isr", "aim_cycles", "channel_groups", "tables_of"]
