"""The queue as a folder: every change under one lock, every file written whole or not at all.

ROOT/setup.json   cards, user, limits            ROOT/lock   held for every change
ROOT/grants/ACCOUNT.json   budget, frozen        ROOT/next   the last job id
ROOT/jobs/SHA-OF-KEY/   of an array its first task; the others have folders of their own
    spec.json     the job; its appearance is the submission
    placed.json   the cards it was given: from here on it has a keeper
    alive         locked by the keeper as long as it lives
    start.json beat.json end.json   written by the keeper, by its clock
    scratch       where the keeper lets it work; it takes the folder away itself
    cancel        asks the keeper to end it
    log outputs/  what the job wrote
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path

import msgspec

from madang.core.clock import Clock, SystemClock, clock_for


@dataclass(frozen=True, slots=True)
class Limits:
    """What a job may take of the machine besides cards and time."""

    memory_bytes_max: int = 8 << 30
    processes_max: int = 512
    file_bytes_max: int = 4 << 30
    open_files_max: int = 1024
    outputs_bytes_max: int = 1 << 30
    outputs_max: int = 1000


@dataclass(frozen=True, slots=True)
class Setup:
    """How a site of one machine is made. `user` empty: jobs run as the platform's own user,
    which only a demonstration or a test may do."""

    cards: int
    user: str = ""
    clock_dir: str = ""
    limits: Limits = field(default_factory=Limits)


class Spec(msgspec.Struct, frozen=True):
    """What the folder keeps of a job, or of one task of an array of `array` tasks."""

    id: int
    key: str
    account: str
    name: str
    cards: int
    time_limit_s: int
    script: str
    environment: dict[str, str]
    mounts: dict[str, str]
    submitted_ms: int
    array: int = 0
    task: int = 0

    @property
    def name_in_books(self) -> str:
        """As Slurm names a task of an array: job, and which of its tasks."""
        return f"{self.id}_{self.task}" if self.array else str(self.id)


class Placed(msgspec.Struct, frozen=True):
    cards: list[int]


class Moment(msgspec.Struct, frozen=True):
    """`at_ms` is the engine's clock; `state` and `exit_code` stand in end.json alone."""

    at_ms: int
    state: str = ""
    exit_code: int = 0


class Account(msgspec.Struct, frozen=True):
    gres: str = ""
    cards_max: int = 0
    frozen: str = ""


def folder_of(root: Path, key: str, task: int = 0) -> Path:
    named = f"{key}\n{task}" if task else key
    return root / "jobs" / hashlib.sha256(named.encode()).hexdigest()[:32]


def folders_of(root: Path, key: str) -> list[tuple[Path, Spec]]:
    """The job, or every task of the array; nothing when nobody submitted it."""
    first = read_spec(folder_of(root, key))
    tasks = max(first.array, 1) if first else 0
    found = ((folder := folder_of(root, key, n), read_spec(folder)) for n in range(tasks))
    return [(folder, spec) for folder, spec in found if spec]


def prepare(root: Path, setup: Setup) -> None:
    """Make the folder, readable by its owner alone."""
    for name in ("jobs", "grants"):
        (root / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    root.chmod(0o700)
    write_whole(root / "setup.json", json.dumps(asdict(setup)).encode())


def read_setup(root: Path) -> Setup:
    return msgspec.json.decode((root / "setup.json").read_bytes(), type=Setup)


def clock_of(setup: Setup) -> Clock:
    """The installation's clock where there is one: a test clock moves the engine, too."""
    return clock_for(Path(setup.clock_dir)) if setup.clock_dir else SystemClock()


@contextmanager
def locked(root: Path) -> Iterator[None]:
    with (root / "lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def write_whole(path: Path, content: bytes) -> None:
    """On disk before it is seen: a reader finds the whole content or no file."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(name, path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def write_moment(path: Path, moment: Moment) -> None:
    write_whole(path, msgspec.json.encode(moment))


def read_moment(path: Path) -> Moment | None:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Moment)
    except FileNotFoundError:
        return None


def read_scratch(job: Path) -> Path | None:
    try:
        return Path((job / "scratch").read_text())
    except FileNotFoundError:
        return None


def read_spec(job: Path) -> Spec | None:
    try:
        return msgspec.json.decode((job / "spec.json").read_bytes(), type=Spec)
    except FileNotFoundError:
        return None


def read_placed(job: Path) -> Placed | None:
    try:
        return msgspec.json.decode((job / "placed.json").read_bytes(), type=Placed)
    except FileNotFoundError:
        return None


def read_account(root: Path, account: str) -> Account:
    path = root / "grants" / f"{account}.json"
    if not path.exists():
        return Account()
    return msgspec.json.decode(path.read_bytes(), type=Account)


def write_account(root: Path, name: str, account: Account) -> None:
    write_whole(root / "grants" / f"{name}.json", msgspec.json.encode(account))


def create(root: Path, spec: Spec) -> None:
    """The submission: a whole folder appears under the key's name. Locked by caller."""
    target = folder_of(root, spec.key, spec.task)
    fresh = Path(tempfile.mkdtemp(dir=root, prefix=".job-"))
    try:
        write_whole(fresh / "spec.json", msgspec.json.encode(spec))
        fresh.rename(target)
    except OSError:
        shutil.rmtree(fresh, ignore_errors=True)
        raise


def lay_out_tasks(root: Path, first: Spec) -> bool:
    """Make the other tasks of an array, the last one last: what a crash left out is made by
    the next look at the queue. True when there were some to make. Locked by caller."""
    if not first.array or folder_of(root, first.key, first.array - 1).exists():
        return False
    for task in range(1, first.array):
        if not folder_of(root, first.key, task).exists():
            create(root, msgspec.structs.replace(first, task=task))
    return True


def next_id(root: Path) -> int:
    """Locked by caller."""
    path = root / "next"
    number = int(path.read_text()) + 1 if path.exists() else 1
    write_whole(path, str(number).encode())
    return number


def jobs(root: Path) -> list[tuple[Path, Spec]]:
    """All jobs, and all tasks of arrays, in order of arrival."""
    found = ((job, read_spec(job)) for job in (root / "jobs").iterdir())
    told = ((job, spec) for job, spec in found if spec)
    return sorted(told, key=lambda one: (one[1].id, one[1].task))


def take_life(job: Path) -> int | None:
    """The descriptor of the job's lock, or None when its keeper lives. Passed on to a child,
    the lock is held as long as one of the two has it open."""
    handle = os.open(job / "alive", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(handle)
        return None
    return handle
