"""One model on several devices side by side: GPUs, NPUs, and an NPU whose memory computes.

An NPU with PIM keeps its cores and its bandwidth; its memory is as many PIM devices as carry
that bandwidth. In a decode step every operator runs where it is faster: on the cores over the
bus, or inside the memory. Prompts run on the cores. Results that pass between the two are not
charged, and the notes say so.
"""

from __future__ import annotations

from dataclasses import dataclass

from madang.chips.errors import OperatorUnsupported
from madang.chips.pim.device import DTYPES, Device
from madang.chips.pim.roofs import host_bandwidth_gb_s
from madang.chips.pim.spec import load as load_memory
from madang.chips.pim.system.operators import Operator, Shape, decode_step
from madang.chips.pim.system.step import Placer, merged
from madang.chips.predict import published
from madang.chips.predict.chips import chip
from madang.chips.predict.intervals import energy_j_a_token_max, interval
from madang.chips.predict.serving import HALF_ROWS, Job, Prediction, predict
from madang.chips.workloads.configs import Transformer
from madang.chips.workloads.graph import BITS, JsonValue


@dataclass(frozen=True, slots=True)
class Part:
    """One operator of a decode step on both sides; seconds of all its copies."""

    name: str
    cores_s: float
    memory_s: float | None

    @property
    def is_inside(self) -> bool:
        return self.memory_s is not None and self.memory_s < self.cores_s

    @property
    def chosen_s(self) -> float:
        return min(self.cores_s, self.memory_s) if self.memory_s is not None else self.cores_s


@dataclass(frozen=True, slots=True)
class Side:
    """One device of the comparison."""

    name: str
    kind: str  # gpu | npu | npu+pim
    base: Prediction
    step_s: float
    parts: tuple[Part, ...]
    memories: float
    notes: tuple[str, ...]

    @property
    def tokens_s(self) -> float:
        job = self.base.job
        saved = job.output_tokens * (self.base.step.total - self.step_s)
        return self.base.batch * job.output_tokens / (self.base.total_s - saved)

    def as_dict(self) -> dict[str, JsonValue]:
        low, high = interval(self.base)
        scale = self.tokens_s / self.base.tokens_s
        energy = energy_j_a_token_max(self.base)
        return {
            "name": self.name,
            "kind": self.kind,
            "tokens_per_second": self.tokens_s,
            "interval": {"low": low * scale, "high": high * scale},
            "time_to_first_token_ms": self.base.prefill.total * 1e3,
            "time_per_output_token_ms": self.step_s * 1e3,
            "bound": self.base.bound if not self.memories else "see operators",
            "energy_j_per_token_max": energy if not self.memories else None,
            "memories": self.memories or None,
            "operators": [
                {
                    "name": one.name,
                    "cores_us": one.cores_s * 1e6,
                    "memory_us": None if one.memory_s is None else one.memory_s * 1e6,
                    "runs": "memory" if one.is_inside else "cores",
                }
                for one in self.parts
            ],
            "notes": [*self.notes],
        }


GPUS = ("H100", "H200", "GH200", "A100", "L40S", "MI210", "RTX")


def side(name: str, job: Job) -> Side:
    """`NAME` of a published device, or `NAME+MEMORY` with a PIM memory beside it."""
    base_name, plus, memory = name.partition("+")
    device = chip(base_name)
    base = predict(device, job, published.efficiency_for(device.name))
    if not plus:
        kind = "gpu" if device.name.startswith(GPUS) else "npu"
        return Side(name, kind, base, base.step.total, (), 0.0, base.assumptions)
    return _with_memory(name, memory, base)


def _shape(model: Transformer) -> Shape:
    if model.experts or model.kind == "encoder":
        raise OperatorUnsupported(
            operator="mixture of experts" if model.experts else "encoder",
            name=model.name,
            reason="the decode step on PIM knows dense decoders",
        )
    return Shape(
        model.family,
        model.layers,
        model.hidden,
        model.heads,
        model.kv_heads,
        model.head_width,
        model.inner,
        model.vocabulary,
        model.kind == "gated",
    )


def _with_memory(name: str, memory: str, base: Prediction) -> Side:
    job = base.job
    device = Device(load_memory(memory))
    dtype = DTYPES[device.spec.family]
    context = job.input_tokens + job.output_tokens // 2
    operators = decode_step(_shape(job.model), context, base.batch)
    if device.spec.family == "attacc":
        operators = merged(operators)
    count = base.chip.bandwidth() * job.cards / (host_bandwidth_gb_s(device.spec) * 1e9)
    placer = Placer(device, dtype)
    parts = tuple(
        _part(one, base, placer, count)
        for one in operators
        if one.kind in ("matrix", "score", "context")
    )
    step = sum(one.chosen_s for one in parts) + base.step.overhead + base.step.interconnect
    notes = (
        *base.assumptions,
        f"{count:.2f} {memory} carry the bandwidth of {base.chip.name}",
        f"inside the memory: {dtype}, and the layout costs nothing",
        "results between cores and memory are not charged",
    )
    return Side(name, "npu+pim", base, step, parts, count, notes)


def _part(one: Operator, base: Prediction, placer: Placer, count: float) -> Part:
    placed = placer.place(one)
    inside = placed.pim.time_ns * 1e-9 * one.times / count if placed.pim else None
    return Part(one.name, _on_cores(one, base) * one.times, inside)


def _on_cores(one: Operator, base: Prediction) -> float:
    """The predictor's own rule for one operator."""
    device, job, efficiency = base.chip, base.job, base.efficiency
    peak = device.peak(job.dtype)[0] * job.cards * efficiency.compute
    width = device.bandwidth() * job.cards * efficiency.bandwidth
    if one.kind == "matrix":
        rows = one.vectors
        moved = one.weights() * BITS[job.dtype] / 8
        return max(one.flops() * (rows + HALF_ROWS) / rows / peak, moved / width)
    cache = job.cache_bytes_a_token(efficiency) / job.model.cache_elements()
    moved = one.heads * one.length * one.width * one.passes * cache
    return max(one.flops() / peak, moved / width)


def compare(names: list[str], job: Job) -> list[Side]:
    return [side(name, job) for name in names]
