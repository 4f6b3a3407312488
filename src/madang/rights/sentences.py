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


def may_reserve(body: bytes | memoryview, spots: Iterable[int], charset: str) -> bool:
    """Whether the text around any of these places may be a sentence that reserves."""
    octets, read = bytes(body), 0
    for start, end in _pieces(octets, spots):
        read += end - start
        if read > PIECES_BYTES_MAX:
            return True
        if any(_says(text) for text in _texts(octets[start:end], charset)):
            return True
    return False


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
