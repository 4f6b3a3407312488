"""The planner's simulator beside a real Slurm, on the same jobs.

Goal: what the simulator starts in some order, Slurm starts in that order, and jobs wait about
as long. Method: a compressed sample becomes eligible on real Slurm at set times (`--begin`, so
that Slurm keeps the clock), with cards, lengths in seconds and time limits in minutes. When all
have ended, the accounting says when each was eligible and how long it ran; the simulator gets
just that and has to say when each started. Slurm looks every 1 to 5 seconds, so starts within
that time of each other are one start, and a wait may differ by that much and a tenth.

The simulator reserves for the first job that waits (EASY). Slurm as it comes reserves for every
job that waits, whole nodes each, and jobs wait longer; bf_job_part_count_reserve=1 makes it
reserve for the first alone, and that is what is compared.

Jobs of seconds are much shorter than real ones, and between the end of one job and the start
of the next Slurm needs seconds of its own (epilog, its next look). That time is measured on the
same cluster in the same run, with jobs that each take the whole of it, and told to the
simulator.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path

import numpy as np
from slurm_rig import USER, until

from madang.compute.planner import traces
from madang.compute.planner.sim.run import grants_of, jobs_of, rules_of, simulate, whole_site

JOBS = int(os.environ.get("MADANG_PLANNER_SLURM_JOBS") or 24)
NODES, NODE_CARDS, ACCOUNT = 4, 8, "planner"
LOAD = float(os.environ.get("MADANG_PLANNER_SLURM_LOAD") or 1.1)
WHOLE_JOBS = 6
EASY = "bf_job_part_count_reserve=1,bf_resolution=1,bf_interval=2"
LOOK_S = 5  # bf_interval of the fixture; the first pass comes within batch_sched_delay
FIELDS = "JobIDRaw,Eligible,Start,End,State,AllocTRES,TimelimitRaw"


def sample(count: int) -> list[tuple[int, int, int, int]]:
    """Offset, cards, seconds, minutes: a tenth more work than the cards can do, or as much as
    MADANG_PLANNER_SLURM_LOAD asks for."""
    rng = np.random.default_rng(20)
    cards = rng.choice([1, 2, 4, 8, 16], count, p=[0.35, 0.2, 0.2, 0.18, 0.07])
    seconds = np.minimum(rng.lognormal(2.4, 0.6, count), 45).astype(int) + 3
    span = (cards * seconds).sum() / (NODES * NODE_CARDS) / LOAD
    offsets = np.sort(rng.uniform(10, 10 + span, count)).astype(int)
    minutes = rng.choice([1, 2, 3], count)
    columns = (offsets, cards, seconds, minutes)
    return list(zip(*(one.tolist() for one in columns), strict=True))


@contextmanager
def reserving_for_one(cluster) -> Iterator[None]:
    """Slurm's own settings, changed while the comparison runs."""
    conf = Path(cluster.conf)
    before = conf.read_text(encoding="utf-8")
    after = before.replace("SchedulerParameters=bf_interval=5", f"SchedulerParameters={EASY}")
    assert after != before
    try:
        conf.write_text(after, encoding="utf-8")
        cluster.run("scontrol", "reconfigure")
        assert EASY in cluster.run("scontrol", "show", "config")
        yield
    finally:
        conf.write_text(before, encoding="utf-8")
        cluster.run("scontrol", "reconfigure")


