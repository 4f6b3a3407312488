"""A verdict for every operator of a model: pim, rewritten, host or refused, why, and what
would change it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from madang.chips.errors import OperatorUnsupported
from madang.chips.pim.device import DTYPES, Device
from madang.chips.pim.report import JsonValue
from madang.chips.pim.system.load import named_sizes
from madang.chips.pim.system.operators import Operator, decode_step, read_config
from madang.chips.pim.system.step import Placed, Placer, StepReport, run_step, task_of
from madang.core.errors import Refused

Field = str | int | bool | None
NEAREST = {
    "pim": "-",
    "rewritten": "-",
    "host": "no kernel of this device does it",
    "refused": "leave it out of the graph",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    name: str
    operator: str
    times: int
    verdict: str  # pim | rewritten | host | refused
    why: str
    limit: str
    nearest: str
    pim_ns: float | None = None
    host_ns: float | None = None

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "name": self.name,
            "operator": self.operator,
            "times": self.times,
            "verdict": self.verdict,
            "why": self.why,
            "limit": self.limit,
            "nearest": self.nearest,
            "pim_ns": self.pim_ns,
            "host_ns": self.host_ns,
        }


@dataclass(frozen=True, slots=True)
class Checked:
    device: str
    verdicts: tuple[Verdict, ...]
    devices_needed: int | None  # None where the model could not be read to its end
    capacity_bytes: int | None
    needed_bytes: int | None
    context_max: int | None

    @property
    def counts(self) -> dict[str, int]:
        found = Counter(one.verdict for one in self.verdicts)
        return {name: found[name] for name in ("pim", "rewritten", "host", "refused")}

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "device": self.device,
            "fits": self.devices_needed is not None and self.devices_needed <= 1,
            "devices_needed": self.devices_needed,
            "needed_bytes": self.needed_bytes,
            "capacity_bytes": self.capacity_bytes,
            "context_max": self.context_max,
            "counts": dict(self.counts),
            "operators": [one.as_dict() for one in self.verdicts],
        }


def check(
    device: Device,
    model: str | Path,
    *,
    context: int = 1024,
    batch: int = 1,
    dtype: str = "",
    dims: Mapping[str, int] | None = None,
) -> Checked:
    """What would happen to a model on a device; nothing of the model is run."""
    path = Path(model)
    try:
        operators, kinds, refused = _read(path, context, batch, dims or {})
    except OperatorUnsupported as whole:
        return Checked(device.spec.name, (_refusal(whole),), None, None, None, None)
    step = run_step(device, operators, context=context, batch=batch, dtype=dtype)
    placer = Placer(device, dtype or DTYPES[device.spec.family])
    found = [
        _verdict(placer, placed, kind or placed.operator.kind)
        for placed, kind in zip(step.placed, _aligned(kinds, step), strict=True)
    ]
    verdicts = (*found, *(_refusal(one) for one in refused))
    needed = step.weight_bytes + step.cache_bytes
    longest = _context_max(step)
    return Checked(
        device.spec.name, verdicts, step.devices_needed, step.capacity_bytes, needed, longest
    )


def _read(
    path: Path, context: int, batch: int, dims: Mapping[str, int]
) -> tuple[list[Operator], list[str], list[OperatorUnsupported]]:
    if path.suffix == ".onnx":
        from madang.chips.pim.system.onnx_in import read_leniently  # noqa: PLC0415  heavy

        read = read_leniently(path, {**named_sizes(context, batch), **dims})
        return read.operators, read.kinds, read.refused
    return decode_step(read_config(path), context, batch), [], []


def _aligned(kinds: list[str], step: StepReport) -> list[str]:
    """Names of the file's own operators, where each operator stands for one of them."""
    return kinds if len(kinds) == len(step.placed) else [""] * len(step.placed)


def _refusal(error: OperatorUnsupported) -> Verdict:
    fields = {name: str(error.fields.get(name)) for name in ("operator", "name", "reason")}
    nearest = NEAREST["refused"]
    return Verdict(
        fields["name"], fields["operator"], 1, "refused", fields["reason"], "-", nearest
    )


def _verdict(placer: Placer, placed: Placed, kind: str) -> Verdict:
    op = placed.operator
    why, limit, nearest = placed.why, "-", NEAREST[placed.verdict]
    if placed.verdict == "rewritten" and op.note:
        why = op.note
    if placed.verdict == "host" and op.kind != "host":
        why, limit, nearest = _why_not(placer, placed)
    pim = None if placed.pim is None else placed.pim.time_ns
    return Verdict(
        op.name, kind, op.times, placed.verdict, why, limit, nearest, pim, placed.host.time_ns
    )


def _why_not(placer: Placer, placed: Placed) -> tuple[str, str, str]:
    """Refused by the device: its limit and its nearest. Slower: the batch at which it pays."""
    op = placed.operator
    if placed.pim is None:
        return _refused_by(placer, op, placed.why)
    ratio = placed.pim.time_ns / placed.host.time_ns
    why = f"PIM takes {ratio:.2f} times as long as the host here"
    limit = f"faster than {placed.host.time_ns / 1e3:.3f} us"
    one = replace(op, vectors=1)
    if op.vectors > 1 and placer.place(one).verdict in ("pim", "rewritten"):
        return why, limit, "one vector (batch 1) runs on PIM"
    more = "more elements at once" if op.kind == "element" else "a larger matrix"
    return why, limit, f"{more}, or another device"


def _refused_by(placer: Placer, op: Operator, why: str) -> tuple[str, str, str]:
    try:
        placer.report(task_of(op, placer.dtype)[0])
    except Refused as error:
        known: Mapping[str, Field] = error.fields
        unit = f" {known['unit']}" if "unit" in known else ""
        limit = f"{known['limit']}{unit}" if "limit" in known else "-"
        return why, limit, str(known.get("nearest") or known.get("known") or "-")
    return why, "-", NEAREST["host"]


def _context_max(step: StepReport) -> int | None:
    """Tokens of context that fit beside the weights in one device; None without a cache."""
    room = step.capacity_bytes - step.weight_bytes
    if step.cache_bytes == 0:
        return None
    return max(0, room * step.context // step.cache_bytes)
