"""What targets do with operators: a table with a source for every target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Literal, cast

import yaml

from madang.chips.errors import ChipUnknown
from madang.chips.predict.chips import Chip, chips
from madang.chips.workloads.onnx_tables import FREE, MATRIX, MOVED, VECTOR, WHY_NOT

Verdict = Literal["supported", "rewritten", "host fallback", "refused", "not known"]


@dataclass(frozen=True, slots=True)
class Target:
    name: str
    title_en: str
    title_ko: str
    chip: Chip | None
    dtypes: tuple[str, ...]
    source: str
    mark: str
    date: str
    supported: frozenset[str]
    rewritten: Mapping[str, str]
    takes_all_vectors: bool

    def says(self, op: str) -> tuple[Verdict, str]:
        """The verdict on an operator by its name, and the reason."""
        known = any(op in table for table in (FREE, MATRIX, VECTOR, MOVED))
        if op in WHY_NOT or not known:
            words = "no engine and no table knows this operator"
            return "refused", WHY_NOT.get(op, words)
        if op in FREE:
            return "supported", "no work: a name, a shape or a constant"
        if op in self.rewritten:
            return "rewritten", self.rewritten[op]
        if op in self.supported or self.takes_all_vectors:
            return "supported", self.source
        return "not known", f"no source says; tried: {self.source}"


@cache
def targets() -> Mapping[str, Target]:
    text = resources.files("madang.chips.npu.check").joinpath("targets.yaml").read_text("utf-8")
    raw = cast("dict[str, dict[str, object]]", yaml.safe_load(text))
    return {name: _target(name, one) for name, one in raw.items()}


def _target(name: str, raw: dict[str, object]) -> Target:
    title = cast("dict[str, str]", raw["title"])
    chip_name = raw["chip"]
    mark = str(raw.get("operators_mark", raw["mark"]))
    return Target(
        name,
        title["en"],
        title["ko"],
        chips()[str(chip_name)] if chip_name else None,
        tuple(cast("list[str]", raw["dtypes"])),
        str(raw["source"]),
        mark,
        str(raw["date"]),
        frozenset(cast("list[str]", raw["supported"])),
        cast("dict[str, str]", raw["rewritten"]),
        raw["vector"] == "all",
    )


def is_target(name: str) -> bool:
    return name.lower() in {one.lower() for one in targets()}


def target(name: str) -> Target:
    found = {one.lower(): held for one, held in targets().items()}.get(name.lower())
    if found is None:
        raise ChipUnknown(device=name, known=", ".join(targets()))
    return found
