"""One response to signals: every header line, the page's elements, media and documents.

A quick search for trigger bytes decides which pages are parsed, and how far. Its triggers
are wider than what the parser reads, so that neither skipping a page nor stopping behind its
last mark loses a machine-readable statement (prose is found where its words stand together).
What could not be read to its end says so in a signal.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Protocol

import numpy as np

from madang.rights import documents, pages
from madang.rights.agents import OWN_TOKEN
from madang.rights.prose import as_read, prose_reservation
from madang.rights.protocols import aipref, c2pa, content_signal, noai, rsl, tdmrep
from madang.rights.protocols.near import (
    is_about_training,
    is_like_robots,
    may_be_about_training,
)
from madang.rights.search import Hit, search
from madang.rights.signals import Signal, Value, Vector, vector_of

BODY_BYTES_MAX = 8 * 1024 * 1024
HEADER_LINES_MAX = 256
CHARSET_BYTES = 2048
MEDIA_TYPES = ("image/", "video/", "audio/", "application/c2pa")
READ_TYPES = ("application/pdf", "application/epub", *MEDIA_TYPES)
# What names no type at all may be a page as well as anything.
HTML_TYPES = ("text/html", "application/xhtml+xml", "application/xml", "text/xml", "")
PACKED_TYPES = ("multipart/", "message/")  # pages inside of which nobody looks
# Encodings in which ASCII letters are not the bytes of ASCII: decode before searching.
HEAD = "head"
NODES_MAX = 500_000
CONTROLS = bytes(octet for octet in range(32) if octet not in b"\t\n\v\f\r\x1b")
CONTROLS_RATIO = 64  # text has none; what is packed has one in ten octets
SPACES = (b" ", b"\n", b"\t", b"\r", b"\f")
_NO_TAG = re.compile(rb">[^<>\"']*")
UTF_8 = ("utf-8", "utf8", "us-ascii", "ascii")
# What pages call Korean; browsers read all of them as the widest.
KOREAN_NAMES = dict.fromkeys(
    (
        *("euc-kr", "euc_kr", "cseuckr", "korean", "ksc5601", "ksc_5601", "ks_c_5601"),
        *("ks_c_5601-1987", "ks_c_5601-1989", "csksc56011987", "iso-ir-149", "ms949"),
        *("windows-949", "x-windows-949"),
    ),
    "cp949",
)
# Who says the first writes the second, in which quotes and dashes have places.
LATIN_NAMES = {"iso-8859-1": "cp1252", "iso8859-1": "cp1252", "latin1": "cp1252"}
# Of others, too, the words that are searched for are what the search knows.
SEARCHED = frozenset(
    (*UTF_8, *KOREAN_NAMES, "cp949", "uhc", "iso-8859-1", "latin1", "windows-1252")
)
_PROBE = "<meta name=noai-tdm:reservation content=0123456789>"
# What Python calls encodings and no page is in; some raise, one takes time by the square.
NO_CHARSETS = ("idna", "punycode", "undefined", "unicode-escape", "raw-unicode-escape")
OPAQUE = ("utf-16", "utf-32", "utf-7", "iso-2022", "hz", "ibm", "cp037", "cp500", "cp1026")
SIGNAL_HEADERS = frozenset(
    (
        *("content-usage", "content-signal", "tdm-reservation", "tdm-policy"),
        *("x-robots-tag", "link"),
    )
)
TYPE = "content-type"
NAME_CHARACTERS = 64  # of names that are remembered
MARKS = (
    (b"\xef\xbb\xbf", "utf-8"),
    (b"\xff\xfe\0\0", "utf-32"),
    (b"\0\0\xfe\xff", "utf-32"),
    (b"\xff\xfe", "utf-16-le"),
    (b"\xfe\xff", "utf-16-be"),
)
ANY_MARK = tuple(mark for mark, _ in MARKS)
MARK_OCTETS = frozenset(mark[0] for mark in ANY_MARK)
_CHARSET = re.compile(rb"charset\s*=\s*[\"']?\s*([A-Za-z0-9_.:-]{2,40})", re.IGNORECASE)


class Stored(Protocol):
    """What is observed: a response by itself, or a record of an archive as it is."""

    @property
    def url(self) -> str: ...
    @property
    def headers(self) -> Sequence[tuple[str, str]]: ...
    @property
    def body(self) -> bytes | memoryview: ...
    @property
    def mime(self) -> str: ...
    @property
    def is_cut(self) -> bool: ...
    @property
    def is_head(self) -> bool: ...


@dataclass(slots=True)
class Response:
    """One stored response. `is_cut` when the archive or a limit ended it early."""

    url: str
    status: int
    headers: Sequence[tuple[str, str]]
    body: bytes | memoryview
    mime: str = ""
    is_cut: bool = False
    is_head: bool = False


@dataclass(slots=True)
class Observation:
    """What one response says, with the lines and elements that say it."""

    vector: Vector
    signals: list[Signal]
    header_lines: list[tuple[str, str]] = field(default_factory=list)
    was_parsed: bool = False


def observe(response: Stored, own_token: str = OWN_TOKEN, anchors: str = "") -> Observation:
    """All signals of one response, the site's files apart."""
    lines, said_type = _said(response.headers)
    signals = header_signals(lines, own_token) if lines else []
    if len(lines) >= HEADER_LINES_MAX:
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="headers"))
    was_parsed = False
    mime = essence(response.mime or said_type)
    if mime in HTML_TYPES or (mime and _looks_like_html(response.body)):
        was_parsed = _page(response, said_type, own_token, signals)
    elif not mime.startswith(PACKED_TYPES):
        signals.extend(_plain(response.body[:BODY_BYTES_MAX], mime, said_type))
    kind = documents.kind_of(response.body)
    if kind or mime not in HTML_TYPES:
        signals.extend(_other(response, mime, kind, anchors))
    if response.is_cut or len(response.body) > BODY_BYTES_MAX:
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="cut"))
    if response.is_head:
        signals.append(UNREAD)
    if mime.startswith("image/"):
        signals.append(Signal("class", "work", "image", "page"))
    return Observation(_vector(signals), signals, lines, was_parsed)


