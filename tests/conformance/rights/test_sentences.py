"""What the search passes over, the parser reads as nothing.

Sentences that reserve, and sentences that nearly do, are broken up in every way that a page can
break them: markup, references, white space of all kinds and long scripts between their words,
letters written as numbers or in other cases, encodings of many countries. Each page is observed
twice, with a search and with none, where every page is parsed whole: both say the same.
"""

from __future__ import annotations

import importlib
import json
import os
import random
import unicodedata

import pytest

from madang.rights import pages, prose, unseen
from madang.rights.observe import Response, observe
from madang.rights.prose import as_read

quick = importlib.import_module("madang.rights.search")
SEED = os.environ.get("MADANG_RIGHTS_SEED") or "5"
COUNT = int(os.environ.get("MADANG_RIGHTS_SENTENCES") or 4_000)
PLAIN = quick.Search(
    lambda body: quick.Hit(has_prose=True, end=len(body)),
    lambda text: quick.ANYWHERE,
    quick.plainly_named,
)

AI = (
    *("AI", "A.I.", "A.I", "artificial intelligence", "machine learning", "machine-learning"),
    *("language models", "large language model", "LLM", "LLMs", "deep learning", "neural nets"),
    *(
        "인공지능",
        "인공 지능",
        "언어 모델",
        "딥 러닝",
        "人工知能",
        "人工智能",
        "KI",
        "(AI)",
        "[AI]",
        "ＡＩ",
        unicodedata.normalize("NFD", "인공지능"),
    ),
)
MINING = (
    *("text and data mining", "text-mining", "datamining", "data mining", "TDM under 2019/790"),
    *(
        "§ 44b UrhG mining",
        "데이터 마이닝",
        "기계 학습",
        "머신러닝",
        "データマイニング",
        "機械学習",
    ),
    *("数据挖掘", "机器学习", "fouille de textes", "minería de datos", "mineria de textos"),
    *("estrazione di testo", "mineração de dados", "text and data use for an air AI"),
    *(
        "TDM",
        "entraînement de l’IA",
        "entrenar IA",
        "訓練 AI",
        "LLM train",
        "AI is for training",
    ),
    *("text & data for train", "text und data train", "AI 訓練", "AI의 학습", "人工智能训练"),
)
TRAIN = ("train", "training of", "trained", "학습", "学習", "训练")
NO = (
    *("reserved", "prohibited", "forbidden", "not permitted", "not be allowed", "not use"),
    *("not authorised", "may not", "must not", "cannot", "does not consent", "opt-out"),
    *("without our prior written permission", "without consent", "opt out", "opted out"),
    *("no part", "no use", "no permission", "vorbehalten", "untersagt", "verboten", "interdit"),
    *("réservé", "prohibido", "proibido", "vietato", "riservati", "voorbehouden", "禁止"),
    *(
        "禁じます",
        "不得",
        "未经",
        "금지합니다",
        "불허",
        "금합니다",
        "허용하지 않습니다",
        "무단",
    ),
    *("not to be used", "is disallowed", "neither the text may be", "not welcome", "we object"),
    *(
        ". Do not train",
        ". don't use",
        ": Don’t feed",
        ". never crawl",
        ". not for AI",
        ". no AI.",
        "(no TDM)",
    ),
    *("requires a licence", "only with our consent", "subject to prior permission"),
    *("licence required", "excluded from AI", "we expressly object", "not have permission"),
    *("nicht gestattet", "nicht erlaubt", "keine KI", "pas d'util", "no se permite"),
    *(
        "학습 불가",
        "이용 불가",
        "하지 마세요",
        "하지 말 것",
        "하지 못합니다",
        "원하지 않습니다",
    ),
    *(
        "사전 허락",
        "사전동의",
        "법적 조치를 취",
        "법적 책임을 묻",
        "ご遠慮",
        "お断り",
        "请勿",
        "严禁",
    ),
    *("허락하지 않음", "할 수 없습니다", "제한", "유보", "동의 없이", "거부", "shall not"),
    *(
        "is not licensed for",
        "must obtain permission for our",
        "must first seek consent for this",
    ),
    *("requires a paid licence", "training of it is excluded", "is expressly unauthorised"),
    *(
        "permission is denied",
        "consent is refused",
        "rights are not granted",
        "no rights are given",
    ),
    *("rights are withheld", "rights retained", "we have opted out", "the author objects"),
    *("this site refuses", "the owner opposes", "unlawful to use our", "illegal to use my"),
    *("infringing to use this", "under no circumstances", "only and not for mining"),
    *(
        "only allowed under licence",
        "only upon licence",
        "별도 계약",
        "사전 협의",
        "이용을 삼가",
    ),
    *("침해입니다", "허락을 받아야 합니다", "동의를 얻어야 합니다", "승인을 받으셔야 합니다"),
    *("을 금하고", "일절 금함", "하실 수 없", "쓸 수 없", "될 수 없", "못하도록 합니다"),
    *(unicodedata.normalize("NFD", word) for word in ("금지합니다", "할 수 없습니다", "불허")),
    *("에 반대합니다", "을 반대함", "AI bots are not welcome", "we do not allow AI companies"),
    *("AI systems is not permitted", ". not for any AI"),
)
USE = ("use of", "using", "scraping", "crawl", "collect", "copy", "이용", "활용을", "수집")
FILL = ("this site", "the content", "of", "이 글을", "for", "을", "any", "des", "air", "")
SPACES = (
    *(" ", " ", " ", " ", "\n", "\t \r\n", "\x0c", "\u00a0", "\u3000", "\u2003", "\u1680"),
    *("&nbsp;", "&nbsp", "&#160;", "&#xA0;", "&#32", "&emsp;", "\x1f", "\x85", "&#10;", "<br>"),
    *("</b> <i>", "<!-- not -->", "<span class='a > b'>", "<img alt='train'>", "<wbr>", "<td>"),
    *("<![CDATA[", "<script>var a = '<b>';</script>", "<style>b{}</style>", " <b>", "</p>"),
    *("\u2011", "-", "\u00ad", "&shy;", "&hyphen;", "", "\0", "<tr>", "&#8209;", "\ufeff"),
    "<svg>" + "<path d='M0 0L9 9'/>" * 400 + "</svg>",
)
ENCODINGS = (
    *("utf-8", "utf-8", "utf-8", "utf-8", "cp949", "euc-kr", "shift_jis", "euc-jp", "big5"),
    *("gb18030", "gb2312", "johab", "iso-8859-1", "windows-1252", "iso-8859-15", "utf-16"),
    *("macintosh", "windows-1254", "cp437", "cp850", "koi8-r", "latin-1", "no-such"),
)


