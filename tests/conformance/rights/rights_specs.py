"""Refusals read off the specifications, one sentence of each at a time, and what says nothing.

What nobody had tried: addresses under which an archive keeps a site's files, records in several
segments, lines behind a chunked body, licences in scripts and feeds, marks in lazy images,
sentences in other languages, fields that structured fields allow and no label uses, two works
on one page, and what is left of a page that was not read to its end.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import rights_calm
from rights_raw import (
    ANY,
    CHUNKED,
    HTML,
    NOAI,
    TDM_NAME,
    Case,
    Kept,
    answer,
    body_of,
    chunks,
    graph,
    head_of,
    licensed,
    line_of,
    page,
    robots,
)

NO_ROBOTS = answer(f"{ANY}Disallow: /\n".encode())
NO_TDM = answer(b'[{"location":"/*","tdm-reservation":1}]', b"Content-Type: application/json")
NO_AI = answer(b"User-Agent: *\nDisallow: /\n")
NO_TRUST = answer(b"datatrainingallowed=no\n")
NO_TRAINING = answer(b"Training: deny\n")
QUIET_PAGE = answer(page(), HTML)
GONE = answer(status=b"404 Not Found")


def with_files(name: str, files: dict, **more) -> Case:
    return Case(name, more.pop("raw", QUIET_PAGE), files, **more)


# --- addresses -------------------------------------------------------------------------------

SITE_FILES = {
    "/robots.txt": NO_ROBOTS,
    TDM_NAME: NO_TDM,
    "/ai.txt": NO_AI,
    "/.well-known/ai.txt": NO_TRAINING,
    "/trust.txt": NO_TRUST,
    "/.well-known/trust.txt": NO_TRUST,
}
ORIGINS = {
    "as it is": "https://h{n}.example",
    "with its port": "https://h{n}.example:443",
    "in capitals": "HTTPS://H{n}.EXAMPLE",
    "with a name and a word": "https://me:word@h{n}.example",
    "with an empty port": "https://h{n}.example:",
    "with leading noughts": "https://h{n}.example:0443",
}


def addresses() -> Iterator[Case]:
    """RFC 3986 6.2: one address has many spellings."""
    for path, raw in SITE_FILES.items():
        for how, origin in ORIGINS.items():
            yield with_files(f"{path} {how}", {origin + path: [(0, raw)]})
        for end in ("#top", "?"):
            url = f"https://h{{n}}.example{path}{end}"
            yield with_files(f"{path} and {end}", {url: [(0, raw)]})
    for path, raw in list(SITE_FILES.items())[2:]:
        octets = raw.partition(b"\r\n\r\n")[2]
        for kind in (b"resource", b"conversion"):
            name = f"{path} as a {kind.decode()}"
            yield with_files(name, {path: [(0, Kept(kind, octets))]})


# --- records and framing ---------------------------------------------------------------------


def records() -> Iterator[Case]:
    """WARC 1.1 section 8 and RFC 9112: where an answer ends."""
    for number, more in ((1, b""), (1, b"WARC-Segment-Total-Length: 99999\r\n"), (2, b"")):
        said = b"WARC-Segment-Number: %d\r\n%b" % (number, more)
        yield Case(f"segment {number} {more!r}", QUIET_PAGE, said=said)
    for why in (b"length", b"time", b"disconnect", b"unspecified", b"Length", b"other thing"):
        yield Case(f"truncated {why!r}", QUIET_PAGE, said=b"WARC-Truncated: %b\r\n" % why)
    whole = page()
    for name, value in (
        *((b"X-Robots-Tag", b"noai"), (b"TDM-Reservation", b"1")),
        *((b"Content-Usage", b"train-ai=n"), (b"Content-Signal", b"ai-train=no")),
        *((b"x-robots-tag", b"noml"), (b"tdm-reservation", b"yes")),
    ):
        end = b"0\r\n%b: %b\r\n\r\n" % (name, value)
        raw = answer(chunks(whole, 40, end), HTML, CHUNKED, b"Trailer: " + name)
        yield Case(f"{name.decode()} behind the chunks", raw)
    noai = page(NOAI)
    at = noai.index(b"noai") + 2
    for how in (b" %x\r\n", b"0x%x\r\n", b"%x \t;a=b\r\n", b"+%x\r\n", b"%x\r", b"\t%x\n"):
        cut = [noai[:at], noai[at:]]
        body = b"".join(how % len(part) + part + b"\r\n" for part in cut) + b"0\r\n\r\n"
        yield Case(f"chunk sizes as {how!r}", answer(body, HTML, CHUNKED))
    for status in (b"203 Other", b"206 Part", b"226 IM", b"207 Many"):
        lines = (HTML, b"Content-Range: bytes 0-99/999") if status[:3] == b"206" else (HTML,)
        yield Case(f"status {status!r}", answer(noai, *lines, status=status))
    for delta in (b"vcdiff", b"diffe"):
        raw = answer(page(), HTML, b"IM: " + delta, b"Delta-Base: x", status=b"226 IM Used")
        yield Case(f"a difference by {delta!r}", raw)
    for field in (b"Content-Range: bytes 0-99/999", b"Content-Range: bytes 50-99/*"):
        yield Case(f"{field!r} under 200", answer(page(), HTML, field))


# --- elements --------------------------------------------------------------------------------

NEAR_METAS = (
    *('<meta name="tdm" content="1">', '<meta name="tdm" content="reserved">'),
    *('<meta name="tdm-reservation" value="1">', '<meta name="tdm-reservation" contents="1">'),
    *('<meta name="tdm-reservation" data-content="1">', '<meta tdm-reservation="1">'),
    *('<meta id="tdm-reservation" content="1">', '<meta names="tdm-reservation" content="1">'),
    *('<meta content="tdm-reservation=1">', '<meta name="tdm-reservation=1">'),
    *('<meta name="tdm-reservation">1</meta>', '<meta itemprop="tdm-reservation" content="1">'),
    *('<meta name="robots" value="noai">', '<meta name="robots" contents="noai">'),
    *('<meta robots="noai">', '<meta content="noai">', "<meta noai>", '<meta name="noai">'),
    *('<meta name="robots:noai">', '<meta charset="utf-8" robots="noai, noimageai">'),
    *('<meta id="robots" content="noai">', '<meta name="content-usage" value="train-ai=n">'),
    *('<meta content-usage="train-ai=n">', '<meta name="content-signal" value="ai-train=no">'),
    *('<meta content-signal="ai-train=no">', '<meta name="ai" content="no">'),
    *('<meta name="ai-training" content="disallow">', '<meta name="ai.training" content="no">'),
    *('<meta name="training" content="no-ai">', '<meta name="robots" content="no ai">'),
    *('<meta name="tdm_reservation" content="1">', '<meta name="tdm.reservation" content="1">'),
    *(
        '<meta name="dc.rights" content="tdm-reservation: 1">',
        '<meta name="tdmrep" content="1">',
    ),
    *('<meta name="tdm:reserved" content="true">', '<meta property="tdm" content="1">'),
    *('<meta name="X-Robots-Tag" content="noai">', '<meta name="robots" content="AI: none">'),
    *(
        '<meta name="usage" content="train-ai=n">',
        '<meta name="rights" content="no-ai-training">',
    ),
    *(
        '<meta name="permissions" content="train-ai=n">',
        '<meta name="ai-usage" content="none">',
    ),
)
NEAR_ELEMENTS = (
    *('<link rel="tdm-policy" href="/tdm.json">', '<link rel="tdm-reservation" href="/tdm">'),
    *('<html tdm-reservation="1">', '<body tdm-reservation="1">'),
    *('<div data-tdm-reservation="1">x</div>', '<p property="tdm:reservation">1</p>'),
    *(
        '<span property="tdm:reservation" content="1"></span>',
        "<tdm-reservation>1</tdm-reservation>",
    ),
    *('<span itemprop="tdm-reservation">1</span>', '<input name="tdm-reservation" value="1">'),
    *(
        '<link rel="content-usage" href="data:,train-ai=n">',
        '<body content-usage="train-ai=n">',
    ),
    *('<div data-content-signal="ai-train=no">x</div>', '<html data-robots="noai">'),
    *('<link rel="tdm:policy" href="/p">', '<a rel="tdm-policy" href="/p">terms</a>'),
)
TREES = (
    f"<svg><desc>{NOAI}</desc></svg>",
    f"<svg><foreignObject>{NOAI}</foreignObject></svg>",
    f"<math><mtext>{NOAI}</mtext></math>",
    f"<!-->{NOAI}-->",
    f"<!--->{NOAI}-->",
    f"<!-- a --!>{NOAI}-->",
    f"<!a>{NOAI}",
    f"<?php a ?>{NOAI}",
    f"</a b='>'>{NOAI}",
    f"<noscript>{NOAI}</noscript>",
    f"<table>{NOAI}</table>",
    f"<select>{NOAI}</select>",
    f"<frameset>{NOAI}</frameset>",
    f"<title>a</title >{NOAI}",
    f"<textarea></textarea\t>{NOAI}",
    f"<script></script\n>{NOAI}",
    f"<style></style/>{NOAI}",
    f"<object>{NOAI}</object>",
    f"<video>{NOAI}</video>",
    f"<details>{NOAI}</details>",
    f"<p></body></html>{NOAI}",
    f"<dialog>{NOAI}</dialog>",
    f"<button>{NOAI}</button>",
    f"<audio><source>{NOAI}</audio>",
    "<meta/name=robots/content=noai>",
    "<meta name=robots name=x content=noai>",
    "<meta content=noai content=all name=robots>",
    "<meta\x0cname=robots\x0ccontent=noai>",
    "<meta name=robots content='noai'x=y>",
    "<meta name='robots'content='noai'>",
    "<meta name=robots content=noai/>",
    "<meta name = robots content\n=\nnoai>",
    "<meta ='x' name=robots content=noai>",
    "<meta name=robots content=&#110;oai>",
    "<meta name=robots content=&#x6eoai>",
    "<meta name=&#114obots content=noai>",
    '<meta name="robots" content="index,&NewLine;noai">',
    '<meta name="robots" content="follow&comma;noai">',
    '<meta name="robots" content="follow&Tab;noai">',
)


def elements() -> Iterator[Case]:
    """The HTML standard's tree, and what stands nearly where a protocol has it."""
    for text in NEAR_METAS:
        yield head_of(text, text)
        yield body_of(f"body {text}", text)
    for text in NEAR_ELEMENTS:
        yield body_of(text, text)
    for text in TREES:
        yield body_of(text, text)
    svg = b"Content-Type: image/svg+xml"
    yield Case("a page as svg", answer(page(NOAI), svg))
    yield Case("a page as png", answer(page(NOAI), b"Content-Type: image/png"))
    yield Case("a page as pdf", answer(page(NOAI), b"Content-Type: application/pdf"))
    yield Case("a page as epub", answer(page(NOAI), b"Content-Type: application/epub+zip"))
    yield Case("a page as video", answer(b"\n" + page(NOAI), b"Content-Type: video/mp4"))
    yield Case("a page as a font", answer(page(NOAI), b"Content-Type: font/woff2"))
    drawn = (
        f'<svg xmlns="http://www.w3.org/2000/svg"><foreignObject>{NOAI}</foreignObject></svg>'
    )
    yield Case("a drawing with a page in it", answer(drawn.encode(), svg))
    data = '<svg><metadata><p xmlns="x" tdm:reservation="1"/></metadata></svg>'
    yield Case("a drawing that reserves", answer(data.encode(), svg))


