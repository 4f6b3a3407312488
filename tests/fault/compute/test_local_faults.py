"""The local engine with real processes that are really killed: no job stops with the platform,
none is lost, none runs beyond its limit, none leaves a process behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from slurm_rig import until

from madang.compute.engines.local import Limits, LocalEngine, Setup
from madang.compute.engines.types import GrantRef, GrantSpec, JobSpec, RunState
from madang.compute.errors import EngineRefused, UserForbidden

KILLS = int(os.environ.get("MADANG_TEST_KILLS", "25")) // 5
SUBMIT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from madang.compute.engines.local import LocalEngine, Setup
from madang.compute.engines.types import GrantRef, JobSpec
engine = LocalEngine("here", Path(sys.argv[1]), Setup(cards=4))
for number in range(int(sys.argv[2]), 10_000):
    spec = JobSpec(GrantRef("a", ""), "job", 1, "gpu", 60, "#!/bin/sh\\nexit 0\\n")
    engine.submit(spec, f"key-{number}", since=datetime.now(UTC))
    print(number, flush=True)
"""


@pytest.fixture
def engine(tmp_path: Path):
    made = LocalEngine("here", tmp_path / "engine", Setup(cards=4))
    made.ensure_grant(GrantSpec("a", "", "gpu", 4))
    return made


def submit(engine, script: str, *, cards: int = 1, limit_s: int = 60, key: str = "k"):
    spec = JobSpec(engine_ref(), "job", cards, "gpu", limit_s, f"#!/bin/sh\n{script}\n")
    return engine.submit(spec, key, since=datetime.now(UTC))


def engine_ref():
    return GrantRef("a", "")


def ended(engine, ref, within_s: float = 30):
    def look():
        (fact,) = engine.status([ref])
        return fact if fact.ended_at is not None else None

    return until(look, within_s)


def test_an_image_where_nothing_runs_images_is_refused_and_not_charged(engine, monkeypatch):
    image = JobSpec(engine_ref(), "job", 1, "gpu", 60, "#!/bin/sh\n", image="torch.sif")
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(EngineRefused) as refused:
        engine.submit(image, "k", since=datetime.now(UTC))
    assert refused.value.fields["reason"] == "no apptainer on this machine to run images"
    assert engine.usage("")[0] == []


def all_ended(engine):
    facts, _ = engine.usage("")
    return facts if all(fact.ended_at for fact in facts) else None


def keeper_of(engine, job_id: str) -> int:
    """The process that keeps a job: the only one whose command names the engine's folder."""

    def look():
        for path in Path("/proc").glob("[0-9]*/cmdline"):
            try:
                words = path.read_bytes().split(b"\0")
            except (FileNotFoundError, ProcessLookupError):
                continue
            if str(engine._root).encode() in words and b"-m" in words:
                return int(path.parent.name)
        return 0

    return until(look, 10)


def test_a_submitter_killed_at_any_line_loses_no_job_and_makes_none_twice(engine, tmp_path):
    told = -1
    for _ in range(KILLS):
        process = subprocess.Popen(
            [sys.executable, "-c", SUBMIT, str(engine._root), str(told + 1)],
            stdout=subprocess.PIPE, text=True,
            env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
        )  # fmt: skip
        for _ in range(3):
            told = int(process.stdout.readline())
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
    facts = until(lambda: all_ended(engine), 60)
    keys = [fact.key for fact in facts]
    assert len(keys) == len(set(keys))
    assert {f"key-{n}" for n in range(told + 1)} <= set(keys)
    assert {fact.state for fact in facts} == {RunState.COMPLETED}


def test_a_job_goes_on_when_its_submitter_is_killed(engine):
    script = SUBMIT.replace("exit 0", "sleep 2").replace("10_000", "1")
    subprocess.run(
        [sys.executable, "-c", script, str(engine._root), "0"], check=True,
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[3] / "src")},
    )  # fmt: skip
    ref = engine.find("key-0", engine_ref(), since=datetime.now(UTC))
    fact = ended(engine, ref)
    assert fact.state is RunState.COMPLETED
    assert (fact.ended_at - fact.started_at).total_seconds() >= 2


def test_a_killed_keeper_takes_its_job_along_and_the_attempt_ends_at_its_last_sign(
    engine, tmp_path
):
    mark = tmp_path / "pid"
    ref = submit(engine, f"echo $$ > {mark}; exec sleep 300")
    until(lambda: mark.exists() and mark.read_text().strip(), 10)
    pid = int(mark.read_text())
    os.kill(keeper_of(engine, ref.job_id), signal.SIGKILL)
    fact = ended(engine, ref)
    assert fact.state is RunState.NODE_FAIL
    assert timedelta(0) <= fact.ended_at - fact.started_at < timedelta(seconds=30)
    until(lambda: not Path(f"/proc/{pid}").exists(), 10)
    assert ended(engine, submit(engine, "exit 0", cards=4, key="next")).state == "completed"


