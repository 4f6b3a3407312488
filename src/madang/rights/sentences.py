"""Whether octets of a page may hold a sentence that reserves, without parsing the page.

The surroundings of each word are freed of markup, which costs a fraction of a tree, and meet
the expressions that the tree's text would meet. What is taken for text is more than a parser
takes: only a page on which nothing is found is not parsed.
"""

from __future__ import annotations

import codecs
import html
import re
from collections.abc import Iterable, Iterator

from madang.rights.pages import prose_reservation

REACH_BYTES = 4096  # of markup and text on each side of a word
PIECES_BYTES_MAX = 1024 * 1024  # of surroundings; a page that has more is parsed
KOREAN_NAMES = {"ks_c_5601-1987": "cp949", "euc-kr": "cp949", "ksc5601": "cp949"}
# As a parser tells them apart, whichever begins first: comments, scripts but for JSON-LD, tags,
# whose end a quote hides only behind its sign.
_MARKUP = re.compile(
    r"<(?:!--(?s:-?>|.*?--!?>)|!\[CDATA\["
    r"|(?i:(script|style))\b(?![^>]{0,400}ld\+json)[^>]*+>(?s:.*?)</(?i:\1)"
    r"|[a-zA-Z/!?](?>[^>=]+|=\s*(?>\"[^\"]*\"|'[^']*')?)*+>?)"
)
_PLAIN_TAG = re.compile(r"<[a-zA-Z/!?][^>]*>?")
# What may stand in the midst of a sentence and be longer than any reach.
LONG_ELEMENTS = ("script", "style", "svg", "template", "noscript", "select", "object")
_LONG = re.compile(  # in small letters
    rb"<(?:(" + "|".join(LONG_ELEMENTS).encode() + rb")\b.*?</\1|!--.*?-->"
    rb"|[a-z/!?][^>]{256,}>)",
    re.DOTALL,
)
_ENDS = {b"<!--": b"-->"} | {
    b"<" + name.encode(): b"</" + name.encode() for name in LONG_ELEMENTS
}
SPACES = b" \t\n\v\f\r\0"
STEPS_MAX = 8_000_000  # of looking for ends that are not there; a page with more is parsed


def may_reserve(body: bytes | memoryview, spots: Iterable[int], charset: str) -> bool:
    """Whether the text around any of these places may be a sentence that reserves."""
    octets, read = bytes(body), 0
    for start, end in _pieces(octets, spots):
        read += end - start
        if read > PIECES_BYTES_MAX:
            return True
        piece = octets[start:end]
        if is_dear(piece.lower()) or any(_says(text) for text in _texts(piece, charset)):
            return True
    return False


def squeezed(body: bytes | memoryview) -> bytes | None:
    """The octets without pictures, scripts and the like, so that words stand beside each other
    between which a reader sees nothing; a structured description is kept. None where that is
    dear to find out."""
    octets = bytes(body)
    lowered = octets.lower()
    if is_dear(lowered):
        return None
    last = lowered.rfind(b">") + 1  # behind it no tag ends: none is looked for in vain
    parts, at = [], 0
    for found in _LONG.finditer(lowered, 0, last):
        start, end = found.span()
        if lowered.find(b"ld+json", start, end) < 0:
            parts += [octets[at:start], b" "]
            at = end
    freed = b"".join([*parts, octets[at:]])
    is_spaced = 2 * len(freed.translate(None, SPACES)) < len(freed)
    return b" ".join(freed.replace(b"\0", b" ").split()) if is_spaced else freed


def is_dear(lowered: bytes) -> bool:
    """Whether so many comments, scripts and the like begin and never end that looking for each
    one's end would take long. Those before the last end are taken away with it."""
    endless = sum(
        lowered.count(begin, max(0, lowered.rfind(end)))
        for begin, end in _ENDS.items()
        if begin in lowered
    )
    return endless * len(lowered) > STEPS_MAX


def _pieces(octets: bytes, spots: Iterable[int]) -> Iterator[tuple[int, int]]:
    """Surroundings, joined where they touch, from the beginning of a tag on."""
    first, last = -1, 0
    for spot in spots:
        if first >= 0 and spot - REACH_BYTES > last:
            yield first, last
            first = -1
        if first < 0:
            first = max(0, octets.rfind(b"<", 0, max(0, spot - REACH_BYTES)))
        last = max(last, spot + REACH_BYTES)
    if first >= 0:
        yield first, last


def _texts(piece: bytes, charset: str) -> Iterator[str]:
    """A piece as it says that it is written, and as UTF-8 where that is something else."""
    yield piece.decode("utf-8", "replace")
    name = KOREAN_NAMES.get(charset, charset)
    if piece.isascii() or name in ("utf-8", "utf8"):
        return
    try:
        if codecs.lookup(name).name != "utf-8":
            yield piece.decode(name, "replace")
    except (LookupError, ValueError):
        return


def _says(piece: str) -> bool:
    """Whether a sentence is there once markup is taken away, by either reading of it."""
    return _is_said(_MARKUP.sub(" ", piece)) or _is_said(_PLAIN_TAG.sub(" ", piece))


def _is_said(text: str) -> bool:
    return prose_reservation(html.unescape(text) if "&" in text else text) is not None