# --- licences of RSL -------------------------------------------------------------------------

RSL = (
    '<rsl xmlns="https://rslstandard.org/rsl"><content url="/*"><license>'
    '<prohibits type="usage">ai-train</prohibits></license></content></rsl>'
)
PAID = RSL.replace('<prohibits type="usage">ai-train</prohibits>', '<payment type="purchase"/>')


def rsl() -> Iterator[Case]:
    """RSL 1.0: in a script, in a feed, by a link of any spelling, by robots.txt."""
    for kind in (
        *("application/rsl+xml", "APPLICATION/RSL+XML", "application/rsl+xml; charset=utf-8"),
        *(" application/rsl+xml ", "application/rsl"),
    ):
        for text in (RSL, PAID):
            yield head_of(
                f"script {kind} {text[60:90]}", f'<script type="{kind}">{text}</script>'
            )
    feed = (
        '<?xml version="1.0"?><rss version="2.0" xmlns:rsl="https://rslstandard.org/rsl">'
        '<channel><item><title>a</title><rsl:content url="/a"><rsl:license><rsl:prohibits'
        ' type="usage">ai-train</rsl:prohibits></rsl:license></rsl:content></item></channel>'
        "</rss>"
    )
    for kind in ("application/rss+xml", "application/atom+xml", "text/xml", "application/xml"):
        yield Case(
            f"a feed as {kind}", answer(feed.encode(), b"Content-Type: " + kind.encode())
        )
    for attributes in (
        *("rel=license type=application/rsl+xml", "rel='license' type='application/rsl'"),
        *(
            "rel='alternate license' type=application/rsl+xml",
            "rel=rsl type=application/rsl+xml",
        ),
        *("rel=LICENSE type=Application/RSL+XML", "rel=license-rsl", "rel=rsl"),
    ):
        yield head_of(f"link {attributes}", f'<link {attributes} href="/license.xml">')
        yield line_of(
            f"Link {attributes}", f"Link: </l.xml>; {attributes.replace(' type', '; type')}"
        )
    for line in ("License: /rsl.xml", "license:https://l.example/x", "LICENSE : /rsl.xml"):
        yield robots(f"robots {line}", f"{line}\n{ANY}Allow: /\n")
        yield robots(f"robots in a group {line}", f"{ANY}Allow: /\n{line}\n")


