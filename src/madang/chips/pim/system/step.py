"""A decode step with PIM chosen per operator, beside the same step without PIM."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from madang.chips.errors import KernelUnsupported, NumberUnknown, ShapeTooLarge
from madang.chips.pim.device import DTYPES, Device
from madang.chips.pim.pictures.draw import times
from madang.chips.pim.report import JsonValue, Report
from madang.chips.pim.roofs import capacity_bytes, host_bandwidth_gb_s
from madang.chips.pim.spec import Spec
from madang.chips.pim.system import many
from madang.chips.pim.system.layout import NOTHING_MOVED, Moves, layout_facts, moves_of
from madang.chips.pim.system.many import ALONE, Split
from madang.chips.pim.system.operators import Operator
from madang.chips.pim.task import BYTES, Task, check_dtype

HBM_PATH = (
    "act_pj_bit",
    "cell_pj_bit",
    "column_pj_bit",
    "group_pj_bit",
    "tsv_pj_bit",
    "interposer_pj_bit",
)


@dataclass(frozen=True, slots=True)
class Cost:
    time_ns: float
    energy_pj: float | None


@dataclass(frozen=True, slots=True)
class Placed:
    """One operator: what it costs on either side, and where it runs."""

    operator: Operator
    verdict: str  # pim | rewritten | host | refused
    why: str
    host: Cost
    pim: Cost | None
    cycles: int | None
    moves: Moves = NOTHING_MOVED
    link_ns: float = 0.0
    standby_pj: float = 0.0  # the part of the energy on PIM that time alone costs

    @property
    def on_pim(self) -> bool:
        return self.pim is not None and self.verdict in ("pim", "rewritten")

    @property
    def chosen(self) -> Cost:
        """The kernel alone, on the side that was chosen."""
        return self.pim if self.pim is not None and self.on_pim else self.host

    @property
    def time_ns(self) -> float:
        """One execution with what it moves: results, new keys and values, the link."""
        return self.chosen.time_ns + self.link_ns + (self.moves.ns if self.on_pim else 0.0)

    def as_dict(self) -> dict[str, JsonValue]:
        op = self.operator
        return {
            "name": op.name,
            "kind": op.kind,
            "times": op.times,
            "verdict": self.verdict,
            "why": self.why,
            "host_ns": self.host.time_ns,
            "pim_ns": self.pim.time_ns if self.pim else None,
            "pim_cycles": self.cycles,
            "relayout_ns": self.moves.relayout_ns if self.on_pim else 0.0,
            "readback_ns": self.moves.readback_ns if self.on_pim else 0.0,
            "link_ns": self.link_ns,
            "time_ns": self.time_ns * op.times,
        }


@dataclass(frozen=True, slots=True, repr=False)
class StepReport:
    device: Spec
    context: int
    batch: int
    placed: tuple[Placed, ...]
    weight_bytes: int
    cache_bytes: int
    capacity_bytes: int  # of one device
    notes: tuple[str, ...]
    split: Split = ALONE
    hops_ns: float = 0.0

    @property
    def time_ns(self) -> float:
        return self.hops_ns + sum(one.time_ns * one.operator.times for one in self.placed)

    @property
    def host_ns(self) -> float:
        """The step without PIM: the same link, the same shares."""
        times = ((one.host.time_ns + one.link_ns) * one.operator.times for one in self.placed)
        return self.hops_ns + sum(times)

    @property
    def pim_only_ns(self) -> float:
        """Operators on PIM, by themselves."""
        mine = [one for one in self.placed if one.on_pim]
        return sum(one.chosen.time_ns * one.operator.times for one in mine)

    @property
    def under_way(self) -> int:
        """Batches in the system at once: a full pipeline holds one for each device."""
        return self.split.devices if self.split.way == "pipeline" else 1

    def energy_pj(self, *, host: bool = False) -> float | None:
        total = 0.0
        for one in self.placed:
            cost = one.host if host else one.chosen
            if cost.energy_pj is None:
                return None
            total += cost.energy_pj * one.operator.times
        return total * (self.split.devices if self.split.way == "tensor" else 1)

    @property
    def devices_needed(self) -> int:
        return -(-(self.weight_bytes + self.cache_bytes) // self.capacity_bytes)

    def __repr__(self) -> str:
        times = f"{self.time_ns / 1e6:.3f} ms, without PIM {self.host_ns / 1e6:.3f} ms"
        sizes = f"context {self.context} batch {self.batch}"
        return f"<StepReport {self.device.name} {sizes}: {times}>"

    def _repr_svg_(self) -> str:
        """What a notebook shows: time of each operator as placed, beside the host alone."""
        rows = [
            (
                one.operator.name,
                one.chosen.time_ns * one.operator.times,
                one.host.time_ns * one.operator.times,
            )
            for one in self.placed
        ]
        return times(f"One step on {self.device.name}, batch {self.batch}", rows).svg

    def layout(self) -> dict[str, int | float | str | None]:
        mine = [(one.operator, one.moves) for one in self.placed if one.on_pim]
        return layout_facts(self.device, mine, self.weight_bytes)

    def as_dict(self) -> dict[str, JsonValue]:
        energy, host_energy = self.energy_pj(), self.energy_pj(host=True)
        return {
            "device": self.device.name,
            "compat": self.device.profile,
            "context": self.context,
            "batch": self.batch,
            "time_ns": self.time_ns,
            "pim_time_ns": self.pim_only_ns,
            "without_pim_ns": self.host_ns,
            "speedup": self.host_ns / self.time_ns,
            "tokens_per_s": self.under_way * self.batch / self.time_ns * 1e9,
            "energy_pj_per_token": None if energy is None else energy / self.batch,
            "without_pim_energy_pj_per_token": None
            if host_energy is None
            else host_energy / self.batch,
            "energy_ratio": host_energy / energy if energy and host_energy else None,
            "weight_bytes": self.weight_bytes,
            "cache_bytes": self.cache_bytes,
            "capacity_bytes": self.capacity_bytes,
            "devices": self.split.devices,
            "split": self.split.way,
            "link_gb_s": self.split.link_gb_s,
            "link_hop_ns": self.split.link_ns,
            "data_layout": dict(self.layout()),
            "fits": self.devices_needed <= self.split.devices,
            "devices_needed": self.devices_needed,
            "notes": list(self.notes),
            "operators": [one.as_dict() for one in self.placed],
            "parameters_sha256": self.device.digest(),
        }


def host_cost(spec: Spec, values: int, flops: float, dtype: str) -> Cost:
    size = values * BYTES[dtype]
    compute = flops / (spec.number("host_tflops") * spec.number("host_compute_use") * 1e3)
    return Cost(max(size / host_bandwidth_gb_s(spec), compute), _host_energy(spec, size))


def _host_energy(spec: Spec, size: int) -> float | None:
    try:
        if spec.family == "aim":
            each = spec.number("rd_mw") * spec.number("burst_ns") / spec.integer("burst_bytes")
            return size * (each + 8 * spec.number("dq_pj_bit"))
        return 8 * size * sum(spec.number(name) for name in HBM_PATH)
    except NumberUnknown:
        return None


def task_of(op: Operator, dtype: str) -> tuple[Task, int]:
    """The kernel that runs an operator, and how many passes of it one operator takes."""
    if op.kind == "matrix":
        return Task("gemv", out=op.out, inner=op.inner, batch=op.vectors, dtype=dtype), 1
    if op.kind == "score":
        return Task(
            "gemv", out=op.length, inner=op.width, batch=op.vectors, dtype=dtype
        ), op.heads
    if op.kind == "context":
        return Task(
            "gemv", out=op.width, inner=op.length, batch=op.vectors, dtype=dtype
        ), op.heads
    return Task(op.kernel, elements=op.elements, dtype=dtype), 1


def _attention_task(op: Operator, dtype: str) -> Task:
    return Task(
        "attention", heads=op.heads * op.vectors, context=op.length, width=op.width, dtype=dtype
    )


def merged(operators: Sequence[Operator]) -> list[Operator]:
    """Attention as one operator, for a device that runs score and context in one go."""
    score = [
        replace(op, name="attention", kernel="attention") if op.kind == "score" else op
        for op in operators
    ]
    return [op for op in score if op.kind != "context"]


class Placer:
    """Runs each distinct kernel once and places every operator where it is faster."""

    def __init__(self, device: Device, dtype: str, split: Split = ALONE) -> None:
        self.device, self.dtype, self.split = device, dtype, split
        self.seen: dict[Task, Report] = {}

    def report(self, task: Task) -> Report:
        if task not in self.seen:
            self.seen[task] = self.device.run_task(task, baseline=False)
        return self.seen[task]

    def place(self, whole: Operator) -> Placed:
        """Place one operator; with several devices, the fullest device's share of it."""
        tensor = self.split.way == "tensor"
        op = many.share(whole, self.split.devices) if tensor else whole
        placed = self._place(op)
        return replace(placed, link_ns=many.link_ns(whole, self.split, self.dtype))

    def _place(self, op: Operator) -> Placed:
        host = host_cost(self.device.spec, op.values(), op.flops(), self.dtype)
        if op.kind == "host":
            return Placed(op, "host", op.note, host, None, None)
        task, passes = task_of(op, self.dtype)
        if op.kernel == "attention":
            task, passes = _attention_task(op, self.dtype), 1
        try:
            report = self.report(task)
        except (KernelUnsupported, ShapeTooLarge) as refused:
            return Placed(op, "host", _why_not(refused), host, None, None)
        energy = None if report.energy is None else report.energy.mid * passes
        pim = Cost(report.time_ns * passes, energy)
        standby = report.energy.parts.get("standby", 0.0) * passes if report.energy else 0.0
        moves = moves_of(self.device.spec, op, self.dtype)
        if pim.time_ns + moves.ns >= host.time_ns:
            why = "PIM is slower here"
            return Placed(op, "host", why, host, pim, report.cycles, moves, 0.0, standby)
        rewritten = passes > 1 or bool(op.note)
        why = f"{passes} passes of {task.kernel}" if rewritten else "faster on PIM"
        verdict = "rewritten" if rewritten else "pim"
        return Placed(op, verdict, why, host, pim, report.cycles, moves, 0.0, standby)


