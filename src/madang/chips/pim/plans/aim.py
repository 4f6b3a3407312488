"""AiM devices: sizes to instructions, run in order; the host sweep as a roofline."""

from __future__ import annotations

from collections import Counter

import numpy as np

from madang.chips.errors import KernelUnsupported, NeverEnds, ShapeTooLarge
from madang.chips.pim import energy
from madang.chips.pim.energy import Energy
from madang.chips.pim.lower import aim as lower
from madang.chips.pim.plans import pieces
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.standards.gddr6_aim import Command, Isr
from madang.chips.pim.stream import Stream, check_length
from madang.chips.pim.task import BYTES, ELEMENTS, Task
from madang.chips.pim.timing.aim import AimRun, aim_cycles, tables_of

ALONE = ("gemv", "gemm", "sum", "score", "context", "mul", "relu", "exp", "copy")
KERNELS = (*ALONE, *pieces.COMPOSED)
GROUPS_OF_BANKS = 4
CONVENTIONAL = (Isr.WR_SBK, Isr.RD_SBK)
HOST_WORD = (
    "the host reads and writes every value once at the bus rate times host_bandwidth_use"
)


def refused(spec: Spec, task: Task, reason: str) -> KernelUnsupported:
    return KernelUnsupported(
        device=spec.name, kernel=task.kernel, reason=reason, known=", ".join(KERNELS)
    )


def check_kernel(spec: Spec, task: Task) -> None:
    if task.kernel not in (*KERNELS, "shift"):
        raise refused(
            spec,
            task,
            "its units multiply, accumulate and look up; the host adds",
        )
    if task.dtype != "bf16":
        raise refused(spec, task, f"its units compute in bf16, not {task.dtype}")


def sizes(task: Task) -> tuple[int, int, int]:
    """(outputs, inputs, passes with weights of their own)."""
    if task.kernel == "score":
        return task.context, task.width, task.heads
    if task.kernel == "context":
        return task.width, task.context, task.heads
    return task.out, task.inner, 1


