"""Several devices on one product or one step: shares of the work, and the link between.

`tensor`: every device holds a share of the outputs or heads of each operator; inputs are sent
to all at once, outputs gathered. `pipeline`: every device holds a share of the layers; a token
passes all of them, and as many batches are under way. The link is a parameter that nobody
publishes for such systems: bandwidth and latency, nothing unless set.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from madang.chips.errors import ParameterImpossible, ShapeImpossible
from madang.chips.pim.device import Device
from madang.chips.pim.report import JsonValue, Report
from madang.chips.pim.system.operators import Operator
from madang.chips.pim.task import BYTES

DEVICES_MAX = 4096
WAYS = ("tensor", "pipeline")


@dataclass(frozen=True, slots=True)
class Split:
    devices: int = 1
    way: str = "tensor"
    link_gb_s: float | None = None  # None: not counted
    link_ns: float = 0.0

    def checked(self) -> Split:
        if not 1 <= self.devices <= DEVICES_MAX:
            raise ParameterImpossible(
                name="devices",
                value=str(self.devices),
                reason="a system has at least one device and a sane number of them",
                limit=f"1 to {DEVICES_MAX}",
                nearest=str(min(max(self.devices, 1), DEVICES_MAX)),
            )
        if self.way not in WAYS:
            raise ParameterImpossible(
                name="split", value=self.way, reason="no such way", limit=", ".join(WAYS),
                nearest=WAYS[0],
            )  # fmt: skip
        if self.link_ns < 0 or (self.link_gb_s is not None and self.link_gb_s <= 0):
            raise ParameterImpossible(
                name="link", value=f"{self.link_gb_s}, {self.link_ns}", reason="below zero",
                limit="link_gb_s > 0, link_ns >= 0", nearest="64, 0",
            )  # fmt: skip
        return self

    def transfer_ns(self, size: float) -> float:
        return self.link_ns + (size / self.link_gb_s if self.link_gb_s else 0.0)


ALONE = Split()


def share(op: Operator, devices: int) -> Operator:
    """The fullest device's share of one operator, outputs or heads divided."""
    if op.kind == "matrix":
        return replace(op, out=-(-op.out // devices))
    if op.heads:
        return replace(op, heads=-(-op.heads // devices))
    return replace(op, elements=-(-op.elements // devices))


def values_passed(op: Operator) -> int:
    """Values that go out to the devices and come back, of the whole operator."""
    if op.kind == "matrix":
        return op.vectors * (op.inner + op.out)
    if op.heads:
        return op.heads * op.vectors * (op.width + op.length)
    return 0  # element-wise work stays where its operands are


def link_ns(op: Operator, split: Split, dtype: str) -> float:
    """One execution of an operator: inputs to all devices, outputs back."""
    values = values_passed(op)
    if split.devices == 1 or split.way != "tensor" or not values:
        return 0.0
    return split.link_ns + split.transfer_ns(values * BYTES[dtype])


def hops_ns(operators: Sequence[Operator], split: Split, dtype: str) -> float:
    """A pipeline hands the hidden state on from device to device."""
    if split.way != "pipeline":
        return 0.0
    last = operators[-1]
    state = last.inner * last.vectors * BYTES[dtype]
    return (split.devices - 1) * split.transfer_ns(state)


@dataclass(frozen=True, slots=True)
class Sharded:
    """One product on several devices: the fullest share simulated, the link added."""

    one: Report
    split: Split
    link_ns: float

    @property
    def time_ns(self) -> float:
        return self.one.time_ns + self.link_ns

    @property
    def energy_pj(self) -> float | None:
        return None if self.one.energy is None else self.one.energy.mid * self.split.devices

    def as_dict(self) -> dict[str, JsonValue]:
        return {
            "devices": self.split.devices,
            "link_ns": self.link_ns,
            "time_ns": self.time_ns,
            "energy_pj": self.energy_pj,
            "share": self.one.as_dict(),
        }


def gemv_on(device: Device, split: Split, *, out: int, inner: int, batch: int = 1) -> Sharded:
    """W x with the rows of W over `split.devices` equal devices."""
    split.checked()
    if split.way != "tensor":
        raise ShapeImpossible(
            what="split", value=split.way, reason="one product has no layers", nearest="tensor"
        )
    whole = Operator("gemv", "matrix", 1, out, inner, batch)
    mine = share(whole, split.devices)
    report = device.run("gemv", out=mine.out, inner=inner, batch=batch, baseline=False)
    return Sharded(report, split, link_ns(whole, split, report.dtype))