# --- sentences -------------------------------------------------------------------------------

SENTENCES = (
    "This text may not be used for machine learning.",
    "Content must not be used in machine-learning systems.",
    "No part of this site may be used to develop artificial intelligence.",
    "Use of our articles by AI systems is prohibited.",
    "AI use of this work is forbidden without written permission.",
    "You may not scrape this page for AI purposes.",
    "It is not permitted to use this site for large language models.",
    "We do not consent to the use of our work in generative AI.",
    "Crawling for AI is not allowed.",
    "We opt out of all use by generative AI.",
    "Data mining of this site is prohibited.",
    "Text mining is not permitted without consent.",
    "All data-mining rights are reserved.",
    "Nutzung für Text und Data Mining im Sinne von § 44b UrhG vorbehalten.",
    "Text- und Data-Mining ist untersagt.",
    "Die Nutzung zum Training von KI-Systemen ist verboten.",
    "La fouille de textes et de données est interdite.",
    "Tous droits réservés, y compris la fouille de textes et de données.",
    "Se reserva el derecho de minería de textos y datos.",
    "Queda prohibida la minería de datos.",
    "È vietata l'estrazione di testo e di dati.",
    "Tekst- en datamining is voorbehouden.",
    "É proibida a mineração de textos e dados.",
    "テキスト・データマイニングを禁止します。",
    "機械学習への利用を禁止します。",
    "AI学習への利用を禁じます。",
    "禁止将本网站内容用于机器学习。",
    "未经许可，禁止用于人工智能训练。",
    "생성형 AI 활용을 금지합니다.",
    "인공지능 개발 목적의 이용을 금합니다.",
    "AI 데이터 활용 금지",
    "AI 크롤링을 금지합니다.",
    "본 기사의 AI 이용을 허락하지 않습니다.",
    "대규모 언어모델에 이용할 수 없습니다.",
    "딥러닝에 쓰는 것을 금지합니다.",
    "AI 학습 및 활용 금지",
    "무단 전재, 재배포, AI학습 이용 금지",
    "기계 학습 목적의 수집을 거부합니다.",
)
KOREAN = tuple(
    text
    for text in SENTENCES
    if "가" <= text[-2] <= "힣" or ("AI" in text and text[-1] == "지")
)
NAMED = {" ": "&nbsp;", ".": "&period;", ",": "&comma;", "-": "&hyphen;"}


