"""The quick search for octets that may state something, wider than what the parser reads.

Neither skipping a page without a hit nor stopping behind its last one loses a statement that a
machine can read. For sentences only words are looked for, in the page's octets and then in its
text (see `sentences`): what a page with them says its whole tree tells.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterable, Sequence
from functools import cache, lru_cache, partial
from itertools import chain
from types import ModuleType
from typing import TYPE_CHECKING, NamedTuple

from madang.rights.sentences import (
    GROUPS,
    LATE,
    REACH_BYTES,
    REFERENCE,
    REFUSALS,
    SUBJECTS,
    octets,
)

SEPARATORS = ("", "-", "_", " ", ".", "+")
# Between the letters of a word that was meant as "noai".
BETWEEN = rb"[^a-z0-9<>]{0,64}"
MEANT = (
    rb"[^a-z0-9]no" + BETWEEN + rb"(?:(?:image|img)" + BETWEEN + rb")?"
    rb"(?:(?:ai|ml|gpt|llm)[^a-z0-9]|tdm)"
)
NEAR_WORDS = tuple(
    f"no{a}{word}" for a in SEPARATORS for word in ("ai", "ml", "gpt", "llm", "tdm")
) + tuple(
    f"no{a}{image}{b}ai" for a in SEPARATORS for image in ("image", "img") for b in SEPARATORS
)


def triggers() -> list[bytes]:
    """Patterns wide enough for everything that pages.read understands, cheap to search."""
    return [
        *(re.escape(word.encode()) for word in NEAR_WORDS),
        rb"tdm[^a-z0-9<>]{0,8}(?:re[sp]|pol)",
        MEANT,
        rb"<meta[^>]*(?:train|genai|generative|mining|tdm|[^a-z]ai[^a-z])",
        rb"<meta[^>]*robots?[^>]*[\x80-\xff]",
        rb"[^a-z0-9]no[^a-z0-9<>&]{0,8}&[a-z0-9#]{1,10};",
        REFERENCE,
        rb"&(?:colon|period|lowbar|plus|sol);",
        rb"content-usage",
        rb"content-signal",
        rb"x-robots-tag",
        rb"[\"'=\s:]licen[sc]e[\"'>]",
        rb"(?:rel|itemprop|property)\s{0,9}=[^>]{0,200}licen[sc]e",
        rb"isaccessibleforfree",
        *(rb"usageinfo", rb"copyrightnotice", rb"conditionsofaccess"),
        rb"\\u00(?:4[1-9a-f]|5[0-9a]|6[1-9a-f]|7[0-9a])",  # a letter of a key of JSON
        rb"rsl\+xml",
        rb"application/rsl|rslstandard\.org/rsl|[=\s\"']rsl",
        rb"(?:license|licence)-rsl",
        rb"(?:data-robots|data-ai)[^>]{0,40}no",
        rb"[^a-z]tdm[^a-z]",
        rb"datamining",
        rb"<!entity",
        rb":meta[\s/>]",
        rb"kogl\.or\.kr",
        rb"img_opencode",
        rb"img_opentype",
        octets("공공누리"),
    ]


class Hit(NamedTuple):
    """Whether a sentence about training may be there, and where the last other mark ends."""

    has_prose: bool
    end: int


if TYPE_CHECKING:
    import hyperscan

Octets = bytes | memoryview
Names = frozenset[str]
Places = Sequence[int]
ANYWHERE: Places = (0,)
# Words that `pages.read` asks for before it looks for them in a tree, those of marks first, and
# attributes in which a mark may stand.
MARK_WORDS = ("img_open", "kogl.or.kr", "공공누리")
NAMED = (
    *(*MARK_WORDS, "tdm", "TDM", "content-usage", "content-signal"),
    *("data-robots", "rsl", "RSL", "ataMining", ":meta"),
)
ATTRIBUTES = (
    *("src", "data-src", "data-original", "data-lazy", "data-lazy-src", "srcset", "style"),
    *("data", "href", "xlink:href", "data-href", "data-url", "poster", "background", "title"),
    *("aria-label", "alt", "data-background", "data-bg", "data-srcset"),
)


def plainly_named(octets: bytes) -> Names:
    """Any attribute may be there."""
    return frozenset((*ATTRIBUTES, *(word for word in NAMED if word.encode() in octets)))


class Search(NamedTuple):
    """`page` says what the octets of a page may tell, None for nothing; `places` where a word
    of its text, one blank between its words, may stand in a sentence that reserves: the
    beginnings and ends of stretches in turns, none for nowhere; `named` which of some words
    the octets hold, and where a mark's is among them which names of attributes, at least."""

    page: Callable[[Octets], Hit | None]
    places: Callable[[str], Places]
    named: Callable[[bytes], Names]


class _OfThread(threading.local):
    """Each thread's own search: hyperscan's working memory serves one search at a time."""

    def __init__(self) -> None:
        self.search: Search = (
            _hyperscan()
            or _re2()
            or Search(
                lambda body: Hit(has_prose=True, end=len(body)),
                lambda text: ANYWHERE,
                plainly_named,
            )
        )


@cache
def _of_thread() -> _OfThread:
    return _OfThread()


def search() -> Search:
    """The fastest search at hand; without any, every page is parsed whole."""
    return _of_thread().search


# --- which words make a sentence -------------------------------------------------------------

BITS = {name: 1 << at for at, name in enumerate(GROUPS)}
WORDS = [(BITS[name], pattern) for name, patterns in GROUPS.items() for pattern in patterns]
LATE_BIT = BITS[LATE]
MARK = len(WORDS)  # the number of the first pattern that is no word


def _masks(alternatives: Iterable[tuple[str, ...]]) -> list[int]:
    return [sum(BITS[name] for name in names) for names in alternatives]


