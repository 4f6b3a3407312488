"""Generates records that must never be allowed for training, and a few that must be.

Each attack takes a reservation (or a missing fact) and hides it by one mutation: case, repeats,
line ends, byte-order marks, charsets, escapes, redirects, statuses, dates, licences. The truth
comes from the construction: the owner said no, or nobody can know; a mutation never turns that
into "allowed". Controls say nothing at all, so that refusing everything does not pass either.
"""

from __future__ import annotations

import gzip
import itertools
import json
import random
from collections.abc import Iterator
from dataclasses import dataclass, field

ORIGIN = "https://e.example"
PATH = "/a/b.html"
OPEN = b"User-agent: *\nAllow: /\n"
TDM_NAME = "/.well-known/tdmrep.json"
File = tuple[int, list[tuple[str, str]], bytes]


@dataclass(frozen=True)
class Attack:
    """One record with its site files. `regime` and `purpose` are those of the question."""

    id: str
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b"<html><head></head><body><p>text</p></body></html>"
    content_type: str = "text/html; charset=utf-8"
    files: dict[str, File] = field(default_factory=dict)
    regime: str = "eu-art4"
    purpose: str = "commercial"
    path: str = PATH
    may_allow: bool = False
    scheme: str = "https"
    elsewhere: dict[str, File] = field(default_factory=dict)  # by address; {n} is the number
    versions: list[tuple[float, str, File]] = field(
        default_factory=list
    )  # hours after the page

    def site(self) -> dict[str, File]:
        quiet: dict[str, File] = {"/robots.txt": (200, [], OPEN), TDM_NAME: (404, [], b"")}
        return {**quiet, **self.files}


def ok(content: bytes | str) -> File:
    return (200, [], content.encode() if isinstance(content, str) else content)


def html(head: str = "", body: str = "") -> str:
    return f"<html><head>{head}</head><body><p>text</p>{body}</body></html>"


def spellings(text: str) -> list[str]:
    mixed = "".join(c.upper() if n % 2 else c.lower() for n, c in enumerate(text))
    return [text.lower(), text.upper(), text.title(), mixed]


HEADER_NOES = [
    ("tdm-reservation", "1"),
    ("Content-Usage", "train-ai=n"),
    ("Content-Usage", "search=y, train-ai=n"),
    ("Content-Signal", "ai-train=no"),
    ("X-Robots-Tag", "noai"),
    ("X-Robots-Tag", "noindex, noai"),
    ("X-Robots-Tag", "noml"),
    ("X-Robots-Tag", "MadangBot: noai"),
]


def header_attacks() -> Iterator[Attack]:
    for name, value in HEADER_NOES:
        for spelled in spellings(name):
            yield Attack("header-case", [(spelled, value)])
            yield Attack("header-space", [(spelled, f"  {value}  ")])
            yield Attack("header-last", [("X-Other", "1"), (spelled, value), ("Server", "x")])
    for name, value in HEADER_NOES:
        for other in ("all", "index", "x"):
            if name == "X-Robots-Tag":
                yield Attack("header-second", [(name, other), (name, value)])
                yield Attack("header-first", [(name, value), (name, other)])
    for values in itertools.permutations(("0", "1", "0"), 3):
        yield Attack("header-repeats", [("tdm-reservation", value) for value in values])
    for broken in ("1,0", "true", "yes", "01", "1;", "on", "\u0661", "2", "-1", "1 0", '"1"'):
        yield Attack("header-malformed", [("tdm-reservation", broken)])
    for broken in (
        "Train-AI=n",
        "train-ai = n",
        "train-ai=N",
        "train-ai=no",
        "train-ai",
        "train-ai=?0",
        'train-ai="n"',
        "train-ai=n,",
        "train-genai=n",
        "ai=n",
        "bots=n",
        "train-ai=(n)",
        "train-ai=n search=y",
        "train-ai:n",
    ):
        yield Attack("usage-malformed", [("Content-Usage", broken)])
    for broken in (
        "ai-training=no",
        "search-ai=no",
        "ai-train=n",
        "ai-train=false",
        "ai-train",
        "ai_train=no",
        "train=no",
        "ai-train=yes, ai-train=no",
        "conditional",
    ):
        yield Attack("signal-malformed", [("Content-Signal", broken)])
        yield Attack(
            "signal-malformed-robots",
            files={"/robots.txt": ok(f"User-agent: *\nContent-Signal: {broken}\nAllow: /\n")},
        )
    for broken in ("no-ai", "no ai", "no_ai", "noai=1", "no-image-ai", "no-ml", "NO AI"):
        yield Attack("noai-malformed", [("X-Robots-Tag", broken)])
    yield Attack("c-yes-and-no", [("Content-Usage", "train-ai=y"), ("X-Robots-Tag", "noai")])
    yield Attack("zero-and-no", [("tdm-reservation", "0"), ("Content-Signal", "ai-train=no")])
    links = [("Link", "</x>; rel=prev")] * 400
    yield Attack("many-headers", [*links, ("tdm-reservation", "1")])
    yield Attack("date-then-noai", [("X-Robots-Tag", "unavailable_after: 2020-01-01, noai")])


