"""Devices as data: read, checked before a cycle runs, any number overridden.

A device file groups its numbers by section; every group carries unit, source and mark (read,
measured, recalled, unknown). A number that nobody publishes is null and refuses to be used.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Literal, cast

import yaml

from madang.chips.errors import (
    CompatUnknown,
    DeviceMalformed,
    DeviceUnknown,
    NumberUnknown,
    ParameterImpossible,
    ParameterUnknown,
    TimingImpossible,
)

Number = int | float | None
Mark = Literal["read", "measured", "recalled", "unknown", "override"]
FAMILIES = ("bank-pair", "aim", "attacc", "dpu")
MARKS = ("read", "measured", "recalled", "unknown")
FIELD_MAX = 1 << 20
TIMING_MAX = (1 << 16) - 1  # cycles: longer than any refresh interval of any memory


@dataclass(frozen=True, slots=True)
class Quantity:
    value: Number
    unit: str
    source: str
    mark: Mark


@dataclass(frozen=True, slots=True)
class Spec:
    """One device: frozen numbers with provenance, already checked."""

    name: str
    family: str
    title_en: str
    title_ko: str
    profile: str
    profiles: tuple[str, ...]
    numbers: Mapping[str, Quantity]
    sections: Mapping[str, tuple[str, ...]]

    def has(self, name: str) -> bool:
        return name in self.numbers and self.numbers[name].value is not None

    def integer(self, name: str) -> int:
        value = self.number(name)
        assert value == int(value), name
        return int(value)

    def number(self, name: str, what: str = "the answer") -> float:
        value = self.numbers[name].value
        if value is None:
            raise NumberUnknown(device=self.name, name=name, what=what)
        return value

    def timing(self) -> dict[str, int]:
        return {name: self.integer(name) for name in self.sections.get("timing", ())}

    @property
    def clock_ns(self) -> float:
        return float(self.number("clock_ns"))

    def overrides(self) -> dict[str, Number]:
        return {k: q.value for k, q in self.numbers.items() if q.mark == "override"}

    def digest(self) -> str:
        facts = {k: q.value for k, q in sorted(self.numbers.items())}
        text = json.dumps([self.name, self.profile, facts], sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()


def names() -> list[str]:
    folder = resources.files("madang.chips.pim.standards")
    found = [f.name for f in folder.iterdir() if f.name.endswith(".yaml")]
    return sorted(name.removesuffix(".yaml") for name in found)


@cache
def _shipped(name: str) -> dict[str, object]:
    folder = resources.files("madang.chips.pim.standards")
    return _parse(folder.joinpath(f"{name}.yaml").read_text(encoding="utf-8"), f"{name}.yaml")


def _parse(text: str, file: str) -> dict[str, object]:
    try:
        found = yaml.safe_load(text)
    except yaml.YAMLError as err:
        raise DeviceMalformed(file=file, reason=str(err).splitlines()[0]) from err
    if not isinstance(found, dict):
        raise DeviceMalformed(file=file, reason="not a mapping")
    return found


def _quantities(
    raw: dict[str, object], file: str
) -> tuple[dict[str, Quantity], dict[str, tuple[str, ...]]]:
    numbers: dict[str, Quantity] = {}
    sections: dict[str, tuple[str, ...]] = {}
    sources = cast("dict[str, str]", raw["sources"])
    for section, groups in cast("dict[str, list[dict[str, object]]]", raw["numbers"]).items():
        held: list[str] = []
        for group in groups:
            source, mark = str(group["source"]), str(group["mark"])
            if source not in sources or mark not in MARKS:
                raise DeviceMalformed(file=file, reason=f"{section}: source or mark unknown")
            for name, value in cast("dict[str, Number]", group["values"]).items():
                if name in numbers:
                    raise DeviceMalformed(file=file, reason=f"{name} is given twice")
                unit = str(group["unit"])
                numbers[name] = Quantity(value, unit, sources[source], cast("Mark", mark))
                held.append(name)
        sections[section] = tuple(held)
    return numbers, sections


def _spec(raw: dict[str, object], file: str, compat: str | None) -> Spec:
    try:
        numbers, sections = _quantities(raw, file)
        title = cast("dict[str, str]", raw["title"])
        profiles = cast("dict[str, dict[str, Number]]", raw["profiles"])
        name, family = str(raw["name"]), str(raw["family"])
        profile = compat or str(raw["default_profile"])
    except (KeyError, TypeError, AttributeError) as err:
        raise DeviceMalformed(file=file, reason=f"missing or wrong: {err}") from err
    if family not in FAMILIES:
        raise DeviceMalformed(file=file, reason=f"family is one of {', '.join(FAMILIES)}")
    if profile not in profiles:
        raise CompatUnknown(device=name, compat=profile, known=", ".join(profiles))
    for changed, value in profiles[profile].items():
        numbers[changed] = replace(numbers[changed], value=value)
    return Spec(
        name, family, title["en"], title["ko"], profile, tuple(profiles), numbers, sections
    )


def load(
    device: str, compat: str | None = None, changes: Mapping[str, Number] | None = None
) -> Spec:
    """A shipped device by name, or a file of one's own that ends in .yaml."""
    if device.endswith((".yaml", ".yml")):
        path = Path(device)
        if not path.is_file():
            raise DeviceUnknown(device=device, known=", ".join(names()))
        raw = _parse(path.read_text(encoding="utf-8"), device)
    elif device in names():
        raw = _shipped(device)
    else:
        raise DeviceUnknown(device=device, known=", ".join(names()))
    spec = with_changes(_spec(raw, device, compat), changes or {})
    check(spec)
    return spec


