"""`madang compute submit-many` killed in its middle, again and again, and run again each time:
every line of the file is one job of the engine's and one hold, whatever was cut off."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections import Counter
from datetime import UTC, datetime

import pytest
from compute_house import declared
from house import House, standing_house
from slurm_rig import until

KILLS = int(os.environ.get("MADANG_TEST_KILLS", "25")) // 5
JOBS, SEED = 40, 7
TODAY = datetime.now(UTC).date()


@pytest.fixture(scope="module")
def house():
    with standing_house() as standing:
        told = standing.apply(declared(TODAY, gpu_seconds=100_000))
        assert told.code == 0, told
        yield standing


def start(house: House, path) -> subprocess.Popen[bytes]:
    words = ["compute", "submit-many", str(path), "--grant", "g1", "--json"]
    return subprocess.Popen(
        [sys.executable, "-m", "madang.cli", *words], env=house.environment(),
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip


def made(house: House) -> int:
    return len(list((house.data / "compute").glob("*/jobs/*")))


def test_a_file_of_jobs_that_is_killed_on_its_way_becomes_each_job_once(house, tmp_path):
    rng = random.Random(SEED)
    path = tmp_path / "jobs.jsonl"
    lines = [{"key": f"sweep-{n:03d}", "cards": 1, "time_limit_s": 60, "command": ["true"]}
             for n in range(JOBS)]  # fmt: skip
    path.write_text("".join(f"{json.dumps(line)}\n" for line in lines))
    for _ in range(KILLS):
        process = start(house, path)
        reached = made(house) + rng.randrange(0, JOBS // KILLS)
        until(lambda p=process, n=reached: made(house) >= n or p.poll() is not None, 120)
        process.send_signal(signal.SIGKILL)
        process.wait()

    def all_are_over() -> bool:
        told = house.madang("compute", "submit-many", str(path), "--grant", "g1")
        assert told.code == 0, told
        assert len(told.data["jobs"]) == JOBS
        house.madang("compute", "poll")
        return told.data["counts"] == {"completed": JOBS}

    until(all_are_over, 400)
    jobs = house.madang("compute", "list", "--grant", "g1").data["jobs"]
    assert Counter(one["key"] for one in jobs) == Counter(one["key"] for one in lines)
    assert made(house) == JOBS
    grant = house.madang("compute", "grants", "g1").data["gpu_seconds"]
    assert grant["held"] == 0
    assert grant["used"] == sum(one["gpu_seconds"] for one in jobs)
    told = house.madang("compute", "reconcile", "--site", "local")
    assert (told.code, told.data["drift_gpu_seconds"]) == (0, 0)
    assert house.madang("ledger", "verify").data["ok"]


BROKEN = [
    ('{"key": "a", "cards": 1}', "time_limit_s"),
    ('{"key": "a", "cards": 1, "time_limit_s": 5, "comand": ["true"]}', "comand"),
    ("not json", "malformed"),
]


@pytest.mark.parametrize(("line", "named"), BROKEN)
def test_a_line_that_cannot_be_read_is_named_and_nothing_is_submitted(
    house, tmp_path, line, named
):
    path = tmp_path / "jobs.jsonl"
    good = '{"key": "never", "cards": 1, "time_limit_s": 5, "command": ["true"]}'
    path.write_text(f"{good}\n{line}\n")
    told = house.madang("compute", "submit-many", str(path), "--grant", "g1")
    assert told.error["code"] == "compute.job.line_invalid"
    assert told.error["line"] == 2, told.error
    assert named in told.error["message"]
    assert house.madang("compute", "status", "never").code == 1
