"""The harness's own clock: one line for each sample, kept beside LoadGen's logs.

A report's figures are computed from these lines alone, so that a stranger can do it again.
Lines go to the file while they are made and come back as columns: neither the side that
measures nor the side that reads holds an object for each sample.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from madang.testbed.errors import LogMalformed

HEAD = "sample,issued_ns,first_ns,done_ns,claimed_ns,tokens,claimed_tokens,late,output"
OUTCOME, SAMPLES = "outcome.json", "samples.csv"
LINES_MAX = 80_000_000  # 53 bytes of columns each
BUFFER_BYTES, CHUNK_BYTES = 1 << 20, 4 << 20
NS_MAX, COUNT_MAX = 1 << 62, (1 << 31) - 1
DIGEST_CHARACTERS = 24
OUTPUT_CHARACTERS = 16  # of the digest, that columns compare by
DIGEST = re.compile(rb"[0-9a-f]{1,16}")
WORDS = np.dtype([*((name, "<i8") for name in HEAD.split(",")[:-1]), ("output", "S24")])

Ints = NDArray[np.int64]


class Writer:
    """Lines as they come, from any thread; at most a buffer of them is in memory."""

    def __init__(self, path: Path) -> None:
        self._file = path.open("wb", buffering=BUFFER_BYTES)
        self._file.write(HEAD.encode() + b"\n")

    def add(self, numbers: tuple[int, int, int, int, int, int, int, int], digest: str) -> None:
        """The eight numbers of HEAD in their order; -1 where nothing was said."""
        line = b"%d,%d,%d,%d,%d,%d,%d,%d," % numbers
        self._file.write(line + digest.encode() + b"\n")

    def close(self) -> None:
        self._file.close()


@dataclass(frozen=True, slots=True)
class Columns:
    """Nanoseconds since the first query; -1 where nothing was said.

    `output` is the head of a digest: equal answers have equal ones.
    """

    sample: NDArray[np.int32]
    issued_ns: Ints
    first_ns: Ints
    done_ns: Ints
    claimed_ns: Ints
    tokens: NDArray[np.int32]
    claimed_tokens: NDArray[np.int32]
    late: NDArray[np.int8]
    output: NDArray[np.uint64]

    def __len__(self) -> int:
        return len(self.sample)

    @property
    def latency_ns(self) -> Ints:
        return self.done_ns - self.issued_ns

    @property
    def ttft_ns(self) -> Ints:
        return self.first_ns - self.issued_ns

    @property
    def tpot_ns(self) -> NDArray[np.float64]:
        steps = np.maximum(1, self.tokens.astype(np.int64) - 1)
        return (self.done_ns - self.first_ns) / steps


TYPES = ("<i4", "<i8", "<i8", "<i8", "<i8", "<i4", "<i4", "i1", "<u8")


def read_columns(path: Path) -> Columns:
    """Raises LogMalformed at the first line that is not one."""
    try:
        with path.open("rb") as file:
            if file.readline(len(HEAD) + 1) != HEAD.encode() + b"\n":
                raise LogMalformed(file=path.name, reason="no sample log")
            chunks = list(_chunks(path.name, file))
    except OSError as err:
        raise LogMalformed(file=path.name, reason="no sample log") from err
    names = [one.name for one in fields(Columns)]
    held = {
        name: np.concatenate([chunk[i] for chunk in chunks] or [np.empty(0, kind)])
        for i, (name, kind) in enumerate(zip(names, TYPES, strict=True))
    }
    return Columns(**held)


def _chunks(name: str, file: BinaryIO) -> Iterator[list[NDArray[np.generic]]]:
    """Columns of some whole lines at a time."""
    rest, number = b"", 2
    while block := file.read(CHUNK_BYTES):
        whole, newline, rest = (rest + block).rpartition(b"\n")
        if not newline:
            raise LogMalformed(file=name, reason=f"line {number} has no end")
        lines = whole.split(b"\n")
        yield _parsed(name, lines, number)
        number += len(lines)
        if number > LINES_MAX:
            raise LogMalformed(file=name, reason=f"more than {LINES_MAX} lines")
    if rest:
        raise LogMalformed(file=name, reason=f"line {number} has no end")


def _parsed(name: str, lines: list[bytes], number: int) -> list[NDArray[np.generic]]:
    try:
        return _columns(lines)
    except ValueError as err:
        for i, line in enumerate(lines):  # once more, slowly, for the place
            try:
                _columns([line])
            except ValueError:
                raise LogMalformed(file=name, reason=f"line {number + i}") from err
        raise LogMalformed(file=name, reason=f"near line {number}") from err


def _columns(lines: list[bytes]) -> list[NDArray[np.generic]]:
    """Raises ValueError where a line is not one, or tells what cannot have happened."""
    if not all(map(bytes.strip, lines)):
        raise ValueError("an empty line")
    rows = np.loadtxt(lines, delimiter=",", dtype=WORDS, comments=None, ndmin=1)
    heads = rows["output"].astype(f"S{OUTPUT_CHARACTERS}")
    known, places = np.unique(heads, return_inverse=True)
    if not all(DIGEST.fullmatch(one) for one in known.tolist()):
        raise ValueError("an output is no digest")
    outputs = np.array([int(one, 16) for one in known.tolist()], dtype=np.uint64)[places]
    if not _possible(rows):
        raise ValueError("times or counts that cannot be")
    numbers = zip(HEAD.split(",")[:-1], TYPES[:-1], strict=True)
    return [*(rows[name].astype(kind) for name, kind in numbers), outputs]


def _possible(rows: NDArray[np.void]) -> bool:
    """Issued, first, done in this order; counts that fit; a sample that has a number."""
    issued, first, done = (rows[name] for name in ("issued_ns", "first_ns", "done_ns"))
    ordered = (issued >= 0) & (done >= issued) & (done < NS_MAX)
    began = (first == -1) | ((first >= issued) & (first <= done))
    claimed = (rows["claimed_ns"] >= -1) & (rows["claimed_ns"] < NS_MAX)
    counts = [rows[name] for name in ("sample", "tokens", "claimed_tokens")]
    fits = [(one >= -1) & (one <= COUNT_MAX) for one in counts]
    late = (rows["late"] == 0) | (rows["late"] == 1)
    return bool(np.all([ordered, began, claimed, late, *fits, rows["sample"] >= 0]))
