"""The folder that a get fills: finished files under their names, begun ones aside.

Begun files lie in `.madang` beside the finished ones, on the same disk, and are renamed when
their last block was hashed; nothing lies there twice. A list of what is finished spares a
resumed get from hashing it again. Both are gone when the get is done.
"""

from __future__ import annotations

import errno
import fcntl
import hashlib
import json
import os
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from madang.datahub.client.manifest import Item
from madang.datahub.errors import DiskFull, TargetBlocked, TargetInUse

ASIDE = ".madang"
PIECE_BYTES = 4 * 1024 * 1024


class Target:
    """One folder. Its lock is held for the time of the get; a killed process drops it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._aside = folder / ASIDE
        self._finished: dict[str, list[int]] = {}
        self._log: IO[str] | None = None
        self._writing = threading.Lock()
        self._made: set[Path] = set()

    @contextmanager
    def held(self, *, resume: bool) -> Iterator[str]:
        """Answers the commit that was begun here, or nothing. Raises TargetInUse."""
        is_new = not self.folder.exists()
        with _told(self.folder):
            self.folder.mkdir(parents=True, exist_ok=True)
        if not resume and any(self.folder.iterdir()):
            raise TargetInUse(folder=str(self.folder))
        with _told(self.folder):
            self._aside.mkdir(exist_ok=True)
        with (self._aside / "lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except OSError as err:
                raise TargetInUse(folder=str(self.folder)) from err
            try:
                yield self._read_log()
            finally:
                if self._log is not None:
                    self._log.close()
                else:
                    self._leave_nothing(is_new)

    def _leave_nothing(self, is_new: bool) -> None:
        """A get that was refused before it began is no get: the next one finds no trace."""
        if [one.name for one in self._aside.iterdir()] != ["lock"]:
            return
        shutil.rmtree(self._aside)
        if is_new and not any(self.folder.iterdir()):
            self.folder.rmdir()

    def begin(self, commit: str) -> None:
        """From here on what is finished is written down for this commit."""
        path = self._aside / "finished"
        if self._read_log() != commit:
            self._finished = {}
            path.write_text(json.dumps({"commit": commit}) + "\n")
        self._log = path.open("a", buffering=1)

    def _read_log(self) -> str:
        """The last line may be torn; what it names is hashed again."""
        path = self._aside / "finished"
        if not path.is_file():
            return ""
        commit = ""
        for line in path.read_text(errors="replace").splitlines():
            try:
                row = json.loads(line)
            except ValueError:
                continue
            if isinstance(row, dict):
                commit = str(row.get("commit", commit))
            elif isinstance(row, list):
                self._finished[str(row[0])] = row[1:]
        return commit

    def has(self, item: Item) -> bool:
        """Finished before: as it was written down, or else by its digest."""
        path = self.folder / item.path
        try:
            found = path.lstat()
        except OSError:
            return False
        if not path.is_file() or path.is_symlink() or found.st_size != item.size:
            return False
        if self._finished.get(item.path) == [found.st_size, found.st_mtime_ns]:
            return True
        if _sha256(path) != item.sha256:
            return False
        self._note(item.path, found)
        return True

    def begun(self, item: Item) -> Path:
        """Where an unfinished file lies; the name says which, whatever characters are in it."""
        return self._aside / f"{hashlib.sha256(item.path.encode()).hexdigest()[:32]}.part"

    def keep(self, item: Item, data: bytes) -> None:
        """A small file whose bytes were checked."""
        part = self.begun(item)
        with _told(part, item.size):
            part.write_bytes(data)
        self.finish(item)

    def finish(self, item: Item) -> None:
        """Give a begun file its name. What stood there is replaced."""
        path = self.folder / item.path
        with _told(path):
            if path.parent not in self._made:
                path.parent.mkdir(parents=True, exist_ok=True)
                self._made.add(path.parent)
            self.begun(item).replace(path)
            self._note(item.path, path.lstat())

    def _note(self, path: str, found: os.stat_result) -> None:
        line = json.dumps([path, found.st_size, found.st_mtime_ns]) + "\n"
        with self._writing:
            if self._log is not None:
                self._log.write(line)

    def need_room(self, wanted: int) -> None:
        """Raises DiskFull before a byte is fetched."""
        free = shutil.disk_usage(self.folder).free
        if free < wanted:
            raise DiskFull(folder=str(self.folder), wanted=wanted, free=free)

    def done(self) -> None:
        """Leave nothing but the files."""
        shutil.rmtree(self._aside)


@contextmanager
def _told(path: Path, wanted: int = 0) -> Iterator[None]:
    """The disk's refusals in words. Raises DiskFull, TargetBlocked."""
    try:
        yield
    except OSError as err:
        raise disk_refusal(err, path, wanted) from err


def disk_refusal(err: OSError, path: Path, wanted: int) -> DiskFull | TargetBlocked:
    if err.errno in {errno.ENOSPC, errno.EDQUOT}:
        return DiskFull(folder=str(path), wanted=wanted, free=0)
    return TargetBlocked(path=str(path), reason=str(err.strerror))


def _sha256(path: Path) -> bytes:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").digest()