def decimal(text: str) -> str:
    return "".join(f"&#{ord(sign)};" for sign in text)


def hexadecimal(text: str) -> str:
    return "".join(f"&#x{ord(sign):X};" if not sign.isascii() else sign for sign in text)


def named(text: str) -> str:
    return "".join(NAMED.get(sign, sign) for sign in text)


def sentences() -> Iterator[Case]:
    """Words of a reservation, in what a person sees."""
    for text in SENTENCES:
        yield body_of(text, f"<p>{text}</p>")
    for text in KOREAN:
        for change in (decimal, hexadecimal, named):
            yield body_of(f"{change.__name__} {text}", f"<p>{change(text)}</p>")
    for text in SENTENCES[:11:3]:
        yield robots(f"comment {text}", f"# {text}\n{ANY}Allow: /\n")
        yield body_of(f"decimal {text}", f"<p>{decimal(text)}</p>")
        yield body_of(f"spaces {text}", f"<p>{text.replace(' ', '&nbsp;')}</p>")
        lines = text.replace(" ", "\n   ")
        yield body_of(f"lines {text}", f"<p>{lines}</p>")
        broken = text.replace(" ", "</span> <span>")
        yield body_of(f"spans {text}", f"<p><span>{broken}</span></p>")


# --- fields ----------------------------------------------------------------------------------