META_NOES = [
    '<meta name="tdm-reservation" content="1">',
    '<meta name="robots" content="noai">',
    '<meta name="robots" content="noindex, noai, noimageai">',
    '<meta name="madangbot" content="noai">',
    '<meta name="robots" content="noml">',
    '<meta http-equiv="Content-Usage" content="train-ai=n">',
]


def entities(text: str) -> str:
    return "".join(
        f"&#{ord(c)};" if c.isalpha() and n % 3 == 0 else c for n, c in enumerate(text)
    )


def in_attributes(meta: str, change) -> str:
    parts = meta.split('"')
    return '"'.join(change(p) if n % 2 else p for n, p in enumerate(parts))


def page_attacks() -> Iterator[Attack]:
    for meta in META_NOES:
        changes = {
            "plain": meta,
            "upper": meta.upper(),
            "single": meta.replace('"', "'"),
            "slash": meta[:-1] + " />",
            "newlines": meta.replace(" ", "\n\t"),
            "entities": in_attributes(meta, entities),
            "bare-case": meta.swapcase(),
            "twice": meta + meta,
            "in-body": "</head><body>" + meta,
            "attribute-before": meta.replace("<meta ", '<meta data-x="a>b" '),
            "after-comment": "<!-- <p> -->" + meta,
            "spaces": meta.replace('="', ' = "'),
            "after-broken": "<div <p>" + meta,
            "noscript": f"<noscript>{meta}</noscript>",
            "far": "<p>" + "x " * 40_000 + "</p>" + meta,
        }
        for name, changed in changes.items():
            yield Attack(f"meta-{name}", body=html(changed).encode())
        for charset in (
            "utf-8",
            "utf-16",
            "utf-16-le",
            "euc-kr",
            "shift_jis",
            "iso-8859-1",
            "utf-32",
            "utf-8-sig",
            "iso-2022-kr",
            "cp949",
        ):
            page = html(meta)
            yield Attack(
                f"charset-{charset}",
                body=page.encode(charset),
                content_type=f"text/html; charset={charset}",
            )
        for wrong in ("euc-kr", "utf-8", "x-unknown", "rot13", "ascii", '"utf-8', ""):
            yield Attack(
                "charset-wrong",
                body=html(meta, "공공누리 café").encode("utf-8"),
                content_type=f"text/html; charset={wrong}",
            )
        for content_type in (
            "text/html",
            "TEXT/HTML;charset=UTF-8",
            "application/xhtml+xml",
            "",
        ):
            yield Attack("content-type", body=html(meta).encode(), content_type=content_type)
        for mistaken in ("text/plain", "application/octet-stream", "text/HTML; charset="):
            yield Attack("type-mistaken", body=html(meta).encode(), content_type=mistaken)
        for coding, packed in (("gzip", gzip.compress(html(meta).encode())),):
            yield Attack("coding", [("Content-Encoding", coding)], body=packed)
        yield Attack("coding-unknown", [("Content-Encoding", "zz")], body=html(meta).encode())


ROBOTS_NOES = [
    b"User-agent: *\nDisallow: /\n",
    b"User-agent: *\nDisallow: /a/\n",
    b"User-agent: MadangBot\nDisallow: /\n",
    b"User-agent: *\nDisallow: /*.html$\n",
    b"User-agent: *\nContent-Signal: ai-train=no\nAllow: /\n",
    b"User-agent: *\nContent-Usage: train-ai=n\nAllow: /\n",
    b"User-agent: GPTBot\nUser-agent: CCBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
    b"User-agent: Google-Extended\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
]


