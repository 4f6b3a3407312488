"""Many jobs on an engine that does everything wrong that engines do, and a platform that dies
in between: no GPU-second unexplained, no budget exceeded, one line for every attempt."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

JOBS = int(os.environ.get("MADANG_CHAOS_JOBS") or 100)
SEED = int(os.environ.get("MADANG_CHAOS_SEED") or 20261125)
RUN = Path(__file__).parents[2] / "support" / "chaos_run.py"
S_MAX = 600 + JOBS


def test_under_chaos_nothing_is_lost_nothing_is_twice_and_no_budget_is_exceeded():
    done = subprocess.run(
        [sys.executable, RUN, str(JOBS), str(SEED)], capture_output=True, text=True,
        timeout=S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    print(json.dumps(found))
    assert (found["still_open"], found["wrong_lines"], found["unexplained"]) == (False, 0, [])
    assert found["drift_gpu_seconds"] == found["told_minus_posted_ms"] == 0
    assert found["overshoot_gpu_seconds"] == found["held_gpu_seconds"] == 0
    assert found["ledger_ok"]
    for fault in ("lost reply", "told twice", "ran again", "wrong end"):
        assert found["engine"][fault] > 0, found
    assert found["attempts"] >= found["submitted"] > 0
