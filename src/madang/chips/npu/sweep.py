"""Design spaces of systolic arrays: whole networks at millions of points a second.

Cycles of a layer are folds down x folds across x (constant + rows + columns). Summed over a
network that is two matrix products: one row a row count, one column a column count, one inner
index a layer. Numbers stay whole below 2^53, and a check says so.
"""

from __future__ import annotations

import csv
import json
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from madang.chips.errors import FileMissing, SweepRefused
from madang.chips.npu.energy import table as energy_table
from madang.chips.npu.pictures.draw import design_space
from madang.chips.npu.systolic.array import ARRAY_MAX, DATAFLOWS, Dataflow
from madang.chips.pim.pictures.draw import front_of
from madang.chips.workloads.graph import Graph, JsonValue
from madang.chips.workloads.load import Wanted, load

F64 = npt.NDArray[np.float64]
I64 = npt.NDArray[np.int64]
POINTS_MAX = 1 << 24
EXACT = 1 << 53
OBJECTIVES = ("cycles", "multipliers", "energy_pj", "cycles_x_multipliers")
DRAWN_MAX = 4000


@dataclass(frozen=True, slots=True)
class Space:
    """Every combination of rows, columns and dataflows, for one graph."""

    graph: Graph
    rows: tuple[int, ...]
    columns: tuple[int, ...]
    dataflows: tuple[Dataflow, ...]
    objectives: tuple[str, str]

    def __len__(self) -> int:
        return len(self.rows) * len(self.columns) * len(self.dataflows)


@dataclass(frozen=True, slots=True)
class Layers:
    """Distinct products of a network and how often each occurs."""

    m: F64
    n: F64
    k: F64
    times: F64


def layers_of(graph: Graph) -> Layers:
    held: Counter[tuple[int, int, int]] = Counter()
    for one in graph.matrices():
        held[one.m, one.n, one.k] += one.times
    columns = np.array([[*key, times] for key, times in held.items()], np.float64).T
    return Layers(*columns)


def folds(sizes: F64, edges: F64) -> F64:
    """Folds of every layer for every edge: edges x layers."""
    found: F64 = np.ceil(sizes[None, :] / edges[:, None])
    return found


def cycles(layers: Layers, rows: F64, columns: F64, dataflow: Dataflow) -> F64:
    """Cycles of the network for every row and column count: rows x columns."""
    along, across, streamed = {
        "os": (layers.m, layers.n, layers.k),
        "ws": (layers.k, layers.n, layers.m),
        "is": (layers.k, layers.m, layers.n),
    }[dataflow]
    down = folds(along, rows) * layers.times
    right = folds(across, columns)
    pairs = down @ right.T
    loading = 1.0 if dataflow == "os" else 2.0
    edges = loading * rows[:, None] + columns[None, :] - 2
    found: F64 = (down * streamed) @ right.T + pairs * edges
    return found


def buffer_accesses(layers: Layers, rows: F64, columns: F64, dataflow: Dataflow) -> F64:
    """Reads and writes of the buffers, in the counts of the closed form."""
    m, n, k, times = layers.m, layers.n, layers.k, layers.times
    ones_r, ones_c = np.ones(len(rows)), np.ones(len(columns))
    if dataflow == "os":
        inputs = np.outer(ones_r, folds(n, columns) @ (m * k * times))
        weights = np.outer(folds(m, rows) @ (k * n * times), ones_c)
        return inputs + weights + np.sum(m * n * times)
    sums = np.outer((2 * folds(k, rows) - 1) @ (m * n * times), ones_c)
    if dataflow == "ws":
        moved = folds(n, columns) @ (m * k * times) + np.sum(k * n * times)
    else:
        moved = folds(m, columns) @ (k * n * times) + np.sum(m * k * times)
    found: F64 = sums + np.outer(ones_r, moved)
    return found


def evaluate(space: Space) -> dict[str, F64]:
    """Every objective at every point: dataflows x rows x columns."""
    layers = layers_of(space.graph)
    rows, columns = np.array(space.rows, float), np.array(space.columns, float)
    found = np.stack([cycles(layers, rows, columns, flow) for flow in space.dataflows])
    if float(found.max()) >= EXACT:
        raise SweepRefused(reason="cycles beyond 2^53 would not be whole numbers any more")
    multipliers = np.broadcast_to(np.outer(rows, columns), found.shape)
    values = {"cycles": found, "multipliers": multipliers}
    if "energy_pj" in space.objectives:
        values["energy_pj"] = np.stack(
            [_energy(layers, rows, columns, flow) for flow in space.dataflows]
        )
    if "cycles_x_multipliers" in space.objectives:
        values["cycles_x_multipliers"] = found * multipliers
    return values


def _energy(layers: Layers, rows: F64, columns: F64, dataflow: Dataflow) -> F64:
    """int8 multiplications, buffers, and every operand once from memory."""
    pj = energy_table().pj
    macs = float(np.sum(layers.m * layers.n * layers.k * layers.times))
    once = layers.m * layers.k + layers.k * layers.n + layers.m * layers.n
    fixed = macs * pj["mac_int8"] + float(np.sum(once * layers.times)) * pj["dram_byte"]
    return fixed + buffer_accesses(layers, rows, columns, dataflow) * pj["sram_byte"]