def robots_attacks() -> Iterator[Attack]:
    for text in ROBOTS_NOES:
        changes = {
            "plain": text,
            "bom": b"\xef\xbb\xbf" + text,
            "crlf": text.replace(b"\n", b"\r\n"),
            "cr": text.replace(b"\n", b"\r"),
            "upper": _keys(text, str.upper),
            "lower": _keys(text, str.lower),
            "spaces": text.replace(b": ", b" \t:\t "),
            "no-space": text.replace(b": ", b":"),
            "comment": text.replace(b"\n", b" # x\n"),
            "blank-lines": text.replace(b"\n", b"\n\n\n"),
            "no-end": text.rstrip(b"\n"),
            "sitemap-between": text.replace(b"\n", b"\nSitemap: https://e.example/s.xml\n", 1),
            "crawl-delay-between": text.replace(b"\n", b"\nCrawl-delay: 9\n", 1),
            "other-first": b"User-agent: zzz\nDisallow:\n\n" + text,
            "other-last": text + b"\nUser-agent: zzz\nAllow: /\n",
            "latin-1": b"# caf\xe9\n" + text,
            "utf-16": text.decode().encode("utf-16"),
            "nul": text[:3] + b"\0" + text[3:],
            "huge": text + b"# x\n" * 200_000,
            "long-line": text + b"Allow: /" + b"z" * 20_000 + b"\n",
            "version": text.replace(b"MadangBot", b"MadangBot/9.1"),
            "empty-rule": text + b"Disallow:\n",
            "html-before": b"<!doctype html>\n" + text,
        }
        for name, changed in changes.items():
            yield Attack(f"robots-{name}", files={"/robots.txt": ok(changed)})
    for typo in ("Disalow", "Dissallow", "Disallaw", "Diasllow"):
        yield Attack("robots-typo", files={"/robots.txt": ok(f"User-agent: *\n{typo}: /\n")})
    for escape in ("/a/b%2Ehtml", "/%61/b.html", "/a/%62.html", "/a/*", "/*b", "/a/b.html$"):
        yield Attack(
            "robots-escape", files={"/robots.txt": ok(f"User-agent: *\nDisallow: {escape}\n")}
        )
        yield Attack(
            "path-escape",
            path="/%61/b.html",
            files={"/robots.txt": ok("User-agent: *\nDisallow: /a/b.html\n")},
        )
    yield Attack("robots-no-slash", files={"/robots.txt": ok("User-agent: *\nDisallow: a/\n")})
    yield Attack("robots-no-colon", files={"/robots.txt": ok("User-agent *\nDisallow /a\n")})
    yield Attack(
        "robots-prose",
        files={
            "/robots.txt": ok(
                "# Text and data mining is reserved, Directive 2019/790 Art. 4\n"
                + OPEN.decode()
            )
        },
    )


def _keys(text: bytes, change) -> bytes:
    lines = text.decode().split("\n")
    pairs = (line.partition(":") for line in lines)
    return "\n".join(change(key) + mark + value for key, mark, value in pairs).encode()


def state_attacks() -> Iterator[Attack]:
    for status in (429, 500, 502, 503, 504, 301, 302, 307, 308, 100, 0, 600):
        yield Attack("robots-status", files={"/robots.txt": (status, [], b"")})
        yield Attack("tdm-status", files={TDM_NAME: (status, [], b"")})
    for status in (401, 403, 429, 451):
        yield Attack("tdm-refused", files={TDM_NAME: (status, [], b"")})
    for status in (301, 302, 303, 307, 308):
        there = [("Location", "https://cdn.example/robots.txt")]
        yield Attack("robots-redirect-lost", files={"/robots.txt": (status, there, b"")})
        yield Attack(
            "robots-redirect-loop",
            files={"/robots.txt": (status, [("Location", "/robots.txt")], b"")},
        )
        for kind in ("http://[", "javascript:x", "", "//", "https://e.example:bad/"):
            yield Attack(
                "robots-redirect-broken",
                files={"/robots.txt": (status, [("Location", kind)], b"")},
            )
    for page in (
        b"<!DOCTYPE html><p>404",
        b" \n<HTML>",
        b"<!-- x --><html>",
        b"<?xml ?><html/>",
    ):
        yield Attack("robots-is-html", files={"/robots.txt": ok(page)})
        yield Attack("tdm-is-html", files={TDM_NAME: ok(page)})