UNREAD = Signal("body", "read", Value.UNESTABLISHED, HEAD, note="the rest unread")
_UNREAD_ONLY = vector_of([UNREAD])


def _vector(signals: Sequence[Signal]) -> Vector:
    """Most pages say nothing, and most beginnings nothing but that they are some."""
    if not signals:
        return ()
    return _UNREAD_ONLY if is_unread_only(signals) else vector_of(signals)


def is_unread_only(signals: Sequence[Signal]) -> bool:
    """Whether a page's beginning said nothing."""
    return len(signals) == 1 and signals[0] is UNREAD


def observe_header(headers: Iterable[tuple[str, str]], own_token: str) -> Observation:
    """What a header alone says, of an answer whose body is not at hand or is no content."""
    lines, _ = _said(headers)
    signals = header_signals(lines, own_token) if lines else []
    if len(lines) >= HEADER_LINES_MAX:
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="headers"))
    return Observation(vector_of(signals), signals, lines)


def _said(headers: Iterable[tuple[str, str]]) -> tuple[list[tuple[str, str]], str]:
    """Lines that may carry a statement, repeats and order kept, names in lower case; and the
    first line that names the type."""
    found: list[tuple[str, str]] = []
    content_type: str | None = None
    for name, value in headers:
        role = _usual_role(name) if len(name) <= NAME_CHARACTERS else _role(name)
        if not role:
            continue
        if role != TYPE:
            if len(found) < HEADER_LINES_MAX:
                found.append((role, value))
        elif content_type is None:
            content_type = value
    return found, content_type or ""


def _role(name: str) -> str:
    """What a header's name is to us: a statement's, the type's, or nothing."""
    lowered = name.lower()
    if lowered == TYPE:
        return TYPE
    stripped = lowered.strip()
    if not stripped.isascii() and _ASCII_ONLY.sub("", stripped) in SIGNAL_HEADERS:
        return stripped  # signs that nobody sees stand in it
    is_ours = stripped in SIGNAL_HEADERS or is_about_training(stripped)
    is_ours = is_ours or may_be_about_training(stripped) or _has_terms(stripped)
    return stripped if is_ours or is_like_robots(stripped) else ""