USAGE = (
    *(
        "train-ai=n;a=1",
        "train-ai=n, search=y",
        "search=y,train-ai=n",
        "train-ai=y, train-ai=n",
    ),
    *(
        'train-ai="n"',
        "train-ai=?0",
        "train-ai=0",
        "train-ai=N",
        "train-ai=(n)",
        "train-ai=:bg==:",
    ),
    *(
        "train-ai=@0",
        "train-ai=n;",
        "train-ai",
        "train-ai;n",
        "Train-AI=n",
        "train-ai =n",
        "=n",
    ),
    *("train-ai=no", "train_ai=n", "train-genai=n", "ai=n", "ai-train=n", "train-ai:n"),
    *("train-ai=n train-ai=y", "train-ai=n;;", "train-ai='n'", "train-ai=n\tsearch=y", "n"),
    *(
        "train-ai=%n",
        "bots=n",
        "tdm=n",
        "train=n",
        "generative-ai=n",
        "foundation-model=n",
    ),
)
SIGNALS = (
    *(
        "ai-train=no",
        "ai-train=No",
        "AI-Train=no",
        "ai-train = no",
        "ai-train=no;",
        "ai-train: no",
    ),
    *(
        "search=yes;ai-train=no",
        "search=yes ai-train=no",
        "ai-train=n",
        "ai-train=0",
        "ai-train=false",
    ),
    *(
        "ai-train",
        "ai-training=no",
        "train=no",
        "ai=no",
        "ai-train=no, ai-train=yes",
        '"ai-train"=no',
    ),
    *(
        "ai-train=none",
        "ai-train=deny",
        "ai_train=no",
        "no-ai-train",
        "ai-train='no'",
        "use=none",
    ),
)
TAGS = (
    *(
        "noai",
        "all, noai",
        "NoAI",
        "*: noai",
        "robots: noai",
        "noindex;noai",
        "noai, googlebot: all",
    ),
    *(
        "max-age:1, noai",
        "refresh:5, noai",
        "ttl:60, noai",
        "max-snippet:-1, noai",
        "rating: 5, noai",
    ),
    *(
        "unavailable_after: Friday, 25-Jun-10 15:00:00 PST, noai",
        "unavailable_after: 2030-01-01, noai",
    ),
    *(
        "all: noai",
        "any: noai",
        "bots: noai",
        "crawlers: noai",
        "everyone: noai",
        "ai-bots: noai",
    ),
    *(
        "ai: noai",
        "all-bots: noai",
        "default: noai",
        "'noai'",
        "[noai]",
        "noai=1",
        "noai=true",
        "(noai)",
    ),
    *(
        "no-ai",
        "no ai",
        "noai noimageai",
        "noai|noml",
        "index/noai",
        "noai.",
        "noai!",
        "content=noai",
    ),
)
TDM = (
    "1",
    "01",
    "+1",
    "1.0",
    '"1"',
    "1;policy=x",
    "1,1",
    "1, 0",
    "true",
    "?1",
    "yes",
    "reserved",
    "-1",
)
OTHER_LINES = (
    *(
        "AI-Policy: no-train",
        "X-AI-Training: disallow",
        "AI-Training: no",
        "Training: no-ai",
        "GenAI: no",
    ),
    *(
        "X-No-AI: 1",
        "X-TDM-Reservation: 1",
        "TDM_Reservation: 1",
        "TDMRep: 1",
        "TDM: 1",
        "X-TDM: 1",
    ),
    *(
        "Content-Usages: train-ai=n",
        "X-Content-Usage: train-ai=n",
        "Content-Signals: ai-train=no",
    ),
    *(
        "X-Content-Signal: ai-train=no",
        "X-Robots: noai",
        "Robots: noai",
        "Robots-Tag: noai",
        "NoAI: 1",
    ),
    *("X-Robots-Tags: noai", "No-AI: true", "AI: no"),
    *(
        "X-AI: none",
        "AI-Usage: n",
        "Preference: train-ai=n",
        "X-Usage: train-ai=n",
        "AI-Train: no",
    ),
)


def fields() -> Iterator[Case]:
    """RFC 9651 and each protocol's own values."""
    for name, values in (
        *(("Content-Usage", USAGE), ("Content-Signal", SIGNALS), ("X-Robots-Tag", TAGS)),
        ("TDM-Reservation", TDM),
    ):
        for value in values:
            yield line_of(f"{name}: {value}", f"{name}: {value}")
    for line in OTHER_LINES:
        yield line_of(line, line)
    for value in USAGE[:12]:
        yield robots(f"robots usage {value}", f"{ANY}Content-Usage: {value}\nAllow: /\n")
        yield robots(
            f"robots usage of a path {value}", f"{ANY}Content-Usage: /a {value}\nAllow: /\n"
        )
    for value in SIGNALS[:16]:
        yield robots(f"robots signal {value}", f"Content-Signal: {value}\n{ANY}Allow: /\n")


# --- robots.txt ------------------------------------------------------------------------------

PATTERNS = ("/", "/*", "/a", "*/b.html", "/*.html$", "/%61/b.html", "/a/%62.html", "*", "$/a*")[
    :-1
]
GROUPS = (
    "{any}\n\nDisallow: {p}\n",
    "{any}Crawl-delay: 5\nDisallow: {p}\n",
    "Sitemap: /s.xml\n{any}Sitemap: /t.xml\nDisallow: {p}\n",
    "{any}Disallow: {p} # no\n",
    "{any}Disallow:{p}",
    "{any}Allow: /other\nDisallow: {p}\nAllow: /else\n",
    "User-agent: x\n{any}Disallow: {p}\n",
    "{any}User-agent: y\nDisallow: {p}\n",
    "{any}Disallow: /z\n\nUser-agent: y\nDisallow:\n\n{any}Disallow: {p}\n",
    "{any}Foo: bar\nContent-Signal: search=yes\nDisallow: {p}\n",
    "\ufeff{any}Disallow: {p}\n",
    "{any}DISALLOW\t:\t{p}\r\n",
)