def with_changes(spec: Spec, changes: Mapping[str, Number]) -> Spec:
    """Override numbers by their short name or `section.NAME`; the rest stays as it is."""
    numbers = dict(spec.numbers)
    for given, value in changes.items():
        name = given.rpartition(".")[2]
        if name not in numbers:
            near = difflib.get_close_matches(name, numbers, 3, 0.4)
            nearest = ", ".join(near) or ", ".join(list(numbers)[:8])
            raise ParameterUnknown(device=spec.name, name=given, nearest=nearest)
        numbers[name] = replace(
            numbers[name], value=_in_kind(name, value, numbers[name].value), mark="override"
        )
    return replace(spec, numbers=numbers)


def _in_kind(name: str, value: Number, before: Number) -> Number:
    """A count stays a whole number, and a number is one."""
    if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
        _impossible(name, str(value), "a number is needed", "numbers", before)
    if value is not None and not math.isfinite(value):
        _impossible(name, value, "a number is finite", "finite", before)
    if value is None or not isinstance(before, int):
        return value
    if int(value) != value:
        _impossible(name, value, "a whole number is needed", "integers", round(value))
    return int(value)


ZERO_ALLOWED = frozenset(
    (
        "CLREG",
        "CWLREG",
        "CWLGB",
        "WPRE",
        "MODCH",
        "RTRS",
        "fence_ns",
        "launch_ns",
        "refresh_cycles",
        "refresh_postponed_max",
        "REF_AFTER_ACT",
    )
)
AIM_CHANNELS_MAX, ATTACC_CHANNELS, RANKS_MAX = 32, 16, 2
FIXED = {
    "banks",
    "groups",
    "columns",
    "units",
    "lanes",
    "accumulators",
    "grf",
    "crf_words",
    "burst_bytes",
    "pseudo_channels",
}
RATES = {"host_bandwidth_use", "host_compute_use", "host_tflops"}
SCALED = {"rows": 16384, "channels": 4096, "ranks": 16, "BL": 64, "command_queue": 4096}


def _impossible(
    name: str, value: Number | str, reason: str, limit: object, nearest: object
) -> None:
    raise ParameterImpossible(
        name=name, value=str(value), reason=reason, limit=str(limit), nearest=str(nearest)
    )