def sentence(rng: random.Random) -> list[str]:
    """Words of one sentence; some are nearly one, for lack of a part."""
    about = rng.choice(
        (
            [rng.choice(MINING)],
            [rng.choice(TRAIN), rng.choice(FILL), rng.choice(AI)],
            [rng.choice(AI), rng.choice(TRAIN)],
            [rng.choice(USE), rng.choice(FILL), rng.choice(AI)],
            [rng.choice(AI), rng.choice(USE)],
            [rng.choice(AI)],
        )
    )
    no = [rng.choice(NO)]
    using = [rng.choice(USE)] if rng.randrange(2) else []
    parts = rng.choice(
        ([about, no], [no, using, about], [using, about, no], [about, using, no])
    )
    return [
        word for part in parts for text in (*part, rng.choice(FILL)) for word in text.split()
    ]


def letter(rng: random.Random, sign: str) -> str:
    """One letter as a page may write it."""
    return rng.choice(
        (
            *(sign.upper(), f"{sign}\0", f"<![CDATA[{sign}]]>"),
            f"&#{ord(sign)};",
            f"&#{'0' * rng.randrange(12)}{ord(sign)}",
            f"&#x{ord(sign):X};",
            f"&#X{'0' * rng.randrange(12)}{ord(sign):x}",
            {"s": "ſ", "i": "İ", "k": "K", "I": "İ", "K": "K", "é": "&eacute"}.get(sign, sign),
            {"/": "&sol;", ".": "&period;", "é": "&eacute;", "(": "&lpar;"}.get(sign, sign),
            {"i": "&imath;", "I": "&Idot;", "K": "&#x212a;", "s": "&#383;"}.get(sign, sign),
        )
    )


