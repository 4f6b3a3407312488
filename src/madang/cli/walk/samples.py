"""The data sets of the demonstration: real ones that packages ship, with their licences."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from pathlib import Path

SAMPLES = "samples.toml"


@dataclass(frozen=True, slots=True)
class Sample:
    """One data set: its files, what it must hold to be accepted, and what it costs to build."""

    name: str
    field: str
    title_ko: str
    title_en: str
    licence: str
    wish: str
    volume: int
    amount_won: int
    targets: str
    files: dict[str, bytes]


def samples_in(demo: Path) -> list[Sample]:
    """Those that `samples.toml` lists, in its order."""
    told = tomllib.loads((demo / "data" / SAMPLES).read_text(encoding="utf-8"))
    return [_sample(demo / "data", one) for one in told["sample"]]


def _sample(folder: Path, one: dict[str, str | int]) -> Sample:
    name = str(one["name"])
    files = sorted(path for path in (folder / name).rglob("*") if path.is_file())
    return Sample(
        name=name,
        field=str(one["field"]),
        title_ko=str(one["title_ko"]),
        title_en=str(one["title_en"]),
        licence=str(one["licence"]),
        wish=str(one["wish"]),
        volume=int(one["volume"]),
        amount_won=int(one["amount_won"]),
        targets=(folder / f"{name}.targets.toml").read_text(encoding="utf-8"),
        files={path.relative_to(folder / name).as_posix(): path.read_bytes() for path in files},
    )
