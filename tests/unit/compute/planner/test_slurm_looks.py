"""The comparison with Slurm, on recordings of a busy machine: it holds, and not for every
simulator. Beside a real Slurm: tests/fault/compute/test_planner_against_slurm.py."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from slurm_looks import Comparison, Recording, compared, recorded, replayed, share_in_order

from madang.compute.planner.sim.state import LOOK_AROUND, LOOK_IN_ORDER

RECORDINGS = Path(__file__).parents[3] / "data" / "compute" / "slurm_looks.json"
SITE = (4, 8)

LOG = """\
slurmctld version 22.05.8 started
[2026-11-26T05:12:59.000] sched/backfill: _attempt_backfill: beginning
[2026-11-26T05:13:01.119] sched/backfill: _attempt_backfill: beginning
[2026-11-26T05:13:01.120] sched/backfill: _start_job: Started JobId=5 in gpu on n1
[2026-11-26T05:13:09.704] debug:  sched: Running job scheduler for default depth.
[2026-11-26T05:13:09.705] sched: Allocate JobId=11 NodeList=n[1-2] #CPUs=2 Partition=gpu
[2026-11-26T05:13:15.300] _job_complete: JobId=5 WEXITSTATUS 0
[2026-11-26T05:13:15.301] _job_complete: JobId=5 done
[2026-11-26T05:13:15.393] debug2: _slurm_rpc_epilog_complete: JobId=5 Node=n1
[2026-11-26T05:13:19.300] debug2: _slurm_rpc_epilog_complete: JobId=11 Node=n2
[2026-11-26T05:13:19.400] debug2: _slurm_rpc_epilog_complete: JobId=11 Node=n1
"""


def recording(name: str) -> Recording:
    raw = json.loads(RECORDINGS.read_text(encoding="utf-8"))[name]
    return Recording(**(raw | {"looks": [tuple(look) for look in raw["looks"]]}))


def judged(name: str, **rules: object) -> Comparison:
    told = recording(name)
    waits = (np.array(told.started_at) - np.array(told.eligible)) // 1000
    return compared(told, waits.tolist(), replayed(told, *SITE, **rules))


@pytest.mark.parametrize("name", ["load_1.1", "load_1.5", "load_1.3", "long", "many"])
def test_every_job_starts_at_the_very_look_at_which_slurm_started_it(name):
    """24 to 500 jobs. `load_1.3` is the one on which the rules were found."""
    found = judged(name)
    assert found.holds() and found.same_look == found.in_order == 1


def test_the_largest_sample_is_the_five_hundred_that_the_aim_asks_for():
    assert judged("many").jobs == 500


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("load_1.1", {"backfill": False}),
        ("load_1.5", {"backfill": False}),
        ("load_1.1", {"depth": 1}),
        ("load_1.5", {"depth": 1}),
        ("load_1.1", {"told_looks": False}),
        ("load_1.5", {"told_looks": False}),
        ("long", {"whole_nodes": False, "window_s": 0}),
        ("long", {"window_s": 0}),
        ("long", {"window_s": 60_000}),
        ("many", {"window_s": 0}),
        ("many", {"second_s": 1}),
    ],
)
def test_a_simulator_of_another_scheduler_does_not_pass(name, wrong):
    assert not judged(name, **wrong).holds()


def test_a_simulator_that_starts_the_last_first_does_not_pass():
    told = recording("load_1.5")
    backwards = np.sort(replayed(told, *SITE))[::-1]
    assert not compared(told, [0], backwards).holds()


@pytest.mark.parametrize("zone_s", [0, 9 * 3600, -12_600])
def test_the_log_tells_looks_starts_and_when_the_last_node_had_its_cards_back(zone_s):
    """In the local time of whoever started the daemon."""
    second = int(datetime(2026, 11, 26, 5, 13, 1, tzinfo=UTC).timestamp()) - zone_s
    rows = (
        "JobIDRaw|Eligible|Start|AllocTRES|TimelimitRaw\n"
        f"11|{second + 2}|{second + 8}|gres/gpu=16|3\n"
        f"5|{second - 1}|{second}|cpu=1,gres/gpu:h100=2,gres/gpu=2|2\n"
    )
    assert recorded(rows, LOG) == Recording(
        eligible=[30_000, 33_000],
        cards=[2, 16],
        ran=[14_274, 9_696],
        limit=[120_000, 180_000],
        started_at=[31_119, 39_704],
        looks=[(29_000, LOOK_AROUND), (31_119, LOOK_AROUND), (39_704, LOOK_IN_ORDER)],
        back=[93, 0],
    )


def test_the_measure_of_order_knows_a_wrong_one():
    starts = np.arange(0, 200, 5)
    assert share_in_order(starts, starts) == 1
    assert share_in_order(starts, -starts) < 0.1
    assert share_in_order(starts, np.random.default_rng(1).permutation(starts)) < 0.6