def robots_groups() -> Iterator[Case]:
    """RFC 9309 2.1 and 2.2: what belongs to a group, and what a rule reaches."""
    for pattern in PATTERNS:
        for form in GROUPS:
            text = form.replace("{any}", ANY).replace("{p}", pattern)
            yield robots(f"{pattern} in {form!r}", text)


# --- tdmrep.json -----------------------------------------------------------------------------

ENTRIES = (
    *({"location": "https://h{n}.example/"}, {"location": "https://h{n}.example/a/*"}),
    *({"location": "//h{n}.example/a"}, {"location": "http://h{n}.example"}, {"location": "."}),
    *(
        {"location": "./a"},
        {"location": "h{n}.example/a"},
        {"location": "^/.*$"},
        {"location": "/**"},
    ),
    *({"location": "/.*"}, {"location": "/(.*)"}, {"location": "*.html"}, {"location": " /"}),
    *(
        {"location": "/ "},
        {"location": "/a/**/*.html"},
        {"location": "/a/?.html"},
        {"location": "/#"},
    ),
    *(
        {"location": "/{path}"},
        {"location": "all"},
        {"location": "\\/a"},
        {"location": "/a/[a-z].html"},
    ),
    *(
        {"location": ["/"]},
        {"locations": ["/"]},
        {"path": "/"},
        {"Location": "/"},
        {"location": None},
    ),
    *({"location": "/a/b.html#top"}, {"location": "/a/ *"}),
)
SAYS = (
    *(
        {"tdm-reservation": 2},
        {"tdm-reservation": "1"},
        {"tdm-reservation": True},
        {"tdm-reservation": 1.5},
    ),
    *(
        {"tdm_reservation": 1},
        {"tdmReservation": 1},
        {"TDM-Reservation": 1},
        {"reservation": 1},
        {},
    ),
    *({"tdm-reservation": [1]}, {"tdm-reservation": None}, {"tdm-policy": "https://p.example"}),
)
FORMS = (
    '{"location":"/","tdm-reservation":1}',
    '{"tdmrep":[{"location":"/","tdm-reservation":1}]}',
    '[[{"location":"/","tdm-reservation":1}]]',
    '[{"location":"/","tdm-reservation":1},]',
    '// ours\n[{"location":"/","tdm-reservation":1}]',
    "[{'location':'/','tdm-reservation':1}]",
    '[{"location":"/","tdm-reservation":1}]x',
    '["/"]',
    "1",
    "tdm-reservation: 1",
    '[{"location":"/x","tdm-reservation":0},{"location":"/","tdm-reservation":1}]',
    '[{"location":"/a","tdm-reservation":0},{"location":"/a/b.html","tdm-reservation":1}]',
    '[{"location":"/","tdm-reservation":1},{"location":"/","tdm-reservation":0}]',
    '[{"location":"/","tdm-reservation":01}]',
    '[{"location":"/","tdm-reservation":1}',
)


def tdm_files() -> Iterator[Case]:
    """The report's section on the file: arrays of objects, patterns of paths."""
    kind = b"Content-Type: application/json"
    texts = [json.dumps([{**entry, "tdm-reservation": 1}]) for entry in ENTRIES]
    texts += [json.dumps([{"location": "/", **said}]) for said in SAYS]
    for text in (*texts, *FORMS):
        yield with_files(f"tdmrep {text}", {TDM_NAME: [(0, answer(text.encode(), kind))]})
    for encoding in ("utf-16", "utf-8-sig", "utf-32", "utf-16-le"):
        octets = FORMS[11].encode(encoding)
        yield with_files(f"tdmrep in {encoding}", {TDM_NAME: [(0, answer(octets, kind))]})


# --- ai.txt and trust.txt --------------------------------------------------------------------

