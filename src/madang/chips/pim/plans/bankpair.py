"""Bank-pair devices: sizes to tiles to stream, run with PIM and swept by the host without."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from madang.chips.errors import KernelUnsupported, NumberUnknown, ShapeTooLarge
from madang.chips.pim import energy
from madang.chips.pim.energy import Energy
from madang.chips.pim.isa import bankpair as isa
from madang.chips.pim.lower import bankpair as lower
from madang.chips.pim.plans import pieces
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import Flag, Stream, check_length, digest_bytes
from madang.chips.pim.task import BYTES, ELEMENTS, MATRIX, TWO_OPERANDS, Task
from madang.chips.pim.timing import bankpair as engine
from madang.chips.pim.timing.channels import ChannelRun, parameters, time_channel, time_together

ALONE = (*MATRIX, "score", "context", "add", "mul", "relu", "copy", "scale", "affine")
KERNELS = (*ALONE, *pieces.COMPOSED)
DTYPES = ("fp16", "int8")
GROUP = 8
TILE_HALF = 32  # bursts of a tile in each bank of a pair
OPERATIONS = {"add": 0.5, "mul": 0.5, "relu": 0.0, "copy": 0.0, "scale": 1.0}
NAMES = {
    engine.C_RD: "RD",
    engine.C_WR: "WR",
    engine.C_ACT: "ACT",
    engine.C_PRE: "PRE",
    engine.C_REF: "REF",
}


@dataclass(frozen=True, slots=True)
class Tiles:
    """How the sizes fall into tiles, and what was padded or dropped."""

    outs: int = 0
    ins: int = 0
    count: int = 0
    padding: tuple[tuple[str, int], ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Plan:
    task: Task
    tiles: Tiles
    program: isa.Program
    stream: Stream
    parts: tuple[Plan, ...] = ()

    def operations(self) -> float:
        """Operations of one lane for each read, averaged over the parts."""
        if not self.parts:
            return OPERATIONS.get(self.task.kernel, 2.0)
        reads = [int(np.count_nonzero(one.stream["op"] == lower.READ)) for one in self.parts]
        done = [one.operations() * n for one, n in zip(self.parts, reads, strict=True)]
        return sum(done) / sum(reads)

    def listing(self) -> str:
        if not self.parts:
            return isa.listing(self.program)
        return "\n".join(f"; {one.task.kernel}\n{one.listing()}" for one in self.parts)


def tile_shape(spec: Spec, dtype: str) -> tuple[int, int, int]:
    """Values in one tile: outputs, inputs, elements."""
    per_burst = spec.integer("burst_bytes") // BYTES[dtype]
    units = spec.integer("channels") * spec.integer("units")
    return units * GROUP, GROUP * per_burst, 2 * units * GROUP * per_burst


def check_kernel(spec: Spec, task: Task) -> None:
    if task.kernel not in KERNELS:
        raise KernelUnsupported(
            device=spec.name,
            kernel=task.kernel,
            known=", ".join(KERNELS),
            reason="the units multiply, add and move; no other operation",
        )
    if task.dtype not in DTYPES:
        raise KernelUnsupported(
            device=spec.name,
            kernel=f"{task.kernel} in {task.dtype}",
            known=", ".join(DTYPES),
            reason="the units have no such number format",
        )


def matrix_tiles(spec: Spec, task: Task) -> Tiles:
    out_tile, in_tile, _ = tile_shape(spec, task.dtype)
    out, inner, passes = task.out, task.inner, 1
    if task.kernel in ("score", "context"):
        passes = task.heads
        out, inner = task.context, task.width
        if task.kernel == "context":
            out, inner = inner, out
    outs, ins = -(-out // out_tile), -(-inner // in_tile)
    notes: list[str] = []
    if ins % 2 and spec.profile != "pimsimulator" and task.kernel != "gemv-tree":
        ins += 1
    elif ins % 2 and outs > 1:
        notes.append(
            "odd number of input tiles with several output tiles: timing only, weights overlap"
        )
    if spec.profile == "pimsimulator" and task.batch > 1 and outs > 1:
        notes.append("batch and several output tiles: result columns collide in this profile")
    padding = (("out", outs * out_tile - out), ("in", ins * in_tile - inner))
    return Tiles(outs * passes, ins, 0, padding, tuple(notes))


def element_tiles(spec: Spec, task: Task) -> Tiles:
    size = tile_shape(spec, task.dtype)[2]
    if spec.profile == "pimsimulator":
        count = task.elements // size
        lost = task.elements - count * size
        notes = (f"{lost} elements beyond whole tiles of {size} are dropped in this profile",)
        return Tiles(count=count, padding=(("dropped", lost),), notes=notes if lost else ())
    count = -(-task.elements // size)
    return Tiles(count=count, padding=(("elements", count * size - task.elements),))


def _nearest_matrix(spec: Spec, task: Task, tiles: Tiles, limit: int) -> str:
    """The largest matrix of the same width that fits; where none does, of the same height."""
    bursts, each = limit * lower.COLUMNS, task.batch * GROUP
    if task.kernel == "gemv-tree":
        each *= tiles.ins
    out_tile, in_tile, _ = tile_shape(spec, task.dtype)
    outs = bursts // (TILE_HALF * tiles.ins + each)
    if task.kernel in ("score", "context"):
        return f"heads {max(1, task.heads * outs // tiles.outs)}"
    if outs:
        return f"out {outs * out_tile}"
    ins = (bursts - each) // TILE_HALF // 2 * 2
    return f"out {out_tile}, in {ins * in_tile}" if ins > 0 else f"batch {bursts // GROUP // 2}"


def check_room(spec: Spec, task: Task, tiles: Tiles) -> None:
    """Refuse what does not fit into the data rows of a bank, and say what would."""
    rows = spec.integer("data_rows")
    if task.kernel in ELEMENTS:
        limit = (rows - lower.RESULT_ROW) * lower.COLUMNS // GROUP
        if spec.profile != "pimsimulator":
            limit = min(limit, lower.OPERAND_ROW * lower.COLUMNS // GROUP)
        size = tile_shape(spec, task.dtype)[2]
        needed, unit, nearest = tiles.count, "tiles", f"{limit * size} elements"
    else:
        slots = tiles.outs * task.batch * (tiles.ins if task.kernel == "gemv-tree" else 1)
        needed = -(-(64 * (tiles.outs * tiles.ins // 2) + GROUP * slots) // lower.COLUMNS)
        limit = lower.ZERO_ROW if task.kernel == "gemv-tree" else rows
        unit, nearest = "rows a bank", _nearest_matrix(spec, task, tiles, limit)
    if needed > limit:
        raise ShapeTooLarge(
            what=task.kernel, needed=needed, unit=unit, limit=limit, nearest=nearest
        )
    each = 88 * tiles.ins + 10
    check_length(task.kernel, tiles.outs * task.batch * each, "batch", task.batch)


def plan(spec: Spec, task: Task) -> Plan:
    check_kernel(spec, task)
    if task.kernel in pieces.COMPOSED:
        return _composed(spec, task)
    if task.kernel in ELEMENTS:
        return _elements(spec, task)
    tiles = matrix_tiles(spec, task)
    check_room(spec, task, tiles)
    if task.kernel == "gemv-tree":
        program = isa.tree_program(tiles.ins)
        return Plan(
            task,
            tiles,
            program,
            lower.gemv_tree(tiles.outs, tiles.ins, task.batch, len(program)),
        )
    program = isa.gemv_program(tiles.ins)
    apart = spec.profile != "pimsimulator"
    stream = lower.gemv(
        tiles.outs, tiles.ins, task.batch, len(program), apart=apart, heads=max(1, task.heads)
    )
    return Plan(task, tiles, program, stream)


def _elements(spec: Spec, task: Task) -> Plan:
    tiles = element_tiles(spec, task)
    check_room(spec, task, tiles)
    program = isa.elementwise_program(task.kernel, max(1, tiles.count))
    operands = 2 if task.kernel in TWO_OPERANDS else 1
    scalars = task.kernel in isa.SCALARS
    stream = lower.elementwise(tiles.count, operands, len(program), scalars=scalars)
    return Plan(task, tiles, program, stream)


def _composed(spec: Spec, task: Task) -> Plan:
    """Pieces one after the other; the host reads what a piece left before it sends the next."""
    parts = tuple(plan(spec, one) for one in pieces.pieces(spec.family, task))
    streams = [one.stream.copy() for one in parts]
    for stream in streams[:-1]:
        stream["flags"][-1] |= Flag.DRAIN
    notes = tuple(note for one in parts for note in one.tiles.notes)
    padding = tuple(
        (f"{one.task.kernel}.{name}", count)
        for one in parts
        for name, count in one.tiles.padding
        if count
    )
    tiles = Tiles(padding=padding, notes=(*notes, *pieces.host_note(spec, task)))
    return Plan(task, tiles, (), np.concatenate(streams), parts)


def counts_of(run: ChannelRun) -> dict[str, int]:
    found = Counter(run.log[:, 1].tolist())
    own_ref = int(np.count_nonzero((run.log[:, 1] == engine.C_REF) & (run.log[:, 2] == 0)))
    counts = {name: int(found.get(kind, 0)) for kind, name in NAMES.items()}
    return {**counts, "REF": own_ref}


def _energy(
    spec: Spec, runs: list[tuple[ChannelRun, int]], operations: float
) -> tuple[Energy | None, str | None]:
    """Energy of all channels: each distinct stream times the channels that see it."""
    try:
        found = [
            energy.bankpair_energy(
                spec, energy.bankpair_activity(run.log), channels, operations
            )
            for run, channels in runs
        ]
    except NumberUnknown as missing:
        return None, missing.sentence()
    parts = {name: sum(one.parts[name] for one in found) for name in found[0].parts}
    return energy.account(spec, parts, found[0].left_out), None


def overhead_ns(spec: Spec, stream: Stream) -> float:
    """Host parameters outside the device clock: 0 unless somebody sets them."""
    fences = int(np.count_nonzero(stream["flags"] & Flag.FENCE))
    return spec.number("launch_ns") + fences * spec.number("fence_ns")


def run_pim(spec: Spec, task: Task) -> Report:
    made = plan(spec, task)
    return replay(spec, task, made.stream, made.tiles, made.listing(), made.operations())


def replay(
    spec: Spec,
    task: Task,
    stream: Stream,
    tiles: Tiles,
    listing: str = "",
    operations: float = 0.0,
) -> Report:
    """Every channel sees the same stream: simulate one."""
    run = time_channel(stream, parameters(spec))
    channels = spec.integer("channels")
    spent, why = _energy(spec, [(run, channels)], operations)
    if spent is not None:
        spent = energy.with_host_steps(spec, spent, pieces.host_bytes(spec, task))
    notes = list(tiles.notes)
    if run.refreshes_owed and spec.profile == "jedec":
        notes.append(f"{run.refreshes_owed} refreshes postponed past the end of the kernel")
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="pim",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=run.cycles,
        clock_ns=spec.clock_ns,
        channels=channels,
        groups=1,
        commands=counts_of(run),
        overhead_ns=overhead_ns(spec, stream) + pieces.host_ns(spec, task),
        energy=spent,
        why_no_energy=why,
        notes=tuple(notes),
        padding=dict(tiles.padding),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
        stream=stream,
        log=run.log,
        listing=listing,
    )


def _check_sweep(spec: Spec, task: Task, bursts: int) -> None:
    """Linear addresses end with the last row of the last bank."""
    room = spec.integer("rows") * spec.integer("banks") * spec.integer("columns")
    limit = room * spec.integer("channels")
    size = task.sizes()[0]
    if bursts > limit:
        raise ShapeTooLarge(
            what=task.kernel,
            needed=bursts,
            unit="bursts",
            limit=limit,
            nearest=f"{size} {max(1, getattr(task, size) * limit // bursts)}",
        )


def host_streams(spec: Spec, task: Task) -> list[tuple[Stream, int]]:
    """Distinct streams of the host sweep and how many channels see each."""
    per_burst = spec.integer("burst_bytes") // BYTES[task.dtype]
    reads, writes = -(-task.values_read() // per_burst), -(-task.values_written() // per_burst)
    channels = spec.integer("channels")
    _check_sweep(spec, task, reads + writes)
    ranks = spec.integer("ranks") if spec.profile == "jedec" else 1
    seen: dict[tuple[int, int], int] = {}
    first: dict[tuple[int, int], int] = {}
    for channel in range(channels):
        own_reads = max(0, -(-(reads - channel) // channels))
        own = max(0, -(-(reads + writes - channel) // channels))
        key = (own_reads, own - own_reads)
        seen[key] = seen.get(key, 0) + 1
        first.setdefault(key, channel)
    found = [
        (lower.host_sweep(0, reads, writes, channels, first[k], ranks), n)
        for k, n in seen.items()
    ]
    return [(stream, n) for stream, n in found if len(stream)]


def run_host(spec: Spec, task: Task) -> Report:
    check_kernel(spec, task)
    shares = host_streams(spec, task)
    p = parameters(spec)
    runs = time_together([stream for stream, _ in shares], p)
    paired = [(run, channels) for run, (_, channels) in zip(runs, shares, strict=True)]
    slowest = max(runs, key=lambda run: run.cycles)
    spent, why = _energy(spec, paired, 0)
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="host",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=slowest.cycles,
        clock_ns=spec.clock_ns,
        channels=spec.integer("channels"),
        groups=len(shares),
        commands=counts_of(slowest),
        energy=spent,
        why_no_energy=why,
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
        stream=shares[0][0],
        log=slowest.log,
        notes=("the host reads every operand and writes the result once, linearly",),
    )


__all__ = ["Plan", "digest_bytes", "plan", "replay", "run_host", "run_pim"]