def hand_in(cluster, job: tuple[int, int, int, int], script: Path, name: str) -> None:
    offset, cards, seconds, minutes = job
    nodes = max(cards // NODE_CARDS, 1)
    cluster.run(
        *(
            "sbatch",
            f"--job-name={name}",
            f"--uid={USER}",
            f"--account={ACCOUNT}",
            "--chdir=/",
            "--no-requeue",
        ),
        *(f"--begin=now+{offset}", f"--time={minutes}", "--output=/dev/null"),
        *(f"--nodes={nodes}", f"--ntasks={nodes}", f"--gres=gpu:h100:{cards // nodes}"),
        *(str(script), str(seconds)),
    )


def accounted(cluster, name: str) -> str:
    return cluster.run(
        *("sacct", "-X", "-P", "-D", "-A", ACCOUNT, "-S", "now-1hours", f"--name={name}"),
        f"--format={FIELDS}",
    )


def all_ended(cluster, name: str, count: int) -> str:
    """The accounting of all jobs of a name, once none is left."""
    until(lambda: not cluster.run("squeue", "-h", "-A", ACCOUNT).strip(), 60 + 20 * count)
    until(lambda: accounted(cluster, name).count("COMPLETED") == count, 30)
    return accounted(cluster, name)


def between_jobs_s(cluster, script: Path) -> int:
    """Seconds from one job's end to the next one's start, when each takes the whole cluster."""
    for _ in range(WHOLE_JOBS):
        hand_in(cluster, (2, NODES * NODE_CARDS, 2, 1), script, "whole")
    table = all_ended(cluster, "whole", WHOLE_JOBS).splitlines()
    names = table[0].split("|")
    rows = [dict(zip(names, line.split("|"), strict=True)) for line in table[1:]]
    stays = sorted((int(row["Start"]), int(row["End"])) for row in rows)
    gaps = [after[0] - before[1] for before, after in pairwise(stays)]
    return round(sum(gaps) / len(gaps))


def share_in_order(theirs: np.ndarray, ours: np.ndarray) -> float:
    """The most jobs that Slurm starts in our order; one look of Slurm's is no difference.

    Of a list of chosen jobs it is the latest start of Slurm's that decides who may follow.
    """
    longest: dict[int, int] = {}
    for start in theirs[np.lexsort((theirs, ours))].tolist():
        grown = {start: 1}
        for latest, count in longest.items():
            if start >= latest - LOOK_S:
                key = max(latest, start)
                grown[key] = max(grown.get(key, 0), count + 1)
        for key, count in grown.items():
            longest[key] = max(longest.get(key, 0), count)
    return max(longest.values()) / len(theirs)


def test_the_measure_of_order_knows_a_wrong_one():
    starts = np.arange(0, 200, 5)
    assert share_in_order(starts, starts) == 1
    assert share_in_order(starts, -starts) < 0.1
    assert share_in_order(starts, np.random.default_rng(1).permutation(starts)) < 0.6


def test_simulator_starts_jobs_as_slurm_does(cluster, tmp_path_factory):
    cluster.empty()
    cluster.run("sacctmgr", "-i", "add", "account", ACCOUNT, check=False)
    cluster.run("sacctmgr", "-i", "add", "user", USER, f"account={ACCOUNT}", check=False)
    script = Path(cluster.root) / "planner.sh"
    script.write_text("#!/bin/sh\nexec sleep $1\n", encoding="utf-8")
    script.chmod(0o755)
    with reserving_for_one(cluster):
        gap_s = between_jobs_s(cluster, script)
        for job in sample(JOBS):
            hand_in(cluster, job, script, "sample")
        text = all_ended(cluster, "sample", JOBS).replace("Eligible", "Submit", 1)
    table = tmp_path_factory.mktemp("planner") / "sacct.txt"
    table.write_text(text, encoding="utf-8")
    trace = traces.load(table)
    assert len(trace) == JOBS
    run_s, limit_s = trace.run_s + gap_s, trace.limit_s + gap_s
    made, _ = jobs_of(trace.submit_s, trace.cards, run_s, limit_s)
    found = simulate(
        made,
        grants_of(),
        whole_site(NODES, NODE_CARDS),
        rules_of(NODE_CARDS, depth=1000, first_fit=False),
    )
    theirs = trace.submit_s + trace.wait_s
    ours_s = found.first_start_s - made.submit_s
    figures = {
        "jobs": JOBS,
        "between_jobs_s": gap_s,
        "in_order": round(share_in_order(theirs, found.first_start_s), 3),
        **{
            f"wait_p{q}_s": [float(np.quantile(w, q / 100)) for w in (trace.wait_s, ours_s)]
            for q in (50, 95)
        },
    }
    print(json.dumps(figures))
    assert figures["in_order"] >= 0.9, figures
    for q in (50, 95):
        real, said = figures[f"wait_p{q}_s"]
        assert abs(real - said) <= 0.1 * real + LOOK_S, figures