def tdm_attacks() -> Iterator[Attack]:
    for value in ("1", True, None, 2, -1, [1], {"a": 1}, "yes", 1.5, "0", False):
        yield Attack(
            "tdm-value",
            files={TDM_NAME: ok(json.dumps([{"location": "/", "tdm-reservation": value}]))},
        )
    for location in ("/", "*", "/a", "/a/b.html$", "/*", "/%61/b.html", "/a/*.html", "//", ""):
        content = [{"location": location, "tdm-reservation": 1}]
        if location != "//":
            yield Attack("tdm-location", files={TDM_NAME: ok(json.dumps(content))})
    first = [{"location": "/a/", "tdm-reservation": 0}, {"location": "/", "tdm-reservation": 1}]
    yield Attack("tdm-order", files={TDM_NAME: ok(json.dumps(first[::-1]))})
    for text in (
        "{}",
        "[",
        "",
        "null",
        "[1]",
        "[[]]",
        "[" * 100_000,
        '[{"location":"/"}]',
        '{"location":"/","tdm-reservation":1}',
        "\0",
        "[{'location':'/'}]",
        '[{"location":"/","tdm-reservation":1,"tdm-reservation":0}]',
        "NaN",
    ):
        yield Attack("tdm-broken", files={TDM_NAME: ok(text)})
    good = json.dumps([{"location": "/", "tdm-reservation": 1}])
    for charset in ("utf-8-sig", "utf-16", "utf-32"):
        yield Attack("tdm-charset", files={TDM_NAME: ok(good.encode(charset))})
    yield Attack("tdm-huge", files={TDM_NAME: ok(good + " " * 600_000)})


def other_attacks() -> Iterator[Attack]:
    for text in (
        "User-Agent: *\nDisallow: /\n",
        "User-Agent: *\nDisallow: *.html\n",
        "User-Agent: *\nDisallow: *\n",
        "\ufeffUser-agent: *\nDisallow: /\n",
        "Training: deny\n",
        "gibberish gibberish\n",
    ):
        yield Attack("ai-txt", files={"/ai.txt": ok(text)})
    for text in (
        "Training: deny\n",
        "[ai]\ntraining: no\n",
        "Training: conditional\n",
        "Training: perhaps\n",
        "AI-Training: DENY\n",
    ):
        yield Attack("ai-wellknown", files={"/.well-known/ai.txt": ok(text)})
    for text in ("datatrainingallowed=no", "DataTrainingAllowed = NO", "datatrainingallowed=x"):
        yield Attack("trust-txt", files={"/trust.txt": ok(text)})
    for line in ("License: https://e.example/l.xml", "license:https://e.example/l.xml"):
        yield Attack("rsl-named", files={"/robots.txt": ok(f"{line}\n" + OPEN.decode())})
    yield Attack(
        "rsl-link",
        body=html('<link rel="license" type="application/rsl+xml" href="/l.xml">').encode(),
    )
    yield Attack(
        "rsl-header", [("Link", '</l.xml>; rel="license"; type="application/rsl+xml"')]
    )
    for sentence in (
        "Text and data mining of this site is reserved.",
        "You may not use this content for training AI models.",
        "TDM rights reserved under Directive 2019/790 Art. 4(3).",
        "본 사이트의 콘텐츠를 인공지능 학습에 이용하는 것을 금지합니다.",
        "AI 학습 목적의 무단 수집 및 이용을 금지합니다.",
        "We do not permit machine learning training on our text.",
    ):
        yield Attack("prose", body=html(body=f"<footer>{sentence}</footer>").encode())
        yield Attack(
            "prose-euc-kr",
            body=html(body=f"<p>{sentence}</p>").encode("euc-kr"),
            content_type="text/html; charset=euc-kr",
        )
    for text in (
        '{"isAccessibleForFree": false}',
        '{"isAccessibleForFree": "False"}',
        '[{"@graph": [{"isAccessibleForFree": false}]}]',
        json.dumps([{"isAccessibleForFree": False}, *({f"k{n}": n} for n in range(9000))]),
    ):
        yield Attack(
            "paywall", body=html(f'<script type="application/ld+json">{text}</script>').encode()
        )


KOGL = (
    '<a href="https://www.kogl.or.kr/info/licenseType{0}.do">'
    '<img src="/img_opencode{0}.jpg"></a>'
)


