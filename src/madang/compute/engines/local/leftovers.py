"""What is left of a job whose keeper was killed: the kernel has killed the job's own process,
and nothing that it had started. Told by the scratch folder, which nobody else is told of."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

LOOKS_MAX, LOOK_S = 50, 0.02
"""A process that waits for a disk does not end at once; the queue waits a second for it."""


def clear_away(scratch: Path) -> None:
    """End every process that was told of the folder, then take the folder away. Safe to do
    again."""
    for _ in range(LOOKS_MAX):
        found = list(_processes_of(scratch))
        if not found:
            break
        for pid in found:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(LOOK_S)
    remove(scratch)


def remove(scratch: Path) -> None:
    """However deep a job has made it."""
    try:
        shutil.rmtree(scratch, ignore_errors=True)
    except RecursionError:
        subprocess.run(["rm", "-rf", "--", str(scratch)], check=False)


def _processes_of(scratch: Path) -> Iterator[int]:
    word = b"MADANG_OUTPUTS=" + os.fsencode(scratch / "outputs")
    for place in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word in (place / "environ").read_bytes().split(b"\0"):
                yield int(place.name)
