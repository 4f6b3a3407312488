"""The beginnings of an archive's records, without inflating the rest of each.

Triage: what the first bytes of a page refuse is refused, all else waits for a whole scan.
A record is skipped by finding the gzip member behind it (see `members.end_of`): what is not
inflated is not summed up, so that a member whose first bytes are damaged is passed over unnamed
when it stands behind one of its own length. What is not one record per member is read whole.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from madang.rights.scan.archives import (
    AGENT,
    CUT_STATUSES,
    GZIP_MARK,
    LINE_ENDS,
    check,
    instant,
    open_input,
    parse_http,
)
from madang.rights.scan.lines import strange_lines
from madang.rights.scan.members import Window, by_fastwarc, end_of, inflated, plain_of, rest
from madang.rights.scan.plainly import END_BYTES, Layouts
from madang.rights.scan.records import Damage, Kind, Record
from madang.rights.site import FILE_BYTES_MAX, PATHS

HEADERS_BYTES = 2 * 1024
_LENGTH = re.compile(rb"(?im)^content-length:[ \t]*(\d{1,18})[ \t]*\r$")
_TYPE = re.compile(rb"(?im)^warc-type:[ \t]*(\w+)[ \t]*\r$")
_FIELD = re.compile(
    rb"(?im)^(warc-(?:target-uri|date|truncated|segment-number|payload-digest)):"
    rb"[ \t]*(.*?)\r$"
)
AGENTS = {
    b"warcinfo": AGENT,
    b"request": re.compile(rb"(?im)^user-agent:[ \t]*(.*?)[ \t]*\r?$"),
}
SITE_ENDS = tuple(PATHS)
SITE_PATHS = tuple(path.encode() for path in PATHS)


def read_heads(place: str, start: int, agent: str, head_bytes: int) -> Iterator[Record]:
    """Records from an offset on; bodies that are longer than the head say so."""
    last, end = -1, start
    with open_input(place) as file:
        if file.read(len(GZIP_MARK)) == GZIP_MARK:
            window = Window(file)
            for found, behind in _members(window, start, head_bytes):
                last, end = found.offset, behind
                agent = found.agent or agent
                found.agent = agent
                yield found
            check(file, place)
            if end >= window.size:
                return
    yield from rest(place, start, last, agent)


def _members(window: Window, at: int, head_bytes: int) -> Iterator[tuple[Record, int]]:
    """Records while each is a member of its own, with the place behind each."""
    layouts, limit = Layouts(), head_bytes + HEADERS_BYTES
    while at < window.size:
        end = window.next_member(at)
        short = inflated(window, at, end, limit)
        record = None if short is None else layouts.whole(short)
        if record is None:
            plain = plain_of(window, at, limit)
            found = _plainly(window, at, plain, layouts, end) or _otherwise(window, at, plain)
            if found is None:
                return
            record, end = found
        record.offset = at
        yield record, end
        at = end


def _plainly(
    window: Window, at: int, plain: bytes, layouts: Layouts, following: int
) -> tuple[Record, int] | None:
    """A record whose header is written in the plainest way; None for any other."""
    fit = layouts.fit(plain)
    if fit is None:
        return None
    read, found, stop = fit
    end = end_of(window, at, stop + END_BYTES, following)
    if end is None:
        return None
    if len(plain) >= stop + END_BYTES:
        record = layouts.whole(plain)
    else:
        record = read(plain, found, stop, is_whole=False)
    if record is None or (record.is_head and record.url.endswith(SITE_ENDS)):
        return None  # a site's file is read whole
    return record, end


def _otherwise(window: Window, at: int, plain: bytes) -> tuple[Record, int] | None:
    """A record with any other header, or a site's file that is longer than the beginning."""
    header, mark, block = plain.partition(b"\r\n\r\n")
    said = _LENGTH.search(header + b"\r")
    if not mark or said is None or not header.startswith(b"WARC/1."):
        return None
    length = int(said[1])
    end = end_of(window, at, len(header) + 4 + length + 4)
    if end is None:
        return None
    kind = _TYPE.search(header + b"\r")
    fields = {n.lower(): v for n, v in _FIELD.findall(header + b"\r")}
    if kind is not None and (kind[1].lower() == b"revisit" or _is_bare(kind, fields)):
        record = by_fastwarc(plain_of(window, at, FILE_BYTES_MAX + 2 * HEADERS_BYTES))
        return None if record is None else (record, end)
    if kind is None or kind[1].lower() != b"response":
        return _other(kind, block), end
    if len(block) < length and _is_site_file(fields):
        whole = plain_of(window, at, FILE_BYTES_MAX + 2 * HEADERS_BYTES)
        block = whole[len(header) + 4 :]
    return _response(fields, block[:length], length), end


def _is_bare(kind: re.Match[bytes], fields: dict[bytes, bytes]) -> bool:
    """Whether a record may be a site's file without its answer."""
    return kind[1].lower() in (b"resource", b"conversion") and _is_site_file(fields)


def _is_site_file(fields: dict[bytes, bytes]) -> bool:
    url = fields.get(b"warc-target-uri", b"").strip(b"<> ").partition(b"#")[0]
    return url.rstrip(b"?").endswith(SITE_PATHS)


def _other(kind: re.Match[bytes] | None, block: bytes) -> Record:
    """A request or the archive's own record: both may tell who fetched."""
    record = Record(Kind.OTHER, 0)
    pattern = AGENTS.get(kind[1].lower()) if kind else None
    said = pattern.search(block) if pattern else None
    record.agent = said[1].decode("latin-1") if said else ""
    return record


def _response(fields: dict[bytes, bytes], block: bytes, length: int) -> Record:
    is_whole = len(block) >= length
    record = parse_http(block, is_whole=is_whole)
    record.length = length
    record.url = fields.get(b"warc-target-uri", b"").decode("utf-8", "replace").strip("<> ")
    record.at = instant(fields.get(b"warc-date", b"").decode("latin-1"))
    record.digest = fields.get(b"warc-payload-digest", b"").decode("latin-1").strip()
    record.is_head = not is_whole
    is_part = not fields.keys().isdisjoint((b"warc-truncated", b"warc-segment-number"))
    record.is_cut = is_part or record.status in CUT_STATUSES or record.is_cut
    if record.kind is Kind.RESPONSE and strange_lines(block):
        record.kind, record.damage, record.detail = Kind.UNREADABLE, Damage.NO_HTTP, LINE_ENDS
    return record