def licence_attacks() -> Iterator[Attack]:
    for regime in ("kr-current", "kr-fair", "kr-kogl", "us-107", "il-19"):
        for kind in ("2", "3", "4"):
            yield Attack(
                "kogl-commercial", body=html(body=KOGL.format(kind)).encode(), regime=regime
            )
        for pair in ("12", "14", "13", "24", "01"):
            marks = "".join(KOGL.format(kind) for kind in pair)
            yield Attack("kogl-two", body=html(body=marks).encode(), regime=regime)
            yield Attack(
                "kogl-in-form", body=html(body=f"<form>{marks}</form>").encode(), regime=regime
            )
            yield Attack(
                "kogl-in-comment", body=html(body=f"<!--{marks}-->").encode(), regime=regime
            )
        yield Attack(
            "kogl-page",
            body=html(
                body='<a href="https://www.kogl.or.kr/info/license.do">공공누리</a>'
            ).encode(),
            regime=regime,
        )
        yield Attack(
            "kogl-prose",
            body=html(body="<p>공공누리 제1유형을 설명합니다.</p>").encode(),
            regime=regime,
        )
        for url in (
            "https://creativecommons.org/licenses/by/",
            "/licence",
            "CC BY",
            "https://creativecommons.org/licenses/by/9.0/",
            "javascript:x",
            "https://creativecommons.example/licenses/by/4.0/",
            "https://creativecommons.org/licenses/by-nc/4.0/",
            "https://creativecommons.org/licenses/by-nd/4.0/",
        ):
            yield Attack(
                "licence-unreadable",
                body=html(body=f'<a rel="license" href="{url}">l</a>').encode(),
                regime=regime,
            )
        two = "".join(
            f'<a rel="license" href="https://creativecommons.org/licenses/{k}/4.0/">l</a>'
            for k in ("by", "by-nc")
        )
        yield Attack("licence-two", body=html(body=two).encode(), regime=regime)
        yield Attack(
            "licence-mention",
            body=html(
                body='<a href="https://creativecommons.org/licenses/by/4.0/">l</a>'
            ).encode(),
            regime=regime,
        )
        yield Attack(
            "licence-and-no",
            [("Content-Usage", "train-ai=n")],
            body=html(
                body='<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">l</a>'
            ).encode(),
            regime=regime,
        )


def regime_attacks() -> Iterator[Attack]:
    """Nothing is said, but the regime gives no basis or a human fact is missing."""
    for regime in (
        "kr-current",
        "kr-fair",
        "kr-data13",
        "kr-art7",
        "kr-kogl",
        "us-107",
        "il-19",
        "jp-30-4",
        "uk-29a",
        "ch-24d",
        "eu-art3",
        "kr-bill-2107440",
        "kr-bill-22-kts",
        "kr-plan-2026-02",
    ):
        for purpose in ("commercial", "noncommercial_research", "scientific_research"):
            if (regime, purpose) not in (
                ("uk-29a", "noncommercial_research"),
                ("ch-24d", "scientific_research"),
            ):
                yield Attack("regime", regime=regime, purpose=purpose)


def controls() -> Iterator[Attack]:
    """Silence and clear grants: most of these must be allowed."""
    quiet = [
        [],
        [("X-Robots-Tag", "noindex")],
        [("X-Robots-Tag", "otherbot: noai")],
        [("tdm-reservation", "0")],
        [("Content-Usage", "search=n")],
        [("Content-Signal", "ai-train=yes")],
        [("X-Robots-Tag", "max-snippet: 20")],
    ]
    for headers in quiet:
        yield Attack("control", headers, may_allow=True)
        yield Attack(
            "control",
            headers,
            body=html(body="<p>공공 데이터 소식</p>").encode("euc-kr"),
            content_type="text/html; charset=euc-kr",
            may_allow=True,
        )
    for robots in (
        b"",
        b"User-agent: Zzz\nDisallow: /\n",
        b"User-agent: *\nDisallow: /x/\n",
        b"\xef\xbb\xbfUser-agent: *\nAllow: /\n",
        b"User-agent: *\nDisallow:\n",
    ):
        yield Attack("control", files={"/robots.txt": ok(robots)}, may_allow=True)
    for body in (
        KOGL.format("0"),
        KOGL.format("1"),
        '<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">l</a>',
        '<a rel="license" href="https://creativecommons.org/publicdomain/zero/1.0/">l</a>',
    ):
        yield Attack(
            "control", body=html(body=body).encode(), regime="kr-current", may_allow=True
        )
    yield Attack("control", regime="uk-29a", purpose="noncommercial_research", may_allow=True)
    yield Attack("control", regime="ch-24d", purpose="scientific_research", may_allow=True)
    yield Attack("control", regime="sg-244", may_allow=True)


YESES = [
    ("tdm-reservation", "0"),
    ("Content-Usage", "train-ai=y"),
    ("Content-Signal", "ai-train=yes"),
    ("X-Robots-Tag", "all"),
]
TDM_NO = ok('[{"location": "/", "tdm-reservation": 1}]')
TDM_YES = ok('[{"location": "/", "tdm-reservation": 0}]')
NO = ok("User-agent: *\nDisallow: /\n")


