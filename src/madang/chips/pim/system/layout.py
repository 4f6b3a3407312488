"""Where a step's data lie, and what it costs to put them there and to fetch results.

Weights are laid out once, before the first token. A new key and a new value are laid out in
every step, for every sequence and head. Units of bank-pair devices leave one partial sum in
each lane, so the host reads a whole burst for each output and adds; AiM's registers come back
inside the command stream, and attention stacks answer through theirs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from madang.chips.pim.roofs import host_bandwidth_gb_s
from madang.chips.pim.spec import Spec
from madang.chips.pim.system.operators import Operator
from madang.chips.pim.task import BYTES

HEADS = ("score", "context")
LAYOUTS = {
    "bank-pair": "matrix in tiles of 8 rows a unit, input tiles even and odd by bank",
    "aim": "16 rows a channel, one in each bank; a chunk of inputs is a DRAM row",
    "attacc": "a head a channel; keys by rows, values by columns over the banks",
    "dpu": "whole rows, a block of rows in each DPU",
}


@dataclass(frozen=True, slots=True)
class Moves:
    """Bytes and nanoseconds of one execution of an operator on PIM, beside the kernel."""

    relayout_bytes: int = 0
    relayout_ns: float = 0.0
    readback_bytes: int = 0
    readback_ns: float = 0.0

    @property
    def ns(self) -> float:
        return self.relayout_ns + self.readback_ns


NOTHING_MOVED = Moves()


def new_cache_values(op: Operator) -> int:
    """Keys, or values, or both, of the one token that a step adds."""
    return op.heads * op.width * op.passes if op.kind in HEADS else 0


def relayout_ns(spec: Spec, size: float) -> float:
    return size / spec.number("relayout_gb_s") if spec.has("relayout_gb_s") else 0.0


def outputs(op: Operator) -> int:
    if op.kind == "matrix":
        return op.out * op.vectors
    each = op.length if op.kind == "score" else op.width
    return op.heads * each * op.vectors if op.kind in HEADS else 0


def moves_of(spec: Spec, op: Operator, dtype: str) -> Moves:
    cache = new_cache_values(op) * BYTES[dtype]
    back = outputs(op) * spec.integer("burst_bytes") if spec.family == "bank-pair" else 0
    back_ns = back / host_bandwidth_gb_s(spec) if back else 0.0
    return Moves(cache, relayout_ns(spec, cache), back, back_ns)


def layout_facts(
    spec: Spec, placed: Sequence[tuple[Operator, Moves]], weight_bytes: int
) -> dict[str, int | float | str | None]:
    """What the report says of layout; `placed`: operators that run on PIM."""

    def total(name: str) -> float:
        return sum(float(getattr(m, name)) * op.times for op, m in placed)

    known = spec.has("relayout_gb_s")
    return {
        "layout": LAYOUTS[spec.family],
        "weights_once_bytes": weight_bytes,
        "weights_once_ns": relayout_ns(spec, weight_bytes) if known else None,
        "relayout_bytes": int(total("relayout_bytes")),
        "relayout_ns": total("relayout_ns") if known else None,
        "readback_bytes": int(total("readback_bytes")),
        "readback_ns": total("readback_ns"),
    }
