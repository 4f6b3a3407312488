"""Words without which no text holds a sentence that reserves.

`prose.prose_reservation` reads a page's text; here stand the octets that every page has whose
text it understands, for a search that does not mind case. Each alternative of its expressions
is taken apart into words: a word is looked for whole, for no letter of a text's word stands
apart in the octets, except behind what `HIDDEN` has. Between two words may stand markup,
references and white space of any kind, as long as you like: there either the plain sequence of
both is looked for, or the first with the beginning of something else behind it. The order in
which a tree puts words does not matter: only presence is asked for, never distance.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from html.entities import html5

WHITE = rb"[\x00-\x20]"
ELSE = rb"[<&\x80-\xff]"  # markup, a reference, or white space and hyphens outside of ASCII
# What stands before a word that no letter precedes; the second octet of a Korean letter in
# cp949 may look like one of ASCII.
LEFT = rb"(?:^|[^a-z]|[\x80-\xff][a-z])"
RIGHT = rb"(?:[^a-z]|$)"
REACH_BYTES = 4 * 200 + 64  # of half a passage in UTF-8, and a word

# A numeric character reference to a letter, a digit or a mark inside a word: a way to hide it.
# It may end without a semicolon, before anything.
REFERENCE = (
    rb"&#(?:0*(?:4[4-9]|5[0-8]|6[5-9]|[78][0-9]|90|95|9[7-9]|1[01][0-9]|12[0-2])"
    rb"(?:[^0-9]|$)"
    rb"|x0*(?:2[c-f]|3[0-9a]|4[1-9a-f]|5[0-9af]|6[1-9a-f]|7[0-9a])(?:[^0-9a-f]|$))"
)
# A letter outside of ASCII as a number; `REFERENCE` is of those inside.
NUMBER = rb"&#0*(?:1[2-9]|[2-5][0-9])[0-9]{3}[^0-9]|&#x0*[3-9a-d][0-9a-f]{3}[^0-9a-f]"


def octets(word: str) -> bytes:
    """One word in the encodings whose pages are searched as they are: UTF-8, its letters whole
    or in parts, and cp949 where that has it."""
    apart = unicodedata.normalize("NFD", word)
    found = list(dict.fromkeys((word.encode("utf-8"), apart.encode("utf-8"))))
    try:
        found.append(word.encode("cp949"))
    except UnicodeEncodeError:
        if len(found) == 1:
            return _escaped(found[0])
    return rb"(?:" + rb"|".join(map(_escaped, found)) + rb")"


def _escaped(text: bytes) -> bytes:
    return b"".join(b"\\x%02x" % octet for octet in text)


def any_of(*words: str) -> tuple[bytes, ...]:
    return tuple(map(octets, words))


def _gap(first: str, second: str) -> bytes:
    """Two Korean words with white space between, or the first with something else behind it
    that is no Korean letter."""
    other = rb"(?:[<&]|\xc2|\xe1\x9a|\xe2|\xe3\x80|\xa1)"
    behind = WHITE + rb"+" + octets(second) + rb"|" + WHITE + rb"*" + other
    return octets(first) + rb"(?:" + behind + rb")"


# References that may end without their sign, so that a word begins right behind them.
_ENDLESS = "|".join(sorted(name for name in html5 if not name.endswith(";"))).encode()
_LETTER = rb"[a-z\x80-\xff]"
# Behind these may be any word: a number for a letter, one that ends without its sign, what a
# parser drops, white space without its sign, what folds to letters of ASCII, and the signs of
# a section between two letters.
HIDDEN = (
    *(REFERENCE, NUMBER, rb"&#(?:[0-9]+[^0-9;]|x[0-9a-f]+[^0-9a-f;])", rb"\x00"),
    *(rb"&(?:nbsp|shy)[^;]", rb"&(?:idot|imath|inodot);"),
    *(rb"\xc5[\xbf\x89]", rb"&napos;", rb"\xc4[\xb0\xb1]", rb"\xe2\x84\xaa"),
    rb"&#(?:0*(?:30[45]|383|8490)|x0*(?:13[01]|17f|212a))[^0-9a-f]",
    *(_LETTER + rb"<!\[cdata\[", rb"\]\]>" + _LETTER),
    rb"&(?:" + _ENDLESS + rb")(?:a(?:\.|&period;)?i|ki|llm|tdm)",
)
GROUPS: Mapping[str, tuple[bytes, ...]] = {
    "hidden": HIDDEN,
    # What a sentence is about, by itself.
    "subject": (
        *(rb"mining", rb"2019(?:/|&sol;)790", rb"fouille", rb"estrazione", rb"neural"),
        rb"miner(?:[^a-z]|ia|a[^a-z])",
        rb"(?:" + WHITE + rb"|[>;\x80-\xff])44b",
        *(
            LEFT + rb"llms?" + RIGHT,
            LEFT + rb"tdm(?:[^a-z_:-]|[-_:](?:[^rp]|$)|$)",
            rb"entra(?:in|[\x80-\xff&])",
            rb"entrena",
        ),
        rb"language" + WHITE + rb"*(?:model|" + ELSE + rb")",
        *any_of("마이닝", "러닝", "マイニング", "学習", "数据挖掘", "机器学习"),
        *any_of("人工知能", "人工智能"),
    ),
    "train": (rb"train", *any_of("학습", "训练", "訓練")),
    "text": (rb"text[-\x00-\x20]*(?:and|und|" + ELSE + rb")",),
    "기계": any_of("기계"),
    "ki": (LEFT + rb"ki",),
    "ai": (LEFT + rb"ai" + RIGHT, LEFT + rb"a(?:\.|&period;)i" + RIGHT, octets("ＡＩ")),
    # `prose_reservation` looks only around some words: for AI as a name, its own or another's.
    "looked at": (
        rb"(?:^|[\x00-\x20>;(\[\]{}\x80-\xff\"'=`]|[\x80-\xff][a-z])ai",
        *(rb"a(?:\.|&period;)i", rb"llm", rb"44b", rb"tdm", rb"entren", octets("ＡＩ")),
    ),
    "artificial": (rb"artificial",),
    "intelligence": (rb"intelligence",),
    "machine": (rb"machine", rb"deep"),
    "learning": (rb"learning",),
    "인공": any_of("인공"),
    "지능": any_of("지능"),
    "언어": any_of("언어"),
    "모델": any_of("모델"),
    # What refuses, by itself or as the first of several words.
    "refusal": (
        *(rb"reserv", rb"r[\x80-\xff]{1,2}serv", rb"r&[a-z0-9#]{1,8};?serv"),
        *(rb"prohibi", rb"forbid"),
        *(rb"vorbehalten", rb"untersagt", rb"verboten", rb"interdit", rb"proibid"),
        *(rb"vietat", rb"riservat", rb"voorbehouden"),
        rb"not"
        + WHITE
        + rb"+(?:be[^a-z]|permit|allow|use|authori|consent|for[^a-z]|to[^a-z]|have"
        rb"|welcome|train|scrape|crawl|mine|feed|collect|licen|hereby|grant|given)",
        rb"not" + WHITE + rb"*" + ELSE,
        rb"(?:may|must|can|shall)" + WHITE + rb"*(?:not|" + ELSE + rb")",
        rb"opt(?:s|ed)?[-\x00-\x20]*(?:out|" + ELSE + rb")",
        rb"no" + WHITE + rb"+[a-z]",  # which word costs more to ask than it saves
        rb"don(?:['`]?t[^a-z]|[&\x80-\xff])",
        rb"never" + WHITE + rb"+(?:train|use|scrape|crawl|mine|feed|collect)",
        rb"(?:never|nicht)" + WHITE + rb"*" + ELSE,
        *(
            rb"excluded",
            rb"neither",
            rb"kein",
            rb"denied",
            rb"refused",
            rb"withheld",
            rb"granted",
        ),
        *(rb"unauthori", rb"retained", rb"objects", rb"refuses", rb"opposes", rb"unlawful"),
        *(rb"illegal", rb"infring"),
        rb"nicht" + WHITE + rb"+(?:gestattet|erlaubt|zul)",
        rb"pas" + WHITE + rb"*(?:d(?:['e&]|[\x80-\xff])|" + ELSE + rb")",
        *(rb"object" + RIGHT, rb"disallow"),
        *any_of(
            "불가", "마세요", "말아", "마시", "마십", "못합니다", "않기를", "원하지", "동의하지"
        ),
        *any_of("遠慮", "ないでください", "お断り", "请勿", "严禁", "不允许"),
        _gap("말", "것"),
        rb"no" + WHITE + rb"*" + ELSE,
        *any_of("禁止", "禁じ", "不得", "未经", "금지", "불허", "금합", "허용하지"),
        *any_of("허락하지", "제한", "유보", "무단", "거부"),
        *any_of("삼가", "침해", "금하", "금함", "못하도록", "반대합니다", "반대함"),
    ),
    "without": (rb"without",),
    "consent": (rb"permission", rb"consent", rb"authori"),
    "needs": (
        *(
            rb"require",
            rb"only" + WHITE + rb"*(?:with|be|allow|permit|possib|u|" + ELSE + rb")",
        ),
        rb"must" + WHITE + rb"*(?:first|obtain|seek|request|" + ELSE + rb")",
        rb"subject" + WHITE + rb"*(?:to[^a-z]|" + ELSE + rb")",
    ),
    "licence": (rb"licen",),
    "사전": any_of("사전", "별도", "아야", "어야", "셔야"),
    "허락": any_of("허락", "동의", "승인", "허가", "계약", "협의"),
    "법적": any_of("법적"),
    "책임": any_of("조치를", "책임을"),
    "할 수": tuple(_gap(verb, "수") for verb in ("할", "하실", "될", "쓸", "쓰실")),
    "수 없": (_gap("수", "없"),),
    "동의": (_gap("동의", "없이"),),
    "없": any_of("없"),
}
# A sentence has all groups of one of each.
SUBJECTS = (
    *(("hidden",), ("subject",), ("artificial", "intelligence"), ("machine", "learning")),
    *(("인공", "지능"), ("언어", "모델"), ("train", "기계"), ("train", "ki")),
    *(("ai", "train"), ("ai", "looked at"), ("text", "train"), ("text", "looked at")),
)
# Its first letters are on any page, which costs: looked for where all else is there.
LATE = "text"
REFUSALS = (
    *(("hidden",), ("refusal",), ("without", "consent")),
    *(("할 수", "수 없", "없"), ("동의", "없"), ("사전", "허락"), ("법적", "책임")),
    *(("needs", "consent"), ("needs", "licence")),
)