def mixed_attacks() -> Iterator[Attack]:
    """A yes of one protocol beside a no of another, in every pair of carriers."""
    yes_robots = ok(b"User-agent: *\nContent-Signal: ai-train=yes\nAllow: /\n")
    for yes, no in itertools.product(YESES, HEADER_NOES):
        if yes[0].lower() != no[0].lower():
            yield Attack("mixed-headers", [yes, no])
            yield Attack("mixed-headers", [no, yes])
    for yes, meta in itertools.product(YESES, META_NOES):
        if (yes[0], "tdm-reservation" in meta) != ("tdm-reservation", True):
            yield Attack("mixed-page", [yes], html(meta).encode())
    for yes, text in itertools.product(YESES, ROBOTS_NOES):
        yield Attack("mixed-site", [yes], files={"/robots.txt": ok(text)})
    for no in HEADER_NOES:
        yield Attack("mixed-robots-yes", [no], files={"/robots.txt": yes_robots})
        if no[0] != "tdm-reservation":
            yield Attack("mixed-tdm-yes", [no], files={TDM_NAME: TDM_YES})
    yield Attack("mixed-file", files={TDM_NAME: TDM_NO, "/robots.txt": yes_robots})


def folded_attacks() -> Iterator[Attack]:
    """Header lines as the rarer servers write them."""
    for name, value in HEADER_NOES:
        head, comma, rest = value.partition(", ")
        if comma:
            yield Attack("folded", [(name, f"{head},\r\n {rest}")])
            yield Attack("folded-tab", [(name, f"{head},\r\n\t{rest}")])
            yield Attack("two-lines", [(name, head), (name, rest)])
        yield Attack("folded-first", [(name, f"\r\n {value}")])
        yield Attack("space-before-colon", [(f"{name} ", value)])
        yield Attack("trailing", [(name, f"{value}  \t ")])
        yield Attack("empty-first", [(name, ""), (name, value)])
        yield Attack("empty-last", [(name, value), (name, "")])


BEFORE_META = {
    "abrupt comment": "<!-->",
    "abrupt dash comment": "<!--->",
    "comment ended by bang": "<!-- x --!>",
    "bogus comment": "</ x>",
    "processing instruction": "<?php echo 1 ?>",
    "cdata": "<![CDATA[ x ]]>",
    "revealed conditional": "<![if !IE]>",
    "hidden conditional": "<!--[if IE]><p>x</p><![endif]-->",
    "closed title": "<title>a</title>",
    "empty title": "<title></title>",
    "closed textarea": "<textarea></textarea>",
    "closed script": "<script>'<!--'</script>",
    "style": "<style>/* <!-- */</style>",
    "second head": "</head><head>",
    "second html": "</html><html>",
    "after body": "</body></html>",
    "form": "<form>",
    "table": "<table><tr><td>",
    "svg": "<svg><g>",
    "math": "<math><mi>",
    "frameset fallback": "<noframes></noframes>",
    "iframe": '<iframe src="/x"></iframe>',
    "nested iframes": "<iframe></iframe>" * 40,
    "unclosed paragraph": "<p><b><i>",
    "wrong nesting": "<b><p></b></p>",
    "nul": "\0",
    "many attributes": "<p " + " ".join(f"a{n}=1" for n in range(400)) + ">",
    "quoted angle": "<p title='>'>",
    "deep": "<div>" * 200,
}


def structure_attacks() -> Iterator[Attack]:
    """The same statement behind everything that confuses a reader who does not parse."""
    for meta in META_NOES:
        for name, before in BEFORE_META.items():
            page = f"<html><head>{before}{meta}</head><body><p>text</p></body></html>"
            yield Attack(f"structure-{name}", body=page.encode())


def encoded(text: str, form: str) -> str:
    return "".join(form.format(ord(c)) if c.isalpha() else c for c in text)


def entity_attacks() -> Iterator[Attack]:
    forms = ("&#{};", "&#x{:x};", "&#X{:X};", "&#{:07};", "&#x000{:x};")
    for meta in META_NOES:
        for form in forms:
            changed = in_attributes(meta, lambda part, form=form: encoded(part, form))
            yield Attack("entities", body=html(changed).encode())
    for content in (
        "no&#97i",
        "&#110;oai",
        "noa&#105",
        "noindex&#44; noai",
        "noindex&comma;noai",
        "no&#45;ai",
        "no&lowbar;ai",
        "no&nbsp;ai",
        "no&#8203;ai",
        "no   ai",
        "no&Tab;ai",
        "noai&period;",
        "noai/",
        "noimageai,noai",
    ):
        yield Attack(
            "entity-value", body=html(f'<meta name="robots" content="{content}">').encode()
        )
    for name in ("tdm&colon;reservation", "tdm&#58;reservation", "tdm&#x3a;reservation"):
        yield Attack("entity-name", body=html(f'<meta name="{name}" content="1">').encode())
    for meta in (
        '<meta name="robots" name="x" content="noai">',
        "<meta name=robots content=noai>",
        "<meta name=robots content=noai/>",
        '<meta/name="robots"/content="noai">',
        '<meta content="noai"name="robots">',
        '<meta name="robots"\fcontent="noai">',
        '<meta name="robots" content="noai',
        '<meta NAME="ROBOTS" CONTENT="NOAI" />',
    ):
        yield Attack("attribute-form", body=html(meta).encode() + b'"></p>')


