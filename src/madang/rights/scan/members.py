"""Archives of one gzip member per record, each member inflated by one call.

A member's end is found before it is inflated: the next place that looks like a beginning, when
what lies between inflates to the length that stands before it. One call over the whole member
costs a third less than a stream, and a header written in the plainest way one expression; one
that is written like an earlier one of the same archive half of that (see `layouts`). A
record whose header is written otherwise is parsed by fastwarc from the same bytes, and what is
not one record per member by `read_warc`: whichever way a record is read, it is the same one.
"""

from __future__ import annotations

import io
import re
import struct
import threading
from bisect import bisect_left
from collections.abc import Callable, Iterator
from functools import cache
from itertools import islice
from typing import BinaryIO

from deflate import DeflateError, crc32, gzip_decompress
from fastwarc.warc import ArchiveIterator, WarcRecord
from zlib_ng import zlib_ng

from madang.rights.observe import BODY_BYTES_MAX
from madang.rights.scan.archives import (
    GZIP_MARK,
    INFO_BYTES_MAX,
    check,
    open_input,
    read_warc,
    record_of,
)
from madang.rights.scan.plainly import Layouts, Plain, header_of
from madang.rights.scan.records import Record

BLOCK_BYTES = 1 << 20
GZIP_HEAD_BYTES = 18  # head and trailer of the smallest member
RATIO_MAX = 1032  # of deflate itself
MEMBER_BYTES_MAX = 4 * 1024 * 1024
PLAIN_BYTES_MAX = BODY_BYTES_MAX + (1 << 20)
STRETCH_BYTES = 5 * 1024
LENGTH_BITS = 32
_MARK = re.compile(re.escape(GZIP_MARK))
_TRAILER = struct.Struct("<II")  # a member's sum and its plain length


Marks = Callable[[memoryview], list[int]]


class _OfThread(threading.local):
    """Each thread's own search for marks: hyperscan's memory serves one search at a time."""

    def __init__(self) -> None:
        self.marks: Marks = _hyperscan_marks() or _plain_marks


@cache
def _of_thread() -> _OfThread:
    return _OfThread()


def _plain_marks(block: memoryview) -> list[int]:
    return [found.start() for found in _MARK.finditer(block)]


def _hyperscan_marks() -> Marks | None:
    """The same at a third of the time, which is a twentieth of a scan's."""
    try:
        import hyperscan  # noqa: PLC0415  optional: wheels for x86-64 only
    except ImportError:
        return None
    database = hyperscan.Database()
    database.compile([re.escape(GZIP_MARK)], [0], flags=[hyperscan.HS_FLAG_DOTALL])

    def search(block: memoryview) -> list[int]:
        found: list[int] = []

        def seen(id: int, start: int, end: int, flags: int, context: object) -> None:
            found.append(end - len(GZIP_MARK))

        database.scan(block, match_event_handler=seen)  # type: ignore[type-var]  # takes any buffer
        return found

    return search


