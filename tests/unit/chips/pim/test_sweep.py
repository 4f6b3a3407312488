from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from madang.chips.errors import FileMissing, SweepRefused
from madang.chips.pim import sweep as sweeps

SPEC = """
device = "hbm2-pim"
kernel = "gemv"
[shape]
out = 4096
in = 256
[vary]
CCDL = [2, 4]
RC = [40, 47]
"""


def write(tmp_path: Path, text: str) -> Path:
    file = tmp_path / "spec.toml"
    file.write_text(text, encoding="utf-8")
    return file


def test_sweep_runs_every_point_and_tells_the_impossible_ones(tmp_path: Path) -> None:
    found = sweeps.run(sweeps.read(write(tmp_path, SPEC)), tmp_path / "out")
    lines = (tmp_path / "out" / "points.jsonl").read_text().splitlines()
    results = [json.loads(line) for line in lines]
    assert (found["points"], found["ran"], found["refused"]) == (4, 2, 2)
    assert [one["point"] for one in results] == [
        {"CCDL": c, "RC": rc} for c in (2, 4) for rc in (40, 47)
    ]
    assert {one.get("refused") for one in results} == {None, "chips.timing.impossible"}
    assert (tmp_path / "out" / "pareto.svg").read_text().startswith("<svg")


def test_stopped_sweep_goes_on_where_it_stopped_and_ends_in_the_same_bytes(
    tmp_path: Path,
) -> None:
    sweep = sweeps.read(write(tmp_path, SPEC))
    sweeps.run(sweep, tmp_path / "whole")
    whole = (tmp_path / "whole" / "points.jsonl").read_bytes()
    (tmp_path / "cut").mkdir()
    (tmp_path / "cut" / "points.jsonl").write_bytes(whole[: len(whole) // 2])
    ran = []

    def counted(one: sweeps.Sweep, points: list[sweeps.Point]):
        ran.extend(points)
        return sweeps.in_turn(one, points)

    found = sweeps.run(sweep, tmp_path / "cut", counted)
    assert 0 < len(ran) < 4
    assert found["resumed"] == 4 - len(ran)
    for name in ("points.jsonl", "pareto.svg", "summary.json"):
        assert (tmp_path / "cut" / name).read_bytes() == (
            tmp_path / "whole" / name
        ).read_bytes()


def test_processes_give_the_same_bytes_as_one_after_the_other(tmp_path: Path) -> None:
    sweep = sweeps.read(write(tmp_path, SPEC))
    sweeps.run(sweep, tmp_path / "one")
    sweeps.run(sweep, tmp_path / "two", sweeps.on_processes(2))
    files = [(tmp_path / name / "points.jsonl").read_bytes() for name in ("one", "two")]
    assert files[0] == files[1]


@pytest.fixture
def cluster() -> Iterator[str]:
    """A scheduler and two workers, processes of their own, on loopback."""
    from distributed import LocalCluster

    with LocalCluster(
        n_workers=2,
        threads_per_worker=1,
        processes=True,
        host="127.0.0.1",
        dashboard_address=None,
        silence_logs=50,
    ) as found:
        yield found.scheduler_address


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # of the cluster's own sockets
def test_cluster_of_two_workers_finishes_a_sweep_that_was_killed(
    tmp_path: Path, cluster: str
) -> None:
    text = SPEC.replace("[2, 4]", str(list(range(2, 42)))).replace(
        "[40, 47]", str(list(range(47, 77)))
    )
    file, out = write(tmp_path, text), tmp_path / "killed"
    verb = ["-m", "madang.cli", "chips", "pim", "sweep", str(file), "--out", str(out)]
    source = Path(__file__).parents[4] / "src"
    child = subprocess.Popen(
        [sys.executable, *verb, "--cluster", cluster],
        env={**os.environ, "PYTHONPATH": str(source)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    points, deadline = out / "points.jsonl", time.monotonic() + 60
    while not (points.is_file() and points.read_bytes().count(b"\n") >= 20):
        assert time.monotonic() < deadline
        assert child.poll() is None, "ended before it could be killed"
    child.send_signal(signal.SIGKILL)
    child.wait()
    sweep = sweeps.read(file)
    ticks: list[int] = []
    found = sweeps.run(sweep, out, sweeps.on_cluster(cluster), lambda: ticks.append(1))
    assert 20 <= found["resumed"] < len(sweep)
    assert len(ticks) == len(sweep) == 1200
    sweeps.run(sweep, tmp_path / "alone")
    assert points.read_bytes() == (tmp_path / "alone" / "points.jsonl").read_bytes()


def test_scheduler_that_does_not_answer_is_told(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(sweeps, "CLUSTER_WAIT_S", 1)
    sweep = sweeps.read(write(tmp_path, SPEC))
    with pytest.raises(SweepRefused, match="no scheduler answers"):
        sweeps.run(sweep, tmp_path / "out", sweeps.on_cluster("tcp://127.0.0.1:9"))


REFUSED = [
    SPEC.replace('kernel = "gemv"', ""),
    SPEC.replace("[vary]", "[other]"),
    SPEC.replace("[shape]", "[other]"),
    SPEC.replace("[2, 4]", "3"),
    SPEC.replace("[2, 4]", "[]"),
    SPEC.replace("[shape]", 'objectives = ["beauty", "cycles"]\n[shape]'),
    SPEC.replace("[2, 4]", f"{list(range(1000))}").replace("[40, 47]", f"{list(range(2000))}"),
    "device = ",
]


@pytest.mark.parametrize("text", REFUSED)
def test_sweep_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(SweepRefused):
        sweeps.read(write(tmp_path, text))


def test_missing_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(FileMissing):
        sweeps.read(tmp_path / "none.toml")
