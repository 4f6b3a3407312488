"""RSL 1.0: a licence document in XML, named by robots.txt, a Link header or an HTML link.

A permission with payment is an offer. A server means that a licence must be obtained. No
external entity is ever read; several licences for one asset combine restrictively.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from xml.parsers import expat

from madang.rights.protocols.matching import Pattern, as_asked, path_of, unescaped
from madang.rights.signals import Signal, Value, most_restrictive

PROTOCOL = "rsl"
NAMESPACE = "https://rslstandard.org/rsl"
FILE_BYTES_MAX = 1024 * 1024
DEPTH_MAX = 64
USAGE_PARTS_MAX = 1024
TRAINING = frozenset(("all", "ai-all", "ai-train", "train-ai"))


class _Hostile(ValueError):
    """A document type, an entity or a depth that no licence needs."""


@dataclass(slots=True)
class Licence:
    """What one licence of one content element says about use for training."""

    permits: set[str] = field(default_factory=set)
    prohibits: set[str] = field(default_factory=set)
    is_paid: bool = False
    is_scoped: bool = False


@dataclass(slots=True)
class Content:
    url: str
    has_server: bool
    licences: list[Licence] = field(default_factory=list)


@dataclass(slots=True)
class Document:
    contents: list[Content] = field(default_factory=list)
    error: str = ""

    def signals_for(self, path: bytes) -> list[Signal]:
        if self.error:
            return [Signal(PROTOCOL, "train", Value.MALFORMED, "file", note=self.error)]
        values = [v for item in self.contents if _reaches(item, path) for v in _values(item)]
        value = most_restrictive(values)
        return [] if value is None else [Signal(PROTOCOL, "train", value, "file")]


def _reaches(content: Content, path: bytes) -> bool:
    pattern = content.url
    if re.match(r"^https?://", pattern):
        wanted = path_of(pattern)
    else:
        wanted = pattern.encode("utf-8", "surrogatepass") or b"/"
    if not wanted.startswith((b"/", b"*")):
        wanted = b"/" + wanted
    return Pattern(unescaped(as_asked(wanted))).matches(unescaped(as_asked(path)))


def _values(content: Content) -> list[Value]:
    if not content.licences:
        return [Value.OFFER if content.has_server else Value.UNKNOWN]
    return [_value(content, licence) for licence in content.licences]


def _value(content: Content, licence: Licence) -> Value:
    if licence.prohibits & TRAINING:
        return Value.NO
    if licence.permits & TRAINING:
        is_offer = licence.is_paid or content.has_server or licence.is_scoped
        return Value.OFFER if is_offer else Value.YES
    if licence.permits:
        return Value.UNKNOWN  # permits other uses only, and says nothing about this one
    return Value.OFFER if licence.is_paid or content.has_server else Value.UNKNOWN


class _Reader:
    def __init__(self) -> None:
        self.document = Document()
        self.depth = 0
        self.text: list[str] = []
        self.usage_of = ""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        self.depth += 1
        if self.depth > DEPTH_MAX:
            raise _Hostile("too deep")
        tag = name.rpartition(" ")[2]
        contents = self.document.contents
        if tag == "content":
            contents.append(Content(attributes.get("url", "/"), "server" in attributes))
        elif tag == "license" and contents:
            contents[-1].licences.append(Licence())
        elif tag in ("permits", "prohibits") and contents and contents[-1].licences:
            self._scope(tag, attributes.get("type", "usage"))
        elif tag == "payment" and contents and contents[-1].licences:
            kind = attributes.get("type", "purchase")
            contents[-1].licences[-1].is_paid = kind not in ("free", "attribution")

    def _scope(self, tag: str, kind: str) -> None:
        if kind == "usage":
            self.usage_of, self.text = tag, []
        else:
            self.document.contents[-1].licences[-1].is_scoped = True

    def data(self, text: str) -> None:
        if not self.usage_of:
            return
        if len(self.text) >= USAGE_PARTS_MAX:
            raise _Hostile("a usage list without end")
        self.text.append(text)

    def end(self, name: str) -> None:
        self.depth -= 1
        if self.usage_of and name.rpartition(" ")[2] == self.usage_of:
            licence = self.document.contents[-1].licences[-1]
            words = set(re.split(r"[\s,]+", "".join(self.text).lower())) - {""}
            (licence.permits if self.usage_of == "permits" else licence.prohibits).update(words)
            self.usage_of = ""


def parse(content: bytes, *, was_cut: bool = False) -> Document:
    """Read a licence document. Never raises."""
    if was_cut or len(content) > FILE_BYTES_MAX:
        return Document(error="truncated")
    reader = _Reader()
    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler = reader.start
    parser.EndElementHandler = reader.end
    parser.CharacterDataHandler = reader.data
    parser.StartDoctypeDeclHandler = _refuse
    try:
        parser.Parse(content, True)  # noqa: FBT003  expat's own "final"
    except (expat.ExpatError, _Hostile, ValueError, LookupError) as err:
        return Document(error=f"{type(err).__name__}: {err}"[:200])
    if not reader.document.contents:
        return Document(error="no content element")
    return reader.document


def _refuse(*_: object) -> None:
    raise _Hostile("a document type")


def named(carrier: str, urls: Iterable[str]) -> list[Signal]:
    """A licence is named but its document is not at hand: its terms are not established."""
    return [
        Signal(PROTOCOL, "named", Value.UNESTABLISHED, carrier, url[:512])
        for url in urls
        if url
    ]
