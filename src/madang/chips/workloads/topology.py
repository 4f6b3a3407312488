"""SCALE-Sim topology files: one layer a line, with or without its trailing comma.

A convolution whose name contains DP is depth-wise, as that program has it: as many layers of
one channel and one filter as the line has channels.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass
from pathlib import Path

from madang.chips.errors import FileMissing, ModelMalformed
from madang.chips.workloads.graph import Graph, Operator, convolution, product
from madang.chips.workloads.layers import Layer, gemm

GEMM_FIELDS, CONV_FIELDS = 3, 7
DEPTHWISE = "DP"
DIGITS_MAX = 18
LAYERS_MAX = 100_000


@dataclass(frozen=True, slots=True)
class Row:
    """A layer of a file, how often it runs, and what was left out of its line."""

    layer: Layer
    times: int
    note: str


def read_layers(path: Path) -> list[Row]:
    """Every layer of a file."""
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        rows = list(csv.reader(path.read_text(encoding="utf-8-sig").splitlines()))
    except (UnicodeDecodeError, csv.Error) as err:
        raise ModelMalformed(file=str(path), reason="not a table of text") from err
    found = []
    for line, row in enumerate(rows[1:], start=2):
        cells = [cell.strip() for cell in row]
        while cells and not cells[-1]:
            cells.pop()
        if cells:
            found.append(_layer(cells, str(path), line))
    if not found or len(found) > LAYERS_MAX:
        raise ModelMalformed(file=str(path), reason=f"{len(found)} layers", line=1)
    return found


def _layer(cells: list[str], file: str, line: int) -> Row:
    name, rest = cells[0], cells[1:]
    numbers = []
    for cell in rest:
        if not cell.isdecimal() or len(cell) > DIGITS_MAX:
            break
        numbers.append(int(cell))
    ratio = rest[len(numbers) :]
    if len(ratio) > 1 or any(":" not in cell for cell in ratio):
        raise ModelMalformed(
            file=file, line=line, field=ratio[0][:40], reason=f"{ratio[0][:40]} is no number"
        )
    if ratio and len(set(ratio[0].split(":"))) != 1:
        raise ModelMalformed(
            file=file, line=line, field=ratio[0], reason=f"sparsity {ratio[0]} is not modelled"
        )
    note = f"sparsity {ratio[0]} is dense" if ratio else ""
    if len(numbers) == GEMM_FIELDS:
        m, n, k = numbers
        return Row(gemm(name, m, n, k), 1, note)
    if len(numbers) in (CONV_FIELDS, CONV_FIELDS + 1):
        if len(numbers) > CONV_FIELDS and numbers[-1] != numbers[-2]:
            raise ModelMalformed(
                file=file, line=line, reason="two different strides are not modelled"
            )
        high, wide, filter_high, filter_wide, channels, filters, stride = numbers[:CONV_FIELDS]
        times = channels if DEPTHWISE in name else 1
        window = (filter_high, filter_wide, channels // times, 1 if times > 1 else filters)
        return Row(Layer(name, high, wide, *window, stride), times, note)
    raise ModelMalformed(
        file=file, line=line, reason=f"{len(numbers)} numbers: a GEMM has 3, a convolution 7"
    )


def read_topology(path: Path, dtype: str = "int8") -> Graph:
    rows = read_layers(path)
    operators = [_operator(row, dtype) for row in rows]
    notes = sorted({row.note for row in rows if row.note})
    return Graph(path.stem, "SCALE-Sim topology", tuple(operators), tuple(notes))


def _operator(row: Row, dtype: str) -> Operator:
    layer = row.layer
    if layer.is_gemm:
        return product(layer.name, layer.height, layer.n, layer.k, dtype=dtype)
    return convolution(layer, times=row.times, dtype=dtype)
