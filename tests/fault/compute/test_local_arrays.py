"""Arrays on the local engine: real processes, tasks of their own, nothing left waiting."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from slurm_rig import until

from madang.compute.engines.local import LocalEngine, Setup, store
from madang.compute.engines.types import GrantRef, GrantSpec, JobSpec, RunState

GRANT = GrantRef("a", "")
WAIT_S_MAX = 120


@pytest.fixture
def engine(tmp_path: Path):
    made = LocalEngine("here", tmp_path / "engine", Setup(cards=4))
    made.ensure_grant(GrantSpec("a", "", "gpu", 4))
    return made


def submit(engine, script: str, *, cards: int = 1):
    text = f"#!/bin/sh\n{script}\n"
    spec = JobSpec(GRANT, "job", cards, "gpu", 60, text, array=3)
    return engine.submit(spec, "k", since=datetime.now(UTC))


def all_ended(engine, ref):
    def look():
        facts = engine.status([ref])
        return facts if all(one.ended_at for one in facts) else None

    return until(look, WAIT_S_MAX)


def test_tasks_are_told_by_number_with_their_own_ends_logs_and_outputs(engine):
    script = (
        'echo "task $SLURM_ARRAY_TASK_ID"; echo x > "$MADANG_OUTPUTS/found.txt"\n'
        "exit $(( SLURM_ARRAY_TASK_ID % 2 ))"
    )
    ref = submit(engine, script)
    assert submit(engine, script) == ref, "one key is one array"
    told = all_ended(engine, ref)
    assert [one.job_id for one in told] == [f"{ref.job_id}_{task}" for task in range(3)]
    states = [one.state for one in told]
    assert states == [RunState.COMPLETED, RunState.FAILED, RunState.COMPLETED]
    facts, _ = engine.usage("")
    assert sorted(one.attempt_key for one in facts) == [one.attempt_key for one in told]
    assert engine.log(ref, bytes_max=9000) == "task 0\ntask 1\ntask 2\n"
    left = engine.outputs(ref)
    names = sorted(path.relative_to(left).as_posix() for path in left.rglob("*.txt"))
    assert names == ["0/found.txt", "1/found.txt", "2/found.txt"]


def test_cancel_ends_running_and_waiting_tasks(engine):
    ref = submit(engine, "sleep 600", cards=2)  # four cards: the third waits
    until(lambda: sum(one.state is RunState.RUNNING for one in engine.status([ref])) == 2, 60)
    engine.cancel(ref, "enough", grace_s=1)
    states = {one.state for one in all_ended(engine, ref)}
    assert states == {RunState.CANCELLED}
    assert sum(one.started_at is None for one in engine.status([ref])) == 1


def test_tasks_that_a_crash_left_out_are_made_by_the_next_look(engine, tmp_path):
    root = tmp_path / "engine"
    engine.freeze(GRANT, "not yet")  # nothing starts
    store.create(
        root, store.Spec(7, "k", "a", "job", 1, 60, "#!/bin/sh\nexit 0\n", {}, {}, 0, 3)
    )
    ref = engine.find("k", GRANT, since=datetime.now(UTC))
    assert ref is not None
    assert len(engine.status([ref])) == 3
    shutil.rmtree(store.folder_of(root, "k", 2))
    engine.thaw(GRANT)
    assert {one.state for one in all_ended(engine, ref)} == {RunState.COMPLETED}