def page(rng: random.Random) -> tuple[bytes, str]:
    oddness = rng.choice((0, 0, 3, 12))
    spaces = SPACES if rng.randrange(3) else SPACES[:6]
    text = rng.choice(("", "&copy", "“", "1", "_", "x", "찦", "가", "<p>", "(", "&#40"))
    for word in sentence(rng):
        shown = (
            letter(rng, sign) if oddness and rng.randrange(100) < oddness else sign
            for sign in word
        )
        text += "".join(shown) + rng.choice(spaces)
    lead = rng.choice(("<p>", "<table>", "<svg><text>", "<p>plain words ", "<div>not here "))
    begin = rng.choice(
        ("<!DOCTYPE html><html><head><title>t</title></head><body>", "<html>", "")
    )
    return f"{begin}{lead}{text}</p>".encode(
        encoding := rng.choice(ENCODINGS[:-1]), "replace"
    ), rng.choice((encoding, encoding, encoding, "utf-8", ENCODINGS[-1]))


@pytest.mark.parametrize("make", ["_hyperscan", "_re2"])
def test_a_page_that_is_passed_over_says_nothing_when_it_is_parsed(make, monkeypatch):
    search = getattr(quick, make)()
    assert search is not None
    rng, said, passed, wrong = random.Random(f"{SEED}{make}"), 0, 0, []
    for _ in range(COUNT):
        body, charset = page(rng)
        response = Response(
            "https://a.example/", 200, [("Content-Type", f"text/html; charset={charset}")], body
        )
        found = []
        for one in (PLAIN, search):
            monkeypatch.setattr("madang.rights.observe.search", lambda one=one: one)
            monkeypatch.setattr("madang.rights.pages.search", lambda one=one: one)
            found.append(observe(response))
        whole, short = found
        if whole.vector != short.vector:
            wrong.append((body, charset, whole.vector, short.vector))
        said += any(signal.protocol == "prose" for signal in whole.signals)
        passed += not short.was_parsed
    assert not wrong, (len(wrong), wrong[:3])
    assert said > COUNT // 10, said
    assert passed > COUNT // 10, passed


def test_every_refusal_and_every_subject_is_read_in_some_sentence():
    """Else a page without one would prove nothing about it."""
    mute = [no for no in NO if not _is_read(f"AI training {no} use of AI is here")]
    mute += [one for one in MINING if not _is_read(f"{one} is prohibited and 금지")]
    mute += [ai for ai in AI if not _is_read(f"may not use {ai} train, {ai} 이용 금지")]
    assert mute == []


def _is_read(text: str) -> bool:
    return pages.prose_reservation(as_read(text)) is not None