CHARSETS = (
    *("gb18030", "big5", "koi8-r", "windows-1252", "shift_jis", "iso-8859-15", "johab"),
    *("iso-2022-jp", "mac-roman", "cp1251"),
)


def charset_attacks() -> Iterator[Attack]:
    for meta in META_NOES:
        for charset in CHARSETS:
            declared = f'<meta charset="{charset}">'
            page = html(declared + meta).encode(charset)
            yield Attack("charset-in-page", body=page, content_type="text/html")
            yield Attack(
                "charset-contradicted", body=page, content_type="text/html; charset=utf-8"
            )
        for mark, codec in (
            (b"\xef\xbb\xbf", "utf-8"),
            (b"\xff\xfe", "utf-16-le"),
            (b"\xfe\xff", "utf-16-be"),
        ):
            for said in ("euc-kr", "iso-8859-1", "utf-8"):
                yield Attack(
                    "mark-against-header",
                    body=mark + html(meta).encode(codec),
                    content_type=f"text/html; charset={said}",
                )
        page = html(f"<title>{chr(0xACF5)}</title>{meta}")
        yield Attack("korean-undeclared", body=page.encode("cp949"), content_type="text/html")


def moved(where: str, status: int = 301) -> File:
    return (status, [("Location", where)], b"")


def redirect_attacks() -> Iterator[Attack]:
    """Files that another host keeps; its rules bind the host that was asked first."""
    for status in (301, 302, 303, 307, 308):
        there = "https://files{n}.example/robots.txt"
        yield Attack(
            "redirect-host",
            files={"/robots.txt": moved(there, status)},
            elsewhere={there: NO},
        )
        tdm = f"https://files{{n}}.example{TDM_NAME}"
        yield Attack(
            "redirect-tdm", files={TDM_NAME: moved(tdm, status)}, elsewhere={tdm: TDM_NO}
        )
        yield Attack(
            "redirect-elsewhere-says-html",
            files={"/robots.txt": moved(there, status)},
            elsewhere={there: ok("<!doctype html><p>moved")},
        )
    for hops in range(2, 9):
        chain = [f"https://hop{k}-{{n}}.example/robots.txt" for k in range(hops)]
        kept = {one: moved(other) for one, other in itertools.pairwise(chain)}
        yield Attack(
            f"redirect-{hops}-hops",
            files={"/robots.txt": moved(chain[0])},
            elsewhere={**kept, chain[-1]: NO},
        )
    yield Attack(
        "redirect-to-http",
        files={"/robots.txt": moved("http://h{n}.example/robots.txt")},
        elsewhere={"http://h{n}.example/robots.txt": NO},
    )
    for relative in (
        "//files{n}.example/robots.txt",
        "https://FILES{n}.example:443/robots.txt",
    ):
        yield Attack(
            "redirect-spelling",
            files={"/robots.txt": moved(relative)},
            elsewhere={"https://files{n}.example/robots.txt": NO},
        )


def scheme_attacks() -> Iterator[Attack]:
    """Files bind one scheme, host and port: those of https say nothing about http."""
    secure = "https://h{n}.example"
    open_there = {f"{secure}/robots.txt": ok(OPEN), f"{secure}{TDM_NAME}": (404, [], b"")}
    for text in ROBOTS_NOES:
        yield Attack(
            "http-robots",
            scheme="http",
            files={"/robots.txt": ok(text)},
            elsewhere=open_there,
        )
    yield Attack("http-tdm", scheme="http", files={TDM_NAME: TDM_NO}, elsewhere=open_there)
    yield Attack(
        "http-to-https",
        scheme="http",
        files={"/robots.txt": moved(f"{secure}/robots.txt")},
        elsewhere={f"{secure}/robots.txt": NO},
    )


