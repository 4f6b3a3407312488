"""Which process of which boot of which host: what makes a death certain."""

from __future__ import annotations

import os
from pathlib import Path
from uuid import UUID

from madang.core.ids import uuid7

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_START_FIELD = 19  # of /proc/PID/stat, counted after the command's closing bracket


def host_id(data_dir: Path) -> UUID:
    """The name of this data folder's till, made at first use and kept for good."""
    path = data_dir / "journal" / "host"
    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return UUID(path.read_text())
    with os.fdopen(handle, "w") as file:
        file.write(str(uuid7()))
        file.flush()
        os.fsync(handle)
    return UUID(path.read_text())


def boot_id() -> str:
    """Changes with every boot of the machine."""
    return _BOOT_ID.read_text().strip()


def started_ticks(pid: int) -> int | None:
    """When a process started, in ticks since the boot; None when there is no such process."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return None
    state, *rest = stat.rpartition(")")[2].split()
    return None if state in "ZX" else int(rest[_START_FIELD - 1])


def is_alive(*, pid: int, ticks: int, boot: str) -> bool:
    """True while this very process runs: same boot, same pid, same start."""
    return boot == boot_id() and started_ticks(pid) == ticks