class Window:
    """A file read in blocks, any stretch of which can be asked for again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        self._room = memoryview(bytearray(BLOCK_BYTES))
        self._base, self._length, self._block = 0, 0, self._room[:0]
        self._marks: list[int] | None = None  # of the block, when they were looked for

    def _load(self, at: int, length: int) -> None:
        """Fill the block; it is written over, for fresh memory costs as much as the reading."""
        wanted = max(BLOCK_BYTES, length)
        if wanted != len(self._room):
            self._room = memoryview(bytearray(wanted))
        self._file.seek(at)
        self._length = read = self._file.readinto(self._room)  # type: ignore[attr-defined]  # both openers have it
        self._base, self._block, self._marks = at, self._room[:read], None

    def get(self, at: int, length: int) -> memoryview:
        """Up to so many bytes, until more are asked for; fewer only at the end of the file."""
        inside = at - self._base
        if inside < 0 or inside + length > self._length:
            self._load(at, length)
            inside = 0
        return self._block[inside : inside + length]

    def next_member(self, at: int) -> int:
        """Where the member behind the one at a place may begin; the size when there is none."""
        found = self._mark_here(at)
        if found < 0 and at != self._base:
            self._load(at, BLOCK_BYTES)  # with the member's own beginning: it is asked for next
            found = self._mark_here(at)
        if found < 0:
            found = self.mark(at + GZIP_HEAD_BYTES)
        return found if found >= 0 else self.size

    def _mark_here(self, at: int) -> int:
        """The next beginning in the bytes at hand, -1 when there is none."""
        inside = at + GZIP_HEAD_BYTES - self._base
        if not GZIP_HEAD_BYTES <= inside < self._length:
            return -1
        marks = self._marks
        if marks is None:
            marks = self._marks = _of_thread().marks(self._block)
        following = bisect_left(marks, inside)
        return self._base + marks[following] if following < len(marks) else -1

    def mark(self, at: int) -> int:
        """The next place that looks like the beginning of a member, -1 when there is none."""
        overlap = len(GZIP_MARK) - 1
        while True:
            inside = at - self._base
            if not 0 <= inside < self._length - overlap:
                self._load(at, BLOCK_BYTES)
                inside = 0
                if self._length <= overlap:
                    return -1
            if self._marks is None:
                self._marks = _of_thread().marks(self._block)
            following = bisect_left(self._marks, inside)
            if following < len(self._marks):
                return self._base + self._marks[following]
            at = self._base + self._length - overlap


def read_members(place: str, start: int, agent: str) -> Iterator[Record]:
    """Records from an offset on, the same that `read_warc` gives."""
    last, end = -1, start
    with open_input(place) as file:
        try:
            if file.read(len(GZIP_MARK)) == GZIP_MARK:
                window, layouts = Window(file), Layouts()
                while end < window.size:
                    read = _small(window, end, layouts) or _large(window, file, end)
                    if read is None:
                        break
                    found, end = read
                    last = found.offset
                    found.agent = agent = found.agent or agent
                    yield found
                if end >= window.size:
                    return
        finally:
            check(file, place)  # a store that went away is told as such, whoever noticed
    yield from rest(place, start, last, agent)


def rest(place: str, start: int, last: int, agent: str) -> Iterator[Record]:
    """What lies behind a record, by fastwarc, which then meets damage as it always does."""
    if last < 0:
        yield from read_warc(place, start, agent)
        return
    yield from islice(read_warc(place, last, agent), 1, None)


def _small(window: Window, at: int, layouts: Layouts) -> tuple[Record, int] | None:
    """A member inflated by one call; None where its end is not certain or too far."""
    end = window.next_member(at)
    plain = inflated(window, at, end)
    if plain is None:
        known = _exact_end(window, at, MEMBER_BYTES_MAX)
        plain = None if known is None or known == end else inflated(window, at, known)
        if known is None or plain is None:
            return None
        end = known
    record = layouts.whole(plain) or by_fastwarc(plain)
    if record is None:
        return None
    record.offset = at
    return record, end


def inflated(
    window: Window, at: int, end: int, plain_bytes_max: int = PLAIN_BYTES_MAX
) -> Plain | None:
    """The plain bytes between two places when they are one member, and no more than so many."""
    packed = end - at
    if packed > MEMBER_BYTES_MAX:
        return None
    member = window.get(at, packed)
    if len(member) < GZIP_HEAD_BYTES:
        return None
    sum_said, length = _TRAILER.unpack_from(member, packed - _TRAILER.size)
    if length > plain_bytes_max or length > RATIO_MAX * packed:
        return None
    try:
        plain = gzip_decompress(member, length)
    except (DeflateError, ValueError):
        return None
    # A neighbour whose beginning is hurt may end with the same length, hardly with its sum too.
    return plain if len(plain) == length and crc32(plain) == sum_said else None


def _large(window: Window, file: BinaryIO, at: int) -> tuple[Record, int] | None:
    """A member too large to be held: fastwarc reads its record up to the limit of a body."""
    header = header_of(plain_of(window, at, INFO_BYTES_MAX))
    if header is None or header.length < MEMBER_BYTES_MAX:
        return None
    end = end_of(window, at, header.start + header.length + 4)
    if end is None:
        return None
    file.seek(at)
    try:
        raw = next(_fastwarc(file), None)
        record = None if raw is None else record_of(raw)
    except (OSError, ValueError, UnicodeError):
        return None
    if record is None:
        return None
    record.offset = at
    return record, end


def _fastwarc(file: BinaryIO) -> Iterator[WarcRecord]:
    return iter(ArchiveIterator(file, parse_http=True, auto_decode="none", fsspec_args=False))


def plain_of(window: Window, at: int, limit: int) -> bytes:
    """The first plain bytes of a member; what does not inflate is empty."""
    member = zlib_ng.decompressobj(zlib_ng.MAX_WBITS | 16)
    plain = b""
    try:
        while content := window.get(at, STRETCH_BYTES):
            plain += member.decompress(content, limit - len(plain))
            at += len(content)
            if member.eof or len(plain) >= limit:
                break
    except (zlib_ng.error, ValueError, EOFError):  # type: ignore[misc]  # its stub: an object
        return b""
    return plain


def end_of(
    window: Window, at: int, plain_length: int, following: int | None = None
) -> int | None:
    """Where a member of a known plain length ends; None where that is not certain.

    The next mark is its end when the length stands before it, for between them no other member
    begins. A mark inside of the member is told from its end by inflating all of it.
    `following` is the next mark where it was looked for already.
    """
    trailer = (plain_length % (1 << LENGTH_BITS)).to_bytes(4, "little")
    end = window.next_member(at) if following is None else following
    if window.get(end - 4, 4) == trailer:
        return end
    exact = _exact_end(window, at, window.size)
    return None if exact is None or window.get(exact - 4, 4) != trailer else exact


def _exact_end(window: Window, at: int, limit: int) -> int | None:
    """The end of a member by inflating it, in memory that does not grow with it."""
    member = zlib_ng.decompressobj(zlib_ng.MAX_WBITS | 16)
    start = at
    try:
        while not member.eof and at - start <= limit:
            rest = bytes(window.get(at, BLOCK_BYTES // 4))
            if not rest:
                return None
            at += len(rest)
            while rest and not member.eof:
                member.decompress(rest, BLOCK_BYTES)
                rest = member.unconsumed_tail
    except (zlib_ng.error, ValueError, EOFError):  # type: ignore[misc]  # its stub: an object
        return None
    return at - len(member.unused_data) if member.eof else None


def by_fastwarc(plain: Plain) -> Record | None:
    """The same by fastwarc, when the member is one record and nothing else."""
    length = re.search(rb"(?im)^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", plain[:65_536])
    head, mark, _ = plain.partition(b"\r\n\r\n")
    if not mark or length is None or len(head) + 8 + int(length[1]) != len(plain):
        return None
    try:
        found = [record_of(raw) for raw in _fastwarc(io.BytesIO(plain))]
    except (OSError, ValueError, UnicodeError):
        return None
    return found[0] if len(found) == 1 else None
