"""Design-space exploration: every combination of a few numbers, resumable, with its front.

A sweep is a TOML file. Points are written one a line as they are done, so that a stopped
sweep goes on where it stopped; at the end the file is in order, whatever ran first.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import islice, product
from multiprocessing import get_context
from pathlib import Path
from typing import Protocol, cast

from madang.chips.errors import FileMissing, SweepRefused
from madang.chips.pim import spec as specs
from madang.chips.pim.device import Device
from madang.chips.pim.pictures.draw import front_of, pareto
from madang.chips.pim.report import JsonValue
from madang.chips.pim.spec import Number
from madang.core.errors import Refused

POINTS_MAX = 1_000_000
CLUSTER_BLOCK, CLUSTER_TASKS, CLUSTER_WAIT_S = 64, 256, 10
OBJECTIVES = ("time_ns", "cycles", "energy_pj")
Point = dict[str, Number]
Result = dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class Sweep:
    device: str
    compat: str | None
    kernel: str
    sizes: Mapping[str, int | str]
    vary: Mapping[str, tuple[Number, ...]]
    objectives: tuple[str, str]

    def points(self) -> Iterator[Point]:
        for values in product(*self.vary.values()):
            yield dict(zip(self.vary, values, strict=True))

    def __len__(self) -> int:
        total = 1
        for values in self.vary.values():
            total *= len(values)
        return total


def _text(raw: Mapping[str, object], name: str) -> str:
    value = raw.get(name)
    if not isinstance(value, str):
        raise SweepRefused(reason=f"{name} is missing", field=name)
    return value


def read(path: Path) -> Sweep:
    if not path.is_file():
        raise FileMissing(file=str(path))
    try:
        raw = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise SweepRefused(reason=str(err), file=str(path)) from err
    vary, shape = raw.get("vary"), raw.get("shape")
    if not isinstance(vary, dict) or not vary:
        raise SweepRefused(reason="nothing under [vary]", field="vary")
    if not isinstance(shape, dict):
        raise SweepRefused(reason="no sizes under [shape]", field="shape")
    empty = [
        name for name, values in vary.items() if not isinstance(values, list) or not values
    ]
    if empty:
        raise SweepRefused(reason=f"{empty[0]} has no list of values", field=empty[0])
    objectives = raw.get("objectives", ["time_ns", "energy_pj"])
    if (
        not isinstance(objectives, list)
        or len(objectives) != 2
        or set(objectives) - set(OBJECTIVES)
    ):
        raise SweepRefused(
            reason=f"objectives are two of {', '.join(OBJECTIVES)}", field="objectives"
        )
    sizes = {("inner" if name == "in" else name): value for name, value in shape.items()}
    compat = raw.get("compat")
    sweep = Sweep(
        _text(raw, "device"),
        compat if isinstance(compat, str) else None,
        _text(raw, "kernel"),
        sizes,
        {name: tuple(values) for name, values in vary.items()},
        (objectives[0], objectives[1]),
    )
    if len(sweep) > POINTS_MAX:
        raise SweepRefused(reason=f"{len(sweep)} points are more than {POINTS_MAX}")
    return sweep


def run_point(sweep: Sweep, point: Point) -> Result:
    """One design; one that is impossible is a result, not the end of the sweep."""
    try:
        device = Device(specs.load(sweep.device, sweep.compat, point))
        report = device.run_task(device.task(sweep.kernel, **sweep.sizes), baseline=False)
    except Refused as refused:
        return {"point": dict(point), "refused": refused.code, "why": refused.sentence()}
    energy = report.energy.mid if report.energy else None
    return {
        "point": dict(point),
        "cycles": report.cycles,
        "time_ns": report.time_ns,
        "energy_pj": energy,
        "parameters_sha256": report.digest,
    }


def _key(result: Result) -> str:
    return json.dumps(result["point"], sort_keys=True)


def _done(path: Path) -> dict[str, Result]:
    """Points of an earlier run; a line that was cut off in mid-writing is done again."""
    found: dict[str, Result] = {}
    if path.is_file():
        for line in path.read_text(encoding="utf-8").splitlines():
            try:
                result = json.loads(line)
            except ValueError:
                continue
            found[_key(result)] = result
    return found


class Future(Protocol):
    def result(self) -> list[Result]: ...


class Completed(Protocol):
    def __iter__(self) -> Iterator[Future]: ...
    def add(self, future: Future) -> None: ...


class Cluster(Protocol):
    """What this file uses of a Dask client."""

    def __enter__(self) -> Cluster: ...
    def __exit__(self, *error: object) -> None: ...
    def submit(self, work: object, sweep: Sweep, points: list[Point]) -> Future: ...


Mapper = Callable[[Sweep, list[Point]], Iterable[Result]]


def in_turn(sweep: Sweep, points: list[Point]) -> Iterator[Result]:
    for point in points:
        yield run_point(sweep, point)


def on_processes(workers: int) -> Mapper:
    def run(sweep: Sweep, points: list[Point]) -> Iterator[Result]:
        with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
            yield from pool.map(run_point, [sweep] * len(points), points, chunksize=16)

    return run


def run_points(sweep: Sweep, points: list[Point]) -> list[Result]:
    """One task of a cluster: small enough to lose, large enough to be worth its journey."""
    return [run_point(sweep, point) for point in points]


def on_cluster(address: str) -> Mapper:
    """Points on a Dask cluster, a bounded number of tasks under way, each a block of points."""
    try:
        from dask.distributed import Client, as_completed  # noqa: PLC0415  for --cluster only
    except ModuleNotFoundError as err:
        raise SweepRefused(reason="--cluster needs the package `distributed`") from err
    connect = cast("Callable[..., Cluster]", Client)
    completed = cast("Callable[..., Completed]", as_completed)

    def run(sweep: Sweep, points: list[Point]) -> Iterator[Result]:
        blocks = [points[i : i + CLUSTER_BLOCK] for i in range(0, len(points), CLUSTER_BLOCK)]
        waiting = iter(blocks)
        try:
            client = connect(address, timeout=CLUSTER_WAIT_S)
        except OSError as err:
            raise SweepRefused(reason=f"no scheduler answers at {address}") from err
        with client:
            under_way = completed(
                [client.submit(run_points, sweep, b) for b in islice(waiting, CLUSTER_TASKS)]
            )
            for future in under_way:
                yield from future.result()
                for block in islice(waiting, 1):
                    under_way.add(client.submit(run_points, sweep, block))

    return run


def run(
    sweep: Sweep,
    folder: Path,
    mapper: Mapper = in_turn,
    tick: Callable[[], None] = lambda: None,
) -> Result:
    """Run what is not yet done, write `points.jsonl`, `pareto.svg` and `summary.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / "points.jsonl"
    points = list(sweep.points())
    keys = [json.dumps(point, sort_keys=True) for point in points]
    done = _done(file)
    missing = [point for key, point in zip(keys, points, strict=True) if key not in done]
    for _ in range(len(points) - len(missing)):
        tick()
    with file.open("a", encoding="utf-8") as out:
        for result in mapper(sweep, missing):
            out.write(json.dumps(result, sort_keys=True) + "\n")
            out.flush()
            done[_key(result)] = result
            tick()
    ordered = [done[key] for key in keys]
    file.write_text(
        "".join(json.dumps(one, sort_keys=True) + "\n" for one in ordered), encoding="utf-8"
    )
    return _finish(sweep, folder, ordered, resumed=len(points) - len(missing))


def _finish(sweep: Sweep, folder: Path, results: list[Result], *, resumed: int) -> Result:
    ran = [one for one in results if "refused" not in one]
    first, second = sweep.objectives
    if any(one[second] is None or one[first] is None for one in ran):
        second = "cycles" if first != "cycles" else "time_ns"
    pairs = [(_number(one, first), _number(one, second)) for one in ran]
    front = [ran[i] for i in front_of(pairs)]
    picture = pareto(pairs, [_key(one) for one in ran], (first, second))
    (folder / "pareto.svg").write_text(picture.svg, encoding="utf-8")
    summary: Result = {
        "device": sweep.device,
        "kernel": sweep.kernel,
        "points": len(results),
        "ran": len(ran),
        "refused": len(results) - len(ran),
        "objectives": [first, second],
        "front": [*front],
    }
    text = json.dumps(summary, sort_keys=True, indent=1) + "\n"
    (folder / "summary.json").write_text(text, encoding="utf-8")
    return {**summary, "resumed": resumed, "out": str(folder)}


def _number(result: Result, name: str) -> float:
    value = result[name]
    assert isinstance(value, int | float)
    return float(value)
