"""The beginnings of an archive's records, without inflating the rest of each.

Triage: what the first bytes of a page refuse is refused, all else waits for a whole scan.
A record is skipped by finding the gzip member behind it. A member's last four bytes are its
plain length; only where they are the length that the record's own header announces does the
next member begin, so that bytes that merely look like a beginning mislead nobody. What is not
one record per member is read whole.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from typing import BinaryIO

from madang.rights.scan.archives import (
    AGENT,
    GZIP_MARK,
    check,
    instant,
    open_input,
    parse_http,
    read_warc,
)
from madang.rights.scan.records import Kind, Record
from madang.rights.site import FILE_BYTES_MAX, PATHS

BLOCK_BYTES = 1 << 20
STRETCH_BYTES = 5 * 1024
HEADERS_BYTES = 2 * 1024
GZIP_HEAD_BYTES = 18  # head and trailer of the smallest member
LENGTH_BITS = 32
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,18})[ \t]*\r$")
_TYPE = re.compile(rb"(?im)^warc-type:[ \t]*(\w+)[ \t]*\r$")
_FIELD = re.compile(rb"(?im)^(warc-target-uri|warc-date|warc-truncated):[ \t]*(.*?)\r$")
AGENTS = {
    b"warcinfo": AGENT,
    b"request": re.compile(rb"(?im)^user-agent:[ \t]*(.*?)[ \t]*\r?$"),
}


class Window:
    """A file read in blocks, any stretch of which can be asked for again."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.size = file.seek(0, io.SEEK_END)
        self._base, self._bytes = 0, b""

    def _load(self, at: int, length: int) -> None:
        self._file.seek(at)
        self._base, self._bytes = at, self._file.read(max(BLOCK_BYTES, length))

    def get(self, at: int, length: int) -> bytes:
        """Up to so many bytes; fewer only at the end of the file."""
        inside = at - self._base
        if inside < 0 or inside + length > len(self._bytes):
            self._load(at, length)
            inside = 0
        return self._bytes[inside : inside + length]

    def find(self, mark: bytes, at: int) -> int:
        """The next place of a mark, -1 when there is none."""
        overlap = len(mark) - 1
        while True:
            inside = at - self._base
            if not 0 <= inside < len(self._bytes) - overlap:
                self._load(at, BLOCK_BYTES)
                inside = 0
                if len(self._bytes) <= overlap:
                    return -1
            found = self._bytes.find(mark, inside)
            if found >= 0:
                return self._base + found
            at = self._base + len(self._bytes) - overlap


def read_heads(place: str, start: int, agent: str, head_bytes: int) -> Iterator[Record]:
    """Records from an offset on; bodies that are longer than the head say so."""
    end = start
    with open_input(place) as file:
        if file.read(len(GZIP_MARK)) == GZIP_MARK:
            window = Window(file)
            for found, behind in _members(window, start, head_bytes):
                end = behind
                agent = found.agent or agent
                found.agent = agent
                yield found
            check(file, place)
            if end >= window.size:
                return
    yield from read_warc(place, end, agent)


def _members(window: Window, at: int, head_bytes: int) -> Iterator[tuple[Record, int]]:
    """Records while each is a member of its own, with the place behind each."""
    while at < window.size:
        plain = _plain(window, at, head_bytes + HEADERS_BYTES)
        header, mark, block = plain.partition(b"\r\n\r\n")
        said = _LENGTH.search(header + b"\r")
        if not mark or said is None or not header.startswith(b"WARC/1."):
            return
        length = int(said[1])
        end = _end(window, at, len(header) + 4 + length + 4)
        if end is None:
            return
        kind = _TYPE.search(header + b"\r")
        if kind is None or kind[1].lower() != b"response":
            yield _other(at, kind, block), end
        else:
            fields = {n.lower(): v for n, v in _FIELD.findall(header + b"\r")}
            if len(block) < length and _is_site_file(fields):
                whole = _plain(window, at, FILE_BYTES_MAX + 2 * HEADERS_BYTES)
                block = whole[len(header) + 4 :]
            yield _response(at, fields, block[:length], length), end
        at = end


def _plain(window: Window, at: int, limit: int) -> bytes:
    """The first plain bytes of a member; what does not inflate is empty."""
    member = zlib.decompressobj(zlib.MAX_WBITS | 16)
    plain = b""
    try:
        while content := window.get(at, STRETCH_BYTES):
            plain += member.decompress(content, limit - len(plain))
            at += len(content)
            if member.eof or len(plain) >= limit:
                break
    except (zlib.error, ValueError, EOFError):
        return b""
    return plain


def _end(window: Window, at: int, plain_length: int) -> int | None:
    """Where the next member begins, or the file ends; None where that is not certain."""
    trailer = (plain_length % (1 << LENGTH_BITS)).to_bytes(4, "little")
    found = window.find(GZIP_MARK, at + GZIP_HEAD_BYTES)
    while found >= 0:
        if window.get(found - 4, 4) == trailer:
            return found
        found = window.find(GZIP_MARK, found + 1)
    return window.size if window.get(window.size - 4, 4) == trailer else None


def _is_site_file(fields: dict[bytes, bytes]) -> bool:
    url = fields.get(b"warc-target-uri", b"").strip(b"<> ")
    return any(url.endswith(path.encode()) for path in PATHS)


def _other(at: int, kind: re.Match[bytes] | None, block: bytes) -> Record:
    """A request or the archive's own record: both may tell who fetched."""
    record = Record(Kind.OTHER, at)
    pattern = AGENTS.get(kind[1].lower()) if kind else None
    said = pattern.search(block) if pattern else None
    record.agent = said[1].decode("latin-1") if said else ""
    return record


def _response(at: int, fields: dict[bytes, bytes], block: bytes, length: int) -> Record:
    is_whole = len(block) >= length
    record = parse_http(block, is_whole=is_whole)
    record.offset, record.length = at, length
    record.url = fields.get(b"warc-target-uri", b"").decode("utf-8", "replace").strip("<> ")
    record.at = instant(fields.get(b"warc-date", b"").decode("latin-1"))
    record.is_head = not is_whole
    record.is_cut = b"warc-truncated" in fields or record.status == 206 or record.is_cut
    return record
