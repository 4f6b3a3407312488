"""Taking over what a job left in its folder of outputs, when nothing of the job runs any more.

The folder was the job's own: its names, depths, links and owners are whatever the job, or
another one of the same user, has made of them. So every step goes through a descriptor and
never through a link, a file of somebody else's stays where it is, and nothing that lies there
keeps the keeper from writing down the end of its job.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from madang.compute.engines.local.store import Limits

DEPTH_MAX = 32
"""Folders within folders. What lies deeper is not collected."""

TOLD_MAX = 100
"""Lines of the log for what is left out; one more says how many others there are."""

PIECE_BYTES = 1 << 20
PLAIN = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
FOLDER = PLAIN | os.O_DIRECTORY


@dataclass(frozen=True, slots=True)
class Found:
    """A file by its path in the folder, opened; or without a descriptor, what is left out."""

    path: str
    handle: int | None = None


def collect(scratch: int, target: Path, told: Path, limits: Limits, *, owner: int) -> None:
    """Copy plain files of the folder `outputs` in `scratch`, up to a number and a sum of
    bytes; what is left out is said in the log. Raises nothing that a job could bring about."""
    try:
        folder = os.open("outputs", FOLDER, dir_fd=scratch)
    except OSError:
        return
    try:
        _tell(told, _left_out(folder, target, limits, owner))
    finally:
        os.close(folder)


def _left_out(folder: int, target: Path, limits: Limits, owner: int) -> Iterator[str]:
    """What was not copied while the rest was."""
    number, left = limits.outputs_max, limits.outputs_bytes_max
    for found in _files(folder, "", 0, owner):
        if found.handle is None:
            yield found.path
            continue
        try:
            size = os.fstat(found.handle).st_size
            fits = number > 0 and size <= left
            if not (fits and _copied(found.handle, target / found.path, size)):
                yield found.path
                continue
        finally:
            os.close(found.handle)
        number, left = number - 1, left - size


def _files(folder: int, above: str, depth: int, owner: int) -> Iterator[Found]:
    """Every plain file of the job's, by its name; neither links nor what is no file."""
    for name in sorted(_names(folder)):
        path = f"{above}{name}"
        try:
            kind = os.stat(name, dir_fd=folder, follow_symlinks=False).st_mode
            if not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
                continue
            handle = os.open(name, FOLDER if stat.S_ISDIR(kind) else PLAIN, dir_fd=folder)
        except OSError:
            yield Found(path)
            continue
        if stat.S_ISDIR(kind):
            yield from _below(handle, f"{path}/", depth + 1, owner)
        elif _is_of(owner, handle):
            yield Found(path, handle)
        else:
            os.close(handle)
            yield Found(path)


def _below(folder: int, path: str, depth: int, owner: int) -> Iterator[Found]:
    try:
        if depth > DEPTH_MAX:
            yield Found(path)
        else:
            yield from _files(folder, path, depth, owner)
    finally:
        os.close(folder)


def _names(folder: int) -> list[str]:
    with suppress(OSError):
        return os.listdir(folder)
    return []


def _is_of(owner: int, handle: int) -> bool:
    """Nobody hands over a file of somebody else's by giving it a second name here."""
    found = os.fstat(handle)
    return stat.S_ISREG(found.st_mode) and found.st_uid == owner


def _copied(handle: int, place: Path, size: int) -> bool:
    """Whole, or not at all: a name may be too long, a disk full."""
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        with place.open("xb") as copy:
            while size > 0 and (piece := os.read(handle, min(PIECE_BYTES, size))):
                copy.write(piece)
                size -= len(piece)
    except OSError:
        with suppress(OSError):
            place.unlink()
        return False
    return True


def _tell(told: Path, left_out: Iterator[str]) -> None:
    shown: list[str] = []
    more = 0
    for path in left_out:
        if len(shown) < TOLD_MAX:
            shown.append(_shown(path))
        else:
            more += 1
    shown += [f"{more} more"] if more else []
    with suppress(OSError), told.open("a", encoding="utf-8") as log:
        log.writelines(f"madang: not collected: {one}\n" for one in shown)


def _shown(path: str) -> str:
    """On one line, and in letters that every log can hold."""
    return "".join(one if one.isprintable() else "?" for one in path)
