"""UPMEM-like processors: kernels as blocks of data with their instructions, on a pipeline.

A kernel cuts its data into blocks that fit the working memory; tasklets take them in turn:
read by DMA, compute, write by DMA. Instructions of an element come from a mix that names what
each is for. A model: instructions have no addresses, refresh and host transfers are parameters
that somebody must set.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, ParameterImpossible, ShapeTooLarge
from madang.chips.pim.energy import Energy, account
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.task import BYTES, Task
from madang.chips.pim.timing import dpu as engine

Blocks = npt.NDArray[np.float64]

KERNELS = ("gemv", "gemm", "add", "mul", "relu", "copy")
DMA_BYTES_MAX, DMA_ALIGN, RESULT_BYTES = 2048, 8, 8
MATRIX = ("gemv", "gemm")
ADDS = {"int8", "int32"}


@dataclass(frozen=True, slots=True)
class Load:
    """Work of the fullest DPU: blocks in the order of the tasklets that do them."""

    work: npt.NDArray[np.float64]  # blocks x (cycles to read, instructions, cycles to write)
    bounds: npt.NDArray[np.int64]  # tasklet k does blocks bounds[k] to bounds[k + 1] - 1
    held_bytes: int
    repeats: int  # the same blocks again, for each vector of a batch
    reads: int
    writes: int


def mix(spec: Spec, kernel: str, dtype: str) -> dict[str, float]:
    """Instructions of one streaming element by purpose."""
    loop = {"load": 1.0, "store": 1.0, "address": 1.0, "compare": 1.0, "branch": 1.0}
    around = spec.number("loop_instructions") - len(loop) - 1
    loop["address"] += around
    multiply, add = f"mul_{dtype}_instructions", f"add_{dtype}_instructions"
    found = {
        "copy": loop if dtype in (*ADDS, "fp32") else None,
        "relu": loop | {"sign": 1.0} if dtype in (*ADDS, "fp32") else None,
        "add": loop | {"add": 1.0} if dtype in ADDS else _called(spec, loop, "add", add),
        "mul": loop | {"multiply": spec.number(multiply)}
        if dtype == "int8"
        else _called(spec, loop, "multiply", multiply),
    }
    if kernel in MATRIX:
        product, total = mix(spec, "mul", dtype), mix(spec, "add", dtype)
        return product | {"add": total["add"], "load of x": 1.0, "store": 0.0}
    known = found.get(kernel)
    if known is None:
        raise KernelUnsupported(
            device=spec.name,
            kernel=f"{kernel} in {dtype}",
            known=", ".join(KERNELS),
            reason="no measured instruction count for this operation and format",
        )
    return known


def _called(
    spec: Spec, loop: dict[str, float], name: str, number: str
) -> dict[str, float] | None:
    """An operation in software: the measured whole less the loop around it."""
    if not spec.has(number):
        return None
    return loop | {name: spec.number(number) - sum(loop.values())}


def instructions_per(spec: Spec, kernel: str, dtype: str) -> float:
    return sum(mix(spec, kernel, dtype).values())


def transfer_cycles(spec: Spec, size: int, fixed: str) -> float:
    """A fixed part for each 2,048 byte and half a cycle a byte, in whole words of 8."""
    aligned = -(-size // DMA_ALIGN) * DMA_ALIGN
    pieces = -(-aligned // DMA_BYTES_MAX)
    return pieces * spec.number(fixed) + spec.number("dma_byte_cycles") * aligned


def block_bytes(spec: Spec, buffers: int) -> int:
    """The block of the device file, halved until every tasklet's buffers fit."""
    size, room = spec.integer("block_bytes"), spec.integer("wram_bytes")
    while size > DMA_ALIGN and size * buffers * spec.integer("tasklets") > room:
        size //= 2
    return size


