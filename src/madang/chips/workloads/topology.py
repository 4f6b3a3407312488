"""SCALE-Sim topology files: one layer a line, with or without its trailing comma."""

from __future__ import annotations

import csv
from pathlib import Path

from madang.chips.errors import FileMissing, ModelMalformed
from madang.chips.workloads.graph import Graph, Operator, convolution, product
from madang.chips.workloads.layers import Layer, gemm

GEMM_FIELDS, CONV_FIELDS = 3, 7
LAYERS_MAX = 100_000


def read_layers(path: Path) -> list[tuple[Layer, str]]:
    """Every layer of a file, and what was left out of its line."""
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


def _layer(cells: list[str], file: str, line: int) -> tuple[Layer, str]:
    name, rest = cells[0], cells[1:]
    numbers = []
    for cell in rest:
        if not cell.isdecimal():
            break
        numbers.append(int(cell))
    ratio = rest[len(numbers) :]
    if len(ratio) > 1 or any(":" not in cell for cell in ratio):
        raise ModelMalformed(
            file=file, line=line, field=ratio[0], reason=f"{ratio[0]} is no number"
        )
    if ratio and len(set(ratio[0].split(":"))) != 1:
        raise ModelMalformed(
            file=file, line=line, field=ratio[0], reason=f"sparsity {ratio[0]} is not modelled"
        )
    note = f"sparsity {ratio[0]} is dense" if ratio else ""
    if len(numbers) == GEMM_FIELDS:
        m, n, k = numbers
        return gemm(name, m, n, k), note
    if len(numbers) in (CONV_FIELDS, CONV_FIELDS + 1):
        if len(numbers) > CONV_FIELDS and numbers[-1] != numbers[-2]:
            raise ModelMalformed(
                file=file, line=line, reason="two different strides are not modelled"
            )
        high, wide, filter_high, filter_wide, channels, filters, stride = numbers[:CONV_FIELDS]
        window = (filter_high, filter_wide, channels, filters)
        return Layer(name, high, wide, *window, stride), note
    raise ModelMalformed(
        file=file, line=line, reason=f"{len(numbers)} numbers: a GEMM has 3, a convolution 7"
    )


def read_topology(path: Path, dtype: str = "int8") -> Graph:
    rows = read_layers(path)
    operators = [_operator(layer, dtype) for layer, _ in rows]
    notes = sorted({note for _, note in rows if note})
    return Graph(path.stem, "SCALE-Sim topology", tuple(operators), tuple(notes))


def _operator(layer: Layer, dtype: str) -> Operator:
    if layer.is_gemm:
        return product(layer.name, layer.height, layer.n, layer.k, dtype=dtype)
    return convolution(layer, dtype=dtype)
