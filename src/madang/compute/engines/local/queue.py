"""Starting what fits: first come, first served, nothing more."""

from __future__ import annotations

import contextlib
import os
import sys
from pathlib import Path

import msgspec

import madang
from madang.compute.engines.local import store
from madang.compute.engines.local.leftovers import clear_away
from madang.compute.engines.local.store import Moment, Placed, Spec
from madang.compute.engines.types import RunState


def pump(root: Path) -> None:
    """Close what lost its keeper, then start the head of the queue as long as it fits."""
    with store.locked(root):
        pump_locked(root)


def pump_locked(root: Path) -> None:
    _reap()
    setup = store.read_setup(root)
    free = set(range(setup.cards))
    waiting: list[tuple[Path, Spec]] = []
    busy: dict[str, int] = {}
    for job, spec in _laid_out(root):
        if (job / "end.json").exists():
            continue
        placed = store.read_placed(job)
        if placed is None:
            waiting.append((job, spec))
        elif not _close_if_lost(job):
            free -= set(placed.cards)
            busy[spec.account] = busy.get(spec.account, 0) + len(placed.cards)
    for job, spec in waiting:
        account = store.read_account(root, spec.account)
        if account.frozen or busy.get(spec.account, 0) + spec.cards > account.cards_max:
            continue  # its own grant is in the way, not the machine: others may pass
        if spec.cards > len(free):
            break
        cards = sorted(free)[: spec.cards]
        free -= set(cards)
        busy[spec.account] = busy.get(spec.account, 0) + spec.cards
        _start(root, job, cards)


def _laid_out(root: Path) -> list[tuple[Path, Spec]]:
    """All jobs, with every task of every array."""
    found = store.jobs(root)
    made = [store.lay_out_tasks(root, spec) for _, spec in found if spec.task == 0]
    return store.jobs(root) if any(made) else found


def _close_if_lost(job: Path) -> bool:
    """True when the keeper died without a word: the job ends at its last sign of life, and
    nothing of it goes on when its cards are given to the next."""
    life = store.take_life(job)
    if life is None:
        return False
    try:
        if not (job / "end.json").exists():
            if (scratch := store.read_scratch(job)) is not None:
                clear_away(scratch)
            last = store.read_moment(job / "beat.json") or store.read_moment(job / "start.json")
            at_ms = last.at_ms if last else 0
            store.write_moment(
                job / "end.json", Moment(at_ms, RunState.NODE_FAIL.value, exit_code=-1)
            )
    finally:
        os.close(life)
    return True


def _start(root: Path, job: Path, cards: list[int]) -> None:
    """The keeper inherits the job's lock: there is no instant at which it seems lost."""
    life = store.take_life(job)
    if life is None:
        return
    store.write_whole(job / "placed.json", msgspec.json.encode(Placed(cards)))
    words = [sys.executable, "-m", f"{__package__}.keeper", str(root), job.name, str(life)]
    os.set_inheritable(life, True)  # noqa: FBT003  its own signature
    told = os.open(job / "keeper.log", os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
    nowhere = os.open(os.devnull, os.O_RDWR)
    doors = [(os.POSIX_SPAWN_DUP2, nowhere, 0), (os.POSIX_SPAWN_DUP2, nowhere, 1),
             (os.POSIX_SPAWN_DUP2, told, 2)]  # fmt: skip
    home = str(Path(madang.__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": home}
    try:
        pid = os.posix_spawn(
            sys.executable, words, environment, file_actions=doors, setsid=True
        )
        _keepers.append(pid)
    finally:
        for handle in (life, told, nowhere):
            os.close(handle)


_keepers: list[int] = []
"""Started by this process: they outlive it, or are taken from the kernel's list by the next
look at the queue."""


def _reap() -> None:
    for pid in list(_keepers):
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) == (0, 0):
                continue
        _keepers.remove(pid)
