"""The Python interface: `dev = device("hbm2-pim"); y, report = dev.gemv(W, x)`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import ModuleType

import numpy as np
import numpy.typing as npt

from madang.chips.errors import KernelUnsupported, ShapeImpossible
from madang.chips.pim import spec as specs
from madang.chips.pim.func import run as function
from madang.chips.pim.plans import aim, attacc, bankpair, dpu
from madang.chips.pim.report import Report
from madang.chips.pim.spec import Number, Spec
from madang.chips.pim.stream import Stream
from madang.chips.pim.task import BYTES, Task
from madang.chips.pim.timing.closed import closed_cycles

PLANS: dict[str, ModuleType] = {"bank-pair": bankpair, "aim": aim, "attacc": attacc, "dpu": dpu}
DTYPES = {"bank-pair": "fp16", "aim": "bf16", "attacc": "fp16", "dpu": "int32"}
Values = npt.NDArray[np.generic]


@dataclass(frozen=True, slots=True)
class Device:
    """One memory with its parameters; runs are pure functions of it and their arguments."""

    spec: Spec

    def task(self, kernel: str, **sizes: int | str) -> Task:
        named = {("inner" if k == "in" else k): v for k, v in sizes.items()}
        named.setdefault("dtype", DTYPES[self.spec.family])
        if str(named["dtype"]) not in BYTES:
            raise KernelUnsupported(
                device=self.spec.name,
                kernel=kernel,
                reason=f"no number format {named['dtype']}",
                known=", ".join(BYTES),
            )
        return Task(kernel, **named).checked()  # type: ignore[arg-type]  # ints but dtype

    def run(
        self, kernel: str, *, mode: str = "pim", baseline: bool = True, **sizes: int | str
    ) -> Report:
        """Timing and energy of a kernel by its sizes: out, inner, batch or elements."""
        return self.run_task(self.task(kernel, **sizes), mode=mode, baseline=baseline)

    def run_task(self, task: Task, *, mode: str = "pim", baseline: bool = True) -> Report:
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
        if cycles is None:
            raise KernelUnsupported(
                device=self.spec.name,
                kernel=f"{kernel} by formula",
                reason="no formula is good enough, and the engine is fast",
                known="gemv, gemm, add, mul, relu, copy on bank-pair devices",
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
            notes=("closed form: within 1.5 % of the event engine",),
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
            return bankpair.replay(self.spec, task, stream, bankpair.Tiles())
        raise KernelUnsupported(
            device=self.spec.name,
            kernel="replay",
            reason="this family has no trace format",
            known="gddr6-aim, hbm2-pim, lpddr5-pim",
        )

    def gemv(self, matrix: Values, vector: Values) -> tuple[Values, Report]:
        """y = W x in the device's own order of accumulation, and what it costs."""
        if matrix.ndim != 2 or vector.shape != (matrix.shape[1],):
            raise ShapeImpossible(
                what="x",
                value=str(vector.shape),
                reason=f"W is {matrix.shape}",
                nearest=f"({matrix.shape[-1]},)",
            )
        dtype = function.dtype_of(self.spec, matrix)
        task = self.task("gemv", out=matrix.shape[0], inner=matrix.shape[1], dtype=dtype)
        result = function.gemv(self.spec, task, matrix, vector)
        return result, self.run_task(task)

    def gemm(self, matrix: Values, columns: Values) -> tuple[Values, Report]:
        """Y = W X, one vector after the other over the same weights (a batch of GEMV)."""
        if matrix.ndim != 2 or columns.ndim != 2 or columns.shape[0] != matrix.shape[1]:
            raise ShapeImpossible(
                what="X",
                value=str(columns.shape),
                reason=f"W is {matrix.shape}",
                nearest=f"({matrix.shape[-1]}, n)",
            )
        dtype = function.dtype_of(self.spec, matrix)
        out, inner = matrix.shape
        one = self.task("gemv", out=out, inner=inner, dtype=dtype)
        found = [function.gemv(self.spec, one, matrix, x) for x in columns.T]
        task = self.task("gemm", out=out, inner=inner, batch=columns.shape[1], dtype=dtype)
        return np.stack(found, axis=1), self.run_task(task)

    def add(self, a: Values, b: Values) -> tuple[Values, Report]:
        return self._elements("add", a, b)

    def mul(self, a: Values, b: Values) -> tuple[Values, Report]:
        return self._elements("mul", a, b)

    def relu(self, a: Values) -> tuple[Values, Report]:
        return self._elements("relu", a)

    def copy(self, a: Values) -> tuple[Values, Report]:
        return self._elements("copy", a)

    def _elements(self, kernel: str, *operands: Values) -> tuple[Values, Report]:
        a = operands[0]
        if any(one.shape != a.shape for one in operands):
            raise ShapeImpossible(
                what="b",
                value=str(operands[-1].shape),
                reason="operands have one shape",
                nearest=str(a.shape),
            )
        task = self.task(kernel, elements=a.size, dtype=function.dtype_of(self.spec, a))
        return function.elements(self.spec, task, operands), self.run_task(task)

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
