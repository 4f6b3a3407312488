"""The array: rows, columns, a dataflow, and three buffers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from madang.chips.errors import ParameterImpossible

Dataflow = Literal["os", "ws", "is"]
DATAFLOWS: tuple[Dataflow, ...] = ("os", "ws", "is")
ARRAY_MAX = 4096
KB = 1024


@dataclass(frozen=True, slots=True)
class Array:
    """Rows x columns of multipliers, three buffers of one-byte words, one dataflow."""

    rows: int
    columns: int
    dataflow: Dataflow
    ifmap_kb: int = 256
    filter_kb: int = 256
    ofmap_kb: int = 256

    def __post_init__(self) -> None:
        for name in ("rows", "columns"):
            _within(name, getattr(self, name), ARRAY_MAX)
        for name in ("ifmap_kb", "filter_kb", "ofmap_kb"):
            _within(name, getattr(self, name), 1 << 20)
        if self.dataflow not in DATAFLOWS:
            raise ParameterImpossible(
                name="dataflow",
                value=self.dataflow,
                reason="os, ws or is",
                limit="os, ws, is",
                nearest="os",
            )


def _within(name: str, value: int, most: int) -> None:
    if not 1 <= value <= most:
        raise ParameterImpossible(
            name=name,
            value=value,
            reason=f"1 to {most}",
            limit=most,
            nearest=min(max(value, 1), most),
        )