def test_what_a_job_started_does_not_outlive_a_killed_keeper_nor_does_its_folder(
    engine, tmp_path
):
    """The kernel kills the job itself; what the job has started would go on, on cards that the
    next job is given."""
    mark = tmp_path / "pids"
    script = (
        f"sleep 300 & setsid sh -c 'echo $$ >> {mark}; exec sleep 300' & pwd >> {mark}; wait"
    )
    ref = submit(engine, f"sleep 300 & echo $! >> {mark}; {script}")
    until(lambda: mark.exists() and len(mark.read_text().split()) == 3, 10)
    words = mark.read_text().split()
    os.kill(keeper_of(engine, ref.job_id), signal.SIGKILL)
    assert ended(engine, ref).state is RunState.NODE_FAIL
    for one in words:
        place = Path("/proc") / one if one.isdigit() else Path(one)
        until(lambda place=place: not place.exists(), 10)


def test_a_job_that_ignores_its_end_is_killed_at_its_limit(engine):
    ref = submit(engine, "trap '' TERM; while :; do sleep 0.1; done", limit_s=1)
    fact = ended(engine, ref)
    assert fact.state is RunState.TIMEOUT
    assert 1 <= (fact.ended_at - fact.started_at).total_seconds() < 6


def test_a_process_that_a_job_leaves_behind_does_not_outlive_it(engine, tmp_path):
    mark = tmp_path / "left"
    ref = submit(engine, f"setsid sh -c 'echo $$ > {mark}; exec sleep 300' & sleep 0.5")
    ended(engine, ref)
    pid = int(mark.read_text())
    assert not Path(f"/proc/{pid}").exists()


LIMITED = [
    ("files", "head -c 3000000 /dev/zero > outputs/large", Limits(file_bytes_max=1_000_000)),
    ("memory", "exec head -c 1 $(yes | head -c 400000000)", Limits(memory_bytes_max=1 << 27)),
]


@pytest.mark.parametrize(("what", "script", "limits"), LIMITED)
def test_a_job_gets_no_more_of_the_machine_than_its_limits(tmp_path, what, script, limits):
    engine = LocalEngine("here", tmp_path / "engine", Setup(cards=1, limits=limits))
    engine.ensure_grant(GrantSpec("a", "", "gpu", 1))
    assert ended(engine, submit(engine, script)).state is RunState.FAILED


def test_outputs_are_collected_and_links_are_not(engine):
    ref = submit(engine, "echo 42 > outputs/answer; ln -s /etc/passwd outputs/link")
    ended(engine, ref)
    assert (engine.outputs(ref) / "answer").read_text() == "42\n"
    assert not (engine.outputs(ref) / "link").exists()


def names_in(folder: Path) -> list[str]:
    return sorted(str(one.relative_to(folder)) for one in folder.rglob("*") if one.is_file())


LED_OUT = {
    "folder": "rmdir outputs; ln -s {place} outputs",
    "above": "mv outputs ..; ln -s {place} sub; ln -s ../{place} outputs",
    "scratch": "cd ..; mv $HOME $HOME-gone; ln -s {place} $HOME",
    "within": "ln -s {place} outputs/sub; ln -s {place}/outputs/secret outputs/plain",
}


@pytest.mark.parametrize("script", LED_OUT.values(), ids=LED_OUT)
def test_no_link_leads_the_keeper_out_of_a_jobs_own_folder(engine, tmp_path, script):
    """The keeper may read more than the job: it takes over what the job wrote, and no more."""
    place = tmp_path / "platform"
    (place / "outputs").mkdir(parents=True)
    for name in ("secret", "outputs/secret"):
        (place / name).write_text("open sesame")
    ref = submit(engine, script.format(place=place))
    assert ended(engine, ref).state is RunState.COMPLETED
    assert names_in(engine.outputs(ref)) == []


@pytest.mark.skipif(os.geteuid() != 0, reason="only root gives files away")
def test_a_file_of_somebody_elses_is_not_taken_over(engine):
    ref = submit(
        engine, "echo 1 > outputs/mine; echo 2 > outputs/theirs; chown 65534 outputs/t*"
    )
    ended(engine, ref)
    assert names_in(engine.outputs(ref)) == ["mine"]
    assert "madang: not collected: theirs" in engine.log(ref, bytes_max=1000)


ODD = {
    "no UTF-8": "truncate -s 2000000000 \"$(printf 'a\\377')\"",
    "an end of line": "truncate -s 2000000000 \"$(printf 'a\\nb')\"",
    "deep": "for n in $(seq 1500); do mkdir d; cd d; done; echo 1 > leaf",
    "long": "for n in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16; do d=$(printf %0250d 1);"
    " mkdir $d; cd $d; done; echo 1 > leaf",
    "shut": "echo 1 > shut; chmod 000 shut .",
    "gone": "cd ..; rm -r outputs",
    "no folder": "cd ..; rm -r outputs; echo 1 > outputs",
}