def _why_not(refused: KernelUnsupported | ShapeTooLarge) -> str:
    """The reason alone: the line it stands in names device and operator."""
    if isinstance(refused, KernelUnsupported):
        return str(refused.fields["reason"])
    needed, unit, limit = (refused.fields[name] for name in ("needed", "unit", "limit"))
    return f"needs {needed} {unit}, the device has {limit}"


def run_step(
    device: Device,
    operators: Sequence[Operator],
    *,
    context: int,
    batch: int,
    dtype: str = "",
    split: Split = ALONE,
) -> StepReport:
    """Time one decode step. Heads are passes of one simulated head."""
    chosen = dtype or DTYPES[device.spec.family]
    check_dtype(device.spec.name, "a decode step", chosen)
    if device.spec.family == "dpu":
        raise KernelUnsupported(
            device=device.spec.name,
            kernel="a decode step",
            reason="no host is described beside it",
            known="gemv, gemm, add, mul, copy by themselves",
        )
    placer = Placer(device, chosen, split.checked())
    if device.spec.family == "attacc":
        operators = merged(operators)
    placed = tuple(placer.place(op) for op in operators)
    size = BYTES[chosen]
    weights = sum(op.weights() * op.times for op in operators) * size
    cache = (
        sum(op.heads * op.length * op.width * op.times * op.passes for op in operators) * size
    )
    room = capacity_bytes(device.spec)
    notes = _notes(device.spec, split)
    if weights + cache > room * split.devices:
        needed = -(-(weights + cache) // room)
        notes.append(
            f"weights and cache need {needed} such devices; times are of {split.devices}"
        )
    hops = many.hops_ns(operators, split, chosen)
    return StepReport(
        device.spec, context, batch, placed, weights, cache, room, tuple(notes), split, hops
    )


def _notes(spec: Spec, split: Split) -> list[str]:
    notes = [
        "host: roofline of the device's own bus",
        "attention: one head simulated, times the heads",
    ]
    if not spec.has("relayout_gb_s"):
        notes.append(
            "re-layout of new keys and values not counted: relayout_gb_s is not published"
        )
    if split.devices > 1 and split.link_gb_s is None:
        notes.append("bandwidth between devices not counted: link_gb_s is not set")
    return notes
