"""Records whose headers are written in the plainest way, read by one expression.

A writer writes every record's header alike: what one record's header looked like is learnt, and
the next is matched line for line, together with the response's own header. That takes half the
time of the expression that knows every order of lines, and it reads nothing that that one would
read otherwise. None means that the header is written otherwise and that fastwarc must read it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Protocol

from madang.rights.observe import BODY_BYTES_MAX
from madang.rights.scan.archives import (
    AGENT,
    INFO_BYTES_MAX,
    beginning,
    decode,
    instant,
)
from madang.rights.scan.records import EPOCH, Kind, Record
from madang.rights.site import PATHS

Plain = bytes | bytearray  # what inflates at once comes as the latter
LAYOUTS_MAX = 8
END_BYTES = 4  # two line ends close a record
# A record's header as most writers write it: each of these names once. Any other is fastwarc's.
_OTHER_NAMES = (
    rb"Record-ID|Concurrent-To|IP-Address|Payload-Digest|Block-Digest|Warcinfo-ID|Filename"
    rb"|Identified-Payload-Type|Refers-To|Refers-To-Target-URI|Refers-To-Date|Profile|Protocol"
    rb"|Cipher-Suite|Source-URI|JSON-Metadata|Identified-Content-Language|Resource-Type|Page-ID"
)
_HEADER = re.compile(
    rb"WARC/1\.[01]\r\n(?:"
    rb"(?(1)(?!)|WARC-Type: ([a-z]+)\r\n)"
    rb"|(?(2)(?!)|WARC-Date: (\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\r\n)"
    rb"|(?(3)(?!)|WARC-Target-URI: ([!-~]+)\r\n)"
    rb"|(?(4)(?!)|Content-Length: (\d{1,15})\r\n)"
    rb"|(?(5)(?!)|Content-Type: ([!-~]+(?: [!-~]+)*)\r\n)"
    rb"|(?(6)(?!)|WARC-Truncated: ([a-z]+)\r\n)"
    rb"|WARC-(?:" + _OTHER_NAMES + rb"): [!-~][ -~]*\r\n)+\r\n"
)
HTTP_TYPE = b"application/http"
_HTTP = re.compile(
    rb"HTTP/1\.[01] ([1-9][0-9]{2})(?: [!-~ ]*)?((?:\r\n[!-9;-~]+: [!-~][ -~]*)*)\r\n\r\n"
)
_PAIR = re.compile(r"\r\n([^:]+): ([^\r]+)")
_AGENT_LINE = re.compile(rb"\r\nUser-Agent: ([!-~]+(?: [!-~]+)*)\r\n")

_FIELDS = {
    b"WARC-Date": rb"WARC-Date: (?P<date>\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ)\r\n",
    b"WARC-Target-URI": rb"WARC-Target-URI: (?P<url>[!-~]+)\r\n",
    b"Content-Length": rb"Content-Length: (?P<length>\d{1,15})\r\n",
}
_LITERAL = (b"WARC-Type", b"Content-Type")  # each value makes a layout of its own
_BLOCK = rb"\r\n(?P<block>)"
_HTTP_LINES = rb"(?P<lines>(?:\r\n[!-9;-~]+: [!-~][ -~]*)*)\r\n\r\n"
_RESPONSE = rb"HTTP/1\.[01] (?P<status>[1-9][0-9]{2})(?: [!-~ ]*)?" + _HTTP_LINES
_REQUEST = rb"[!-~ ]+" + _HTTP_LINES
CUT_STATUSES = (b"206", b"226")
SILENT_KINDS = (b"metadata", b"resource", b"conversion")  # revisits are fastwarc's
SITE_ENDS = tuple(path.encode() for path in PATHS)
_DIGEST = b"\nWARC-Payload-Digest: "
RESPONSE, OTHER = Kind.RESPONSE, Kind.OTHER  # an enumeration's own look-up costs more


class Header(NamedTuple):
    """What a record's own header says, when it is written in the plainest way."""

    kind: bytes | None
    date: bytes | None
    url: bytes | None
    length: int
    content_type: bytes | None
    truncated: bytes | None
    start: int  # of what follows


