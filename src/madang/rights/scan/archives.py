"""WARC files: streaming, resumable, and deaf to damage.

A damaged stretch costs one named error; reading goes on at the next record that parses. No
record is held in memory beyond a limit, whatever its header claims.
"""

from __future__ import annotations

import gzip
import io
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, BinaryIO

from fastwarc.stream_io import BrotliReader
from fastwarc.warc import ArchiveIterator, WarcRecord, WarcRecordType

from madang.rights.errors import InputUnreadable, LibraryMissing
from madang.rights.observe import BODY_BYTES_MAX
from madang.rights.scan.addresses import split
from madang.rights.scan.lines import are_strange, header_lines, pairs_of, unfolded
from madang.rights.scan.records import EPOCH, Damage, Kind, Record
from madang.rights.site import PATHS

if TYPE_CHECKING:
    from obstore import ReadableFile
    from obstore.store import S3Store

GZIP_MARK = b"\x1f\x8b\x08"
PLAIN_MARK = b"WARC/1."
ZSTANDARD_MARKS = (b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18")  # a frame; a dictionary before
SEARCH_BYTES = 1 << 20
AGENT = re.compile(rb"^http-header-user-agent:\s*(\S+)", re.IGNORECASE | re.MULTILINE)
INFO_BYTES_MAX = 64 * 1024
CODINGS = ("transfer-encoding", "content-encoding")
DECODING_NAMES = frozenset(
    map(
        len,
        (
            *(*CODINGS, "content-type", "content-length"),
            "content-range",
        ),
    )
)
LINE_ENDS = "line ends"


def open_input(place: str) -> BinaryIO:
    """A local file, or an object of S3 when its library is installed."""
    if not place.startswith("s3://"):
        try:
            return open(place, "rb")  # noqa: PTH123  the caller closes it
        except OSError as err:
            raise InputUnreadable(file=place, reason=err.strerror or "not readable") from err
    return io.BufferedReader(_Raw(place), SEARCH_BYTES)


def object_of(place: str) -> tuple[S3Store, str]:
    """The store and the key of s3://bucket/key; the environment names server and keys."""
    try:
        from obstore.store import S3Store  # noqa: PLC0415  optional: only for objects in S3
    except ImportError as err:
        raise LibraryMissing(library="obstore") from err
    bucket, _, key = place.removeprefix("s3://").partition("/")
    return S3Store.from_url(f"s3://{bucket}"), key


def object_identity(place: str) -> dict[str, object]:
    """Size and tag of an object: another one under the same name is noticed."""
    store, key = object_of(place)
    try:
        said = store.head(key)
    except Exception as err:  # whatever the store's library raises, the input is not there
        raise InputUnreadable(file=place, reason=type(err).__name__) from err
    return {"bytes": said["size"], "e_tag": said["e_tag"]}


class _Raw(io.RawIOBase):
    """An object store's reader as a plain file. A store that fails is no damage of a record."""

    def __init__(self, place: str) -> None:
        store, key = object_of(place)
        self._place = place
        self.failure = ""
        try:
            self._reader: ReadableFile = obstore_reader(store, key)
        except Exception as err:  # whatever the store's library raises, nothing can be read
            raise InputUnreadable(file=place, reason=type(err).__name__) from err

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # narrower is enough
        try:
            content = memoryview(self._reader.read(len(buffer)))
        except Exception as err:  # whatever the store's library raises
            self.failure = type(err).__name__
            raise OSError(self.failure) from err
        buffer[: len(content)] = content
        return len(content)

    def seek(self, offset: int, whence: int = 0) -> int:
        self._reader.seek(offset, whence)
        return self._reader.tell()

    def tell(self) -> int:
        return self._reader.tell()


def obstore_reader(store: S3Store, key: str) -> ReadableFile:
    import obstore  # noqa: PLC0415  optional: only for objects in S3

    return obstore.open_reader(store, key)


def check(file: BinaryIO, place: str) -> None:
    """Damage ends with a record, a store that went away ends the scan: it can be resumed."""
    raw = getattr(file, "raw", None)
    if isinstance(raw, _Raw) and raw.failure:
        raise InputUnreadable(file=place, reason=raw.failure)


def read_warc(place: str, start: int, agent: str) -> Iterator[Record]:
    """Records from an offset on. Damage is a record too."""
    with open_input(place) as file:
        size = file.seek(0, io.SEEK_END)
        mark = _mark(file, place)
        at, agent_now = start, agent
        while at < size:
            last: Record | None = None
            for record in _stretch(file, at):
                last = record
                agent_now = record.agent or agent_now
                record.agent = agent_now
                yield record
            check(file, place)
            gap = _gap(file, last, at, size, mark)
            if gap is None:
                return
            if gap.is_named:
                yield gap.record(size)
            at = gap.end


@dataclass(frozen=True, slots=True)
class _Gap:
    """Bytes that belong to no record that was read whole; named unless that record says so."""

    start: int
    end: int
    is_named: bool

    def record(self, size: int) -> Record:
        damage, length = _damage(self.end, size), self.end - self.start
        return Record(Kind.UNREADABLE, self.start, damage=damage, length=length)


def _gap(file: BinaryIO, last: Record | None, at: int, size: int, mark: bytes) -> _Gap | None:
    """What lies between the end of a stretch and the next record; None at a clean end."""
    if last is None:
        return _Gap(at, _next_mark(file, mark, at + 1, size), is_named=True)
    is_named = not last.is_cut and last.kind is not Kind.UNREADABLE
    end = _end_of(file, last.offset, size)
    if end is None:  # hurt behind what was read of it
        start = last.offset + 1
        return _Gap(start, _next_mark(file, mark, start + 1, size), is_named)
    if end > size:
        return _Gap(last.offset + 1, size, is_named)
    if not _is_more(file, end):
        return None
    return _Gap(end, _next_mark(file, mark, end + 1, size), is_named=True)


def _damage(found: int, size: int) -> Damage:
    return Damage.TRUNCATED if found >= size else Damage.CORRUPT


def _mark(file: BinaryIO, place: str) -> bytes:
    file.seek(0)
    head = file.read(8)
    if head.startswith(GZIP_MARK):
        return GZIP_MARK
    if head.startswith(PLAIN_MARK[:5]) or not head:
        return PLAIN_MARK
    if head.startswith(ZSTANDARD_MARKS):
        raise InputUnreadable(file=place, reason="packed with Zstandard: unpack it first")
    if place.endswith((".warc", ".warc.gz")):
        return GZIP_MARK if place.endswith(".gz") else PLAIN_MARK
    raise InputUnreadable(file=place, reason="neither a WARC nor one compressed with gzip")


def _stretch(file: BinaryIO, at: int) -> Iterator[Record]:
    """Records up to the first damage or the end; damage ends the stretch silently."""
    file.seek(at)
    try:
        for raw in ArchiveIterator(
            file, parse_http=True, auto_decode="none", fsspec_args=False
        ):
            yield record_of(raw)
    except (OSError, ValueError, UnicodeError):
        return


def _is_more(file: BinaryIO, end: int) -> bool:
    file.seek(end)
    return bool(file.read(64).strip(b"\r\n\0"))


def _end_of(file: BinaryIO, start: int, size: int) -> int | None:
    """Where the record that starts here ends: beyond the size when the input ends inside of
    it, None when it is damaged."""
    file.seek(start)
    if file.peek(3)[:3] == GZIP_MARK:  # type: ignore[attr-defined]  # both openers give a BufferedReader
        return _member_end(file, size)
    return _plain_end(file, start, size)


def _member_end(file: BinaryIO, size: int) -> int | None:
    inflate = zlib.decompressobj(16 + zlib.MAX_WBITS)
    while not inflate.eof:
        chunk = file.read(SEARCH_BYTES)
        if not chunk:
            return size + 1
        try:
            data = chunk
            while data:
                inflate.decompress(data, SEARCH_BYTES)
                data = inflate.unconsumed_tail
        except zlib.error:
            return None
    return file.tell() - len(inflate.unused_data)


def _plain_end(file: BinaryIO, start: int, size: int) -> int | None:
    head = file.read(INFO_BYTES_MAX)
    body, _, _ = head.partition(b"\r\n\r\n")
    length = re.search(rb"(?im)^content-length:\s*(\d+)", body)
    if length is None:
        return None
    end = start + len(body) + 4 + int(length[1])
    return end if end > size else min(end + 4, size)


def _next_mark(file: BinaryIO, mark: bytes, start: int, size: int) -> int:
    """The next place where a record may start; the size when there is none."""
    at = start
    while at < size:
        file.seek(at)
        chunk = file.read(SEARCH_BYTES)
        found = chunk.find(mark)
        if found >= 0:
            return at + found
        if len(chunk) < SEARCH_BYTES:
            break
        at += len(chunk) - len(mark)
    return size


def record_of(raw: WarcRecord) -> Record:
    kind = raw.record_type
    if kind == WarcRecordType.response:
        record = Record(Kind.RESPONSE, raw.stream_pos)
        _response(record, raw)
        return record
    if kind == WarcRecordType.revisit:
        return _revisit(raw)
    if kind in (WarcRecordType.resource, WarcRecordType.conversion):
        return _kept(raw)
    record = Record(Kind.OTHER, raw.stream_pos)
    if kind == WarcRecordType.warcinfo:
        said = AGENT.search(raw.reader.read(INFO_BYTES_MAX))
        record.agent = said[1].decode("latin-1") if said else ""
    elif kind == WarcRecordType.request and raw.http_headers:
        record.agent = raw.http_headers.get("User-Agent") or ""
    return record


REVISIT_PROFILES = ("identical-payload-digest", "server-not-modified")
NOT_MODIFIED = 304


def _revisit(raw: WarcRecord) -> Record:
    """An answer whose body another record has. Without a profile that is known it names no
    original; without a header of its own, or with 304, its status is the original's: 0 here."""
    fields = {name.lower(): value for name, value in raw.headers.to_tuples()}
    record = Record(Kind.REVISIT, raw.stream_pos)
    record.url = fields.get("warc-target-uri", "").strip("<> ")
    record.at = raw.record_date or EPOCH
    headers = raw.http_headers
    if headers is not None and headers.status_code:
        record.headers = headers.to_tuples()
        if are_strange(headers.status_line or "", record.headers):
            return record
        record.status = 0 if headers.status_code == NOT_MODIFIED else headers.status_code
        types = [value for name, value in record.headers if name.lower() == "content-type"]
        record.mime = _type_of(types) if types else ""
    if any(name in fields.get("warc-profile", "") for name in REVISIT_PROFILES):
        record.digest = fields.get("warc-payload-digest", "").strip()
        url = fields.get("warc-refers-to-target-uri", "").strip("<> ")
        at = instant(fields.get("warc-refers-to-date", "").strip())
        record.refers_to = (url, at) if url and at is not EPOCH else None
    return record


def _kept(raw: WarcRecord) -> Record:
    """A body without the answer's header: a site's file is there, and nobody knows how it was
    answered. It is taken for a revisit that names nothing."""
    said = raw.headers.get("WARC-Target-URI") or ""
    found = split(said.strip("<> "))
    if found is None or found[1] not in PATHS:
        return Record(Kind.OTHER, raw.stream_pos)
    return Record(Kind.REVISIT, raw.stream_pos, said.strip("<> "), at=raw.record_date or EPOCH)


CUT_STATUSES = (206, 226)  # a part of the body, or what differs from another one


def _response(record: Record, raw: WarcRecord) -> None:
    fields = {name.lower(): value for name, value in raw.headers.to_tuples()}
    record.url = fields.get("warc-target-uri", "").strip("<> ")
    record.at = raw.record_date or EPOCH
    headers = raw.http_headers
    if headers is None or not headers.status_code:
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
        return
    record.status = headers.status_code
    record.headers = headers.to_tuples()
    if are_strange(headers.status_line or "", record.headers):
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
        record.detail = LINE_ENDS
        return
    body = raw.reader.read(BODY_BYTES_MAX + 1)
    has_less = len(body) < min(raw.content_length, BODY_BYTES_MAX)
    record.length = raw.content_length
    record.headers = unfolded(record.headers)
    if is_interim(record.status) and body.startswith(b"HTTP/"):
        _final(record, body)
        body = bytes(record.body)
    was_cut = "warc-truncated" in fields or "warc-segment-number" in fields
    was_cut = was_cut or record.status in CUT_STATUSES
    record.is_cut = was_cut or has_less
    record.body = body
    decode(record)
    record.digest = fields.get("warc-payload-digest", "").strip()


INTERIM_MAX = 8  # answers before the one that has the page


def is_interim(status: int) -> bool:
    """RFC 9110 15.2: an answer that another one follows on the same connection."""
    return 100 <= status < 200 and status != SWITCHED


SWITCHED = 101


def _final(record: Record, content: bytes, count: int = 1) -> None:
    """What stands behind an interim answer, whose lines count too: they may refuse."""
    end = _HEAD_END.search(content)
    lines = header_lines(content[: end.start()] if end else b"")
    status = _STATUS.match(lines[0])
    if end is None or status is None:
        return
    record.status = int(status[1])
    final = pairs_of(lines[1:])
    if are_strange(lines[0], final):
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
        record.detail = LINE_ENDS
        return
    record.headers = unfolded([*_earlier(record.headers, final), *final])
    record.body = content[end.end() :]
    record.length = len(record.body)
    if is_interim(record.status) and count < INTERIM_MAX:
        _final(record, bytes(record.body), count + 1)


def _earlier(headers: Sequence[tuple[str, str]], final: Sequence[tuple[str, str]]) -> Pairs:
    """Lines of an interim answer. Of a dictionary's keys the last counts, so that one which the
    final answer has too is given a name that is near: nothing it says is lost to the other."""
    values = [value.strip() for name, value in final if name.lower() == DICTIONARY]
    return [
        (f"x-{DICTIONARY}" if values and name.lower() == DICTIONARY else name, value)
        for name, value in headers
        if name.lower() != DICTIONARY or value.strip() not in values
    ]


Pairs = list[tuple[str, str]]
DICTIONARY = "content-usage"
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STATUS = re.compile(r"HTTP/[0-9.]+\s+(\d{3})")


def decode(record: Record, *, is_as_sent: bool = True) -> None:
    """Undo transfer and content codings, bounded; failing is damage, never silence.

    The codings of the transfer were put on last, whatever the order of their lines, and of
    several of one kind the last named. What is not at hand as it was sent, and whole, may be
    shorter than its header says.
    """
    transfer, content, length = "", "", ""
    types: list[str] = []
    for name, value in record.headers:
        if len(name) not in DECODING_NAMES:
            continue
        lowered = name.lower()
        if lowered == "content-type":
            types.append(value)
        elif lowered == "content-length":
            length = value
        elif lowered == "transfer-encoding":
            transfer += f",{value}"
        elif lowered == "content-encoding":
            content += f",{value}"
        elif lowered == "content-range":
            record.is_cut = True
    if types and not record.mime:
        record.mime = _type_of(types)
    codings: list[str] = []
    if transfer or content:
        codings = _last_first(transfer) + _last_first(content)
    if not codings and _has_chunks(record.body):
        codings = ["chunked"]
    if codings:
        _undo_all(record, codings)
    elif is_as_sent and length.isdecimal() and record.length < int(length[:18]):
        record.is_cut = True  # the server had said more
    record.is_cut = record.is_cut or len(record.body) > BODY_BYTES_MAX


_CHUNK_SIGNS = frozenset(b"0123456789abcdefABCDEF")
_LAST_CHUNK = b"\r\n0\r\n\r\n"


def _has_chunks(body: bytes | memoryview) -> bool:
    """Whether a body is in chunks though its header, which tools change, does not say so."""
    return bool(body) and (
        body[0] in _CHUNK_SIGNS
        and bytes(body[-7:]) == _LAST_CHUNK
        and _CHUNK.match(body) is not None
    )


def _last_first(codings: str) -> list[str]:
    return [c for part in reversed(codings.split(",")) if (c := part.strip().lower())]


def _type_of(types: Sequence[str]) -> str:
    """The one type; of several the one under which a page may state most."""
    if len(types) == 1:
        only = types[0]
        return only.strip() if "html" in only.lower() else only
    said = [part for line in types for part in line.split(",")]
    return next((one.strip() for one in said if "html" in one.lower()), types[0])


_CHUNK = re.compile(rb"([0-9A-Fa-f]{1,16})[ \t]*(?:;[^\r\n]*)?\r?\n")
_NEAR_CHUNK = re.compile(rb"\s*[+-]?(?:0x)?[0-9A-Fa-f]{1,16}[ \t]*(?:;[^\r\n]*)?[\r\n]")
TRAILERS_MAX = 64
_LINE_END = re.compile(rb"\r?\n")
_TRAILERS = re.compile(rb"(?:[!-9;-~]+:[^\r\n]*\r?\n)*(?:\r?\n)?")


def _dechunked(record: Record) -> None:
    """A body whose archive already removed the chunks stays as it is; one whose chunks do not
    end as they should is cut."""
    body = bytes(record.body)
    found = _CHUNK.match(body, 2 if body.startswith(b"\r\n") else 0)
    if found is None:
        record.is_cut = record.is_cut or _NEAR_CHUNK.match(body) is not None
        return
    parts: list[bytes] = []
    at = 0
    while found is not None and (size := int(found[1], 16)):
        at = found.end() + size
        parts.append(body[found.end() : at])
        end = _LINE_END.match(body, at)
        found = None if end is None else _CHUNK.match(body, end.end())
    is_whole = found is not None and _TRAILERS.fullmatch(body, found.end()) is not None
    if found is not None and found.end() + 4 < len(body):
        lines = (line.partition(":") for line in header_lines(body[found.end() :]))
        trailers = [(name.strip(), value.strip()) for name, colon, value in lines if colon]
        record.headers = [*record.headers, *trailers[:TRAILERS_MAX]]
    if is_whole or at >= len(body):
        record.body = b"".join(parts)
    record.is_cut = record.is_cut or not is_whole


def _undo_all(record: Record, codings: Sequence[str]) -> None:
    for coding in codings:
        if record.kind is not Kind.UNREADABLE:
            _undo(record, coding)


def _undo(record: Record, coding: str) -> None:
    body = bytes(record.body)
    try:
        if coding == "chunked":
            _dechunked(record)
        elif coding in ("gzip", "x-gzip"):
            if body.startswith(GZIP_MARK):
                with gzip.GzipFile(fileobj=io.BytesIO(body)) as file:
                    record.body = file.read(BODY_BYTES_MAX + 1)
        elif coding == "deflate":
            _inflate(record, body)
        elif coding == "br":
            reader = BrotliReader(io.BytesIO(body))
            record.body = bytes(reader.read(BODY_BYTES_MAX + 1))
            if len(record.body) <= BODY_BYTES_MAX:
                reader.read(1)  # raises when the stream ended early or something is behind it
        elif coding != "identity":
            _cannot(record, coding)
    except (OSError, ValueError, EOFError, zlib.error) as err:
        _cannot(record, f"{coding}: {type(err).__name__}")


def _cannot(record: Record, detail: str) -> None:
    record.kind, record.damage = Kind.UNREADABLE, Damage.ENCODING
    record.detail, record.body = detail, b""


def _inflate(record: Record, body: bytes) -> None:
    """With zlib's frame or without; what neither reads may be plain already."""
    for window in (zlib.MAX_WBITS, -zlib.MAX_WBITS):
        inflate = zlib.decompressobj(window)
        try:
            record.body = inflate.decompress(body, BODY_BYTES_MAX + 1)
        except zlib.error:
            continue
        if not inflate.eof or inflate.unused_data:
            record.is_cut = True
        return


def parse_http(content: bytes, *, is_whole: bool = True) -> Record:
    """A stored response: status line, header lines, an empty line, the body."""
    record = Record(Kind.RESPONSE, 0)
    end = _HEAD_END.search(content)
    lines = header_lines(content[: end.start()] if end else b"")
    status = _STATUS.match(lines[0])
    if end is None or status is None:
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
        return record
    record.status = int(status[1])
    pairs = pairs_of(lines[1:])
    if are_strange(lines[0], pairs):
        record.kind, record.damage = Kind.UNREADABLE, Damage.NO_HTTP
        record.detail = LINE_ENDS
        return record
    record.headers = unfolded(pairs)
    record.body = content[end.end() :]
    if is_interim(record.status):
        _final(record, bytes(record.body))
    record.length = len(record.body)
    if is_whole:
        decode(record)
    else:
        beginning(record)
    return record


def beginning(record: Record) -> None:
    """The beginning of a body can be decoded only when nothing was coded."""
    if not any(name.lower() in CODINGS for name, _ in record.headers):
        decode(record, is_as_sent=False)
        return
    names = {name.lower(): value for name, value in record.headers}
    record.mime, record.body = names.get("content-type", ""), b""


def instant(text: str) -> datetime:
    """RFC 3339 text as an instant; the epoch when it is none."""
    try:
        at = datetime.fromisoformat(text)
    except ValueError:
        return EPOCH
    if at.tzinfo is UTC:
        return at
    return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
