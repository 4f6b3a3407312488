"""One writer in a scan's folder at a time, and a name for a disk that takes no more.

The hold is the kernel's, on the folder itself: nothing is written for it, and a kill ends it.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from madang.rights.errors import OutputUnwritable, ScanBusy

DISK = (
    *(errno.ENOSPC, errno.EFBIG, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM),
    errno.EIO,
)


HOLDLESS = (errno.ENOSYS, errno.EOPNOTSUPP, errno.ENOLCK, errno.EINVAL, errno.EBADF)
NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.EISDIR)  # of a file that is to be made


@contextmanager
def held(folder: Path) -> Iterator[None]:
    """The folder, made when it is not there. Raises ScanBusy, OutputUnwritable."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handle = os.open(folder, os.O_RDONLY)
    except OSError as err:
        raise _unwritable(folder, err) from err
    try:
        _hold(handle, folder)
        with named(folder):
            yield
    finally:
        os.close(handle)


def _hold(handle: int, folder: Path) -> None:
    """Where the file system knows no holds, none is taken: a scan there went well before."""
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as err:
        raise ScanBusy(file=str(folder)) from err
    except OSError as err:
        if err.errno not in HOLDLESS:
            raise _unwritable(folder, err) from err


@contextmanager
def named(folder: Path, *more: int) -> Iterator[None]:
    """What the disk below refuses, by name; every other fault as it is, but for some more."""
    try:
        yield
    except OSError as err:
        if err.errno not in (*DISK, *more):
            raise
        raise _unwritable(folder, err) from err


def _unwritable(folder: Path, err: OSError) -> OutputUnwritable:
    reason = os.strerror(err.errno) if err.errno else str(err)
    return OutputUnwritable(file=str(folder), reason=reason)