def _has_terms(name: str) -> bool:
    """Whether a line is for people and may reserve in words."""
    return "copyright" in name or name.endswith(("rights", "terms", "terms-of-use"))


_ASCII_ONLY = re.compile(r"[^\x21-\x7e]+")
_usual_role = lru_cache(maxsize=4096)(_role)


@lru_cache(maxsize=1024)
def essence(content_type: str) -> str:
    """The type alone, without its parameters."""
    return content_type.partition(";")[0].strip().lower()


@lru_cache(maxsize=1024)
def _said_charset(content_type: str) -> str | None:
    found = _CHARSET.search(content_type.encode("utf-8", "replace"))
    return None if found is None else found[1].decode("ascii").lower()


def header_signals(lines: Sequence[tuple[str, str]], own_token: str) -> list[Signal]:
    """Each protocol reads its own lines by its own rule."""
    by_name: dict[str, list[str]] = {}
    for name, value in lines:
        by_name.setdefault(name, []).append(value)
    reserved, policies = by_name.get("tdm-reservation", []), by_name.get("tdm-policy", [])
    return [
        *aipref.from_header(by_name.get("content-usage", [])),
        *content_signal.from_lines(by_name.get("content-signal", []), "header"),
        *tdmrep.from_values(reserved, policies, "header"),
        *noai.from_header(by_name.get("x-robots-tag", []), own_token),
        *_links(by_name.get("link", [])),
        *(
            signal
            for name in by_name.keys() - SIGNAL_HEADERS
            for signal in noai.from_near(name, by_name[name], own_token)
        ),
        *(
            Signal("prose", "reservation", Value.NO, "header", said)
            for name in by_name.keys() - SIGNAL_HEADERS
            if _has_terms(name) and (said := prose_reservation(" ".join(by_name[name])))
        ),
    ]


_LINK = re.compile(
    r"<([^<>]*)>((?:\s*;\s*[^,;=\"]+(?:\s*=\s*(?:\"(?:[^\"\\\\]|\\.)*\"|'[^',;]*'|[^,;\s\"]*))?)*)"
)
_PARAMETER = re.compile(
    r";\s*([^,;=\"\s]+)\s*=\s*(?:\"((?:[^\"\\\\]|\\.)*)\"|('[^',;]*'|[^,;\s\"]*))"
)


def _links(lines: Iterable[str]) -> list[Signal]:
    """Licences of the page itself: a link with an anchor is about something else."""
    found: list[Signal] = []
    for line in lines:
        for target, parameters in _LINK.findall(line):
            said: dict[str, str] = {}
            for name, quoted, bare in _PARAMETER.findall(parameters):
                said.setdefault(name.lower(), (quoted or bare).strip("'").lower())
            rel = said.get("rel", "").split()
            if "c2pa-manifest" in rel:
                found.append(c2pa.elsewhere("header", target))
            if any("rsl" in word for word in rel) or any("tdm" in word for word in rel):
                found.extend(rsl.named("header", [target]))
            if "license" not in rel and not (rel and "rsl" in said.get("type", "")):
                continue
            if "rsl" in said.get("type", ""):
                found.extend(rsl.named("header", [target]))
            elif "anchor" not in said:
                found.append(pages.licence_signal(target, "header", line))
    return found


