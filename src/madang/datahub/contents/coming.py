"""An object of the store while it is written: it has no name before it is whole and durable.

In a folder it is a file without a name, so whatever ends an upload, a kill among it, leaves
nothing behind. For S3, and where a file system has no such files, it is held in memory.
"""

from __future__ import annotations

import errno
import os
import secrets
import weakref
from collections.abc import Sequence
from pathlib import Path
from typing import Protocol

import obstore
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore

from madang.datahub.errors import StoreUnwell
from madang.datahub.store.hashes import Piece

WRITTEN_AT_ONCE = 32
"""Parts, some mebibyte: for more in one call the system looks for so much memory in one piece,
which costs more than the writing when memory is in pieces."""

NO_SUCH_FILES = {errno.EOPNOTSUPP, errno.EISDIR, errno.EINVAL}


class Coming(Protocol):
    """What is being written, in one thread at a time."""

    def write(self, parts: Sequence[Piece]) -> None:
        """Behind what was written before; once it has returned the parts may change.

        Raises StoreUnwell.
        """

    def keep(self, path: str) -> None:
        """Durable first, then under this name, for good. Raises StoreUnwell."""


def begin(store: ObjectStore, folder: str) -> Coming:
    """A new object below this folder. Raises StoreUnwell."""
    root = folder_of(store)
    if root is None:
        return _Held(store)
    try:
        return _Nameless(root, _opened(root / folder))
    except OSError as err:
        if err.errno in NO_SUCH_FILES:
            return _Held(store)
        raise unwell(err) from err


def folder_of(store: ObjectStore) -> Path | None:
    """Where a store of files lies; None for any other."""
    prefix = store.prefix if isinstance(store, LocalStore) else None
    return None if prefix is None else Path(prefix)


def unwell(err: Exception) -> StoreUnwell:
    return StoreUnwell(reason=(str(err) or type(err).__name__).splitlines()[0][:200])


def _opened(folder: Path) -> int:
    if _made(folder):
        _sync_folder(folder.parent)
    return os.open(folder, os.O_TMPFILE | os.O_WRONLY | os.O_CLOEXEC, 0o644)


class _Nameless:
    """A file that vanishes with its descriptor, unless it was given a name."""

    def __init__(self, root: Path, descriptor: int) -> None:
        self._root = root
        self._descriptor = descriptor
        self._close = weakref.finalize(self, os.close, descriptor)

    def write(self, parts: Sequence[Piece]) -> None:
        try:
            for start in range(0, len(parts), WRITTEN_AT_ONCE):
                _write_all(self._descriptor, parts[start : start + WRITTEN_AT_ONCE])
        except OSError as err:
            raise unwell(err) from err

    def keep(self, path: str) -> None:
        place = self._root / path
        try:
            os.fsync(self._descriptor)
            is_new = _made(place.parent)
            _name(self._descriptor, place)
            _sync_folder(place.parent)
            if is_new:
                _sync_folder(place.parent.parent)
        except OSError as err:
            raise unwell(err) from err
        finally:
            self._close()


class _Held:
    """Bytes in memory, put as one object."""

    def __init__(self, store: ObjectStore) -> None:
        self._store = store
        self._parts: list[bytes] = []

    def write(self, parts: Sequence[Piece]) -> None:
        self._parts.append(b"".join(parts))

    def keep(self, path: str) -> None:
        try:
            obstore.put(self._store, path, b"".join(self._parts))
            if (root := folder_of(self._store)) is not None:
                _sync_file(root / path)
                _sync_folder((root / path).parent)
                _sync_folder((root / path).parent.parent)
        except (BaseError, OSError) as err:
            raise unwell(err) from err


def _write_all(descriptor: int, parts: Sequence[Piece]) -> None:
    """The system may take less than it is given."""
    left = sum(len(part) for part in parts) - os.writev(descriptor, parts)
    if not left:
        return
    rest = memoryview(b"".join(parts))[-left:]
    while rest:
        rest = rest[os.write(descriptor, rest) :]


def _made(folder: Path) -> bool:
    try:
        folder.mkdir()
    except FileExistsError:
        return False
    return True


def _name(descriptor: int, place: Path) -> None:
    """An object of that name may be there, torn by a crash long ago: this one is whole."""
    source = f"/proc/self/fd/{descriptor}"
    folder = os.open(place.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        try:  # with a folder's descriptor the link of /proc is followed
            os.link(source, place.name, dst_dir_fd=folder, follow_symlinks=True)
        except FileExistsError:
            other = f"{place.name}#{secrets.randbelow(10**9)}"  # such names are not listed
            os.link(source, other, dst_dir_fd=folder, follow_symlinks=True)
            os.rename(other, place.name, src_dir_fd=folder, dst_dir_fd=folder)
    finally:
        os.close(folder)


def _sync_file(path: Path) -> None:
    _sync(path, os.O_RDONLY)


def _sync_folder(path: Path) -> None:
    _sync(path, os.O_RDONLY | os.O_DIRECTORY)


def _sync(path: Path, flags: int) -> None:
    descriptor = os.open(path, flags | os.O_CLOEXEC)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