def read(path: Path) -> Space:
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except ValueError as err:  # broken TOML, broken text, a number of thousands of digits
        raise SweepRefused(reason=str(err), file=str(path)) from err
    vary = raw.get("vary")
    if not isinstance(vary, dict):
        raise SweepRefused(reason="nothing under [vary]", field="vary")
    objectives = raw.get("objectives", ["cycles", "multipliers"])
    if (
        not isinstance(objectives, list)
        or len(objectives) != 2
        or set(objectives) - set(OBJECTIVES)
    ):
        raise SweepRefused(
            reason=f"objectives are two of {', '.join(OBJECTIVES)}", field="objectives"
        )
    space = Space(
        load(_model(raw, path), _wanted(raw)),
        _edges(vary, "rows"),
        _edges(vary, "cols"),
        _dataflows(vary),
        (objectives[0], objectives[1]),
    )
    if len(space) > POINTS_MAX:
        raise SweepRefused(reason=f"{len(space)} points are more than {POINTS_MAX}")
    return space


def _model(raw: Mapping[str, object], path: Path) -> str:
    """A name, or a file beside the specification."""
    model = raw.get("model")
    if not isinstance(model, str):
        raise SweepRefused(reason="model is missing", field="model")
    beside = path.parent / model
    return str(beside) if beside.is_file() else model


def _wanted(raw: Mapping[str, object]) -> Wanted:
    def whole(name: str, default: int) -> int:
        value = raw.get(name, default)
        if not isinstance(value, int) or isinstance(value, bool) or value < 0:
            raise SweepRefused(reason=f"{name} is {value}", field=name)
        return value

    return Wanted(whole("batch", 1), whole("tokens", 128), whole("context", 0))


def _edges(vary: Mapping[str, object], name: str) -> tuple[int, ...]:
    """A list, or `{ from, to, step }` with both ends."""
    value = vary.get(name)
    if isinstance(value, dict):
        ends = [value.get(word) for word in ("from", "to", "step")]
        if not all(isinstance(one, int) and one > 0 for one in ends):
            raise SweepRefused(reason=f"{name} = {{ from, to, step }}", field=name)
        value = list(range(value["from"], value["to"] + 1, value["step"]))
    if (
        not isinstance(value, list)
        or not value
        or not all(isinstance(one, int) and 1 <= one <= ARRAY_MAX for one in value)
    ):
        raise SweepRefused(reason=f"{name}: sizes of 1 to {ARRAY_MAX}", field=name)
    return tuple(value)


def _dataflows(vary: Mapping[str, object]) -> tuple[Dataflow, ...]:
    value = vary.get("dataflow", list(DATAFLOWS))
    if not isinstance(value, list) or not value or set(value) - set(DATAFLOWS):
        raise SweepRefused(reason="dataflow: some of os, ws, is", field="dataflow")
    return tuple(value)


def front(space: Space, values: Mapping[str, F64]) -> list[int]:
    """Flat indices of the points that no other point beats in both objectives."""
    first, second = (values[name].ravel() for name in space.objectives)
    order = np.lexsort((second, first))
    best = np.minimum.accumulate(second[order])
    better = np.concatenate([[True], best[1:] < best[:-1]])
    return [int(i) for i in order[better]]


def point(space: Space, values: Mapping[str, F64], index: int) -> dict[str, JsonValue]:
    shape = (len(space.dataflows), len(space.rows), len(space.columns))
    flow, row, column = (int(i) for i in np.unravel_index(index, shape))
    found: dict[str, JsonValue] = {
        "dataflow": space.dataflows[flow],
        "rows": space.rows[row],
        "cols": space.columns[column],
    }
    for name, held in values.items():
        value = float(held[flow, row, column])
        found[name] = value if name == "energy_pj" else int(value)
    return found


def run(space: Space, folder: Path) -> dict[str, JsonValue]:
    """Evaluate, and write `points.csv`, `pareto.svg` and `summary.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    values = evaluate(space)
    best = front(space, values)
    _write_points(space, values, folder / "points.csv")
    drawn = sorted({*best, *range(0, len(space), max(1, len(space) // DRAWN_MAX))})
    first, second = (values[name].ravel() for name in space.objectives)
    pairs = [(float(first[i]), float(second[i])) for i in drawn]
    names = [_words(point(space, values, i)) for i in drawn]
    places = {i: place for place, i in enumerate(drawn)}
    on_front = [places[i] for i in best]
    picture = design_space(pairs, names, on_front, space.objectives)
    (folder / "pareto.svg").write_text(picture.svg, encoding="utf-8")
    summary: dict[str, JsonValue] = {
        "model": space.graph.name,
        "work_sha256": space.graph.work_sha256(),
        "points": len(space),
        "layers": len(layers_of(space.graph).m),
        "objectives": [*space.objectives],
        "front": [point(space, values, i) for i in best],
    }
    text = json.dumps(summary, sort_keys=True, indent=1) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    return {**summary, "out": str(folder)}


def _words(one: Mapping[str, JsonValue]) -> str:
    return f"{one['dataflow']} {one['rows']} x {one['cols']}"


def _write_points(space: Space, values: Mapping[str, F64], path: Path) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["dataflow", "rows", "cols", *values])
        writer.writerows(_rows(space, values))


def _rows(space: Space, values: Mapping[str, F64]) -> Iterator[list[object]]:
    for i, flow in enumerate(space.dataflows):
        for j, rows in enumerate(space.rows):
            held = [values[name][i, j].tolist() for name in values]
            for h, columns in enumerate(space.columns):
                yield [flow, rows, columns, *(f"{one[h]:.0f}" for one in held)]


def front_by_pairs(space: Space, values: Mapping[str, F64]) -> list[int]:
    """The same front, said plainly: what tests compare with."""
    first, second = (values[name].ravel().tolist() for name in space.objectives)
    return front_of(list(zip(first, second, strict=True)))
