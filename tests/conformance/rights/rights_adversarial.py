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


FAMILIES = (
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
