"""A design space is the closed form at every point, and its front is what pairs say."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from madang.chips.errors import FileMissing, SweepRefused
from madang.chips.npu import Array, sweep
from madang.chips.npu.systolic import closed
from madang.chips.workloads.layers import gemm
from madang.chips.workloads.load import load

GOOD = """
engine = "systolic"
model = "gpt2"
tokens = 16
objectives = ["cycles", "energy_pj"]
[vary]
rows = { from = 8, to = 40, step = 16 }
cols = [5, 24]
dataflow = ["os", "ws", "is"]
"""


def written(folder: Path, text: str = GOOD) -> Path:
    file = folder / "sweep.toml"
    file.write_text(text)
    return file


def test_every_point_is_the_sum_of_the_closed_form(tmp_path: Path) -> None:
    space = sweep.read(written(tmp_path))
    values = sweep.evaluate(space)
    assert len(space) == 3 * 3 * 2
    for i, flow in enumerate(space.dataflows):
        for j, rows in enumerate(space.rows):
            for h, columns in enumerate(space.columns):
                counts = [
                    (
                        closed.count(Array(rows, columns, flow), gemm("g", o.m, o.n, o.k)),
                        o.times,
                    )
                    for o in space.graph.matrices()
                ]
                assert values["cycles"][i, j, h] == sum(c.cycles * t for c, t in counts)
                moved = sum(
                    t * (c.ifmap_reads + c.filter_reads + c.ofmap_writes + c.ofmap_reads)
                    for c, t in counts
                )
                layers = sweep.layers_of(space.graph)
                both = np.array([rows], float), np.array([columns], float)
                assert sweep.buffer_accesses(layers, *both, flow)[0, 0] == moved


def test_the_front_is_that_of_the_plain_function(tmp_path: Path) -> None:
    space = sweep.read(written(tmp_path))
    values = sweep.evaluate(space)
    assert sweep.front(space, values) == sweep.front_by_pairs(space, values)


def test_a_run_writes_points_front_and_picture(tmp_path: Path) -> None:
    space = sweep.read(written(tmp_path))
    found = sweep.run(space, tmp_path / "out")
    rows = list(csv.DictReader((tmp_path / "out" / "points.csv").read_text().splitlines()))
    assert len(rows) == found["points"] == 18
    assert found["work_sha256"] == load("gpt2", sweep.Wanted(tokens=16)).work_sha256()
    assert "<svg" in (tmp_path / "out" / "pareto.svg").read_text()
    assert found["front"]


@pytest.mark.parametrize(
    "text",
    [
        "engine = [",
        GOOD.replace('model = "gpt2"', ""),
        GOOD.replace("[vary]", "[other]"),
        GOOD.replace('"cycles", "energy_pj"', '"cycles"'),
        GOOD.replace('"energy_pj"', '"beauty"'),
        GOOD.replace("cols = [5, 24]", "cols = []"),
        GOOD.replace("cols = [5, 24]", "cols = [0]"),
        GOOD.replace("cols = [5, 24]", "cols = [1.5]"),
        GOOD.replace("step = 16", "step = 0"),
        GOOD.replace('["os", "ws", "is"]', '["rs"]'),
        GOOD.replace("tokens = 16", "tokens = -1"),
        GOOD.replace("tokens = 16", "tokens = " + "9" * 5000),
        GOOD.replace("cols = [5, 24]", "cols = { from = 1, to = 4096, step = 1 }").replace(
            "from = 8, to = 40, step = 16", "from = 1, to = 4096, step = 1"
        ),
    ],
)
def test_impossible_spaces_are_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SweepRefused):
        sweep.read(written(tmp_path, text))


def test_a_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        sweep.read(tmp_path / "none.toml")
