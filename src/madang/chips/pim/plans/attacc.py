"""HBM3 bank PIM for attention: heads over stacks, one stack simulated per distinct load."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, NeverEnds, ShapeTooLarge
from madang.chips.pim import energy
from madang.chips.pim.lower import attacc as lower
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import check_length
from madang.chips.pim.task import BYTES, Task
from madang.chips.pim.timing import attacc as engine

I64 = npt.NDArray[np.int64]
Rows = npt.NDArray[np.int32]
KERNELS = ("attention",)
PARAMETERS = ("BL", "RCD", "RP", "RAS", "RC", "RTPL", "CCDS", "CCDL", "CCDAB", "REFI", "RFC")
NAMES = ("MACAB", "ACTAB", "PREA", "REFab", "WRGB", "MVSB", "MVGB", "SFM")
LENGTH_MAX = 1 << 17
FIRST_READ = (
    "context pass of a pair's second head reads the first head's rows, as that simulator does"
)


def check_kernel(spec: Spec, task: Task) -> None:
    if task.kernel not in KERNELS or task.dtype not in ("fp16", "bf16", "int8"):
        raise KernelUnsupported(
            device=spec.name,
            kernel=f"{task.kernel} in {task.dtype}",
            known="attention in fp16",
            reason="its units hold keys and values only; matrices stay on the GPU",
        )
    if task.context > LENGTH_MAX:
        raise ShapeTooLarge(
            what="attention",
            needed=task.context,
            unit="tokens",
            limit=LENGTH_MAX,
            nearest=f"{LENGTH_MAX} tokens",
        )


@dataclass(frozen=True, slots=True)
class StackRun:
    cycles: int
    commands: dict[str, int]  # of all channels
    groups: int
    logs: tuple[I64, ...]  # cycle, command, row, bank, of each channel that was simulated


def channel_groups(stream: Rows) -> list[list[int]]:
    """Channels that see the same commands and are served one right after the other.

    Then the front end treats the members of a group alike: it is refused by the first of them
    or by none. Where that does not hold, every channel is a group of its own.
    """
    apart = [[c] for c in range(lower.CHANNELS)]
    own: dict[bytes, list[int]] = {}
    for c in range(lower.CHANNELS):
        own.setdefault(stream[stream[:, 0] == c, 1:].tobytes(), []).append(c)
    groups = list(own.values())
    for members in groups:
        first = np.flatnonzero(stream[:, 0] == members[0])
        for i, c in enumerate(members):
            at = first + i
            if at.size and (at[-1] >= len(stream) or (stream[at, 0] != c).any()):
                return apart
    return groups


def _of_first(stream: Rows, groups: list[list[int]]) -> Rows:
    """The rows of each group's first channel, numbered by group."""
    number = np.full(lower.CHANNELS, -1, np.int32)
    for g, members in enumerate(groups):
        number[members[0]] = g
    kept = stream[number[stream[:, 0]] >= 0].copy()
    kept[:, 0] = number[kept[:, 0]]
    return kept


def run_stack(spec: Spec, work: lower.Attention, *, log: bool = False) -> StackRun:
    """Time one stack; of channels that see the same stream, one."""
    whole = lower.attention(work)
    groups = channel_groups(whole)
    stream, channels = _of_first(whole, groups), len(groups)
    t = spec.timing()
    p = [*(t[name] for name in PARAMETERS), t["REF_AFTER_ACT"], spec.integer("list_capacity")]
    reg = np.zeros((channels, 5), np.int64)
    reg[:, engine.G_ROW] = -1
    counts = np.zeros((channels, 9), np.int64)
    room = 8 * len(stream) + 4096 if log else 0
    logs = np.zeros((channels, room, 4), np.int64)
    cycles = engine.attacc_cycles(
        stream,
        np.array(p, np.int64),
        np.zeros((channels, p[-1]), np.int64),
        reg,
        np.zeros((channels, 4), np.int64),
        np.full((channels, 11), engine.LONG_AGO, np.int64),
        counts,
        logs,
        0,
    )
    if cycles < 0:
        raise NeverEnds(reason="refreshes close every row before it is of use")
    total = np.array([len(members) for members in groups]) @ counts
    found = {name: int(total[k]) for k, name in enumerate(NAMES)}
    kept = tuple(logs[c, : reg[c, engine.G_ISSUED]] for c in range(channels))
    return StackRun(int(cycles), found, channels, kept)


def stack_cycles(spec: Spec, work: lower.Attention) -> tuple[int, dict[str, int]]:
    """Cycles of one stack, and the commands of all its channels."""
    run = run_stack(spec, work)
    return run.cycles, run.commands


def work_of(spec: Spec, task: Task) -> lower.Attention:
    share = -(-task.heads // spec.integer("stacks"))
    work = lower.Attention(task.context, share, task.width, BYTES[task.dtype])
    each = 2 * work.keys * work.chunks + 4 * work.chunks + work.keys + 64
    check_length(task.kernel, share * each, "heads", task.heads)
    return work


def run_pim(spec: Spec, task: Task) -> Report:
    check_kernel(spec, task)
    work = work_of(spec, task)
    run = run_stack(spec, work)
    cycles, commands, share = run.cycles, run.commands, work.heads
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="pim",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=cycles,
        clock_ns=spec.clock_ns,
        channels=spec.integer("channels"),
        groups=run.groups,
        commands=commands,
        overhead_ns=spec.number("launch_ns"),
        energy=_energy(spec, commands),
        notes=(f"{share} heads on the fullest stack", FIRST_READ),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
    )


def _energy(spec: Spec, commands: dict[str, int]) -> energy.Energy:
    """An all-bank MAC reads a burst in each of 64 banks; a move crosses the group path."""
    bits, banks = 8 * spec.integer("burst_bytes"), spec.integer("units")
    cell, act = spec.number("cell_pj_bit"), spec.number("act_pj_bit")
    path = spec.number("column_pj_bit") + spec.number("group_pj_bit")
    moves = commands["WRGB"] + commands["MVSB"] + commands["MVGB"]
    row_bits = 8 * spec.integer("burst_bytes") * spec.integer("columns")
    parts = {
        "activation": act * row_bits * banks * commands["ACTAB"],
        "cells by PIM": cell * bits * banks * commands["MACAB"],
        "arithmetic": spec.number("alu_pj")
        * 2
        * spec.integer("lanes")
        * banks
        * commands["MACAB"],
        "buffer moves": path * bits * moves,
    }
    scaled = {name: value * spec.integer("stacks") for name, value in parts.items()}
    return energy.account(
        spec, scaled, ("refresh and standby: no published number", "softmax unit")
    )


def run_host(spec: Spec, task: Task) -> Report:
    """The GPU's side: keys and values once over the stacks' bandwidth."""
    check_kernel(spec, task)
    gb_s = (
        spec.number("stack_gb_s") * spec.integer("stacks") * spec.number("host_bandwidth_use")
    )
    cycles = int(-(-task.bytes_touched() // (gb_s * spec.clock_ns)))
    bits = 8 * task.bytes_touched()
    names = (
        "act_pj_bit",
        "cell_pj_bit",
        "column_pj_bit",
        "group_pj_bit",
        "tsv_pj_bit",
        "interposer_pj_bit",
    )
    parts = {"host columns": bits * sum(spec.number(name) for name in names)}
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="host",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=cycles,
        clock_ns=spec.clock_ns,
        channels=spec.integer("channels"),
        groups=1,
        commands={},
        energy=energy.account(spec, parts, ()),
        notes=("roofline: keys and values once at stack_gb_s times host_bandwidth_use",),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
    )
