"""What is asked for: one kernel with its sizes, checked before anything is lowered."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from madang.chips.errors import KernelUnsupported, ShapeImpossible

MATRIX = ("gemv", "gemv-tree", "gemm", "sum")
HEADS = ("score", "context", "attention", "softmax")
ELEMENTS = ("add", "mul", "relu", "copy", "scale", "affine", "exp")
TWO_OPERANDS = ("add", "mul")
SIZE_MAX = 1 << 40
WRITTEN = {"inner": "in"}  # as the command line and the answers spell it
BYTES = {"fp16": 2, "bf16": 2, "int8": 1, "int32": 4, "fp32": 4}


def check_dtype(device: str, kernel: str, dtype: str) -> None:
    if dtype not in BYTES:
        raise KernelUnsupported(
            device=device,
            kernel=kernel,
            reason=f"no number format {dtype}",
            known=", ".join(BYTES),
        )


def check_name(device: str, kernel: str, known: tuple[str, ...]) -> None:
    """A word that no device knows is refused as a kernel, before its sizes are."""
    if kernel not in (*MATRIX, *HEADS, *ELEMENTS):
        raise KernelUnsupported(
            device=device, kernel=kernel, reason="no such kernel", known=", ".join(known)
        )


def _check_words(kernel: str, named: Mapping[str, int | str]) -> None:
    """Sizes that the kernel does not have are not ignored, and those it needs are there."""
    wanted = Task(kernel).sizes()
    spelled = ", ".join(WRITTEN.get(name, name) for name in wanted)
    for name, value in named.items():
        if name not in (*wanted, "dtype"):
            raise ShapeImpossible(
                what=WRITTEN.get(name, name),
                value=str(value),
                reason=f"{kernel} has no such size",
                nearest=spelled,
            )
    for name in wanted:
        if name not in named and name != "batch":
            raise ShapeImpossible(
                what=WRITTEN.get(name, name),
                value="?",
                reason=f"{kernel} needs it",
                nearest=spelled,
            )


def task_from(kernel: str, named: Mapping[str, int | str]) -> Task:
    """A task from sizes by name, NumPy's whole numbers included; every word checked."""
    _check_words(kernel, named)
    plain = {k: int(v) if hasattr(v, "__index__") else v for k, v in named.items()}
    return Task(kernel, **plain).checked()  # type: ignore[arg-type]  # ints but dtype


@dataclass(frozen=True, slots=True)
class Task:
    """gemv: out x in, `batch` vectors; sum: the same with a vector of ones. score, context:
    `heads` of `context` x `width`, `batch` vectors each; attention: one vector each; softmax:
    `heads` rows of `context`. add, mul, relu, copy, scale (s a), affine (s a + t), exp:
    `elements`."""

    kernel: str
    out: int = 0
    inner: int = 0
    batch: int = 1
    elements: int = 0
    heads: int = 0
    context: int = 0
    width: int = 0
    dtype: str = ""

    def checked(self) -> Task:
        for name in self.sizes():
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int):
                raise ShapeImpossible(
                    what=WRITTEN.get(name, name),
                    value=str(value),
                    reason="a size is a whole number",
                    nearest=1,
                )
            if not 1 <= value <= SIZE_MAX:
                raise ShapeImpossible(
                    what=WRITTEN.get(name, name),
                    value=value,
                    reason=f"a size lies between 1 and {SIZE_MAX}",
                    nearest=min(max(value, 1), SIZE_MAX),
                )
        return self

    def sizes(self) -> tuple[str, ...]:
        if self.kernel in MATRIX:
            return ("out", "inner", "batch")
        if self.kernel == "softmax":
            return ("heads", "context")
        if self.kernel == "attention":
            return ("heads", "context", "width")
        if self.kernel in HEADS:
            return ("heads", "context", "width", "batch")
        return ("elements",)

    def shape(self) -> dict[str, int]:
        return {WRITTEN.get(name, name): getattr(self, name) for name in self.sizes()}

    def flops(self) -> float:
        if self.kernel in MATRIX:
            return 2.0 * self.out * self.inner * self.batch
        if self.kernel == "softmax":  # compare, subtract, exp, add, multiply
            return 5.0 * self.heads * self.context
        if self.kernel in HEADS:
            each = 4.0 if self.kernel == "attention" else 2.0
            return each * self.heads * self.context * self.width * self.batch
        if self.kernel == "affine":
            return 2.0 * self.elements
        return float(0 if self.kernel in ("copy", "replay") else self.elements)

    def values_read(self) -> int:
        """Values that a host without PIM reads: matrix and vectors, or operands."""
        if self.kernel in MATRIX:
            return self.inner * (self.out + self.batch)
        if self.kernel == "softmax":
            return self.heads * self.context
        if self.kernel in HEADS:
            twice = 2 if self.kernel == "attention" else 1
            own = self.context if self.kernel == "context" else self.width  # a vector
            return self.heads * (twice * self.context * self.width + self.batch * own)
        return self.elements * (2 if self.kernel in TWO_OPERANDS else 1)

    def values_written(self) -> int:
        if self.kernel in MATRIX:
            return self.out * self.batch
        if self.kernel in ("score", "softmax"):
            return self.heads * self.context * self.batch
        if self.kernel in HEADS:
            return self.heads * self.width * self.batch
        return self.elements

    def bytes_touched(self) -> float:
        return float((self.values_read() + self.values_written()) * BYTES[self.dtype])
