"""Single submissions that arrive together share a transaction, and nobody can tell: each client
gets its own answer, one that is refused takes nobody along, and no key becomes two jobs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

RUN = Path(__file__).parents[2] / "support" / "singles_run.py"
CALLS, CLIENTS, POOR_JOBS, GRANTS = 200, 16, 7, 5
S_MAX = 900


def test_many_clients_at_once_get_each_their_own_answer_and_each_key_one_job():
    done = subprocess.run(
        [sys.executable, RUN, str(CALLS), str(CLIENTS)], capture_output=True, text=True,
        timeout=S_MAX, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-4000:]
    found = json.loads(done.stdout.splitlines()[-1])
    told = found["told"]
    refused = told.pop("metering.quota.insufficient")
    assert set(told) <= {"queued", "intent"}, found
    assert refused + sum(told.values()) == CALLS
    assert (found["made_twice"], found["poor_left"]) == ([], 0)
    assert found["not_told_as_new_once"] == []
    assert found["jobs"] == found["keys"] == found["made"]
    keys = CALLS - CALLS // 10
    poor = len(
        {n - 1 if n % 10 == 1 else n for n in range(CALLS)} & set(range(0, CALLS, GRANTS))
    )
    assert found["jobs"] == keys - poor + POOR_JOBS
    assert found["largest"] > 1
    assert found["groups"] < CALLS