TRUST = (
    *("DataTrainingAllowed=No", "datatrainingallowed = no", "datatrainingallowed: no"),
    *(
        "data-training-allowed=no",
        "datatrainingallowed=false",
        "datatrainingallowed",
        "data_training_allowed=no",
    ),
    *(
        "\ufeffdatatrainingallowed=no",
        "datatrainingallowed=no # yes",
        "datatrainingallow=no",
        "aitraining=no",
    ),
    *(
        "datatrainingallowed=yes\ndatatrainingallowed=no",
        'datatrainingallowed="no"',
        "training=no-ai",
    ),
)
WELLKNOWN = (
    *(
        "Training: deny",
        "training : none",
        "AI-Training: no",
        "Train: n",
        "[site]\nTraining: denied",
    ),
    *(
        "Training = deny",
        "Training deny",
        "Training: maybe",
        "Training:",
        "AI-Train: no",
        "Ai-Use: deny",
    ),
    *(
        "Disallow-Training: yes",
        "No-Training: true",
        "Generative-AI: deny",
        "Model-Training: deny",
    ),
    *(
        "Training-Data: deny",
        "Permission: no-training",
        "train-ai: n",
        "User-Agent: *\nDisallow: /",
    ),
    *(
        "Content-Usage: train-ai=n",
        "Training: allow\nTraining: deny",
        "ai: no",
        "Use-For-Training: no",
    ),
)
LEGACY = (
    *(
        "User-Agent: *\nDisallow: /",
        "User-Agent: *\nDisallow: *",
        "User-Agent: *\nDisallow: *.html",
    ),
    *("User-Agent: *\nDisallow: /*.html$", "User-agent: *\nDisallow: a", "Disallow: /", "noai"),
    *(
        "User-Agent: *\nTraining: deny",
        "User-Agent: *\nAllow: /\nContent-Usage: train-ai=n",
        "no AI",
    ),
    *("User-Agent: *\nDisallow-Training: /", "User-Agent: *\nContent-Signal: ai-train=no"),
)


def text_files() -> Iterator[Case]:
    """ai.txt of both formats and trust.txt, at each of their addresses."""
    for text in TRUST:
        for path in ("/trust.txt", "/.well-known/trust.txt"):
            yield with_files(f"{path} {text}", {path: [(0, answer(text.encode()))]})
    for text in WELLKNOWN:
        path = "/.well-known/ai.txt"
        yield with_files(f"{path} {text}", {path: [(0, answer(text.encode()))]})
    for text in LEGACY:
        yield with_files(f"/ai.txt {text}", {"/ai.txt": [(0, answer(text.encode()))]})


# --- marks and grants ------------------------------------------------------------------------

CC0 = "https://creativecommons.org/publicdomain/zero/1.0/"
FAR = "<p>" + "word " * 2000 + "</p>"
MARKS = (
    *(
        '<img data-src="/img/img_opencode4.jpg">',
        '<img data-original="/i/new_img_opentype02.png">',
    ),
    *(
        '<div style="background:url(/i/img_opencode2.jpg)"></div>',
        '<object data="/i/img_opencode4.jpg"></object>',
    ),
    *(
        '<input type="image" src="/i/new_img_opentype04.png">',
        '<embed src="/i/img_opencode2.jpg">',
    ),
    *(
        '<picture><source srcset="/i/img_opencode4.jpg"></picture>',
        '<amp-img src="/i/img_opencode2.jpg"></amp-img>',
    ),
    *(
        '<svg><image href="/i/img_opencode4.jpg"/></svg>',
        '<video poster="/i/img_opencode2.jpg"></video>',
    ),
    *(
        '<a data-href="https://www.kogl.or.kr/info/licenseType2.do">x</a>',
        '<img data-lazy="img_opencode4.jpg">',
    ),
    *(
        '<iframe src="https://www.kogl.or.kr/info/licenseType4.do"></iframe>',
        '<body background="img_opencode4.jpg">',
    ),
    *(
        '<span class="kogl" title="공공누리 제4유형">x</span>',
        '<p aria-label="공공누리 제2유형">x</p>',
    ),
    *(
        '<a href="http://kogl.or.kr/info/licenseType4.do?x=1#a">공공누리</a>',
        '<img alt="공공누리 4유형" src="/x.png">',
    ),
)
GRANTS = (
    f'<article><a rel="license" href="{CC0}">CC0</a></article>{FAR}<article>other</article>',
    f'<article><a rel="license" href="{CC0}">CC0</a></article><article>other</article>',
    f'<aside><a rel="license" href="{CC0}">CC0</a></aside>',
    f'<template><a rel="license" href="{CC0}">CC0</a></template>',
    f'<figure><img src="a.png"><a rel="license" href="{CC0}">CC0</a></figure>',
    f'<blockquote><a rel="license" href="{CC0}">CC0</a></blockquote>',
    f'<q><a rel="license" href="{CC0}">CC0</a></q>',
    f'<iframe srcdoc="&lt;a rel=license href={CC0}>"></iframe>',
    f'<del><a rel="license" href="{CC0}">CC0</a></del>',
    f'<s><a rel="license" href="{CC0}">CC0</a></s>',
    f'<noscript><template><link rel="license" href="{CC0}"></template></noscript>',
    f'<textarea><a rel="license" href="{CC0}"></textarea>',
    f'<form><select><option><a rel="license" href="{CC0}">CC0</a></option></select></form>',
    f'<a rel="license" href="{CC0}">CC0</a><a rel="license" href="/terms">terms</a>',
    f'<a rel="license" href="{CC0}x">CC0</a>',
    f'<a rel="licenses" href="{CC0}">CC0</a>',
    '<a rel="license" href="https://creativecommons.org.evil.example/publicdomain/zero/1.0/">x</a>',
    f'<a rel="license" href="/redirect?to={CC0}">x</a>',
    f'<a rel="license" href="https://evil.example/#{CC0}">x</a>',
    '<base href="https://evil.example/"><a rel="license" href="publicdomain/zero/1.0/">x</a>',
    f'<a rel="prefetch no-license" href="{CC0}">CC0</a>',
)