@pytest.mark.parametrize("script", ODD.values(), ids=ODD)
def test_nothing_that_a_job_leaves_takes_its_end_from_it(engine, script):
    """A keeper that stumbles over a name is a failed node, whose time the programme bears."""
    before = "set -e\npwd\necho 42 > outputs/answer\ncd outputs"
    ref = submit(engine, f"{before}\n{script}\nexit 0")
    fact = ended(engine, ref)
    assert (fact.state, fact.evidence) == (RunState.COMPLETED, "exit 0")
    place = Path(engine.log(ref, bytes_max=100_000).splitlines()[0])
    assert place.name.startswith("madang-job-")
    until(lambda: not place.exists(), 10)


def test_folders_links_and_what_is_too_large_do_not_count_as_files(tmp_path):
    limits = Limits(outputs_max=20, outputs_bytes_max=1000)
    engine = LocalEngine("here", tmp_path / "engine", Setup(cards=1, limits=limits))
    engine.ensure_grant(GrantSpec("a", "", "gpu", 1))
    made = "for n in $(seq 10 29); do mkdir d$n; echo $n > d$n/f; ln -s f d$n/l; done"
    ref = submit(engine, f"cd outputs; truncate -s 1001 big; {made}; echo 1 > e; echo 1 > f")
    ended(engine, ref)
    assert names_in(engine.outputs(ref)) == [f"d{n}/f" for n in range(10, 30)]
    assert [line for line in engine.log(ref, bytes_max=1000).splitlines() if line] == [
        "madang: not collected: big", "madang: not collected: e", "madang: not collected: f",
    ]  # fmt: skip


def test_the_log_says_how_many_more_files_were_left_out(tmp_path):
    limits = Limits(outputs_max=1)
    engine = LocalEngine("here", tmp_path / "engine", Setup(cards=1, limits=limits))
    engine.ensure_grant(GrantSpec("a", "", "gpu", 1))
    ref = submit(engine, "cd outputs; for n in $(seq 151); do echo > f$n; done")
    ended(engine, ref)
    told = engine.log(ref, bytes_max=10_000).splitlines()
    assert (len(told), told[-1]) == (101, "madang: not collected: 50 more")


def test_a_job_is_told_its_cards_and_nothing_of_the_platforms_environment(engine, monkeypatch):
    monkeypatch.setenv("MADANG_UPSTREAM_SECRET", "open sesame")
    ref = submit(engine, 'echo "$CUDA_VISIBLE_DEVICES/$MADANG_CARDS"; env', cards=2)
    ended(engine, ref)
    log = engine.log(ref, bytes_max=10_000)
    assert "0,1/2" in log
    assert "open sesame" not in log


def test_cards_are_slots_and_the_queue_is_in_order_of_arrival(engine):
    refs = [submit(engine, "sleep 0.3", cards=3, key=f"k{n}") for n in range(3)]
    facts = [ended(engine, ref) for ref in refs]
    for first, second in pairwise(facts):
        assert second.started_at >= first.ended_at


def test_more_cards_than_there_are_is_refused_at_once(engine):
    with pytest.raises(EngineRefused):
        submit(engine, "exit 0", cards=5)


def test_outside_test_mode_jobs_never_run_as_the_platforms_own_user(tmp_path, monkeypatch):
    monkeypatch.delenv("MADANG_TEST")
    with pytest.raises(UserForbidden) as refused:
        LocalEngine("here", tmp_path, Setup(cards=1))
    assert "start the platform as root" in refused.value.sentence("en")
    assert "작업용 사용자" in refused.value.sentence("ko")
    with pytest.raises(UserForbidden):
        LocalEngine("here", tmp_path, Setup(cards=1, user="root"))


def test_a_platform_that_is_not_root_says_that_it_must_be_to_start_jobs_as_another(
    tmp_path, monkeypatch
):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(UserForbidden) as refused:
        LocalEngine("here", tmp_path, Setup(cards=1, user="nobody"))
    told = [refused.value.sentence(language) for language in ("en", "ko")]
    assert told == [
        "Jobs cannot run as the user nobody: only root can start jobs as another user: "
        "start the platform as root.",
        "작업을 nobody 사용자로 실행할 수 없습니다: 다른 사용자로 작업을 시작하려면 플랫폼을 "
        "관리자(root)로 시작해야 합니다.",
    ]


def test_jobs_of_a_user_that_this_machine_does_not_know_are_refused_not_lost(tmp_path):
    with pytest.raises(UserForbidden):
        LocalEngine("here", tmp_path, Setup(cards=1, user="no-such-user"))
