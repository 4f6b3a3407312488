"""What a page holds in words beside the text that it shows: its title, what a hover, a search
engine or a reader aloud gets, comments, and what a script may show.

Each is a text for itself: a refusal in one is none of what another is about.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from selectolax.lexbor import LexborHTMLParser, LexborNode

from madang.rights.prose import as_read, first_reservation
from madang.rights.search import search
from madang.rights.signals import Signal, Value

VALUES_MAX = 20_000
CHARACTERS_MIN = 4  # no sentence is shorter
# Attributes that are written for people.
SPOKEN = (
    *("title", "alt", "aria-label", "aria-description", "placeholder", "label", "summary"),
    *("content", "value", "srcdoc", "data-title", "data-text", "data-content", "data-caption"),
    *("data-description", "data-tooltip", "data-original-title", "data-copyright"),
    *("data-rights", "data-license", "data-notice"),
)
_SPOKEN = ", ".join(f"[{name}]" for name in SPOKEN)
# Words side by side, which make no sentence.
_LISTS = ("keywords", "news_keywords", "article:tag")
_TAG = re.compile(r"<[^<>]*>")
# What stands around a text in a script or a style.
_CODE = re.compile(r"[\"`{}\[\];=]|(?<!\w)'|'(?!\w)")


def scripts(tree: LexborHTMLParser) -> list[str]:
    """What scripts and styles hold, before they are taken out of a tree."""
    return [node.text() or "" for node in tree.css("script, style")]


def read(tree: LexborHTMLParser, source: str | bytes, code: Iterable[str]) -> list[Signal]:
    """The first text beside the page's own that reserves in words, or that there are more than
    a page has."""
    spoken = tree.css(_SPOKEN)
    texts = [as_read(text) for text in _texts(tree, source, code, spoken[:VALUES_MAX])]
    if search().places(" | ".join(texts)):
        said = first_reservation(dict.fromkeys(texts))
        if said is not None:
            return [Signal("prose", "reservation", Value.NO, "html", said)]
    if len(spoken) > VALUES_MAX:
        return [Signal("body", "read", Value.UNESTABLISHED, "page", note="elements")]
    return []


def _texts(
    tree: LexborHTMLParser,
    source: str | bytes,
    code: Iterable[str],
    spoken: Iterable[LexborNode],
) -> Iterator[str]:
    yield from (node.text() for node in tree.css("title"))
    yield from _attributes(spoken)
    yield from (_TAG.sub(" ", text) for text in _comments(source))
    yield from (_TAG.sub(" ", node.html or "") for node in tree.css("template"))
    for text in code:
        yield from (part for part in _CODE.split(text) if len(part) >= CHARACTERS_MIN)


def _attributes(spoken: Iterable[LexborNode]) -> Iterator[str]:
    for node in spoken:
        said = node.attributes
        if (said.get("name") or said.get("property") or "").lower() in _LISTS:
            continue
        for name in SPOKEN:
            value = said.get(name)
            if value and len(value) >= CHARACTERS_MIN:
                yield _TAG.sub(" ", value) if "<" in value else value


def _comments(source: str | bytes) -> Iterator[str]:
    """Comments of a page, the last one perhaps without its end."""
    octets = source if isinstance(source, bytes) else source.encode("utf-8", "replace")
    at = octets.find(b"<!--")
    while at >= 0:
        end = octets.find(b"-->", at)
        yield octets[at + 4 : end if end >= 0 else len(octets)].decode("utf-8", "replace")
        at = octets.find(b"<!--", end) if end >= 0 else -1