def _rows_of_blocks(spec: Spec, task: Task, operands: int, row: int, last: int) -> Blocks:
    """Blocks of one run of `row` elements; only the last writes when `last` is set."""
    size = BYTES[task.dtype]
    room = max(1, block_bytes(spec, operands + 1) // size)
    sizes = np.full(-(-row // room), room, np.int64)
    sizes[-1] = row - (len(sizes) - 1) * room
    each = instructions_per(spec, task.kernel, task.dtype)
    work = np.zeros((len(sizes), 3))
    for n in np.unique(sizes).tolist():
        read = operands * transfer_cycles(spec, n * size, "dma_read_cycles")
        write = 0.0 if last else transfer_cycles(spec, n * size, "dma_write_cycles")
        work[sizes == n] = (read, n * each, write)
    if last:
        work[-1, 2] = transfer_cycles(spec, last, "dma_write_cycles")
    return work


def held_of(spec: Spec, task: Task) -> int:
    """Bytes in the memory of the fullest DPU, refused before they are cut into blocks."""
    size, dpus, limit = BYTES[task.dtype], spec.integer("dpus"), spec.integer("mram_bytes")
    if task.kernel in MATRIX:
        rows = -(-task.out // dpus)
        held = (rows + task.batch) * task.inner * size + rows * task.batch * RESULT_BYTES
    else:
        held = (3 if task.kernel in ("add", "mul") else 2) * -(-task.elements // dpus) * size
    if held > limit:
        name = task.sizes()[0]
        raise ShapeTooLarge(
            what=task.kernel,
            needed=held,
            unit="byte a DPU",
            limit=limit,
            nearest=f"{name} {max(1, getattr(task, name) * limit // held)}",
        )
    return held


def load_of(spec: Spec, task: Task) -> Load:
    dpus, tasklets, held = spec.integer("dpus"), spec.integer("tasklets"), held_of(spec, task)
    if task.kernel in MATRIX:
        rows = -(-task.out // dpus)
        one = _rows_of_blocks(spec, task, 2, task.inner, RESULT_BYTES)
        work = np.tile(one, (rows, 1))
        shares = np.array([(rows - k + tasklets - 1) // tasklets for k in range(tasklets)])
        bounds = np.concatenate([[0], np.cumsum(shares * len(one))])
        return Load(work, bounds, held, task.batch, 2 * len(work), rows)
    share = -(-task.elements // dpus)
    operands = 2 if task.kernel in ("add", "mul") else 1
    blocks = _rows_of_blocks(spec, task, operands, share, 0)
    turns = [np.arange(k, len(blocks), tasklets) for k in range(tasklets)]
    bounds = np.concatenate([[0], np.cumsum([len(t) for t in turns])])
    many = len(blocks)
    return Load(blocks[np.concatenate(turns)], bounds, held, 1, operands * many, many)


@dataclass(frozen=True, slots=True)
class Times:
    cycles: float
    pipeline_cycles: float
    dma_cycles: float


def simulate(spec: Spec, load: Load) -> Times:
    n = spec.integer("tasklets")
    found = engine.dpu_cycles(
        load.work, load.bounds[:-1].copy(), load.bounds[1:].copy(),
        spec.integer("tasklets_to_fill"), np.zeros(n, np.int64), np.zeros(n),
        np.zeros(n, np.int64), np.zeros(3, np.int64), 0.0,
    )  # fmt: skip
    return Times(*(one * load.repeats for one in found))


def check_kernel(spec: Spec, task: Task) -> None:
    if task.kernel not in KERNELS:
        raise KernelUnsupported(
            device=spec.name,
            kernel=task.kernel,
            known=", ".join(KERNELS),
            reason="no program for it",
        )
    instructions_per(spec, task.kernel, task.dtype)


def run_pim(spec: Spec, task: Task) -> Report:
    check_kernel(spec, task)
    tasklets, most = spec.integer("tasklets"), spec.integer("tasklets_max")
    if tasklets > most:
        raise ParameterImpossible(
            name="tasklets",
            value=str(tasklets),
            reason=f"a DPU has {most}",
            limit=most,
            nearest=most,
        )
    load = load_of(spec, task)
    times = simulate(spec, load)
    instructions = float(load.work[:, 1].sum()) * load.repeats
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="pim",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=round(times.cycles + spec.number("refresh_cycles")),
        clock_ns=spec.clock_ns,
        channels=spec.integer("dpus"),
        groups=1,
        commands={
            "instructions": round(instructions),
            "pipeline_cycles": round(times.pipeline_cycles),
            "dma_cycles": round(times.dma_cycles),
            "dma_reads": load.reads * load.repeats,
            "dma_writes": load.writes * load.repeats,
        },
        overhead_ns=spec.number("launch_ns") + _transfer_ns(spec, task),
        energy=_energy(spec, times.cycles),
        why_no_energy=f"{spec.name} publishes no energy per operation",
        notes=_notes(spec),
        listing=listing(spec, task),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
    )


def _energy(spec: Spec, cycles: float) -> Energy | None:
    """Nothing, unless somebody sets the power of a chip: then power times time, a bound."""
    if not spec.has("chip_w"):
        return None
    chips = -(-spec.integer("dpus") // spec.integer("dpus_per_chip"))
    spent = spec.number("chip_w") * chips * cycles * spec.clock_ns * 1e3
    return account(spec, {"chips at their power": spent}, ("host", "transfers"))


def listing(spec: Spec, task: Task) -> str:
    """The loop of a tasklet, an instruction class a line."""
    parts = mix(spec, task.kernel, task.dtype).items()
    return "\n".join(f"{count:6g} {name}" for name, count in parts if count)


def _transfer_ns(spec: Spec, task: Task) -> float:
    total = 0.0
    size = BYTES[task.dtype]
    if spec.has("to_dpu_gb_s"):
        total += task.values_read() * size / spec.number("to_dpu_gb_s")
    if spec.has("from_dpu_gb_s"):
        total += task.values_written() * size / spec.number("from_dpu_gb_s")
    return total


def _notes(spec: Spec) -> tuple[str, ...]:
    missing = [name for name in ("to_dpu_gb_s", "from_dpu_gb_s") if not spec.has(name)]
    notes = ["pipeline model, no command is simulated"]
    if missing:
        notes.append(f"host transfers not counted: set {' and '.join(missing)}")
    return tuple(notes)


def run_host(spec: Spec, task: Task) -> Report:
    raise KernelUnsupported(
        device=spec.name,
        kernel=task.kernel,
        reason="no host is described for this device",
        known="--mode pim",
    )
