"""Softmax and attention as pieces: which kernels run in the memory, which steps in the host.

The maximum of a row needs a comparison, the exponential a table, the division a reciprocal.
A bank-pair unit has none of the three: it subtracts (ADD of the negated maxima that the host
writes), sums (MAC with ones) and multiplies by the reciprocals that the host writes; scores
are scaled by one scalar register. An AiM has a table of activation functions in every channel
and additions in its general registers; the host finds maxima and reciprocals, and scales the
query beforehand.
"""

from __future__ import annotations

from dataclasses import replace

from madang.chips.pim.roofs import host_bandwidth_gb_s
from madang.chips.pim.spec import Spec
from madang.chips.pim.task import BYTES, Task

COMPOSED = ("softmax", "attention")
HOST_STEPS = {
    "bank-pair": "max, exp and 1/sum of softmax run in the host",
    "aim": "max and 1/sum of softmax run in the host, exp in the activation table",
}
HOST_PASSES = {"bank-pair": 5, "aim": 3}  # times the host moves each value of a row


def pieces(family: str, task: Task) -> tuple[Task, ...]:
    """The kernels that a composed task runs in the memory, in order."""
    values = task.heads * task.context
    row = Task("sum", out=task.heads, inner=task.context, dtype=task.dtype)

    def each(kernel: str) -> Task:
        return Task(kernel, elements=values, dtype=task.dtype)

    softmax: tuple[Task, ...]
    if family == "aim":
        softmax = (each("shift"), each("exp"), row, each("mul"))
    else:
        softmax = (each("add"), row, each("mul"))
    if task.kernel == "softmax":
        return softmax
    scale = () if family == "aim" else (each("scale"),)
    score, context = (replace(task, kernel=name) for name in ("score", "context"))
    return (score, *scale, *softmax, context)


def host_bytes(spec: Spec, task: Task) -> int:
    if task.kernel not in COMPOSED:
        return 0
    return HOST_PASSES[spec.family] * task.heads * task.context * BYTES[task.dtype]


def host_ns(spec: Spec, task: Task) -> float:
    """Time of the host's steps: every value of a row over the bus, as often as it moves."""
    return host_bytes(spec, task) / host_bandwidth_gb_s(spec)


def host_note(spec: Spec, task: Task) -> tuple[str, ...]:
    if task.kernel not in COMPOSED:
        return ()
    note = f"{HOST_STEPS[spec.family]}: {host_ns(spec, task):.0f} ns of the bus in overhead_ns"
    return (note,)
