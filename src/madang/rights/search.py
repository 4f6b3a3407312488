"""The quick search for bytes that may state something, wider than what the parser reads.

Neither skipping a page without a hit nor stopping behind its last one loses a statement that a
machine can read; sentences are found where their words stand together.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator, Sequence
from functools import cache
from typing import NamedTuple, Protocol

from madang.rights.sentences import REACH_BYTES, may_reserve, squeezed

# A numeric character reference to a letter, a digit or a mark inside a word: a way to hide it.
# It may end without a semicolon, before anything.
REFERENCE = (
    rb"&#(?:0{0,6}(?:4[4-9]|5[0-8]|6[5-9]|[78][0-9]|90|95|9[7-9]|1[01][0-9]|12[0-2])"
    rb"(?:[^0-9]|$)"
    rb"|x0{0,6}(?:2[c-f]|3[0-9a]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])(?:[^0-9a-f]|$))"
)


def _korean(word: str) -> bytes:
    """One word in the two encodings that Korean pages use."""
    octets = (word.encode("utf-8"), word.encode("cp949"))
    return b"(?:" + b"|".join(b"".join(b"\\x%02x" % o for o in text) for text in octets) + b")"


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
        rb"tdm[^a-z0-9<>]{0,8}(?:re[sp]|polic)",
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
        rb"rsl\+xml",
        rb"application/rsl|rslstandard\.org/rsl|[=\s\"']rsl",
        rb"(?:license|licence)-rsl",
        rb"(?:data-robots|data-ai)[^>]{0,40}no",
        rb"[^a-z]tdm[^a-z]",
        rb"datamining",
        rb"kogl\.or\.kr",
        rb"img_opencode",
        rb"img_opentype",
        _korean("공공누리"),
    ]


ENCODINGS = ("utf-8", "cp949", "cp932", "euc_jp", "gb18030", "latin-1")


def _in_any(word: str) -> bytes:
    """A word in each encoding that has it and whose pages are searched as they are."""
    found = dict.fromkeys(_encoded(word))
    return b"(?:" + b"|".join(b"".join(b"\\x%02x" % o for o in text) for text in found) + b")"


def _encoded(word: str) -> Iterator[bytes]:
    for encoding in ENCODINGS:
        try:
            yield word.encode(encoding)
        except UnicodeEncodeError:
            continue


# A letter outside of ASCII as a number; `REFERENCE` is of those inside.
NUMBER = rb"&#(?:1[2-9]|[2-5][0-9])[0-9]{3}[^0-9]|&#x0{0,4}[3-9a-d][0-9a-f]{3}[^0-9a-f]"
SUBJECTS = (
    *(rb"mining", rb"2019/790", rb"train", rb"learning", rb"artificial", rb"[^a-z]llm"),
    *(rb"language[\s<&\x80-\xff]", rb"[ >(\n\r\t\"'/,;:&\-]ai[^a-z]", rb"[\x80-\xff]ai[^a-z]"),
    *(
        rb"a\.i[^a-z]",
        rb"[^0-9a-z]44b",
        rb"fouille",
        rb"miner(?:[^a-z]|ia|a[^a-z])",
        rb"estrazione",
    ),
)
SUBJECTS_ELSEWHERE = ("マイニング", "学習", "数据挖掘", "机器学习", "训练")
KOREAN_SUBJECTS = ("마이닝", "학습", "러닝", "인공", "언어")
REFUSALS = (
    *(rb"r(?:e|[\xe9\xc9]|\xc3[\xa9\x89]|&[a-z0-9#]{1,8};)serv", rb"prohibi", rb"forbid"),
    *(rb"not[^a-z]", rb"without", rb"opt(?:s|ed)?.{0,100}out", rb"vorbehalten", rb"untersagt"),
    *(rb"[^a-z]no[^a-z0-9].{0,60}(?:use|part|permission)", rb"verboten", rb"interdit"),
    *(rb"proibid", rb"vietat", rb"riservat", rb"voorbehouden"),
)
REFUSALS_ELSEWHERE = ("禁", "不得", "未经")
KOREAN_REFUSALS = (
    *("금지", "불허", "금합", "허용하지", "허락하지", "제한", "유보", "무단", "거부", "없"),
)


def subjects() -> list[bytes]:
    """What every sentence about mining, training or AI has one of, however it is marked up."""
    elsewhere = map(_in_any, SUBJECTS_ELSEWHERE)
    return [*SUBJECTS, *elsewhere, *map(_korean, KOREAN_SUBJECTS), NUMBER, REFERENCE]


def refusals() -> list[bytes]:
    """What every sentence that refuses has one of, wider than the expressions that read it."""
    elsewhere = map(_in_any, REFUSALS_ELSEWHERE)
    return [*REFUSALS, *elsewhere, *map(_korean, KOREAN_REFUSALS), NUMBER, REFERENCE]


class Hit(NamedTuple):
    """Whether a sentence about training is there, and where the last other mark ends."""

    has_prose: bool
    end: int


class Scanner(Protocol):
    """A search of one page, in the encoding that it is in."""

    def __call__(self, body: bytes | memoryview, charset: str = "utf-8") -> Hit | None: ...


class _OfThread(threading.local):
    """Each thread's own search: hyperscan's working memory serves one search at a time."""

    def __init__(self) -> None:
        self.scan: Scanner = (
            _hyperscan()
            or _re2()
            or (lambda body, charset="utf-8": Hit(has_prose=True, end=len(body)))
        )


@cache
def _of_thread() -> _OfThread:
    return _OfThread()


def scanner() -> Scanner:
    """The fastest search at hand; without any, every page is parsed whole."""
    return _of_thread().scan


def _hyperscan() -> Scanner | None:
    try:
        import hyperscan  # noqa: PLC0415  optional: wheels for x86-64 only
    except ImportError:
        return None
    every = hyperscan.HS_FLAG_CASELESS | hyperscan.HS_FLAG_DOTALL
    once = every | hyperscan.HS_FLAG_SINGLEMATCH
    about, refused, marks = subjects(), refusals(), triggers()
    quick, refusing, places = (hyperscan.Database() for _ in range(3))
    for database, patterns, flags in (
        (quick, [*about, *marks], [once] * len(about) + [every] * len(marks)),
        (refusing, refused, [once] * len(refused)),
        (places, [*about, *refused], [every] * (len(about) + len(refused))),
    ):
        database.compile(patterns, list(range(len(patterns))), flags=flags)

    is_about = is_refused = False
    last = 0
    spots, others = list[int](), list[int]()

    def seen(id: int, start: int, end: int, flags: int, context: object) -> None:
        nonlocal is_about, last
        if id < len(about):
            is_about = True
        elif end > last:
            last = end

    def no(id: int, start: int, end: int, flags: int, context: object) -> None:
        nonlocal is_refused
        is_refused = True

    def placed(id: int, start: int, end: int, flags: int, context: object) -> None:
        (spots if id < len(about) else others).append(end)

    def says(body: bytes | memoryview, charset: str) -> bool:
        nonlocal is_refused
        is_refused = False
        refusing.scan(body, match_event_handler=no)  # type: ignore[type-var]  # takes any buffer
        if not is_refused:
            return False
        if says_here(body, charset):
            return True
        shorter = squeezed(body)
        return shorter is None or (len(shorter) < len(body) and says_here(shorter, charset))

    def says_here(body: bytes | memoryview, charset: str) -> bool:
        spots.clear()
        others.clear()
        places.scan(body, match_event_handler=placed)  # type: ignore[type-var]  # ditto
        return may_reserve(body, near(spots, others), charset)

    def scan(body: bytes | memoryview, charset: str = "utf-8") -> Hit | None:
        nonlocal is_about, last
        is_about, last = False, 0
        quick.scan(body, match_event_handler=seen)  # type: ignore[type-var]  # ditto
        has_prose = is_about and says(body, charset)
        return Hit(has_prose, last) if has_prose or last else None

    return scan


def near(spots: Sequence[int], others: Sequence[int]) -> Iterator[int]:
    """Those of some places that have one of the others within reach; both in order."""
    at = 0
    for spot in spots:
        while at < len(others) and others[at] < spot - REACH_BYTES:
            at += 1
        if at < len(others) and others[at] <= spot + REACH_BYTES:
            yield spot


def _re2() -> Scanner | None:
    try:
        import re2  # noqa: PLC0415  optional: where hyperscan has no wheel
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    marks, about, refused = (
        re2.compile(b"|".join(patterns()), options=options)
        for patterns in (triggers, subjects, refusals)
    )

    def scan(body: bytes | memoryview, charset: str = "utf-8") -> Hit | None:
        octets = bytes(body)
        has_prose = about.search(octets) is not None and refused.search(octets) is not None
        has_prose = has_prose and any(
            text is None
            or may_reserve(text, range(0, len(text) + REACH_BYTES, REACH_BYTES), charset)
            for text in (octets, squeezed(octets))
        )
        has_mark = marks.search(octets) is not None
        return Hit(has_prose, len(body)) if has_prose or has_mark else None

    return scan