def check(spec: Spec) -> None:
    """Refuse what no device can be, with the reason, the limit and the nearest that works."""
    for name, quantity in spec.numbers.items():
        value = quantity.value
        if value is None:
            continue
        least: float = 0 if name in ZERO_ALLOWED or isinstance(value, float) else 1
        most = SCALED.get(name, FIELD_MAX) if isinstance(value, int) else float("inf")
        if name in spec.sections.get("timing", ()):
            most = TIMING_MAX
        if name == "mram_bytes":
            most = float("inf")
        if value < least:
            _impossible(name, value, f"at least {least} {quantity.unit}", least, least)
        if value == 0 and (name.endswith("_gb_s") or name in RATES):
            _impossible(name, value, "a rate of nothing takes for ever", "> 0", "null")
        if value > most:
            _impossible(name, value, f"at most {most} {quantity.unit}", most, most)
        if name in FIXED and quantity.mark == "override":
            _impossible(name, value, "fixed by the instruction set of the family", "-", "-")
    if spec.has("clock_ns") and spec.clock_ns <= 0:
        _impossible("clock_ns", spec.clock_ns, "a clock has a period", "> 0", 1.0)
    if spec.family != "dpu":
        _family_limits(spec)
        _contradictions(spec)


def _family_limits(spec: Spec) -> None:
    """What the engine of a family covers."""
    channels = spec.integer("channels")
    if spec.family == "aim" and channels > AIM_CHANNELS_MAX:
        _impossible(
            "channels", channels, "a mask has 32 bits", AIM_CHANNELS_MAX, AIM_CHANNELS_MAX
        )
    if spec.family == "aim" and spec.integer("global_buffer_bytes") % spec.integer(
        "burst_bytes"
    ):
        size, burst = spec.integer("global_buffer_bytes"), spec.integer("burst_bytes")
        _impossible(
            "global_buffer_bytes", size, "whole bursts", burst, -(-size // burst) * burst
        )
    if spec.family == "attacc" and channels != ATTACC_CHANNELS:
        _impossible("channels", channels, "a stack has 16", ATTACC_CHANNELS, ATTACC_CHANNELS)
    ranks = spec.integer("ranks") if spec.family == "bank-pair" else 1
    if spec.profile == "jedec" and ranks > RANKS_MAX:
        _impossible("ranks", ranks, "the engine has banks for two ranks", RANKS_MAX, RANKS_MAX)


def _contradictions(spec: Spec) -> None:
    t = spec.timing()
    if "BL" in t and t["BL"] % 2:
        _impossible("BL", t["BL"], "a burst is an even number of beats", "even", t["BL"] + 1)
    if "REFI" in t and t["REFI"] <= t["RFC"] + 2 * t["RP"]:
        least = t["RFC"] + 2 * t["RP"] + 1
        raise TimingImpossible(
            reason=f"REFI {t['REFI']} leaves no time beside a refresh of RFC {t['RFC']}",
            limit=f"REFI >= RFC + 2 RP + 1 = {least}",
            nearest=f"REFI {least}",
        )
    if spec.family == "aim" and t["REFI"] <= t["RFC"] + t["RP"] + t["RCDRDMAC"]:
        least = t["RFC"] + t["RP"] + t["RCDRDMAC"] + 1
        raise TimingImpossible(
            reason=f"REFI {t['REFI']} leaves no time beside a refresh and a first column",
            limit=f"REFI >= RFC + RP + RCDRDMAC + 1 = {least}",
            nearest=f"REFI {least}",
        )
    if spec.profile == "jedec" and t["RC"] < t["RAS"] + t["RP"]:
        least = t["RAS"] + t["RP"]
        raise TimingImpossible(
            reason=f"RC {t['RC']} is shorter than RAS {t['RAS']} + RP {t['RP']}",
            limit=f"RC >= {least}",
            nearest=f"RC {least}",
        )
    if spec.profile == "jedec" and t.get("CCDS", 0) > t.get("CCDL", 0):
        raise TimingImpossible(
            reason=f"CCDS {t['CCDS']} is longer than CCDL {t['CCDL']}",
            limit=f"CCDS <= {t['CCDL']}",
            nearest=f"CCDS {t['CCDL']}",
        )
