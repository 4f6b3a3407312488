"""The planner's simulator beside a real Slurm, on the same jobs.

Goal: the simulator starts the jobs that Slurm starts, when Slurm starts them. Method: a
compressed sample becomes eligible on real Slurm at set times (`--begin`, so that Slurm keeps
the clock), with cards, lengths in seconds and time limits in minutes. When all have ended, the
accounting says when each was eligible, and Slurm's log says when it looked and how long each
job kept its cards; the simulator gets just that and has to say at which look each job started.
So a busy machine, where Slurm looks late and epilogs take long, makes waits longer on both
sides and the comparison no less exact.

The simulator reserves for the first job that waits (EASY), whole nodes as Slurm does. Slurm as
it comes reserves for every job that waits, and jobs wait longer; bf_job_part_count_reserve=1
makes it reserve for the first alone, and that is what is compared.
"""

from __future__ import annotations

import csv
import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import numpy as np
from slurm_looks import compared, recorded, replayed
from slurm_rig import USER, until

JOBS = int(os.environ.get("MADANG_PLANNER_SLURM_JOBS") or 24)
NODES, NODE_CARDS, ACCOUNT = 4, 8, "planner"
LOAD = float(os.environ.get("MADANG_PLANNER_SLURM_LOAD") or 1.1)
SEED = int(os.environ.get("MADANG_PLANNER_SLURM_SEED") or 20)
SCALE = float(os.environ.get("MADANG_PLANNER_SLURM_SCALE") or 1)  # of the lengths
SHORTEST_S = 3 if SCALE == 1 else 1
KEEP = os.environ.get("MADANG_PLANNER_SLURM_KEEP")  # a file for the recording
BEFORE = "SchedulerParameters=bf_interval=5"
EASY = "SchedulerParameters=bf_job_part_count_reserve=1,bf_resolution=1,bf_interval=2"
TELLING = "SlurmctldDebug=debug2\nDebugFlags=Backfill\n"
COARSE_CLOCK = 5  # CLOCK_REALTIME_COARSE: time(2) is its seconds
FIELDS = "JobIDRaw,Eligible,Start,End,State,AllocTRES,TimelimitRaw"


def sample(count: int) -> list[tuple[int, int, int, int]]:
    """Offset, cards, seconds, minutes: a tenth more work than the cards can do, or as much as
    MADANG_PLANNER_SLURM_LOAD asks for. A sample of hundreds is compressed by a scale."""
    rng = np.random.default_rng(SEED)
    cards = rng.choice([1, 2, 4, 8, 16], count, p=[0.35, 0.2, 0.2, 0.18, 0.07])
    seconds = (np.minimum(rng.lognormal(2.4, 0.6, count), 45) * SCALE).astype(int) + SHORTEST_S
    span = (cards * seconds).sum() / (NODES * NODE_CARDS) / LOAD
    offsets = np.sort(rng.uniform(10, 10 + span, count)).astype(int)
    minutes = rng.choice([1, 2, 3], count)
    columns = (offsets, cards, seconds, minutes)
    return list(zip(*(one.tolist() for one in columns), strict=True))


@contextmanager
def reserving_for_one(cluster) -> Iterator[None]:
    """Slurm's own settings, changed while the comparison runs; its log tells of its looks."""
    conf = Path(cluster.conf)
    before = conf.read_text(encoding="utf-8")
    assert BEFORE in before
    try:
        conf.write_text(TELLING + before.replace(BEFORE, EASY), encoding="utf-8")
        cluster.run("scontrol", "reconfigure")
        assert EASY.partition("=")[2] in cluster.run("scontrol", "show", "config")
        yield
    finally:
        conf.write_text(before, encoding="utf-8")
        cluster.run("scontrol", "reconfigure")


def hand_in(cluster, job: tuple[int, int, int, int], script: Path) -> None:
    offset, cards, seconds, minutes = job
    nodes = max(cards // NODE_CARDS, 1)
    cluster.run(
        *(
            "sbatch",
            "--job-name=sample",
            f"--uid={USER}",
            f"--account={ACCOUNT}",
            "--chdir=/",
            "--no-requeue",
        ),
        *(f"--begin=now+{offset}", f"--time={minutes}", "--output=/dev/null"),
        *(f"--nodes={nodes}", f"--ntasks={nodes}", f"--gres=gpu:h100:{cards // nodes}"),
        *(str(script), str(seconds)),
    )


def accounted(cluster) -> str:
    return cluster.run(
        *("sacct", "-X", "-P", "-D", "-A", ACCOUNT, "-S", "now-1hours", "--name=sample"),
        f"--format={FIELDS}",
    )


def all_ended(cluster) -> str:
    """The accounting of all jobs, once none is left and every node has its cards back."""
    until(lambda: not cluster.run("squeue", "-h", "-A", ACCOUNT).strip(), 60 + 20 * JOBS)
    until(lambda: accounted(cluster).count("COMPLETED") == JOBS, 30)
    return accounted(cluster)


def test_simulator_starts_jobs_as_slurm_does(cluster):
    cluster.empty()
    cluster.run("sacctmgr", "-i", "add", "account", ACCOUNT, check=False)
    cluster.run("sacctmgr", "-i", "add", "user", USER, f"account={ACCOUNT}", check=False)
    script = Path(cluster.root) / "planner.sh"
    script.write_text("#!/bin/sh\nexec sleep $1\n", encoding="utf-8")
    script.chmod(0o755)
    log = Path(cluster.root) / "log" / "slurmctld.log"
    earlier = log.stat().st_size
    with reserving_for_one(cluster):
        for job in sample(JOBS):
            hand_in(cluster, job, script)
        accounting = all_ended(cluster)
    tick_ms = round(1000 * time.clock_getres(COARSE_CLOCK))
    told = recorded(accounting, log.read_bytes()[earlier:].decode(errors="replace"), tick_ms)
    if KEEP:
        Path(KEEP).write_text(json.dumps(asdict(told)), encoding="utf-8")
    rows = csv.DictReader(accounting.splitlines(), delimiter="|")
    waits_s = [int(row["Start"]) - int(row["Eligible"]) for row in rows]
    found = compared(told, waits_s, replayed(told, NODES, NODE_CARDS))
    print(json.dumps(asdict(found)))
    assert found.holds(), found
