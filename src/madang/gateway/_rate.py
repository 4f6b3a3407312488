"""Request rates: approximate counters, kept apart from money.

A sliding window from two fixed ones: the share of the last minute that still counts, plus this
minute. Each worker writes what it admits onto a board of its own, a small shared file, and
adds what the boards of the host's other workers say. Nobody waits for anybody, so a few
requests at the same instant may pass beyond a limit.
"""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from struct import Struct

WINDOW_S = 60
SLOTS = 1 << 16
_SLOT = Struct("<IIII")  # key_no, minute, count, the minute before
_BOARD_BYTES = SLOTS * _SLOT.size


@dataclass(frozen=True, slots=True)
class BoardStatistics:
    others: int


class RateBoard:
    """One worker's own board, and those of the others to look at."""

    def __init__(self, folder: Path, worker: int) -> None:
        self._folder = folder
        self._name = f"rates-w{worker:03d}"
        self._others: dict[str, mmap.mmap] = {}
        folder.mkdir(parents=True, exist_ok=True)
        fd = os.open(folder / self._name, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, _BOARD_BYTES)
            self._mine = mmap.mmap(fd, _BOARD_BYTES)
        finally:
            os.close(fd)
        self.refresh()

    def refresh(self) -> None:
        """Look for boards of workers that came since; called once in a while."""
        for path in self._folder.glob("rates-w*"):
            if path.name != self._name and path.name not in self._others:
                self._look_at(path)

    def _look_at(self, path: Path) -> None:
        with path.open("rb") as file:
            if os.fstat(file.fileno()).st_size == _BOARD_BYTES:
                board = mmap.mmap(file.fileno(), _BOARD_BYTES, access=mmap.ACCESS_READ)
                self._others[path.name] = board

    def write(self, key_no: int, minute: int, count: int, before: int) -> None:
        place = key_no % SLOTS * _SLOT.size
        _SLOT.pack_into(self._mine, place, key_no, minute, count, before)

    def read_others(self, key_no: int, minute: int) -> Iterable[tuple[int, int]]:
        """This minute's and the last one's count of a key, on each other board."""
        place = key_no % SLOTS * _SLOT.size
        for board in self._others.values():
            number, then, count, before = _SLOT.unpack_from(board, place)
            if number == key_no and then == minute:
                yield count, before
            elif number == key_no and then == minute - 1:
                yield 0, count

    def close(self) -> None:
        for board in (self._mine, *self._others.values()):
            board.close()

    def statistics(self) -> BoardStatistics:
        return BoardStatistics(others=len(self._others))


class RateWindow:
    """The requests of one key, as this worker counts them."""

    __slots__ = ("_before", "_board", "_count", "_key_no", "_minute")

    def __init__(self, key_no: int, board: RateBoard) -> None:
        self._key_no = key_no
        self._board = board
        self._minute = -1
        self._count = 0
        self._before = 0

    def admit(self, now_s: float, rpm_max: int) -> bool:
        """Count one request if it fits."""
        minute = int(now_s // WINDOW_S)
        if minute != self._minute:
            self._before = self._count if minute == self._minute + 1 else 0
            self._minute, self._count = minute, 0
        count, before = self._count, self._before
        for other_count, other_before in self._board.read_others(self._key_no, minute):
            count += other_count
            before += other_before
        share = 1.0 - (now_s % WINDOW_S) / WINDOW_S
        if before * share + count + 1 > rpm_max:
            return False
        self._count += 1
        self._board.write(self._key_no, minute, self._count, self._before)
        return True

    def retry_after_s(self, now_s: float) -> int:
        """Whole seconds until this minute is over: by then a request fits again."""
        return int(WINDOW_S - now_s % WINDOW_S) + 1
