"""Power, by the class of its measurement. Design power times time is never a measurement."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path

from madang.testbed.harness.spec import Spec

READINGS = "power.csv"
READINGS_MIN = 10
CLASSES = {
    "none": "no power was measured",
    "wall": "whole system, at the wall",
    "counter": "a counter of the device or its host; less than the whole system",
    "estimate": "an estimate by the maker; no figure is derived from it",
}


def keep_readings(spec: Spec, out: Path) -> None:
    """The meter's own file belongs to what is signed."""
    if spec.power.measured and (source := spec.path(spec.power.readings)).is_file():
        (out / READINGS).write_bytes(source.read_bytes())


def power_figures(
    spec: Spec, out: Path, spans: Sequence[tuple[str, str]], judged: Mapping[str, object]
) -> dict[str, object]:
    """The class in words, and figures where a meter's readings cover every repetition."""
    told: dict[str, object] = {
        "class": spec.power.kind,
        "meaning": CLASSES[spec.power.kind],
        "instrument": spec.power.instrument,
    }
    if not spec.power.measured:
        return told
    if not (out / READINGS).is_file():
        return {**told, "refused": "the readings are not there"}
    return {**told, **figures_from(out, spans, judged)}


def figures_from(
    out: Path, spans: Sequence[tuple[str, str]], judged: Mapping[str, object]
) -> dict[str, object]:
    rows = read_readings(out / READINGS)
    if rows is None:
        return {"refused": "a line of the readings is not unix_s,watts"}
    means = []
    for began, ended in spans:
        low, high = (datetime.fromisoformat(one).timestamp() for one in (began, ended))
        inside = [watts for at, watts in rows if low <= at <= high]
        if len(inside) < READINGS_MIN:
            return {"refused": f"fewer than {READINGS_MIN} readings in a repetition"}
        means.append(sum(inside) / len(inside))
    watts = sum(means) / len(means)
    told: dict[str, object] = {"watts_mean": watts, "by_repetition": means}
    figures = judged["figures"]
    if isinstance(figures, dict) and figures and watts > 0:
        told["samples_per_joule"] = figures["samples_per_s"]["value"] / watts
    return told


def read_readings(path: Path) -> list[tuple[float, float]] | None:
    found = []
    for line in path.read_text(encoding="ascii", errors="replace").splitlines():
        first, _, second = line.partition(",")
        try:
            row = (float(first), float(second))
        except ValueError:
            return None
        if not all(math.isfinite(one) for one in row):
            return None
        found.append(row)
    return found
