"""What was seen of a page after it was kept: fetched anew, answered otherwise, or as a revisit.

The newest observation counts for today's clock, whichever input it lies in. A revisit has the
body that it names: with that of the page at hand only its header can say something new; with
another, or after an answer that is no content, nobody knows what the page says today.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Literal, NamedTuple
from zlib import crc32

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from madang.rights.scan.records import EPOCH, Record
from madang.rights.scan.tables import instants, words
from madang.rights.signals import canonical, merged, parse_vector

PAGES, LATER = "pages", "later"
UNREAD = "body/read@page=unestablished"
FETCHED, SAME, OTHERWISE, FAILED = range(
    4
)  # a page, a revisit, no content, an error in passing
PASSING = (408, 429)  # beside what a server says of itself
BATCH_ROWS = 8192
Mask = Callable[[pa.RecordBatch], pa.Array | None]
SIDES: tuple[Literal["left", "right"], ...] = ("left", "right")
Arrays = tuple[NDArray[np.int64], ...]


def kind_of(record: Record) -> int:
    """What an answer that gets no row tells about the page: see `Later.text`."""
    if 200 <= record.status < 300 or record.status == 0:
        return SAME
    return FAILED if record.status >= 500 or record.status in PASSING else OTHERWISE


def original_of(record: Record) -> tuple[str, int]:
    """Whose body a revisit has, as it says; nobody's when it says nothing."""
    url, at = record.refers_to or ("", EPOCH)
    return url, round((at - EPOCH).total_seconds() * 1_000_000)


def sum_of(digest: str) -> int:
    """A payload's digest, short: it is compared with those of the same address only."""
    return crc32(digest.encode("utf-8", "surrogatepass")) if digest else 0


def key_of(url: str) -> int:
    """A page's key in one run: 64 bits, so that two of a million pages never share one."""
    return hash(url)


def body_of(url: str, at_us: int) -> int:
    return hash((url, at_us))


class Seen(NamedTuple):
    """One observation: when, of what kind, what it says by number, with which body."""

    at_us: int
    kind: int
    text: int
    body: int
    sum: int


class Later:
    """Observations of pages that were seen more than once, by key and in order of time."""

    def __init__(self, folders: Sequence[Path], mask: Mask | None = None) -> None:
        self._texts: list[str] = []
        self._numbers: dict[str, int] = {}
        paths = list(_paths(folders))
        found = [keys for path in paths for _, keys in _keyed(path, mask)]
        keys, counts = np.unique(_together(found), return_counts=True)
        twice = keys[counts > 1]
        parts = (
            [p for path in paths for p in self._read(path, mask, twice)] if len(twice) else []
        )
        columns = [_together([part[column] for part in parts]) for column in range(6)]
        order = np.lexsort((columns[1], columns[0]))
        self._keys, *self._rest = (column[order] for column in columns)

    def _read(
        self, path: Path, mask: Mask | None, twice: NDArray[np.int64]
    ) -> Iterator[Arrays]:
        """Key, instant, kind, text, body and its sum of each observation of such a page."""
        is_page = path.name.endswith(f".{PAGES}.parquet")
        for batch, keys in _keyed(path, mask, whole=True):
            wanted = np.isin(keys, twice)
            if not wanted.any():
                continue
            rows = pa.Table.from_batches([batch.filter(pa.array(wanted))])
            at = instants(rows["fetched_at"])
            texts = [self._number(text) for text in words(rows["signals"])]
            if is_page:
                kinds = [FETCHED] * len(at)
                bodies = list(map(body_of, rows["url"].to_pylist(), at))
            else:
                kinds = rows["kind"].to_pylist()
                bodies = list(
                    map(body_of, rows["of_url"].to_pylist(), rows["of_us"].to_pylist())
                )
            # Not in a scan that is older than it.
            is_told = "sum" in rows.column_names
            total = rows["sum"].to_pylist() if is_told else [0] * len(at)
            columns = (at, kinds, texts, bodies, total)
            yield keys[wanted], *(np.array(column, np.int64) for column in columns)

    def _number(self, text: str) -> int:
        number = self._numbers.setdefault(text, len(self._texts))
        if number == len(self._texts):
            self._texts.append(text)
        return number

    def __bool__(self) -> bool:
        return bool(len(self._keys))

    def text(self, url: str, at_us: int, page: str) -> str:
        """What a page says today that said this at an instant."""
        now, body, total, when = page, body_of(url, at_us), 0, at_us
        for seen in self._of(url):
            if seen.at_us < at_us:
                continue
            text = self._texts[seen.text]
            if seen.kind == FETCHED and (seen.at_us > when or text == now):
                now, body, total, when = text, seen.body, seen.sum, seen.at_us
            elif seen.kind == FETCHED:
                now = _both(now, text)  # which of two at one instant was last, nobody knows
            else:
                is_same = seen.sum == total if seen.sum and total else seen.body == body
                is_known = seen.kind == FAILED or (seen.kind == SAME and is_same)
                now = _both(now, text, "" if is_known else UNREAD)
        return now

    def _of(self, url: str) -> Iterator[Seen]:
        first, last = (np.searchsorted(self._keys, key_of(url), side) for side in SIDES)
        for row in range(int(first), int(last)):
            yield Seen(*(int(column[row]) for column in self._rest))


def _paths(folders: Iterable[Path]) -> Iterator[Path]:
    for folder in folders:
        for kind in (PAGES, LATER):
            yield from sorted((folder / "stage").glob(f"*.{kind}.parquet"))


def _keyed(
    path: Path, mask: Mask | None, *, whole: bool = False
) -> Iterator[tuple[pa.RecordBatch, NDArray[np.int64]]]:
    """Batches of rows with the keys of their pages."""
    file = pq.ParquetFile(path)
    columns = ["url"] if mask is None else ["url", "origin"]
    for read in file.iter_batches(
        BATCH_ROWS, columns=None if whole else columns, use_threads=False
    ):
        kept = None if mask is None else mask(read)
        batch = read if kept is None else read.filter(kept)
        urls = batch.column("url").to_pylist()
        yield batch, np.fromiter(map(key_of, urls), np.int64, len(urls))


def _together(parts: Sequence[NDArray[np.int64]]) -> NDArray[np.int64]:
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


def _both(*texts: str) -> str:
    parts = (parse_vector(text) for text in texts)
    return sys.intern(canonical(merged(*parts)).decode())