def _page(response: Stored, said_type: str, own_token: str, signals: list[Signal]) -> bool:
    stored = response.body
    if len(stored) > BODY_BYTES_MAX:
        stored = stored[:BODY_BYTES_MAX]
    charset = _named(said_type, stored) or _guessed(stored, signals)
    if is_opaque(charset):
        text, is_clean = decoded(bytes(stored), charset)
        if not is_clean or "<" not in text or "\0" in text[:CHARSET_BYTES]:
            signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=charset))
        if "<" in text:  # else it is in another encoding than it says
            stored = text.encode("utf-8", "surrogatepass")
        charset = "utf-8"
    elif not _is_text(stored, charset):
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note="no text"))
    original, named = stored, charset
    if charset not in SEARCHED:  # its words are other octets than those that are searched for
        text, is_clean = decoded(bytes(stored), charset)
        if not is_clean and not _is_known(charset):
            signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=charset))
            original = b""
        stored, charset = text.encode("utf-8", "surrogatepass"), "utf-8"
    hit = search().page(stored)
    found: list[Signal] = []
    was_parsed = hit is not None and _parsed(bytes(stored), charset, hit, own_token, found)
    signals.extend(found)
    seen = hit if stored is original else search().page(original)
    is_said = any(signal.protocol in ("prose", "body") for signal in found)
    if seen is not None and seen.has_prose and not is_said:
        signals.extend(_said_otherwise(bytes(original), named))
    return was_parsed


def _parsed(body: bytes, charset: str, hit: Hit, own_token: str, signals: list[Signal]) -> bool:
    """What a page states in which the search found something; False when that was nothing but
    words which make no sentence."""
    if is_heavy(body):
        note = "more elements and attributes than a page has"
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=note))
        body = body[: pages.SHORT_CHARACTERS]
    deep = _may_be_deep(body)
    # The parser reads UTF-8 itself, and replaces what is none.
    text = body if charset in UTF_8 else decoded(body, charset)[0]
    found: list[Signal] = []
    if hit.end or deep:
        end = None
        if charset in UTF_8:
            end = len(body) if hit.has_prose or deep else hit.end + pages.MARGIN_BYTES
        has_prose = hit.has_prose
        found = pages.read(
            text, own_token, has_prose=has_prose, may_be_deep=deep, marks_end=end
        )
    elif said := pages.in_words(text):
        found = pages.read(text, own_token, has_prose=False, may_be_deep=False) + said
    signals.extend(found)
    return bool(hit.end or deep or found)


def _said_otherwise(body: bytes, charset: str) -> list[Signal]:
    """What a page says in words in another encoding than the one that it names."""
    readings = map(pages.in_words, _otherwise(body, charset))
    return next((said for said in readings if said), [])


def _otherwise(body: bytes, charset: str) -> Iterator[str]:
    """A page in the usual encodings that it does not name and fits to its last octet."""
    is_korean = charset in KOREAN_NAMES or charset == "cp949"
    if not body.isascii() and not _is_whole(body, "cp949" if is_korean else charset):
        yield from (text for name in ("utf-8", "cp949") if (text := _whole(body, name)))


def _is_whole(body: bytes, charset: str) -> bool:
    return charset in (*UTF_8, "cp949") and _whole(body, charset) is not None


def _whole(body: bytes | memoryview, charset: str) -> str | None:
    """A text that its encoding fits; its last letter may be cut."""
    decoder = codecs.getincrementaldecoder(charset)("strict")
    try:
        return decoder.decode(bytes(body))
    except ValueError:
        return None


def _guessed(body: bytes | memoryview, signals: list[Signal]) -> str:
    """The encoding of a page that names none, as browsers guess: by what its octets are."""
    octets = bytes(body)
    if octets.isascii() or _whole(octets, "utf-8") is not None:
        return "utf-8"
    if _whole(octets, "cp949") is not None:
        return "cp949"
    if len(octets.translate(None, LOW)) * FOREIGN_RATIO > len(octets):
        note = "in an encoding that it does not name"
        signals.append(Signal("body", "read", Value.UNESTABLISHED, "page", note=note))
    return "utf-8"


LOW = bytes(range(128))
FOREIGN_RATIO = 8  # letters with accents are fewer


def _is_text(body: bytes | memoryview, charset: str) -> bool:
    """Whether a page can be what it says: packed or coded octets are full of control signs,
    and what has no tag and fits its encoding nowhere is in another one."""
    beginning = bytes(body[:CHARSET_BYTES])
    controls = len(beginning) - len(beginning.translate(None, CONTROLS))
    if controls * CONTROLS_RATIO > len(beginning):
        return False
    if b"<" in beginning or beginning.isascii():
        return True
    whole = bytes(body)
    return b"<" in whole or decoded(whole, charset)[1]


