"""What a run answers: cycles, time, energy, commands, the notes without which they mislead."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import numpy.typing as npt

import madang
from madang.chips.pim.energy import Energy
from madang.chips.pim.pictures.svg import Picture
from madang.chips.pim.spec import Spec
from madang.chips.pim.stream import Stream

JsonValue = None | bool | int | float | str | list["JsonValue"] | dict[str, "JsonValue"]


@dataclass(frozen=True, slots=True, repr=False)
class Report:
    device: str
    profile: str
    kernel: str
    mode: str
    shape: Mapping[str, int]
    dtype: str
    cycles: int
    clock_ns: float
    channels: int
    groups: int  # distinct channel streams that were simulated
    commands: Mapping[str, int]  # of one channel of the largest group
    overhead_ns: float = 0.0  # host fences, launch, re-layout: parameters, 0 unless set
    energy: Energy | None = None
    why_no_energy: str | None = None
    notes: tuple[str, ...] = ()
    padding: Mapping[str, int] = field(default_factory=dict)
    overrides: Mapping[str, int | float | None] = field(default_factory=dict)
    digest: str = ""
    flops: float = 0.0
    bytes_touched: float = 0.0
    baseline: Report | None = None
    stream: Stream | None = None
    log: npt.NDArray[np.int64] | None = None
    listing: str = ""
    spec: Spec | None = None

    def __repr__(self) -> str:
        """One line for a prompt; every number is in `as_dict()`, streams are fields."""
        sizes = " ".join(f"{name}={size}" for name, size in self.shape.items())
        told = [f"{self.cycles:,} cycles = {self.time_ns / 1e3:,.3f} us"]
        if self.energy:
            told.append(f"{self.energy.mid / 1e6:,.3f} uJ")
        if self.speedup is not None:
            told.append(f"{self.speedup:.3g}x against no PIM")
        run = f"{self.kernel} {sizes} {self.dtype} on {self.device}"
        return f"<Report {run} ({self.profile}, {self.mode}): {', '.join(told)}>"

    @property
    def time_ns(self) -> float:
        return self.cycles * self.clock_ns + self.overhead_ns

    @property
    def speedup(self) -> float | None:
        """Time without PIM over time with it."""
        return self.baseline.time_ns / self.time_ns if self.baseline else None

    @property
    def energy_ratio(self) -> float | None:
        """Energy without PIM over energy with it: the number to quote, never bare joules."""
        if self.baseline is None or self.energy is None or self.baseline.energy is None:
            return None
        return self.baseline.energy.mid / self.energy.mid

    def with_baseline(self, baseline: Report) -> Report:
        return replace(self, baseline=baseline)

    def as_dict(self) -> dict[str, JsonValue]:
        energy = self.energy
        found: dict[str, JsonValue] = {
            "device": self.device,
            "compat": self.profile,
            "kernel": self.kernel,
            "mode": self.mode,
            "shape": dict(self.shape),
            "dtype": self.dtype,
            "cycles": self.cycles,
            "clock_ns": self.clock_ns,
            "overhead_ns": self.overhead_ns,
            "time_ns": self.time_ns,
            "energy_pj": energy.mid if energy else None,
            "energy_band_pj": {"low": energy.low, "high": energy.high} if energy else None,
            "energy_parts_pj": dict(energy.parts) if energy else None,
            "energy_left_out": list(energy.left_out) if energy else [self.why_no_energy],
            "commands": dict(self.commands),
            "channels": self.channels,
            "distinct_streams": self.groups,
            "padding": dict(self.padding),
            "overrides": dict(self.overrides),
            "notes": list(self.notes),
            "version": madang.__version__,
            "parameters_sha256": self.digest,
        }
        if self.baseline is not None:
            base = self.baseline
            found["without_pim"] = {
                "cycles": base.cycles,
                "time_ns": base.time_ns,
                "energy_pj": base.energy.mid if base.energy else None,
            }
            found["speedup"] = self.speedup
            found["energy_ratio"] = self.energy_ratio
        return found

    def json(self) -> str:
        return json.dumps(self.as_dict(), ensure_ascii=False)

    def plot(self, kind: str = "energy") -> Picture:
        """Picture of this run: energy, occupancy (rows by bank), timeline or roofline."""
        from madang.chips.pim.pictures import draw  # noqa: PLC0415  it draws reports

        return draw.draw(self, kind)

    def html(self) -> str:
        """One HTML file that holds tables, pictures and every number that was used."""
        from madang.chips.pim.pictures import page  # noqa: PLC0415  it draws reports

        return page.page(self)

    def _repr_svg_(self) -> str:
        """What a notebook shows: the rows of the simulated channel, or the energy."""
        return self.plot("energy" if self.log is None else "occupancy").svg

    def asm(self) -> str:
        """The program of the units and the first commands, readable."""
        return self.listing
