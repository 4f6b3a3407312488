"""The quick search for bytes that may state something, wider than what the parser reads.

Neither skipping a page without a hit nor stopping behind its last one loses a statement that a
machine can read; sentences are found where their words stand together.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from functools import cache
from typing import NamedTuple

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
        rb"application/rsl|rslstandard\.org/rsl|rel\s{0,9}=[\s\"']{0,9}rsl",
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


# Of artificial minds, however a page breaks the words; cheap to search first.
MINDS = (
    *(
        rb"[ >(\n\r\t\"'/,;:&\-]ai[^a-z]",
        rb"[\x80-\xff]ai",
        rb"a\.i",
        rb"artificial.{1,40}intelligence",
        rb"machine.{1,40}learning",
    ),
    *(rb"language.{1,40}model", rb"[^a-z]llm", rb"deep.{1,40}learning"),
)
KOREAN_MINDS = ("인공", "언어", "딥러닝", "딥 러닝")
MINING = (
    *("マイニング", "機械学習", "学習", "数据挖掘", "机器学习", "训练", "fouille", "minería"),
    *("mineria", "estrazione", "mineração", "44b"),
)
# Signs of a sentence that is written as numbers.
NUMBERS = rb"(?:&#x?[0-9a-f]{2,6};?[^&<]{0,2}){4}"
REFUSING = (
    rb"(?:[^a-z]not[^a-z]|prohibit|forbid|opt.{0,40}out|[^a-z]no.{1,8}(?:use|part)|cannot)"
)


def prose_words() -> list[bytes]:
    """Words of which every sentence of `prose_triggers` has one: cheap to search first."""
    said = (rb"mining", rb"2019/790", rb"train", rb"learning")
    korean = (_korean(word) for word in ("마이닝", "학습", "러닝", *KOREAN_MINDS))
    return [*said, *korean, *MINDS, *map(_in_any, MINING), NUMBERS]


def prose_triggers() -> list[bytes]:
    """Patterns of sentences about mining and training, and about use that is refused."""
    study, far = _korean("학습"), rb".{0,300}"
    mind = rb"(?:[^a-z]a[.]?i[^a-z]|artificial|machine|language|[^a-z]llm|deep.learn)"
    korean = b"(?:[^a-z]a[.]?i[^a-z]|" + b"|".join(map(_korean, KOREAN_MINDS)) + b")"
    refused = b"|".join(map(_korean, ("금지", "금합", "불허", "거부", "하지", "없")))
    return [
        rb"(?:text|data).{0,60}mining",
        rb"datamining",
        rb'text[^"=]{0,40}data',
        rb"2019/790",
        *map(_in_any, MINING),
        mind + rb".{0,60}train",
        rb"train.{0,60}(?:[^a-z]ki[^a-z]|" + mind + rb")",
        rb"[^a-z]ki[^a-z].{0,60}train",
        REFUSING + far + mind,
        mind + far + REFUSING,
        korean + rb".{0,60}" + study,
        study + rb".{0,60}" + korean,
        korean + rb".{0,200}(?:" + refused + rb")",
        _korean("데이터") + rb".{0,20}" + _korean("마이닝"),
        _korean("기계") + rb".{0,20}" + study,
        _korean("머신") + rb".{0,20}" + _korean("러닝"),
        NUMBERS,
    ]


class Hit(NamedTuple):
    """Whether a sentence about training is there, and where the last other mark ends."""

    has_prose: bool
    end: int


Scanner = Callable[[bytes | memoryview], Hit | None]


class _OfThread(threading.local):
    """Each thread's own search: hyperscan's working memory serves one search at a time."""

    def __init__(self) -> None:
        self.scan: Scanner = (
            _hyperscan() or _re2() or (lambda body: Hit(has_prose=True, end=len(body)))
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
    words, prose, marks = prose_words(), prose_triggers(), triggers()
    quick, sentences = hyperscan.Database(), hyperscan.Database()
    for database, patterns, flags in (
        (quick, [*words, *marks], [once] * len(words) + [every] * len(marks)),
        (sentences, prose, [once] * len(prose)),
    ):
        database.compile(patterns, list(range(len(patterns))), flags=flags)

    has_word = has_prose = False
    last = 0

    def seen(id: int, start: int, end: int, flags: int, context: object) -> None:
        nonlocal has_word, last
        if id < len(words):
            has_word = True
        elif end > last:
            last = end

    def said(id: int, start: int, end: int, flags: int, context: object) -> None:
        nonlocal has_prose
        has_prose = True

    def scan(body: bytes | memoryview) -> Hit | None:
        nonlocal has_word, has_prose, last
        has_word, has_prose, last = False, False, 0
        quick.scan(body, match_event_handler=seen)  # type: ignore[type-var]  # takes any buffer
        if has_word:
            sentences.scan(body, match_event_handler=said)  # type: ignore[type-var]  # ditto
        return Hit(has_prose, last) if has_prose or last else None

    return scan


def _re2() -> Scanner | None:
    try:
        import re2  # noqa: PLC0415  optional: where hyperscan has no wheel
    except ImportError:
        return None
    options = re2.Options()
    options.encoding = re2.Options.Encoding.LATIN1
    options.case_sensitive = False
    options.dot_nl = True
    marks = re2.compile(b"|".join(triggers()), options=options)
    words = re2.compile(b"|".join(prose_words()), options=options)
    prose = re2.compile(b"|".join(prose_triggers()), options=options)

    def scan(body: bytes | memoryview) -> Hit | None:
        octets = bytes(body)
        has_prose = words.search(octets) is not None and prose.search(octets) is not None
        has_mark = marks.search(octets) is not None
        return Hit(has_prose, len(body)) if has_prose or has_mark else None

    return scan