def is_heavy(body: bytes) -> bool:
    """Whether a page's tree could take more memory than a scan may: some 200 bytes a node.

    A tag makes an element and perhaps a text, a gap inside of one an attribute. Between `>` and
    the next mark or quote no gap is inside of a tag, wherever the parser stands.
    """
    if len(body) < NODES_MAX:
        return False
    nodes = 2 * _count(body, b"<")
    if nodes > NODES_MAX or nodes + _gaps_at_most(body) <= NODES_MAX:
        return nodes > NODES_MAX
    return nodes + _gaps(body) > NODES_MAX and nodes + _gaps(_NO_TAG.sub(b"", body)) > NODES_MAX


def _count(body: bytes, octet: bytes) -> int:
    """How often an octet stands there: an array is ten times as quick as `count` where it is
    frequent."""
    return int(np.count_nonzero(np.frombuffer(body, np.uint8) == ord(octet)))


def _gaps_at_most(body: bytes) -> int:
    quotes = _count(body, b'"') + _count(body, b"'")
    return _count(body, b"/") + quotes // 2 + sum(_count(body, octet) for octet in SPACES)


def _gaps(body: bytes) -> int:
    """At least as many as attributes begin: behind white space, a slash or a closing quote."""
    slashes = body.count(b"/") - body.count(b"</") - body.count(b"//")
    quotes = body.count(b'"') + body.count(b"'")
    return slashes + quotes // 2 + sum(body.count(octet) for octet in SPACES)


def _may_be_deep(body: bytes) -> bool:
    """A count that most pages settle at once; the exact one costs ten times as much."""
    is_tag = np.frombuffer(body, np.uint8) == ord("<")
    tags, limit = np.count_nonzero(is_tag), pages.OPEN_ELEMENTS_MAX
    if tags <= limit:
        return False
    closing = np.count_nonzero(np.frombuffer(body, np.uint8)[1:][is_tag[:-1]] == ord("/"))
    return bool(tags - closing > limit)


def charset_of(said_type: str, body: bytes | memoryview) -> str:
    """By byte-order mark, then header, then the page's own meta; UTF-8 when none speaks."""
    return _named(said_type, body) or "utf-8"


def _named(said_type: str, body: bytes | memoryview) -> str | None:
    if body and body[0] in MARK_OCTETS:
        first = bytes(body[:4])
        if first.startswith(ANY_MARK):
            return next(name for mark, name in MARKS if first.startswith(mark))
    named = _said_charset(said_type)
    if named is not None:
        return named
    beginning = bytes(body[:CHARSET_BYTES])
    said = _CHARSET.search(beginning)
    if said is None:
        return "utf-16-le" if b"\0" in beginning[:64] else None
    named = said[1].decode("ascii").lower()
    # That its name could be read tells that the page is in no such encoding.
    return "utf-8" if _hides_ascii(named) else named


@lru_cache(maxsize=256)
def is_opaque(charset: str) -> bool:
    """Whether ASCII's letters may be other bytes, or its bytes other letters."""
    return charset.startswith(OPAQUE) or _hides_ascii(charset)


@lru_cache(maxsize=256)
def _hides_ascii(charset: str) -> bool:
    try:
        return _PROBE.encode(charset) != _PROBE.encode("ascii")
    except (LookupError, ValueError):
        return False


def decoded(body: bytes, charset: str) -> tuple[str, bool]:
    """Text, and whether every byte of it was understood. Wrong charsets never raise."""
    name = KOREAN_NAMES.get(charset) or LATIN_NAMES.get(charset)
    try:
        codec = codecs.lookup(name or charset)
        if not codec._is_text_encoding or codec.name in NO_CHARSETS:
            return body.decode("utf-8", "replace"), False
        return codec.decode(body, "strict")[0], True
    except (LookupError, ValueError):
        pass
    try:
        return body.decode("utf-8"), True
    except ValueError:
        return body.decode(_lenient(name or charset), "replace"), False


