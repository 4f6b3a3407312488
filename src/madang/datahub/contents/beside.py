"""Hashing and writing beside the reading of a stream: both let other threads run meanwhile.

Threads of this module touch bytes and files only, never the database, whose connection and
transaction belong to the thread of the request.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")
BESIDE_BYTES = 256 * 1024
"""A smaller piece is hashed faster than handed over."""

THREADS = ThreadPoolExecutor(8, "datahub")
"""Most of them wait for a disk."""


class Digest:
    """A hash that takes large pieces in another thread, one at a time and in order."""

    def __init__(self, hash: hashlib._Hash) -> None:
        self._hash = hash
        self._job: Future[None] | None = None

    def update(self, piece: bytes | memoryview) -> None:
        self._wait()
        if len(piece) < BESIDE_BYTES:
            self._hash.update(piece)
        else:
            self._job = THREADS.submit(self._hash.update, piece)

    def digest(self) -> bytes:
        self._wait()
        return self._hash.digest()

    def _wait(self) -> None:
        job, self._job = self._job, None
        if job is not None:
            job.result()


def one_ahead(function: Callable[[T], R], values: Iterable[T]) -> Iterator[R]:
    """The function of each value in order, while the next one is under way."""
    waiting: Future[R] | None = None
    for value in values:
        following = THREADS.submit(function, value)
        if waiting is not None:
            yield waiting.result()
        waiting = following
    if waiting is not None:
        yield waiting.result()
