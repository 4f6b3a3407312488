"""The keeper of one running job: `python -m … ROOT JOB LOCK-DESCRIPTOR`.

It starts the job with its limits, ends it at its time or when asked, and writes start and end.
It adopts whatever the job leaves behind (subreaper), so that a job that forks away still ends
with its keeper's last look. When the keeper is killed, the kernel kills the job.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import pwd
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from madang.compute.engines.local import store
from madang.compute.engines.local.collecting import collect
from madang.compute.engines.local.leftovers import remove
from madang.compute.engines.local.queue import pump
from madang.compute.engines.local.store import Limits, Moment, Placed, Setup, Spec
from madang.compute.engines.types import RunState
from madang.core.clock import Clock

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36
BEAT_S, LOOK_S, GRACE_S = 0.5, 0.02, 2.0
LIBC = ctypes.CDLL(None, use_errno=True)


class Keeper:
    """One job from its start to its end."""

    def __init__(self, root: Path, job: Path) -> None:
        spec, placed = store.read_spec(job), store.read_placed(job)
        assert spec is not None, job
        assert placed is not None, job
        self.root, self.job, self.spec, self.placed = root, job, spec, placed
        self.setup: Setup = store.read_setup(root)
        self.clock: Clock = store.clock_of(self.setup)
        self.scratch = Path(tempfile.mkdtemp(prefix=f"madang-job-{spec.id}-"))
        store.write_whole(job / "scratch", bytes(self.scratch))
        self.place = os.open(self.scratch, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)

    def run(self) -> None:
        """Start and end lie as far apart as the machine's steady clock says, whoever moves
        the calendar in between."""
        began = time.monotonic()
        start_ms = _ms(self.clock)
        store.write_moment(self.job / "start.json", Moment(start_ms))
        try:
            child = self._spawn()
        except OSError as err:
            (self.job / "log").write_text(f"{err}\n")
            self._end(start_ms, began, RunState.FAILED, 127)
            return
        state, code = self._watch(child, start_ms, began)
        _end_all(os.getpid())
        self._end(start_ms, began, state, code)

    def _spawn(self) -> subprocess.Popen[bytes]:
        program = self.scratch / "job"
        program.write_text(self.spec.script)
        program.chmod(0o755)
        (self.scratch / "outputs").mkdir()
        _give_to(self.scratch, self.setup.user)
        with (self.job / "log").open("ab") as log:
            return subprocess.Popen(
                [str(program)],
                cwd=self.scratch,
                env=_environment(self.spec, self.placed, self.scratch),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                user=self.setup.user or None,
                group=_group_of(self.setup.user),
                extra_groups=[] if self.setup.user else None,
                preexec_fn=lambda: _confine(self.setup.limits),  # noqa: PLW1509  one thread
            )

    def _watch(
        self, child: subprocess.Popen[bytes], start_ms: int, began: float
    ) -> tuple[RunState, int]:
        next_beat = began
        while True:
            with contextlib.suppress(subprocess.TimeoutExpired):
                code = child.wait(timeout=LOOK_S)
                return (RunState.COMPLETED if code == 0 else RunState.FAILED), code
            now = time.monotonic()
            if now - began >= self.spec.time_limit_s:
                return RunState.TIMEOUT, _stop(child)
            if (self.job / "cancel").exists():
                return RunState.CANCELLED, _stop(child)
            if now >= next_beat:
                next_beat = now + BEAT_S
                at_ms = start_ms + int((now - began) * 1000)
                store.write_moment(self.job / "beat.json", Moment(at_ms))

    def _collected(self) -> Path:
        """An array's outputs lie with its first task, each task's in a folder of its number."""
        if not self.spec.array:
            return self.job / "outputs"
        first = store.folder_of(self.root, self.spec.key)
        return first / "outputs" / str(self.spec.task)

    def _end(self, start_ms: int, began: float, state: RunState, code: int) -> None:
        collect(
            self.place, self._collected(), self.job / "log", self.setup.limits,
            owner=_number_of(self.setup.user),
        )  # fmt: skip
        lasted_ms = -(-int((time.monotonic() - began) * 1_000_000) // 1000)
        store.write_moment(
            self.job / "end.json", Moment(start_ms + lasted_ms, state.value, code)
        )
        remove(self.scratch)


def _ms(clock: Clock) -> int:
    return round(clock.now().timestamp() * 1000)


def _environment(spec: Spec, placed: Placed, scratch: Path) -> dict[str, str]:
    """What a job is told, and nothing of the platform's own environment."""
    cards = ",".join(str(card) for card in placed.cards)
    return {
        "PATH": "/usr/local/bin:/usr/bin:/bin",
        "HOME": str(scratch),
        "LANG": "C.UTF-8",
        **spec.environment,
        **{f"MADANG_DATASET_{name}": place for name, place in spec.mounts.items()},
        "CUDA_VISIBLE_DEVICES": cards,
        "MADANG_CARDS": str(len(placed.cards)),
        "MADANG_JOB": spec.key,
        "MADANG_OUTPUTS": str(scratch / "outputs"),
        **({"SLURM_ARRAY_TASK_ID": str(spec.task)} if spec.array else {}),
    }


def _group_of(user: str) -> str | int | None:
    if not user:
        return None
    return pwd.getpwnam(user).pw_gid


def _number_of(user: str) -> int:
    return pwd.getpwnam(user).pw_uid if user else os.geteuid()


def _give_to(folder: Path, user: str) -> None:
    """The folder itself last: before that no other job of the same user can reach into it and
    put a link where a file is about to be given."""
    if user:
        for path in (*folder.rglob("*"), folder):
            shutil.chown(path, user, _group_of(user))
    folder.chmod(0o700)


def _confine(limits: Limits) -> None:
    """In the child, before it becomes the job. It dies with its keeper."""
    LIBC.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    for kind, most in (
        (resource.RLIMIT_AS, limits.memory_bytes_max),
        (resource.RLIMIT_NPROC, limits.processes_max),
        (resource.RLIMIT_FSIZE, limits.file_bytes_max),
        (resource.RLIMIT_NOFILE, limits.open_files_max),
        (resource.RLIMIT_CORE, 0),
    ):
        _, hard = resource.getrlimit(kind)
        allowed = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(kind, (allowed, allowed))
    os.umask(0o077)


def _stop(child: subprocess.Popen[bytes]) -> int:
    """Ask first, then insist."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
    try:
        return child.wait(timeout=GRACE_S)
    except subprocess.TimeoutExpired:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(child.pid, signal.SIGKILL)
        return child.wait()


def _end_all(keeper: int) -> None:
    """Kill whatever the job has left behind, until nothing is left."""
    while True:
        left = [int(one) for one in _children(keeper)]
        if not left:
            return
        for pid in left:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for pid in left:
            with contextlib.suppress(ChildProcessError):
                os.waitpid(pid, 0)


def _children(pid: int) -> list[str]:
    return Path(f"/proc/{pid}/task/{pid}/children").read_text().split()


def main(words: list[str]) -> None:
    root, job = Path(words[0]), Path(words[0]) / "jobs" / words[1]
    os.chdir("/")
    LIBC.prctl(PR_SET_CHILD_SUBREAPER, 1)
    Keeper(root, job).run()
    os.close(int(words[2]))  # the cards are free from here on
    pump(root)


if __name__ == "__main__":
    main(sys.argv[1:])