def _lenient(charset: str) -> str:
    return codecs.lookup(charset).name if _is_known(charset) else "utf-8"


@lru_cache(maxsize=256)
def _is_known(charset: str) -> bool:
    try:
        return codecs.lookup(charset).name not in NO_CHARSETS
    except LookupError:
        return False


_PAGE_BEGINS = re.compile(
    rb"<(?:!doctype|html|head|meta|svg|rss|feed|rdf|rsl|title|script|link|body)[^a-z]",
    re.IGNORECASE,
)


def _looks_like_html(body: bytes | memoryview) -> bool:
    """Servers send pages under any type by mistake, and one read in vain costs little."""
    beginning = bytes(body[:4096])
    if not beginning.strip():
        beginning = bytes(body).lstrip()[:4096]
    return b"<" in beginning[:1024] and _PAGE_BEGINS.search(beginning) is not None


def _plain(body: bytes | memoryview, mime: str, said_type: str) -> list[Signal]:
    """What a text that is no page reserves in words: a note, a feed's or a table's terms."""
    beginning = bytes(body[:CHARSET_BYTES])
    charset = charset_of(said_type, body)
    is_wide = is_opaque(charset)
    controls = len(beginning) - len(beginning.translate(None, CONTROLS))
    if documents.kind_of(body) or (controls * CONTROLS_RATIO > len(beginning) and not is_wide):
        return []
    octets = bytes(body)
    if is_wide or charset not in SEARCHED:
        octets, charset = decoded(octets, charset)[0].encode("utf-8", "surrogatepass"), "utf-8"
    if "json" in mime or "script" in mime:
        octets = _ESCAPED.sub(_unescaped, octets)
    hit = search().page(octets)
    if hit is None or not hit.has_prose:
        return []
    for text in (decoded(octets, charset)[0], *_otherwise(octets, charset)):
        words = as_read(text)
        places = search().places(words)
        said = prose_reservation(words, places) if places else None
        if said is not None:
            return [Signal("prose", "reservation", Value.NO, "text", said)]
    return []


_ESCAPED = re.compile(rb"\\u([0-9A-Fa-f]{4})")


def _unescaped(found: re.Match[bytes]) -> bytes:
    """A letter of JSON that is written as a number."""
    return chr(int(found[1], 16)).encode("utf-8", "replace")


def _other(response: Stored, mime: str, kind: str, anchors: str) -> list[Signal]:
    """Documents and media, by the type that is said or else by the one that is seen."""
    if mime.startswith(PACKED_TYPES):
        return [Signal("body", "read", Value.UNESTABLISHED, "page", note=mime[:64])]
    if not mime.startswith(READ_TYPES):
        if not kind:
            return []
        mime = kind
    body = bytes(response.body[:BODY_BYTES_MAX])
    if mime == "application/pdf":
        return _with_words(documents.from_pdf(body), body)
    if mime in ("application/epub+zip", "application/epub"):
        return documents.from_epub(body)
    if mime.startswith(MEDIA_TYPES):
        packet = _xmp(body)
        said = c2pa.from_media(body, mime, anchors)
        said += documents.in_words(packet) if packet else []
        return _with_words(said, body)
    return []


def _with_words(found: list[Signal], body: bytes) -> list[Signal]:
    """What a file states, and where that is nothing in words, what its octets say."""
    is_said = any(signal.protocol == "prose" for signal in found)
    return found if is_said else found + documents.in_octets(body)


_XMP = re.compile(rb"<(?:x:xmpmeta|rdf:RDF)\b")
_XMP_ENDS = re.compile(rb"</(?:x:xmpmeta|rdf:RDF)>")


def _xmp(body: bytes) -> str:
    """Every packet of a file; each sign is passed once, whatever a file repeats."""
    found: list[bytes] = []
    begins = _XMP.search(body)
    while begins is not None:
        ends = _XMP_ENDS.search(body, begins.end())
        if ends is None:
            break
        found.append(body[begins.start() : ends.end()])
        begins = _XMP.search(body, ends.end())
    return b"\n".join(found).decode("utf-8", "replace")