def location_attacks() -> Iterator[Attack]:
    """Patterns of tdmrep.json that reach the path, alone and before or behind a zero."""
    for location in (
        *("/", "/*", "/a", "/a/", "/a/*", "/a/b", "/a/b.html", "/a/b.html$", "/*.html"),
        *(
            "/*.html$",
            "/*/b.html",
            "/a*b*html",
            "/a/b.*",
            "*",
            "*.html",
            "/%61/",
            "/a%2Fb.html",
        ),
        *("/a/*$", "/*/*", "a/", "a/b.html"),
    ):
        if location == "/a%2Fb.html":
            continue  # an escaped slash is another path
        one = {"location": location, "tdm-reservation": 1}
        zero = {"location": "/", "tdm-reservation": 0}
        yield Attack("location", files={TDM_NAME: ok(json.dumps([one]))})
        yield Attack("location-first", files={TDM_NAME: ok(json.dumps([one, zero]))})
        policy = {**one, "tdm-policy": "https://e.example/p.json"}
        yield Attack("location-policy", files={TDM_NAME: ok(json.dumps([policy]))})
    for extra in (
        {"location": "/a/", "tdm-reservation": 1, "note": "x"},
        {"Location": "/a/", "tdm-reservation": 1},
        {"location": ["/a/"], "tdm-reservation": 1},
        {"location": "/a/", "TDM-Reservation": 1},
        {"location": "/a/", "tdm-reservation": "1"},
        {"location": "/a/"},
    ):
        yield Attack("location-form", files={TDM_NAME: ok(json.dumps([extra]))})


def date_attacks() -> Iterator[Attack]:
    """A site that says no at one time and is open at another: a person decides."""
    for hours in (-240.0, -1.0, 1.0, 23.0, 240.0, 5000.0):
        for text in ROBOTS_NOES:
            later = [(hours, "/robots.txt", ok(text))]
            if hours > 0:
                yield Attack("dates-no-later", versions=later)
            open_later = [(hours, "/robots.txt", ok(OPEN))]
            if hours > 0:
                yield Attack(
                    "dates-open-later", files={"/robots.txt": ok(text)}, versions=open_later
                )
        if hours > 0:
            yield Attack("dates-tdm", versions=[(hours, TDM_NAME, TDM_NO)])
            yield Attack("dates-lost", versions=[(hours, "/robots.txt", (503, [], b""))])
    for order in itertools.permutations((1.0, 30.0, 60.0)):
        texts = (ok(OPEN), NO, ok(OPEN))
        rows = [(h, "/robots.txt", f) for h, f in zip(order, texts, strict=True)]
        if max(rows)[2] is NO:
            yield Attack("dates-three", versions=rows)


def size_attacks() -> Iterator[Attack]:
    """Refusals behind, between and before very much else."""
    many = b"".join(b"Disallow: /x%d\n" % n for n in range(30_000))
    for head, tail in (
        (b"User-agent: *\n" + many, b"Disallow: /a/\n"),
        (b"# " + b"x" * 500_000 + b"\n", b"User-agent: *\nDisallow: /\n"),
        (b"User-agent: zzz\n" + many + b"\n", b"User-agent: *\nDisallow: /\n"),
        (b"\n" * 400_000, b"User-agent: *\nDisallow: /\n"),
        (b"User-agent: *\nAllow: /\n" + b"#\n" * 300_000, b"User-agent: *\nDisallow: /\n"),
    ):
        yield Attack("size-robots", files={"/robots.txt": ok(head + tail)})
    for meta in META_NOES:
        for filler in (
            "<p>" + "y " * 300_000,
            "<!--" + "z" * 400_000 + "-->",
            "<i></i>" * 30_000,
        ):
            yield Attack("size-page", body=html(filler + meta).encode())


FAMILIES = (
    mixed_attacks,
    folded_attacks,
    structure_attacks,
    entity_attacks,
    charset_attacks,
    redirect_attacks,
    scheme_attacks,
    location_attacks,
    date_attacks,
    size_attacks,
    header_attacks,
    page_attacks,
    robots_attacks,
    state_attacks,
    tdm_attacks,
    other_attacks,
    licence_attacks,
    regime_attacks,
    controls,
)


def attacks() -> list[Attack]:
    """The whole set, in order."""
    return [attack for family in FAMILIES for attack in family()]


def combined(count: int, seed: int) -> list[Attack]:
    """Two attacks at once on the same question: a yes beside them never rescues a record."""
    rng = random.Random(seed)
    pages = [a for a in (*header_attacks(), *page_attacks()) if "coding" not in a.id]
    sites = [*robots_attacks(), *tdm_attacks(), *state_attacks()]
    made = []
    for _ in range(count):
        page, site = rng.choice(pages), rng.choice(sites)
        yes = rng.choice([[], [("Content-Signal", "ai-train=yes")]])
        made.append(
            Attack(
                f"{page.id}+{site.id}",
                [*page.headers, *yes],
                page.body,
                page.content_type,
                site.files,
                path=site.path,
            )
        )
    return made
