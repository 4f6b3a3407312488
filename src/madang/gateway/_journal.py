"""The worker's journal: what it promises is on file before anybody can see the effect.

Records of one loop tick go out in one write at our own offset; only when the write returned
its full length do the callbacks of those records run. A thread syncs to disk every few
milliseconds; a record that asks to be durable has its callback run after that.

Any failure to write or sync stops admission for good: a failed sync is never tried again and
believed, a short write is cut back to the border of a record.
"""

from __future__ import annotations

import asyncio
import os
from collections import deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from madang.gateway._log import log
from madang.wire.journal import SegmentName
from madang.wire.record import NO_UUID, RECORD_BYTES, RecordKind, pack

Callback = Callable[[], None]
Fields = tuple[
    int, int, int, bytes, bytes, bytes, int, int, int, int, int, int, int, int, int, int, int
]  # fmt: skip
"""kind, flags, attempt, call, voucher, hold, price set, est, cost, the four token classes,
at_us, key_no, other quantity, other unit."""
_NONE = NO_UUID.bytes


@dataclass(frozen=True, slots=True)
class JournalStatistics:
    records: int
    writes: int
    syncs: int
    segment: int
    offset: int
    waiting_durable: int
    callback_errors: int
    failed: str


class Journal:
    """Append-only segments of one worker in one epoch. Lives on one event loop."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        directory: Path,
        *,
        worker: int,
        epoch: int,
        segment_bytes: int,
        sync_interval_s: float,
        on_failure: Callable[[str], None],
    ) -> None:
        self.failed = ""
        self.epoch = epoch
        self.seq_next = 0
        self._loop = loop
        self._directory = directory
        self._worker = worker
        self._segment_bytes = segment_bytes
        self._sync_interval_s = sync_interval_s
        self._on_failure = on_failure
        self._records: list[bytes] = []
        self._callbacks: list[Callback] = []
        self._durable: deque[tuple[int, Callback]] = deque()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._number = 0
        self._offset = 0
        self._next_fd: int | None = None
        self._is_preparing = False
        self._is_syncing = False
        self._is_dirty = False
        self._counts = [0, 0, 0, 0]  # records, writes, syncs, callback errors
        directory.mkdir(parents=True, exist_ok=True)
        self._fd = _reserve(self._temporary, segment_bytes)
        os.replace(self._temporary, self._path(0))
        _sync_folder(directory)

    def append(
        self, fields: Fields, then: Callback | None = None, *, durable: bool = False
    ) -> None:
        """Record now, write at the end of this tick, then call `then`.

        `fields` are those of `wire.record.pack` behind seq and epoch. After a failure nothing
        is recorded and nothing is called.
        """
        if self.failed:
            return
        seq = self.seq_next
        self.seq_next = seq + 1
        if not self._records:
            self._loop.call_soon(self._flush)
        self._records.append(pack(seq, self.epoch, *fields))
        if then is not None:
            if durable:
                self._durable.append((seq, then))
            else:
                self._callbacks.append(then)

    def when_on_file(self, then: Callback) -> None:
        """Call `then` once everything recorded so far is on file."""
        if not self._records:
            self._loop.call_soon(then)
        elif not self.failed:
            self._callbacks.append(then)

    def _flush(self) -> None:
        records, callbacks = self._records, self._callbacks
        self._records, self._callbacks = [], []
        if self.failed or not records:
            return
        if not self._write(b"".join(records)):
            return
        self._counts[0] += len(records)
        for callback in callbacks:
            self._run(callback)
        if not self._is_dirty:
            self._is_dirty = True
            if not self._is_syncing:
                self._sync_soon()
        if self._offset * 2 > self._segment_bytes:
            self._roll()

    def _write(self, data: bytes) -> bool:
        try:
            written = os.pwrite(self._fd, data, self._offset)
        except OSError as err:
            self._fail(f"write: {err.strerror}")
            return False
        self._counts[1] += 1
        if written != len(data):
            border = self._offset + written // RECORD_BYTES * RECORD_BYTES
            self._fail("short write", cut_at=border)
            return False
        self._offset += written
        return True

    def _run(self, callback: Callback) -> None:
        """One waiter's error must not keep the others from being called."""
        try:
            callback()
        except Exception as err:  # noqa: BLE001  isolates each waiter, counted and logged
            self._counts[3] += 1
            log("error", "journal.callback.failed", error=repr(err))

    # Syncing -------------------------------------------------------------------------

    def _sync_soon(self) -> None:
        """After the interval, or at once where somebody waits for the disk."""
        if self._durable:
            self._sync()
        else:
            self._loop.call_later(self._sync_interval_s, self._sync)

    def _sync(self) -> None:
        if self._is_syncing or not self._is_dirty or self.failed:
            return
        self._is_syncing, self._is_dirty = True, False
        upto = self.seq_next - len(self._records)
        done = self._loop.run_in_executor(self._thread, _sync_file, self._fd)
        done.add_done_callback(lambda found: self._synced(found, upto))

    def _synced(self, found: asyncio.Future[str], upto: int) -> None:
        self._is_syncing = False
        error = "" if found.cancelled() else found.result()
        if error:
            self._fail(f"sync: {error}")
            return
        self._counts[2] += 1
        while self._durable and self._durable[0][0] < upto:
            self._run(self._durable.popleft()[1])
        if self._is_dirty:
            self._sync_soon()

    def _fail(self, reason: str, *, cut_at: int | None = None) -> None:
        if self.failed:
            return
        self.failed = reason
        if cut_at is not None:
            os.ftruncate(self._fd, cut_at)
        self._durable.clear()
        self._on_failure(reason)

    # Segments ------------------------------------------------------------------------

    @property
    def _temporary(self) -> Path:
        return self._directory / f"w{self._worker:03d}-e{self.epoch:08d}.next"

    def _path(self, number: int) -> Path:
        return self._directory / SegmentName(self._worker, self.epoch, number).file_name

    def _roll(self) -> None:
        """Past the half, reserve the next segment in the thread; once it is there, move on.

        Until then the present one simply grows. Called between ticks: nothing is pending.
        """
        if self._next_fd is None:
            if not self._is_preparing:
                self._is_preparing = True
                wanted = self._loop.run_in_executor(
                    self._thread, _reserve_safely, self._temporary, self._segment_bytes
                )
                wanted.add_done_callback(self._prepared)
            return
        if self._offset * 8 < self._segment_bytes * 7:
            return
        self._write_end()
        if self.failed:
            return
        old, self._fd, self._next_fd = self._fd, self._next_fd, None
        self._number += 1
        self._offset = 0
        os.replace(self._temporary, self._path(self._number))
        finished = self._loop.run_in_executor(self._thread, _finish_file, old, self._directory)
        finished.add_done_callback(self._finished)

    def _prepared(self, found: asyncio.Future[int]) -> None:
        self._is_preparing = False
        if found.cancelled():
            return
        if found.result() < 0:
            log("error", "journal.reserve.failed")
        else:
            self._next_fd = found.result()

    def _finished(self, found: asyncio.Future[str]) -> None:
        """The segment before was synced. The one thread did so before any later sync."""
        error = "" if found.cancelled() else found.result()
        if error:
            self._fail(f"sync: {error}")

    def _write_end(self) -> None:
        seq = self.seq_next
        self.seq_next += 1
        end = pack(
            seq, self.epoch, RecordKind.END, 0, 0, _NONE, _NONE, _NONE,
            0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        )  # fmt: skip
        self._write(end)

    async def close(self) -> None:
        """Write what is pending and END, sync, and let go. For an orderly stop."""
        self._flush()
        if not self.failed:
            self._write_end()
        error = await self._loop.run_in_executor(self._thread, _sync_file, self._fd)
        if error:
            log("error", "journal.sync.failed", error=error)
        self._thread.shutdown(wait=True)
        os.close(self._fd)
        if self._next_fd is not None:
            os.close(self._next_fd)
            self._temporary.unlink()

    def statistics(self) -> JournalStatistics:
        records, writes, syncs, errors = self._counts
        return JournalStatistics(
            records=records,
            writes=writes,
            syncs=syncs,
            segment=self._number,
            offset=self._offset,
            waiting_durable=len(self._durable),
            callback_errors=errors,
            failed=self.failed,
        )


def _reserve(path: Path, size_bytes: int) -> int:
    """Create a file of zeros with its space reserved. Raises OSError when the disk is full."""
    fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    os.posix_fallocate(fd, 0, size_bytes)
    os.fdatasync(fd)
    return fd


def _reserve_safely(path: Path, size_bytes: int) -> int:
    try:
        return _reserve(path, size_bytes)
    except OSError:
        return -1


def _sync_file(fd: int) -> str:
    try:
        os.fdatasync(fd)
    except OSError as err:
        return err.strerror or "unknown"
    return ""


def _finish_file(fd: int, directory: Path) -> str:
    error = _sync_file(fd)
    os.close(fd)
    _sync_folder(directory)
    return error


def _sync_folder(directory: Path) -> None:
    fd = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