def plan(spec: Spec, task: Task) -> Stream:
    check_kernel(spec, task)
    if task.kernel in pieces.COMPOSED:
        parts = [plan(spec, one) for one in pieces.pieces(spec.family, task)]
        return _fitting(spec, task, lower.joined(parts))
    if task.kernel in ELEMENTS or task.kernel == "shift":
        return _fitting(spec, task, _elements(spec, task))
    channels, lanes = spec.integer("channels"), spec.integer("lanes")
    out, inner, passes = sizes(task)
    chunk = spec.integer("global_buffer_bytes") // BYTES[task.dtype]
    groups = -(-out // (channels * lower.OUTPUTS_PER_CHANNEL)) * passes
    rows, limit = groups * -(-inner // chunk), spec.integer("data_rows")
    if rows > limit:
        raise ShapeTooLarge(
            what=task.kernel,
            needed=rows,
            unit="rows a bank",
            limit=limit,
            nearest=f"{limit // -(-inner // chunk)} groups of outputs",
        )
    check_length(task.kernel, 2 * rows * task.batch, "batch", task.batch)
    keep = spec.profile == "jedec"  # the published lowering writes the buffer every time
    return lower.gemv(out, inner, task.batch, channels, chunk, lanes, passes, keep=keep)


def _elements(spec: Spec, task: Task) -> Stream:
    """`mul` in four bank groups at once, functions in the sixteen accumulators of a channel,
    copies bank by bank into the upper half of the rows."""
    channels, lanes = spec.integer("channels"), spec.integer("lanes")
    per_row, banks = spec.integer("columns"), spec.integer("banks")
    check_length(task.kernel, 3 * task.elements // (channels * 16), "elements", task.elements)
    if task.kernel in lower.FUNCTIONS:
        values = channels * lower.OUTPUTS_PER_CHANNEL
        return lower.activate(-(-task.elements // values), task.kernel)
    if task.kernel == "mul":
        share = -(-task.elements // (channels * GROUPS_OF_BANKS * lanes))
        return lower.multiply(share, per_row)
    if task.kernel == "shift":
        return lower.shift(-(-task.elements // lanes), per_row)
    share = -(-task.elements // (channels * lanes))
    return lower.copy(share, per_row, banks, spec.integer("data_rows") // 2)


def _fitting(spec: Spec, task: Task, stream: Stream) -> Stream:
    rows = stream["row"][stream["row"] < lower.AF_ROW]
    needed, limit = int(rows.max(initial=0)) + 1, spec.integer("data_rows")
    if needed > limit:
        part = limit / needed
        sizes = (f"{name} {max(1, int(n * part))}" for name, n in task.shape().items())
        raise ShapeTooLarge(
            what=task.kernel,
            needed=needed,
            unit="rows a bank",
            limit=limit,
            nearest=next(sizes),
        )
    return stream


def command_counts(run: AimRun) -> dict[str, int]:
    """Commands of the first channel group: runs of columns count every column."""
    log = run.log[: run.issued[0]]
    found: Counter[int] = Counter()
    for command, columns in zip(log[:, 1].tolist(), log[:, 5].tolist(), strict=True):
        found[command] += columns
    return {Command(k).name: found[k] for k in sorted(found)}


def open_cycles(run: AimRun) -> int:
    """Cycles in which the first channel group holds a row open."""
    log = run.log[: run.issued[0]]
    opens = np.isin(log[:, 1], (Command.ACT, Command.ACT16))
    closes = np.isin(log[:, 1], (Command.PREA, Command.WRA16))
    total, since = 0, -1
    for at, opened, closed in zip(log[:, 0].tolist(), opens, closes, strict=True):
        if opened and since < 0:
            since = at
        elif closed and since >= 0:
            total, since = total + at - since, -1
    return total + (run.cycles - since if since >= 0 else 0)


def refresh_interval(spec: Spec) -> int:
    """Cycles between refreshes; the simulator's profile has none."""
    return spec.integer("REFI") if spec.profile == "jedec" else 0


def _energy(
    spec: Spec, run: AimRun, counts: dict[str, int], instructions: int, cycles: int, moved: int
) -> Energy:
    open_ns = open_cycles(run) * spec.clock_ns
    total_ns = cycles * spec.clock_ns
    spent = energy.aim_energy(spec, counts, instructions, open_ns, total_ns)
    return energy.with_host_steps(spec, spent, moved)


def run_pim(spec: Spec, task: Task) -> Report:
    return replay(spec, task, plan(spec, task))


def replay(spec: Spec, task: Task, stream: Stream) -> Report:
    tables = tables_of(spec.timing())
    mixed = bool(np.isin(stream["op"], CONVENTIONAL).any())
    steps = int(stream["count"].sum()) if mixed else len(stream)  # a run of columns is one
    check_length(task.kernel, steps, "columns", steps)
    run = aim_cycles(
        stream,
        tables,
        channels=spec.integer("channels"),
        capacity=spec.integer("list_capacity"),
        log_rows=8 * steps + 8,
        refi=refresh_interval(spec),
    )
    if run.cycles < 0:
        raise NeverEnds(reason="the trace waits for an answer that never comes")
    counts, notes = command_counts(run), [*pieces.host_note(spec, task)]
    if refresh_interval(spec):
        notes.append("refresh: REFI and RFC are preset values that nobody has measured")
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="pim",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=run.cycles,
        clock_ns=spec.clock_ns,
        channels=spec.integer("channels"),
        groups=len(run.groups),
        commands=counts,
        overhead_ns=spec.number("launch_ns") + pieces.host_ns(spec, task),
        energy=_energy(
            spec, run, counts, len(stream), run.cycles, pieces.host_bytes(spec, task)
        ),
        notes=tuple(notes),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
        stream=stream,
        log=run.log[: run.issued[0]],
        listing=listing(stream),
    )


def listing(stream: Stream) -> str:
    """The instructions, one a line, as an AiM trace writes them."""
    names = {int(isr): isr.name for isr in Isr}
    rows = zip(
        stream["op"].tolist(), stream["count"].tolist(), stream["row"].tolist(), strict=True
    )
    return "\n".join(f"{names[op]} x{count} row {row}" for op, count, row in rows)


def run_host(spec: Spec, task: Task) -> Report:
    """Roofline of the bus: bytes over channels x burst / BL, times the usable share."""
    check_kernel(spec, task)
    burst, channels = spec.integer("burst_bytes"), spec.integer("channels")
    per_cycle = channels * burst / spec.integer("BL") * spec.number("host_bandwidth_use")
    cycles = int(-(-task.bytes_touched() // per_cycle))
    bits = 8 * task.bytes_touched()
    reads = task.values_read() * BYTES[task.dtype] / burst
    writes = task.values_written() * BYTES[task.dtype] / burst
    parts = {
        "reads": spec.number("rd_mw") * spec.number("burst_ns") * reads,
        "writes": spec.number("wr_mw") * spec.number("burst_ns") * writes,
        "activation": spec.number("act_mw")
        * spec.number("act_ns")
        * (reads + writes)
        / spec.integer("columns"),
        "interface": bits * spec.number("dq_pj_bit"),
        "standby": spec.number("standby_active_mw") * cycles * spec.clock_ns * channels,
    }
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="host",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=cycles,
        clock_ns=spec.clock_ns,
        channels=channels,
        groups=1,
        commands={"RD": round(reads / channels), "WR": round(writes / channels)},
        energy=energy.account(spec, parts, ("refresh",)),
        notes=(HOST_WORD,),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
    )
