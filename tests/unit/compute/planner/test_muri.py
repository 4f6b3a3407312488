"""Muri's published numbers, and a second replay written in another way."""

from __future__ import annotations

import math
import tomllib

import pytest

from madang.compute.planner import muri
from madang.compute.planner.data import muri_rows, muri_text

PUBLISHED = tomllib.loads(muri_text("published.toml"))
FIGURES = ("mean_jct_s", "makespan_s", "p99_jct_s")


@pytest.mark.parametrize(
    "row", PUBLISHED["simulated"], ids=lambda row: f"{row['trace']}-{row['policy']}"
)
def test_every_simulated_number_of_muri_comes_out_to_a_millionth(row):
    ours = muri.replay(row["trace"], row["policy"])
    for figure in FIGURES:
        assert getattr(ours, figure) == pytest.approx(row[figure], rel=1e-8)


@pytest.mark.parametrize("row", PUBLISHED["testbed"], ids=lambda row: row["policy"])
def test_testbed_of_muri_is_met_within_two_and_a_half_percent(row):
    ours = muri.replay(row["trace"], row["policy"])
    for figure in FIGURES:
        assert getattr(ours, figure) == pytest.approx(row[figure], rel=0.025)


@pytest.mark.parametrize("policy", ["SRTF", "SRSF"])
def test_published_testbed_figures_follow_from_its_own_job_table(policy):
    published = next(row for row in PUBLISHED["testbed"] if row["policy"] == policy)
    rows = muri_rows(f"testbed_result_{policy}")
    jct_s = sorted(float(row["JCT"]) for row in rows)
    assert sum(jct_s) / len(jct_s) == pytest.approx(published["mean_jct_s"], abs=0.1)
    assert jct_s[int(len(jct_s) * 0.99)] == pytest.approx(published["p99_jct_s"], abs=0.1)


def slow_replay(trace: str, policy: str) -> tuple[float, float]:
    """Lists and dictionaries, a full sort at each event."""
    costs = muri.start_costs()
    jobs = []
    for row in muri_rows(trace.removesuffix("_pr")):
        cards = int(row["num_gpu"])
        jobs.append(
            {
                "submit": 0.0 if trace.endswith("_pr") else int(row["submit_time"]) / 1000,
                "cards": cards,
                "step": int(row["iteration_time"]) * 1.015 / 1000,
                "left": float(row["iterations"]),
                "cost": costs[row["model_name"]][cards],
                "runs": False,
            }
        )
    coming = sorted(jobs, key=lambda job: job["submit"])
    waiting, groups, done = [], [], []
    while coming or waiting:
        submit = coming[0]["submit"] if coming else math.inf
        end = min((time for time, _ in groups), default=math.inf)
        now = min(submit, end)
        for time, members in groups:
            if time == now:
                waiting = [job for job in waiting if all(job is not one for one in members)]
                done += [now - job["submit"] for job in members]
        for job in waiting:
            if job["runs"]:
                job["left"] -= max(now - job["seen"] - job["cost"], 0) / job["step"]
            job["seen"] = now
        while coming and coming[0]["submit"] == now:
            waiting.append(coming.pop(0) | {"seen": now})
        weight = (lambda job: job["cards"]) if policy == "SRSF" else (lambda job: 1)
        for job in waiting:
            if job["runs"] or "key" not in job:
                job["key"] = job["left"] * job["step"] * weight(job)
        waiting.sort(key=lambda job: job["key"])
        groups = fill(waiting, now)
    return sum(done) / len(done), now


def fill(waiting: list[dict], now: float) -> list[tuple[float, list[dict]]]:
    free, groups = [8] * 8, []
    for job in waiting:
        width = min(job["cards"], 8)
        nodes = [node for node in range(8) if free[node] >= width][: -(-job["cards"] // 8)]
        job["runs"] = len(nodes) == -(-job["cards"] // 8)
        if not job["runs"]:
            continue
        for node in nodes:
            free[node] -= width
        end = now + job["left"] * job["step"]
        near = next((one for one in groups if math.isclose(one[0], end, rel_tol=1e-9)), None)
        if near:
            near[1].append(job)
        else:
            groups.append((end, [job]))
    return groups


@pytest.mark.parametrize(("trace", "policy"), [("trace3", "SRTF"), ("trace3_pr", "SRSF")])
def test_kernel_agrees_with_the_slow_replay(trace, policy):
    mean, last = slow_replay(trace, policy)
    ours = muri.replay(trace, policy)
    assert (ours.mean_jct_s, ours.makespan_s) == (pytest.approx(mean, rel=1e-12), last)
