"""The local engine behind the interface of all engines."""

from __future__ import annotations

import os
import pwd
import shutil
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from madang.compute.engines.local import store
from madang.compute.engines.local.queue import pump, pump_locked
from madang.compute.engines.local.store import Moment, Setup, Spec, clock_of
from madang.compute.engines.types import (
    AttemptFact,
    Caps,
    Cursor,
    Discrepancy,
    GrantRef,
    GrantSpec,
    JobRef,
    JobSpec,
    RunState,
)
from madang.compute.errors import EngineRefused, UserForbidden
from madang.core.clock import is_test_mode

TAIL_BYTES_MAX = 1 << 20
CONTAINERS = "apptainer"
"""What runs an image. Without it a job would end at once, and be charged for its second."""


class LocalEngine:
    """Processes of this machine. `root` is a folder of the platform's, closed to jobs."""

    def __init__(self, id: str, root: Path, setup: Setup) -> None:
        self._id, self._root, self._setup = id, root, setup
        self._clock = clock_of(setup)
        _check_user(setup.user)
        store.prepare(root, setup)

    @property
    def id(self) -> str:
        return self._id

    def capabilities(self) -> Caps:
        return Caps(
            can_preempt=False, can_suspend=False, has_hard_quota=False, time_limit_step_s=1,
            clock="machine",
        )  # fmt: skip

    def ensure_grant(self, grant: GrantSpec) -> GrantRef:
        with store.locked(self._root):
            held = store.read_account(self._root, grant.account)
            wanted = msgspec.structs.replace(held, gres=grant.gres, cards_max=grant.cards_max)
            if wanted != held:
                store.write_account(self._root, grant.account, wanted)
        return GrantRef(grant.account, self._setup.user)

    def set_budget(
        self, ref: GrantRef, *, gpu_seconds: int, cards_max: int, not_after: datetime
    ) -> None:
        """Its cards alone: time and last day are the platform's to keep, and this engine has no
        fence behind it (`has_hard_quota`)."""
        self._change(ref, cards_max=cards_max)

    def freeze(self, ref: GrantRef, reason: str) -> None:
        self._change(ref, frozen=reason or "frozen")

    def thaw(self, ref: GrantRef) -> None:
        self._change(ref, frozen="")
        pump(self._root)

    def _change(self, ref: GrantRef, **values: int | str) -> None:
        with store.locked(self._root):
            held = store.read_account(self._root, ref.account)
            changed = msgspec.structs.replace(held, **values)
            store.write_account(self._root, ref.account, changed)

    def submit(
        self, spec: JobSpec, key: str, *, since: datetime, is_first: bool = False
    ) -> JobRef:
        with store.locked(self._root):
            found = store.read_spec(store.folder_of(self._root, key))
            if found is None:
                found = self._create(spec, key)
                pump_locked(self._root)
        return _ref(found)

    def _create(self, spec: JobSpec, key: str) -> Spec:
        account = store.read_account(self._root, spec.grant.account)
        if account.frozen:
            raise EngineRefused(site=self._id, reason=account.frozen)
        if spec.cards > min(self._setup.cards, account.cards_max):
            raise EngineRefused(site=self._id, reason="more cards than there are")
        if spec.image and shutil.which(CONTAINERS) is None:
            reason = f"no {CONTAINERS} on this machine to run images"
            raise EngineRefused(site=self._id, reason=reason)
        fresh = Spec(
            store.next_id(self._root), key, spec.grant.account, spec.name, spec.cards,
            spec.time_limit_s, spec.script, dict(spec.environment), dict(spec.mounts),
            _ms(self._clock.now()), spec.array,
        )  # fmt: skip
        store.create(self._root, fresh)
        return fresh

    def find(self, key: str, ref: GrantRef, *, since: datetime) -> JobRef | None:
        found = store.read_spec(store.folder_of(self._root, key))
        return None if found is None or found.account != ref.account else _ref(found)

    def arrivals(
        self, ref: GrantRef, *, since: datetime, whole: bool = True
    ) -> list[AttemptFact]:
        """None: a job stands in the folder of its key, and no job can move that."""
        return []

    def status(self, refs: Sequence[JobRef]) -> list[AttemptFact]:
        pump(self._root)
        return [fact for ref in refs for fact in self._facts_of(ref)]

    def _facts_of(self, ref: JobRef) -> list[AttemptFact]:
        tasks = store.folders_of(self._root, ref.key)
        if not tasks or str(tasks[0][1].id) != ref.job_id:
            at = ref.submitted_at or self._clock.now()
            unknown = AttemptFact(
                ref.job_id, ref.key, ref.grant.account, 0, at, None, None, 0,
                RunState.UNKNOWN, "controller",
            )  # fmt: skip
            return [unknown]
        return [_fact(job, spec, "controller") for job, spec in tasks]

    def cancel(self, ref: JobRef, reason: str, *, grace_s: int) -> None:
        with store.locked(self._root):
            first = store.read_spec(store.folder_of(self._root, ref.key))
            if first is not None:
                store.lay_out_tasks(self._root, first)
            for job, _ in store.folders_of(self._root, ref.key):
                self._cancel(job, reason)

    def _cancel(self, job: Path, reason: str) -> None:
        if (job / "end.json").exists():
            return
        if store.read_placed(job) is None:
            ended = Moment(_ms(self._clock.now()), RunState.CANCELLED.value)
            store.write_moment(job / "end.json", ended)
        else:
            store.write_whole(job / "cancel", reason.encode())

    def usage(self, cursor: Cursor) -> tuple[list[AttemptFact], Cursor]:
        """Jobs that ended at or after the cursor, and those still open. The cursor stays
        behind the oldest that is open."""
        pump(self._root)
        since_ms = int(cursor or 0) * 1000
        facts, open_ms = [], _ms(self._clock.now())
        for job, spec in store.jobs(self._root):
            fact = _fact(job, spec, "accounting")
            if fact.ended_at is None:
                open_ms = min(open_ms, spec.submitted_ms)
            elif _ms(fact.ended_at) < since_ms:
                continue
            facts.append(fact)
        reached_ms = max(since_ms, min(open_ms, _ms(self._clock.now()) - OVERLAP_MS))
        return facts, str(reached_ms // 1000)

    def reconcile(self, since: datetime, until: datetime) -> list[Discrepancy]:
        """The folder is the only book: a keeper's record against the lock that it holds."""
        pump(self._root)
        return []

    def log(self, ref: JobRef, *, bytes_max: int) -> str:
        """Of an array what each task wrote, one after another."""
        tasks = store.folders_of(self._root, ref.key)
        most = min(bytes_max, TAIL_BYTES_MAX) // max(len(tasks), 1)
        return "".join(_tail(job / "log", most) for job, _ in tasks)

    def outputs(self, ref: JobRef) -> Path:
        """Where the job's outputs were collected; those of a task under its number."""
        return store.folder_of(self._root, ref.key) / "outputs"


OVERLAP_MS = 60_000


def _tail(path: Path, bytes_max: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        file.seek(max(0, size - bytes_max))
        return file.read().decode("utf-8", "replace")


def _check_user(user: str) -> None:
    """Other people's code runs as somebody else, unless this is a demonstration or a test."""
    if user == "root":
        raise UserForbidden(user=user, reason="name a user that administers nothing")
    if not user and not is_test_mode():
        reason = "declare the site with a user for jobs, and start the platform as root"
        raise UserForbidden(user="platform", reason=reason)
    if user and not user_is_here(user):
        raise UserForbidden(user=user, reason="no such user on this machine")
    if user and os.geteuid() != 0:
        reason = "only root can start jobs as another user: start the platform as root"
        raise UserForbidden(user=user, reason=reason)


def user_is_here(user: str) -> bool:
    """A keeper that could not become its job's user would be a node that failed."""
    try:
        pwd.getpwnam(user)
    except KeyError:
        return False
    return True


def _ref(spec: Spec) -> JobRef:
    grant = GrantRef(spec.account, "")
    return JobRef(str(spec.id), spec.key, grant, _at(spec.submitted_ms))


def _fact(job: Path, spec: Spec, source: str) -> AttemptFact:
    start = store.read_moment(job / "start.json")
    end = store.read_moment(job / "end.json")
    placed = store.read_placed(job)
    state = RunState.PENDING if start is None else RunState.RUNNING
    if end is not None:
        state = RunState(end.state)
    started_at = _at(start.at_ms) if start else None
    ended_at = None if end is None else _at(end.at_ms or spec.submitted_ms)
    return AttemptFact(
        spec.name_in_books, spec.key, spec.account, len(placed.cards) if placed else 0,
        _at(spec.submitted_ms), started_at, ended_at, 0, state, source,
        node_list="local", evidence=f"exit {end.exit_code}" if end else "",
    )  # fmt: skip


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


def _at(ms: int) -> datetime:
    return datetime.fromtimestamp(ms / 1000, UTC)