@pytest.mark.parametrize("make", ["_hyperscan", "_re2"])
def test_looking_only_where_a_refusal_is_near_finds_what_looking_everywhere_finds(make):
    """Long texts of many alphabets, with words of sentences strewn over them."""
    search, rng, said = getattr(quick, make)(), random.Random(7), 0
    words = [word for text in (*AI, *MINING, *TRAIN, *NO, *USE, *FILL) for word in text.split()]
    plain = ("word", "낱말", "Straße", "𝔘𝔫𝔦", "İstanbul", "air", "😀", "noted", "a.i", "text")
    for _ in range(COUNT // 6):
        share = rng.choice((0.01, 0.03, 0.1))
        text = " ".join(
            rng.choice(words if rng.random() < share else plain)
            for _ in range(rng.randrange(20, 900))
        )
        found = pages.prose_reservation(text)
        places = search.places(text)
        assert found == (pages.prose_reservation(text, places) if places else None)
        said += found is not None
    assert COUNT // 60 < said < COUNT // 7, said


@pytest.mark.parametrize("key", ["copyrightNotice", "usageInfo", r"usage\u0049nfo"])
def test_terms_of_use_in_json_are_found_though_their_letters_are_written_as_numbers(key):
    """As most writers of JSON write Korean: no word of the sentence stands in the octets."""
    terms = json.dumps("본 사이트의 글을 인공지능 학습에 이용하는 것을 금지합니다")
    data = f'<script type="application/ld+json">{{"{key}": {terms}}}</script>'
    page = f"<html><head>{data}</head><body><p>text</p></body></html>".encode()
    said = observe(Response("https://a.example/", 200, [("Content-Type", "text/html")], page))
    assert ("prose/reservation@json-ld", "no") in said.vector


def test_a_refusal_that_only_the_last_of_close_words_is_near_to_is_found():
    far = "plain words that say no more " * 6
    for first in ("train AI ", "생성형AI 학습 "):
        text = f"{first}for a while, then {first}{far}is prohibited"
        assert text.index("prohibited") > 200
        assert pages.prose_reservation(text) is not None


@pytest.mark.parametrize("charset", ["iso-8859-1", "latin1", "windows-1252"])
def test_an_apostrophe_of_windows_is_read_as_every_browser_reads_it(charset):
    said = [("Content-Type", f"text/html; charset={charset}")]
    body = b"<p>Notes on words. Don\x92t train AI on them. \x93Thank you\x94</p>"
    found = observe(Response("https://a.example/", 200, said, body)).signals
    assert [str(signal.value) for signal in found] == ["no"]


PROMISES = [
    ("Your conversations are not used to train the language model unless you opt in.", False),
    ("Your data will not be used to train AI. Your prompts are never used for AI.", False),
    ("Your chats are not used to train AI. Our texts must not be used to train AI.", True),
    ("Your use of our texts to train AI is not permitted.", True),
    ("Your articles are not to be used to train AI.", True),
    ("Your crawler's data will not be used to train AI.", True),
]


@pytest.mark.parametrize(("text", "is_said"), PROMISES)
def test_a_promise_to_those_who_use_a_service_is_no_reservation_of_its_pages(text, is_said):
    assert (pages.prose_reservation(text) is not None) == is_said


FORBIDDEN = "<p>똠방각하의 글을 AI 학습에 이용하는 것을 금지합니다.</p>"


@pytest.mark.parametrize(
    ("charset", "said"),
    [
        *(
            (name, ["no"])
            for name in ("euc-kr", "euc_kr", "korean", "ks_c_5601", "windows-949")
        ),
        ("x-nobody-knows", ["unestablished"]),
    ],
)
def test_a_page_is_read_in_whatever_way_it_names_korean_or_says_that_it_is_not(charset, said):
    header = [("Content-Type", f"text/html; charset={charset}")]
    body = FORBIDDEN.encode("cp949")
    found = observe(Response("https://a.example/", 200, header, body)).signals
    assert [str(signal.value) for signal in found] == said
    body = FORBIDDEN.encode() if charset.startswith("x-") else body
    found = observe(Response("https://a.example/", 200, header, body)).signals
    assert [str(signal.value) for signal in found] == ["no"]


def test_a_text_of_too_many_passages_is_read_on_by_a_person(monkeypatch):
    """Made to be slow, it would hold a scan up for minutes."""
    looked = []
    whole = prose._passage
    monkeypatch.setattr(
        prose, "_passage", lambda text, at: looked.append(at) or whole(text, at)
    )
    slow = "학습 인공지 이용 할 수 없 데이 "
    assert prose.prose_reservation(slow * 200) is None
    assert len(looked) < prose.PASSAGES_MAX
    looked.clear()
    assert slow in prose.prose_reservation(slow * 2 * prose.PASSAGES_MAX)
    assert len(looked) == prose.PASSAGES_MAX + 1


@pytest.mark.parametrize(
    ("shape", "mime"),
    [
        ('<i title="{}"></i>', "text/html"),
        ("<!-- {} -->", "text/html"),
        ('<script>say("{}")</script>', "text/html"),
        ("\0\1{}\0", "image/png"),
    ],
)
def test_texts_beside_a_page_have_together_no_more_passages_than_one(monkeypatch, shape, mime):
    """Each by itself is short: who writes twenty thousand of them would hold a scan up."""
    looked = []
    whole = prose._passage
    monkeypatch.setattr(
        prose, "_passage", lambda text, at: looked.append(at) or whole(text, at)
    )
    monkeypatch.setattr(prose, "PASSAGES_MAX", 50)
    for texts, values in ((10, []), (200, ["no"])):
        body = "".join(shape.format(f"{one} train ai no zz") for one in range(texts))
        looked.clear()
        header = [("Content-Type", f"{mime}; charset=utf-8")]
        found = observe(Response("https://a.example/", 200, header, body.encode())).signals
        assert [str(one.value) for one in found if one.protocol == "prose"] == values
        assert 0 < len(looked) <= prose.PASSAGES_MAX + 1


def test_a_page_of_more_spoken_attributes_than_are_read_waits_for_a_person():
    many = '<i title="fine"></i>' * unseen.VALUES_MAX
    body = f'<p>train ai no zz</p>{many}<i title="AI training is prohibited."></i>'
    header = [("Content-Type", "text/html; charset=utf-8")]
    found = observe(Response("https://a.example/", 200, header, body.encode())).signals
    assert [(one.protocol, one.note) for one in found] == [("body", "elements")]


@pytest.mark.parametrize(
    ("text", "is_said"),
    [
        ("인공지능 학습을 포함하여 누구나 이용할 수 있습니다. 이용허락범위 제한 없음.", False),
        ("AI 학습용 데이터를 개방한다. 상업적 이용에도 제한이 없다.", False),
        ("AI 학습에 제한 없이 이용할 수 있습니다.", False),
        ("Training AI models on this data is welcome. No permission is required.", False),
        ("AI 학습 목적 외에는 이용에 제한이 없습니다.", True),
        ("제한 없이 이용할 수 있습니다. 단, AI 학습은 제외합니다.", True),
        ("AI 학습에 제한이 없는 것은 아닙니다.", True),
        ("AI 학습 이용은 제한합니다. 열람에는 제한이 없습니다.", True),
        ("AI 학습은 금지합니다. 열람에는 제한이 없습니다.", True),
        ("No permission is required. AI training is the exception.", True),
        ("Except for AI training, no permission is required.", True),
        ("No permission is required for reading, for AI training it is.", True),
        ("No permission is granted for AI training.", True),
    ],
)
def test_that_there_is_no_limit_is_no_reservation_unless_something_is_excepted(text, is_said):
    assert (prose.prose_reservation(text) is not None) is is_said


@pytest.mark.parametrize("mime", ["text/html", "text/plain"])
@pytest.mark.parametrize(
    "charset", ["idna", "punycode", "undefined", "unicode_escape", "raw_unicode_escape"]
)
def test_what_no_page_is_in_is_read_as_what_nobody_knows(mime, charset):
    """They raise, or one of them would take hours for a page."""
    header = [("Content-Type", f"{mime}; charset={charset}")]
    for body in ("<p>é AI training is prohibited.</p>", "<p>AI 학습 금지</p>"):
        found = observe(Response("https://a.example/", 200, header, body.encode())).signals
        assert "prose" in [one.protocol for one in found]
    long = b"<p>x</p>" + b"a" * 60_000 + b"-" + b"b" * 60_000
    found = observe(Response("https://a.example/", 200, header, long)).signals
    assert [str(one.value) for one in found] == ["unestablished"] * (mime == "text/html")