def header_of(plain: Plain) -> Header | None:
    """One field a line, each once and spelt as usual; None for any other header."""
    found = _HEADER.match(plain)
    if found is None or found[4] is None:
        return None
    kind, date, url, length, content_type, truncated = found.groups()
    return Header(kind, date, url, int(length), content_type, truncated, found.end())


def plainest(plain: Plain, header: Header) -> Record | None:
    """The record of one whole member whose header is written in the plainest way."""
    if len(plain) != header.start + header.length + END_BYTES:
        return None
    if header.kind == b"response":
        return response_of(plain, header)
    if header.kind == b"request":
        return _request(plain, header)
    is_http = header.content_type is not None and header.content_type.startswith(HTTP_TYPE)
    if is_http or header.kind not in (b"warcinfo", *SILENT_KINDS):
        return None
    record = Record(OTHER, 0)
    said = AGENT.search(plain, header.start, header.start + INFO_BYTES_MAX)
    if _is_kept(header.kind, header.url):
        return None
    if header.kind == b"warcinfo" and said:
        record.agent = said[1].decode("latin-1")
    return record


def _request(plain: Plain, header: Header) -> Record | None:
    """A request without a body tells who fetched; one that is longer is left to fastwarc."""
    if header.content_type is None or not header.content_type.startswith(HTTP_TYPE):
        return None
    block = plain[header.start - 2 : -4]
    if not block.endswith(b"\r\n\r\n") or block.count(b"\r\n\r\n") != 1 or not block.isascii():
        return None
    return _agent_of(block)


def _agent_of(lines: Plain) -> Record | None:
    """What a request's lines tell; None when they name several agents or one oddly."""
    said = _AGENT_LINE.findall(lines)
    if len(said) != lines.lower().count(b"user-agent"):
        return None
    record = Record(OTHER, 0)
    if len(said) == 1:
        record.agent = said[0].decode("ascii")
        return record
    return None if said else record


def response_of(plain: Plain, header: Header, *, is_whole: bool = True) -> Record | None:
    """The response of one record, or of its beginning; None where fastwarc must read it."""
    kind = header.content_type
    http = _HTTP.match(plain, header.start)
    if http is None or header.date is None or header.url is None:
        return None
    if kind is None or not kind.startswith(HTTP_TYPE):
        return None
    status, lines = http.groups()
    stop = header.start + header.length
    said = header.date, header.url, status, lines
    record = _response(plain, said, http.end(), stop, is_whole=is_whole)
    if record is not None:
        record.is_cut = record.is_cut or header.truncated is not None
    return record


Said = tuple[bytes, bytes, bytes, bytes]  # date, address, status, lines


def _response(
    plain: Plain, said: Said, begin: int, stop: int, *, is_whole: bool
) -> Record | None:
    date, url, status, lines = said
    if begin > stop or b" \r\n" in lines or lines.endswith(b" ") or status[:1] == b"1":
        return None
    at = instant(date.decode("ascii"))
    if at is EPOCH:
        return None
    record = Record(
        RESPONSE,
        0,
        url.decode("ascii").strip("<>"),
        at,
        int(status),
        _PAIR.findall(lines.decode("ascii")),
        memoryview(plain)[begin : min(stop, begin + BODY_BYTES_MAX + 1)],
        "",
        stop - begin,
        status in CUT_STATUSES,
    )
    if is_whole:
        decode(record)
    else:
        record.is_head = True
        beginning(record)
    named = plain.find(_DIGEST, 0, begin) + len(_DIGEST)
    if named >= len(_DIGEST):
        record.digest = plain[named : plain.find(b"\r\n", named)].decode("latin-1").strip()
    return record


# --- layouts ---------------------------------------------------------------------------------


