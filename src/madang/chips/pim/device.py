"""The Python interface: `dev = device("hbm2-pim"); y, report = dev.gemv(W, x)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, ShapeImpossible
from madang.chips.pim import spec as specs
from madang.chips.pim.func import attention as attending
from madang.chips.pim.func import run as function
from madang.chips.pim.plans import aim, attacc, bankpair, dpu
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Number, Spec
from madang.chips.pim.stream import Stream
from madang.chips.pim.task import Task, check_dtype, check_name, task_from
from madang.chips.pim.timing.closed import aim_closed_cycles, closed_cycles

PLANS: dict[str, ModuleType] = {"bank-pair": bankpair, "aim": aim, "attacc": attacc, "dpu": dpu}
DTYPES = {"bank-pair": "fp16", "aim": "bf16", "attacc": "fp16", "dpu": "int32"}
MODES = ("pim", "host")
NO_ARITHMETIC = "a trace does not say what its units compute: no arithmetic in the energy"
Values = npt.NDArray[np.generic]
Bits = tuple[Values, Report]


def expect(name: str, values: Values, shape: int | tuple[int, ...]) -> None:
    """Refuse an array of another shape; -1 stands for any size, a number for dimensions."""
    if not isinstance(values, np.ndarray):
        given, wanted = type(values).__name__, "a NumPy array"
    elif isinstance(shape, int):
        given, wanted = str(values.shape), f"{shape} dimensions"
        if values.ndim == shape:
            return
    else:
        given, wanted = str(values.shape), str(shape).replace("-1", "n")
        if values.ndim == len(shape) and all(
            need in (-1, has) for need, has in zip(shape, values.shape, strict=True)
        ):
            return
    raise ShapeImpossible(
        what=name, value=given, reason="it does not fit the other operand", nearest=wanted
    )


@dataclass(frozen=True, slots=True, repr=False)
class Device:
    """One memory with its parameters; runs are pure functions of it and their arguments."""

    spec: Spec

    def __repr__(self) -> str:
        return f"<Device {self.spec.name} ({self.spec.profile}): {', '.join(self.kernels)}>"

    @property
    def kernels(self) -> tuple[str, ...]:
        known: tuple[str, ...] = PLANS[self.spec.family].KERNELS
        return known

    def task(self, kernel: str, **sizes: int | str) -> Task:
        named = {("inner" if k == "in" else k): v for k, v in sizes.items()}
        named.setdefault("dtype", DTYPES[self.spec.family])
        check_name(self.spec.name, kernel, self.kernels)
        check_dtype(self.spec.name, kernel, str(named["dtype"]))
        return task_from(kernel, named)

    def run(
        self, kernel: str, *, mode: str = "pim", baseline: bool = True, **sizes: int | str
    ) -> Report:
        """Timing and energy of a kernel by its sizes: out, inner, batch or elements."""
        return self.run_task(self.task(kernel, **sizes), mode=mode, baseline=baseline)

    def run_task(self, task: Task, *, mode: str = "pim", baseline: bool = True) -> Report:
        if mode not in MODES:
            raise ShapeImpossible(
                what="mode", value=str(mode), reason="no such mode", nearest=" or ".join(MODES)
            )
        plans = PLANS[self.spec.family]
        without: Callable[[Spec, Task], Report] = plans.run_host
        with_pim: Callable[[Spec, Task], Report] = plans.run_pim
        if mode == "host":
            return without(self.spec, task)
        report = with_pim(self.spec, task)
        if self.spec.family == "dpu":  # no host is described
            return report
        return report.with_baseline(without(self.spec, task)) if baseline else report

    def closed(self, kernel: str, **sizes: int | str) -> Report:
        """Cycles by formula (tier 0): no commands, no energy, within 1.5 % of `run`."""
        task = self.task(kernel, **sizes)
        cycles = None
        if self.spec.family == "bank-pair":
            cycles = closed_cycles(self.spec, bankpair.plan(self.spec, task))
        elif self.spec.family == "aim":
            cycles = aim_closed_cycles(self.spec, task)
        exact = self.spec.family == "aim"
        if cycles is None:
            raise KernelUnsupported(
                device=self.spec.name,
                kernel=f"{kernel} by formula",
                reason="no formula is good enough, and the engine is fast",
                known="gemv, gemm, add, mul, relu, copy on bank-pair devices; gemv in aim_sim",
            )
        return Report(
            device=self.spec.name,
            profile=self.spec.profile,
            kernel=kernel,
            mode="pim",
            shape=task.shape(),
            dtype=task.dtype,
            cycles=cycles,
            clock_ns=self.spec.clock_ns,
            channels=self.spec.integer("channels"),
            groups=1,
            commands={},
            why_no_energy="a formula counts no commands",
            notes=(f"closed form: {'exact' if exact else 'within 1.5 % of the engine'}",),
            overrides=self.spec.overrides(),
            spec=self.spec,
            digest=self.spec.digest(),
            flops=task.flops(),
            bytes_touched=task.bytes_touched(),
        )

    def replay(self, stream: Stream) -> Report:
        """Time a stream that somebody else made, an imported trace for example."""
        task = Task("replay", elements=len(stream), dtype=DTYPES[self.spec.family])
        if self.spec.family == "aim":
            return aim.replay(self.spec, task, stream)
        if self.spec.family == "bank-pair":
            tiles = bankpair.Tiles(notes=(NO_ARITHMETIC,))
            return bankpair.replay(self.spec, task, stream, tiles)
        raise KernelUnsupported(
            device=self.spec.name,
            kernel="replay",
            reason="this family has no trace format",
            known="gddr6-aim, hbm2-pim, lpddr5-pim",
        )

    def gemv(self, matrix: Values, vector: Values, *, tree: bool = False) -> Bits:
        """y = W x in the device's own order of accumulation, and what it costs.

        `tree` (bank-pair): sums of every input tile stored apart and added in pairs.
        """
        expect("W", matrix, 2)
        expect("x", vector, (matrix.shape[1],))
        sizes = dict(zip(("out", "inner"), matrix.shape, strict=True))
        task = self._task("gemv-tree" if tree else "gemv", matrix, **sizes)
        return function.gemv(self.spec, task, matrix, vector), self.run_task(task)

    def gemm(self, matrix: Values, columns: Values) -> Bits:
        """Y = W X, one vector after the other over the same weights (a batch of GEMV)."""
        expect("W", matrix, 2)
        expect("X", columns, (matrix.shape[1], -1))
        (out, inner), batch = matrix.shape, columns.shape[1]
        task = self._task("gemm", matrix, out=out, inner=inner, batch=batch)
        rows = np.ascontiguousarray(columns.T)[None]
        found = function.products(self.spec, task, matrix[None], rows)[0]
        return np.ascontiguousarray(found.T), self.run_task(task)

    def score(self, queries: Values, keys: Values) -> Bits:
        """K q of every head: heads x width times heads x context x width."""
        task = self._heads("score", queries, keys)
        return attending.score(self.spec, task, queries, keys), self.run_task(task)

    def context(self, weights: Values, values: Values) -> Bits:
        """The weighted sum of the values: heads x context times heads x context x width."""
        expect("V", values, 3)
        expect("weights", weights, values.shape[:2])
        task = self._heads("context", values[:, 0], values)
        return attending.context(self.spec, task, weights, values), self.run_task(task)

    def bmm(self, rows: Values, matrices: Values) -> Bits:
        """heads x m x k times heads x k x n, each head its own product, rows as the batch."""
        expect("A", rows, 3)
        heads, batch, inner = rows.shape
        expect("B", matrices, (heads, inner, -1))
        sizes = {"heads": heads, "context": matrices.shape[2], "width": inner, "batch": batch}
        task = self._task("score", matrices, **sizes)
        turned = np.ascontiguousarray(matrices.transpose(0, 2, 1))
        return function.products(self.spec, task, turned, rows), self.run_task(task)

    def softmax(self, rows: Values) -> Bits:
        """Along the rows of heads x context, split between the memory and the host."""
        expect("rows", rows, 2)
        heads, context = rows.shape
        task = self._task("softmax", rows, heads=heads, context=context)
        return attending.softmax(self.spec, task, rows), self.run_task(task)

    def attention(self, queries: Values, keys: Values, values: Values) -> Bits:
        """softmax(K q / sqrt(width)) V of one query for each head."""
        expect("K", keys, 3)
        expect("V", values, keys.shape)
        task = self._heads("attention", queries, keys)
        found = attending.attention(self.spec, task, queries, keys, values)
        return found, self.run_task(task)

    def add(self, a: Values, b: Values) -> Bits:
        return self._elements("add", a, b)

    def mul(self, a: Values, b: Values) -> Bits:
        return self._elements("mul", a, b)

    def relu(self, a: Values) -> Bits:
        return self._elements("relu", a)

    def copy(self, a: Values) -> Bits:
        return self._elements("copy", a)

    def exp(self, a: Values) -> Bits:
        """From the table of activation functions, where there is one."""
        return self._elements("exp", a)

    def scale(self, a: Values, factor: float) -> Bits:
        """factor x a with the factor in a scalar register."""
        return self._elements("scale", a, scalars=(factor, 0.0))

    def affine(self, a: Values, factor: float, addend: float) -> Bits:
        """factor x a + addend in one MAD, product and sum rounded apart."""
        return self._elements("affine", a, scalars=(factor, addend))

    def sum(self, rows: Values) -> Bits:
        """Sums of rows by multiply-accumulate with ones."""
        expect("rows", rows, 2)
        task = self._task("sum", rows, out=rows.shape[0], inner=rows.shape[1])
        return attending.row_sums(self.spec, rows, task.dtype), self.run_task(task)

    def _task(self, kernel: str, given: Values, **sizes: int | str) -> Task:
        """Sizes and format checked, and the kernel known to the device, before any bit."""
        task = self.task(kernel, dtype=function.dtype_of(self.spec, given), **sizes)
        PLANS[self.spec.family].check_kernel(self.spec, task)
        return task

    def _heads(self, kernel: str, queries: Values, keys: Values) -> Task:
        expect("K", keys, 3)
        heads, context, width = keys.shape
        expect("q", queries, (heads, width))
        return self._task(kernel, keys, heads=heads, context=context, width=width)

    def _elements(
        self, kernel: str, *operands: Values, scalars: tuple[float, float] = (0.0, 0.0)
    ) -> Bits:
        a = operands[0]
        expect("a", a, np.shape(a))
        expect("b", operands[-1], a.shape)
        task = self._task(kernel, a, elements=a.size)
        found = function.elements(self.spec, task, operands, scalars)
        return found, self.run_task(task)

    def sweep(
        self, kernel: str, changes: Mapping[str, list[Number]], **sizes: int | str
    ) -> list[Report]:
        """The same kernel for every combination of changed numbers, in order."""
        points: list[dict[str, Number]] = [{}]
        for name, values in changes.items():
            points = [{**point, name: value} for point in points for value in values]
        made = [specs.with_changes(self.spec, point) for point in points]
        for one in made:
            specs.check(one)
        return [
            Device(one).run_task(self.task(kernel, **sizes), baseline=False) for one in made
        ]


def device(
    name: str,
    compat: str | None = None,
    timing: Mapping[str, Number] | None = None,
    **changes: Number,
) -> Device:
    """A shipped device or a file; `timing={"CCDL": 2}` or `CCDL=2` overrides numbers."""
    return Device(specs.load(name, compat, {**(timing or {}), **changes}))