def marks() -> Iterator[Case]:
    """Marks that forbid where a page keeps them for a script, and grants of something else."""
    for text in MARKS:
        yield body_of(text, text)
        yield body_of(f"kr {text}", text + licensed(CC0), regime="kr-current")
    for text in GRANTS:
        yield body_of(f"grant {text}", text, regime="kr-current")
    granted = page("", licensed(CC0))
    for name, lines, said in (
        ("cut", (HTML, b"Content-Length: 9999"), b""),
        ("truncated", (HTML,), b"WARC-Truncated: length\r\n"),
        ("in a chunk that is cut", (HTML, CHUNKED), b""),
        ("a segment", (HTML,), b"WARC-Segment-Number: 1\r\n"),
    ):
        body = chunks(granted, 50, b"") if CHUNKED in lines else granted
        yield Case(f"a grant, {name}", answer(body, *lines), regime="kr-current", said=said)


# --- media -----------------------------------------------------------------------------------


def media() -> Iterator[Case]:
    """C2PA 2: a manifest may lie elsewhere, named by a header or by the picture's metadata."""
    png = b"\x89PNG\r\n\x1a\n" + b"\0\0\0\rIHDR" + b"\0" * 17 + b"\0\0\0\0IEND\xaeB`\x82"
    xmp = b'<x:xmpmeta><rdf:Description dcterms:provenance="https://m.example/a.c2pa"/></x:xmpmeta>'
    kind = b"Content-Type: image/png"
    for link in (
        b'Link: </a.c2pa>; rel="c2pa-manifest"',
        b"Link: <https://m.example/m>; rel=c2pa-manifest",
        b'Link: </a>; rel="preload", </a.c2pa>; rel="c2pa-manifest"',
    ):
        yield Case(f"picture {link!r}", answer(png, kind, link), path="/a/b.png")
        yield Case(f"page {link!r}", answer(page(), HTML, link))
    yield Case(
        "a picture whose manifest is elsewhere", answer(png + xmp, kind), path="/a/b.png"
    )
    for word in (b"PROHIBITED", b"PROHIBITED-AIMLTRAINING", b"PROHIBITED-SEECONSTRAINT"):
        said = b'<r plus:DataMining="http://ns.useplus.org/ldf/vocab/DMI-%b"/>' % word
        yield Case(f"a picture with {word!r}", answer(png + said, kind), path="/a/b.png")
        yield body_of(f"a page with {word!r}", f"<div>{said.decode()}</div>")
    for text in (
        '{"@type":"WebPage","usageInfo":"https://x.example/no-ai-training"}',
        '{"@type":"WebPage","tdm:reservation":1}',
        '{"@type":"WebPage","tdm-reservation":"1"}',
        '{"@type":"NewsArticle","copyrightNotice":"May not be used to train AI models."}',
        '{"@type":"NewsArticle","conditionsOfAccess":"No use for AI training is permitted."}',
        '{"@type":"NewsArticle","isAccessibleForFree":"False"}',
        '{"@type":"NewsArticle","isAccessibleForFree":0}',
        '{"@type":"NewsArticle","isAccessibleForFree":["x",false]}',
        '{"@type":"NewsArticle","isAccessibleForFree":"http://schema.org/False"}',
    ):
        yield Case(text, answer(page(graph(text)), HTML))


REFUSING = (
    *(
        addresses,
        records,
        elements,
        rsl,
        sentences,
        fields,
        robots_groups,
        tdm_files,
        text_files,
    ),
    *(marks, media),
)


def cases() -> list[Case]:
    return [case for make in (*REFUSING, rights_calm.controls) for case in make()]