class Layouts:
    """How the writer of one archive writes headers, as far as learnt."""

    def __init__(self) -> None:
        self._known: list[tuple[re.Pattern[bytes], Reader]] = []
        self._learnt: set[tuple[bytes, ...]] = set()

    def whole(self, plain: Plain) -> Record | None:
        """The record of one whole member; None where fastwarc must read it."""
        for pattern, read in self._known:
            found = pattern.match(plain)
            if found is not None:
                stop = found.start("block") + int(found["length"])
                if stop + END_BYTES != len(plain):
                    break
                record = read(plain, found, stop, is_whole=True)
                if record is not None:
                    return record
                break
        header = header_of(plain)
        record = None if header is None else plainest(plain, header)
        if header is not None and record is not None:
            self._learn(plain, header)
        return record

    def fit(self, plain: Plain) -> tuple[Reader, re.Match[bytes], int] | None:
        """How a beginning is read, its match, and where the record's block will end."""
        for pattern, read in self._known:
            found = pattern.match(plain)
            if found is not None:
                return read, found, found.start("block") + int(found["length"])
        header = header_of(plain)
        if header is not None and self._learn(plain, header):
            return self.fit(plain)
        return None

    def _learn(self, plain: Plain, header: Header) -> bool:
        """Remember how a header that was read is written; whether that was new."""
        read = READERS.get(header.kind or b"")
        if read is None or len(self._known) >= LAYOUTS_MAX or not _is_usual(header):
            return False
        lines = bytes(plain[: header.start]).split(b"\r\n")[1:-2]
        key = tuple(_line(line) for line in lines)
        if key in self._learnt:
            return False
        self._learnt.add(key)
        block, reader = read
        text = rb"WARC/1\.[01]\r\n" + b"".join(key) + _BLOCK + block
        self._known.append((re.compile(text), reader))
        return True


def _is_usual(header: Header) -> bool:
    """Whether records with such a header are read from their header and first lines alone."""
    is_http = header.content_type is not None and header.content_type.startswith(HTTP_TYPE)
    if header.kind == b"response" and (header.date is None or header.url is None):
        return False
    return header.truncated is None and is_http == (header.kind not in SILENT_KINDS)


def _line(line: bytes) -> bytes:
    """One line of a header as the expression of all that differ in nothing but their value."""
    name = line.partition(b":")[0]
    if name in _LITERAL:
        return re.escape(line) + rb"\r\n"
    return _FIELDS.get(name) or re.escape(name) + rb": [!-~][ -~]*\r\n"


class Reader(Protocol):
    """What makes a record of a match, `stop` being where the record's block ends."""

    def __call__(
        self, plain: Plain, found: re.Match[bytes], stop: int, *, is_whole: bool
    ) -> Record | None: ...


def _read_response(
    plain: Plain, found: re.Match[bytes], stop: int, *, is_whole: bool
) -> Record | None:
    date, url, status, lines = found.group("date", "url", "status", "lines")
    return _response(plain, (date, url, status, lines), found.end(), stop, is_whole=is_whole)


def _read_request(
    plain: Plain, found: re.Match[bytes], stop: int, *, is_whole: bool
) -> Record | None:
    if found.end() != stop or not is_whole:
        return None
    return _agent_of(found["lines"] + b"\r\n")


def _read_silent(
    plain: Plain, found: re.Match[bytes], stop: int, *, is_whole: bool
) -> Record | None:
    fields = found.groupdict()
    if not is_whole or _is_kept(b"resource", fields.get("url")):
        return None
    return Record(OTHER, 0)


def _is_kept(kind: bytes | None, url: bytes | None) -> bool:
    """Whether a record may be a site's file without its answer: left to fastwarc."""
    is_bare = kind in (b"resource", b"conversion") and url is not None
    return is_bare and url.partition(b"#")[0].rstrip(b"?>").endswith(SITE_ENDS)  # type: ignore[union-attr]


READERS: Mapping[bytes, tuple[bytes, Reader]] = {
    b"response": (_RESPONSE, _read_response),
    b"request": (_REQUEST, _read_request),
    **dict.fromkeys(SILENT_KINDS, (b"", _read_silent)),
}
