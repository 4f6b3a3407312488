"""Identifiers: opaque, sortable by time, made by whoever needs them."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from uuid import UUID

_RAND_A_BITS = 12
_RAND_B_BITS = 62


class RandomBits:
    """Bits of the system's own generator, which is asked for many at a time: asking is a system
    call, for which a thread lets go of the interpreter."""

    BYTES_AT_ONCE = 4096

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = memoryview(b"")
        os.register_at_fork(after_in_child=self._forget)

    def __call__(self, bits: int) -> int:
        size = -(-bits // 8)
        with self._lock:
            if len(self._bytes) < size:
                self._bytes = memoryview(os.urandom(self.BYTES_AT_ONCE))
            taken, self._bytes = self._bytes[:size], self._bytes[size:]
        return int.from_bytes(taken) >> (size * 8 - bits)

    def _forget(self) -> None:
        """Two processes never share bits; the parent's other threads are gone, and its lock."""
        self._lock, self._bytes = threading.Lock(), memoryview(b"")


class Uuid7:
    """UUID version 7 (RFC 9562, section 5.7), strictly increasing inside one process.

    48 bits of Unix milliseconds, a 12-bit counter that is seeded afresh each millisecond,
    62 random bits. When the counter runs over, or the clock steps back, the millisecond is
    borrowed from the future, so that ids never repeat and never go down.
    """

    def __init__(
        self,
        *,
        unix_ms: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
        random_bits: Callable[[int], int] | None = None,
    ) -> None:
        self._unix_ms = unix_ms
        self._random_bits = random_bits or RandomBits()
        self._lock = threading.Lock()
        self._ms = -1
        self._counter = 0

    def __call__(self) -> UUID:
        return UUID(int=self.next_int())

    def next_int(self) -> int:
        """The next id as a number, for who needs its bytes and no UUID object."""
        with self._lock:
            now_ms = self._unix_ms()
            if now_ms > self._ms:
                self._ms, self._counter = now_ms, self._random_bits(_RAND_A_BITS - 1)
            else:
                self._counter += 1
                if self._counter >> _RAND_A_BITS:
                    self._ms, self._counter = self._ms + 1, 0
            ms, counter = self._ms, self._counter
        return ms << 80 | 7 << 76 | counter << 64 | 0b10 << 62 | self._random_bits(_RAND_B_BITS)


_process_wide = Uuid7()


def uuid7() -> UUID:
    """The next id of this process."""
    return _process_wide()


def unix_ms_of(identifier: UUID) -> int:
    """The millisecond that a version 7 id carries."""
    return identifier.int >> 80
