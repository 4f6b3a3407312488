"""UPMEM-like processors: a pipeline that needs eleven tasklets to fill, and its DMA.

time = max(instructions / min(1, tasklets / 11), DMA cycles) / clock, per DPU. A model: no
command is simulated, refresh and host transfers are parameters that somebody must set.
"""

from __future__ import annotations

from dataclasses import dataclass

from madang.chips.errors import KernelUnsupported, ParameterImpossible, ShapeTooLarge
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Spec
from madang.chips.pim.task import BYTES, Task

KERNELS = ("gemv", "gemm", "add", "mul", "copy")
DMA_BYTES_MAX = 2048


@dataclass(frozen=True, slots=True)
class Load:
    """Work of the fullest DPU."""

    instructions: float
    read_bytes: int
    written_bytes: int


def instructions_per(spec: Spec, kernel: str, dtype: str) -> float:
    """Instructions of one streaming element: load, operate, store, address, compare, branch."""
    loop = spec.number("loop_instructions")
    known = {
        ("add", "int32"): loop,
        ("add", "int8"): loop,
        ("copy", "int32"): loop - 1,
        ("copy", "int8"): loop - 1,
        ("copy", "fp32"): loop - 1,
        ("add", "fp32"): spec.number("add_fp32_instructions"),
        ("mul", "int32"): spec.number("mul_int32_instructions"),
        ("mul", "fp32"): spec.number("mul_fp32_instructions"),
        ("mul", "int8"): loop - 1 + spec.number("mul_int8_instructions"),
    }
    if kernel in ("gemv", "gemm"):
        multiply, add = (instructions_per(spec, one, dtype) for one in ("mul", "add"))
        return multiply + (add - loop) + 1
    if (kernel, dtype) not in known:
        raise KernelUnsupported(
            device=spec.name,
            kernel=f"{kernel} in {dtype}",
            known=", ".join(KERNELS),
            reason="no measured instruction count for this operation and format",
        )
    return known[kernel, dtype]


def load_of(spec: Spec, task: Task) -> Load:
    size, dpus = BYTES[task.dtype], spec.integer("dpus")
    each = instructions_per(spec, task.kernel, task.dtype)
    if task.kernel in ("gemv", "gemm"):
        rows = -(-task.out // dpus) * task.batch
        return Load(rows * task.inner * each, (rows + task.batch) * task.inner * size, rows * 4)
    share = -(-task.elements // dpus)
    operands = 2 if task.kernel in ("add", "mul") else 1
    return Load(share * each, operands * share * size, share * size)


def dma_cycles(spec: Spec, read_bytes: int, written_bytes: int) -> float:
    """Blocks of up to 2,048 byte: a fixed part and half a cycle a byte."""
    blocks_read, blocks_written = (
        -(-read_bytes // DMA_BYTES_MAX),
        -(-written_bytes // DMA_BYTES_MAX),
    )
    fixed = (
        spec.number("dma_read_cycles") * blocks_read
        + spec.number("dma_write_cycles") * blocks_written
    )
    return fixed + spec.number("dma_byte_cycles") * (read_bytes + written_bytes)


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
    if load.read_bytes + load.written_bytes > spec.integer("mram_bytes"):
        raise ShapeTooLarge(
            what=task.kernel,
            needed=load.read_bytes + load.written_bytes,
            unit="byte a DPU",
            limit=spec.integer("mram_bytes"),
            nearest=f"{spec.integer('mram_bytes')} byte a DPU",
        )
    share = min(1.0, tasklets / spec.integer("tasklets_to_fill"))
    dma = dma_cycles(spec, load.read_bytes, load.written_bytes)
    cycles = max(load.instructions / share, dma) + spec.number("refresh_cycles")
    why = f"{spec.name} publishes no energy per operation"
    return Report(
        device=spec.name,
        profile=spec.profile,
        kernel=task.kernel,
        mode="pim",
        shape=task.shape(),
        dtype=task.dtype,
        cycles=round(cycles),
        clock_ns=spec.clock_ns,
        channels=spec.integer("dpus"),
        groups=1,
        commands={"instructions": round(load.instructions), "dma_cycles": round(dma)},
        overhead_ns=spec.number("launch_ns") + _transfer_ns(spec, task),
        why_no_energy=why,
        notes=_notes(spec),
        overrides=spec.overrides(),
        spec=spec,
        digest=spec.digest(),
        flops=task.flops(),
        bytes_touched=task.bytes_touched(),
    )


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