_SUBJECTS, _REFUSALS = _masks(SUBJECTS), _masks(REFUSALS)
REFUSING = sum(BITS[name] for name in set(chain(*REFUSALS)))


@lru_cache(maxsize=65_536)
def may_be_said(words: int) -> bool:
    """Whether words of these groups may make a sentence: a subject and a refusal."""
    return any(words & mask == mask for mask in _REFUSALS) and any(
        words & mask == mask for mask in _SUBJECTS
    )


def around(places: Sequence[int]) -> list[int]:
    """Stretches within reach of some places, which are in order."""
    found = list[int]()
    for place in places:
        if found and place - REACH_BYTES <= found[-1]:
            found[-1] = place + REACH_BYTES
        else:
            found += (place - REACH_BYTES, place + REACH_BYTES)
    return found


def in_characters(octets: bytes, places: Sequence[int]) -> Places:
    """Places in UTF-8 as places in the text, give or take one."""
    found, last, count = list[int](), 0, 0
    for place in places:
        here = max(0, place)
        count += len(octets[last:here].decode("utf-8", "ignore"))
        found.append(count)
        last = here
    return found


# --- hyperscan -------------------------------------------------------------------------------


def _hyperscan() -> Search | None:
    """All in one pass over a page: each word once, each mark wherever it ends."""
    try:
        import hyperscan  # noqa: PLC0415  optional: wheels for x86-64 only
    except ImportError:
        return None
    database = cache(partial(_database, hyperscan))
    bits, pages, names = [bit for bit, _ in WORDS], database("page"), (*NAMED, *ATTRIBUTES)
    said = last = 0
    refusals, found = list[int](), set[str]()

    def seen(id: int, start: int, end: int, flags: int, context: object) -> None:
        nonlocal said, last
        if id < MARK:
            said |= bits[id]
        elif end > last:
            last = end

    def page(body: Octets) -> Hit | None:
        nonlocal said, last
        said = last = 0
        pages.scan(body, match_event_handler=seen)  # type: ignore[type-var]  # takes any buffer
        if may_be_said(said | LATE_BIT) and not may_be_said(said):
            database("late").scan(body, match_event_handler=seen)  # type: ignore[type-var]  # ditto
        has_prose = may_be_said(said)
        return Hit(has_prose, last) if has_prose or last else None

    def refused(id: int, start: int, end: int, flags: int, context: object) -> None:
        refusals.append(end)

    def places(text: str) -> Places:
        nonlocal said
        octets, said = text.encode("utf-8", "surrogatepass"), 0
        database("text").scan(octets, match_event_handler=seen)
        if not may_be_said(said):
            return ()
        refusals.clear()
        database("refusals").scan(octets, match_event_handler=refused)
        found = around(sorted(refusals))
        return found if len(octets) == len(text) else in_characters(octets, found)

    def met(id: int, start: int, end: int, flags: int, context: object) -> None:
        found.add(names[id])

    def named(octets: bytes) -> Names:
        found.clear()
        database("named").scan(octets, match_event_handler=met)
        if not found.isdisjoint(MARK_WORDS):
            database("attributes").scan(octets, match_event_handler=met)
        return frozenset(found)

    return Search(page, places, named)


def _database(library: ModuleType, name: str) -> hyperscan.Database:
    """One search, made when it is first asked for: many scans need the first alone."""
    every = library.HS_FLAG_CASELESS | library.HS_FLAG_DOTALL
    once = every | library.HS_FLAG_SINGLEMATCH
    exact = once & ~library.HS_FLAG_CASELESS
    words = [(number, once, word) for number, (_, word) in enumerate(WORDS)]
    late = [one for one in words if WORDS[one[0]][0] == LATE_BIT]
    attributes = [name.encode() + rb"\s*=" for name in ATTRIBUTES]
    rows = {
        "page": [
            *(one for one in words if one not in late),
            *((MARK, every, mark) for mark in triggers()),
        ],
        "late": late,
        "text": words,
        "refusals": [
            (number, every, word) for number, _, word in words if WORDS[number][0] & REFUSING
        ],
        "named": [
            (number, exact, re.escape(name.encode())) for number, name in enumerate(NAMED)
        ],
        "attributes": [
            (number, once, one) for number, one in enumerate(attributes, len(NAMED))
        ],
    }[name]
    made: hyperscan.Database = library.Database()
    made.compile(
        [row[2] for row in rows], [row[0] for row in rows], flags=[row[1] for row in rows]
    )
    return made


# --- re2 -------------------------------------------------------------------------------------


def _re2() -> Search | None:
    """Group by group: a page is asked for subjects only when it has a refusal."""
    try:
        import re2  # noqa: PLC0415  optional: where hyperscan has no wheel
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    marks = re2.compile(b"|".join(triggers()), options=options)
    groups = {
        name: re2.compile(b"|".join(patterns), options=options)
        for name, patterns in GROUPS.items()
    }

    def is_said(octets: bytes) -> bool:
        known: dict[str, bool] = {}

        def has(name: str) -> bool:
            if name not in known:
                known[name] = groups[name].search(octets) is not None
            return known[name]

        return all(
            any(all(map(has, names)) for names in alternatives)
            for alternatives in (REFUSALS, SUBJECTS)
        )

    def page(body: Octets) -> Hit | None:
        octets = bytes(body)
        has_prose = is_said(octets)
        end = len(octets) if marks.search(octets) is not None else 0
        return Hit(has_prose, end) if has_prose or end else None

    def places(text: str) -> Places:
        return ANYWHERE if is_said(text.encode("utf-8", "surrogatepass")) else ()

    return Search(page, places, plainly_named)
