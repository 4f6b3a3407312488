"""Records written byte by byte that must not be allowed, and some that must be.

Each takes a reservation that a person can see, or a state that nobody can know, and writes it
as servers, tools and owners do by mistake or by malice: codings in every order, bodies cut
short, encodings that are not what they say, lines that are nearly lines of robots.txt, names
that are nearly names, marks that contradict each other, files that moved and changed.
Independent of
`rights_adversarial`, which writes archives as a crawler would.
"""

from __future__ import annotations

import base64
import gzip
import hashlib
import zlib
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

HTML = b"Content-Type: text/html; charset=utf-8"
NOAI = '<meta name="robots" content="noai">'
TDM = '<meta name="tdm-reservation" content="1">'
TDM_NAME = "/.well-known/tdmrep.json"
ANY = "User-agent: *\n"
IDENTICAL = b"http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
UNMODIFIED = b"http://netpreserve.org/warc/1.1/revisit/server-not-modified"


@dataclass(frozen=True)
class Again:
    """An answer that its archive keeps as a revisit: its head, the body of which answer it
    had, and whether it names that by its sum, its address and hour, or both."""

    head: bytes
    of: bytes | None = None
    name: str = ""
    hours: float = 0
    profile: bytes = IDENTICAL


@dataclass(frozen=True)
class Kept:
    """A record of another type under the answer's address, without a header of its own."""

    kind: bytes
    octets: bytes


Answers = list[tuple[float, bytes | Again | Kept]]  # hours after the page, the answer


def digest_of(raw: bytes) -> bytes:
    body = raw.partition(b"\r\n\r\n")[2]
    return b"sha1:" + base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest())


@dataclass(frozen=True)
class Case:
    name: str
    raw: bytes
    files: dict[str, Answers] = field(default_factory=dict)
    regime: str = "eu-art4"
    path: str = "/a/b.html"
    want: Literal["refused", "allowed"] = "refused"
    said: bytes = b""  # lines of the record's own header


def answer(body: bytes = b"", *lines: bytes, status: bytes = b"200 OK") -> bytes:
    return b"\r\n".join((b"HTTP/1.1 " + status, *lines)) + b"\r\n\r\n" + body


def page(head: str = "", body: str = "") -> bytes:
    return f"<html><head>{head}</head><body><p>text</p>{body}</body></html>".encode()


def head_of(name: str, head: str, **more) -> Case:
    return Case(name, answer(page(head), HTML), **more)


def body_of(name: str, body: str, **more) -> Case:
    return Case(name, answer(page("", body), HTML), **more)


def line_of(name: str, line: str | bytes, **more) -> Case:
    octets = line if isinstance(line, bytes) else line.encode()
    return Case(name, answer(page(), HTML, octets), **more)


def robots(name: str, text: str | bytes, **more) -> Case:
    octets = text if isinstance(text, bytes) else text.encode()
    return Case(name, answer(page(), HTML), {"/robots.txt": [(0, answer(octets))]}, **more)


QUIET: dict[str, Answers] = {
    "/robots.txt": [(0, answer(f"{ANY}Allow: /\n".encode()))],
    TDM_NAME: [(0, answer(status=b"404 Not Found"))],
}

# --- codings ---------------------------------------------------------------------------------

BODY = page(NOAI)
LONG = page("", "<p>" + "word " * 3000 + "</p>" + NOAI)
CHUNKED = b"Transfer-Encoding: chunked"


def chunks(body: bytes, size: int = 1000, end: bytes = b"0\r\n\r\n") -> bytes:
    parts = [body[at : at + size] for at in range(0, len(body), size)]
    return b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + end


def deflated(body: bytes) -> bytes:
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    return packer.compress(body) + packer.flush()


PACKED = {
    b"gzip": gzip.compress(BODY),
    b"x-gzip": gzip.compress(BODY),
    b"GZIP": gzip.compress(BODY),
    b"deflate": zlib.compress(BODY),
    b"Deflate": deflated(BODY),
}


def codings() -> Iterator[Case]:
    for coding, packed in PACKED.items():
        lines = [b"Content-Encoding: " + coding, CHUNKED]
        yield Case("coding, chunks", answer(chunks(packed), HTML, *lines))
        yield Case("chunks, coding", answer(chunks(packed), HTML, *lines[::-1]))
    twice = gzip.compress(gzip.compress(BODY))
    packed = gzip.compress(BODY)
    coding, gzip_line = b"Content-Encoding: ", b"Content-Encoding: gzip"
    for name, body, *lines in (
        ("transfer", chunks(packed), b"Transfer-Encoding: gzip, chunked"),
        ("transfer alone", packed, b"Transfer-Encoding: gzip"),
        ("twice", twice, b"Content-Encoding: gzip, gzip"),
        ("two lines", twice, gzip_line, gzip_line),
        ("said once, packed twice", twice, gzip_line),
        ("two kinds", zlib.compress(packed), gzip_line, b"Content-Encoding: deflate"),
        ("unsaid", packed),
        ("unknown", b"\x28\xb5\x2f\xfd" + BODY, coding + b"zstd"),
        ("none", BODY, coding + b"none"),
        ("space in the name", packed, b"Content-Encoding : gzip"),
        ("folded", packed, b"Content-Encoding:\r\n gzip"),
        ("trailing", gzip.compress(LONG[:5000]) + LONG[5000:], gzip_line),
        ("leading", b"\n" + gzip.compress(LONG), gzip_line),
        ("two members", gzip.compress(LONG[:5000]) + gzip.compress(LONG[5000:]), gzip_line),
        ("deflate behind a line", b"\n" + zlib.compress(LONG), coding + b"deflate"),
        ("deflate is gzip", gzip.compress(LONG), coding + b"deflate"),
        ("gzip is deflate", zlib.compress(LONG), gzip_line),
        ("brotli is plain", LONG, coding + b"br"),
        ("garbage between chunks", chunks(LONG[:3000], end=b"") + b"zz\r\n" + LONG, CHUNKED),
        ("an end within", chunks(LONG[:3000]) + chunks(LONG[3000:]), CHUNKED),
        ("a chunk without end", b"ffff\r\n" + LONG, CHUNKED),
        ("line feeds", chunks(LONG).replace(b"\r\n", b"\n"), CHUNKED),
        ("a line before", b"\r\n" + chunks(LONG), CHUNKED),
        ("many zeros", b"000000000%x\r\n%b\r\n0\r\n\r\n" % (len(LONG), LONG), CHUNKED),
        ("shorter than said", page(), b"Content-Length: 90000"),
    ):
        yield Case(f"coding: {name}", answer(body, HTML, *lines))
    for part in (0.3, 0.6, 0.9):
        for coding, body in (
            (gzip_line, gzip.compress(LONG)),
            (b"Content-Encoding: deflate", zlib.compress(LONG)),
            (b"Content-Encoding: deflate", deflated(LONG)),
            (CHUNKED, chunks(LONG)),
        ):
            yield Case(f"cut: {coding!r}", answer(body[: int(len(body) * part)], HTML, coding))


# --- types and encodings ---------------------------------------------------------------------


def types() -> Iterator[Case]:
    for first, second in (
        (b"application/json", b"text/html"),
        (b"image/png", b"text/html"),
        (b"text/html", b"application/json"),
    ):
        lines = (b"Content-Type: " + first, b"Content-Type: " + second)
        yield Case(f"types: {first!r} {second!r}", answer(BODY, *lines))
    for kind in (
        *("application/json, text/html", "text/html, application/json", "html", "*/*", "x/y"),
        *("text/html text/plain", "application/html", '"text/html"', "binary/octet-stream"),
        *("application/vnd.wap.xhtml+xml", "text/html:charset=utf-8", "application/rss+xml"),
        *("multipart/related; boundary=x", "message/rfc822", "application/force-download"),
    ):
        yield Case(f"type: {kind}", answer(BODY, b"Content-Type: " + kind.encode()))
    for name, body in (
        ("a long comment", b"<!--" + b"x" * 6000 + b"-->" + BODY),
        ("white space", b" " * 6000 + BODY),
        ("no page's beginning", b"<p>" + b"x" * 6000 + NOAI.encode()),
    ):
        yield Case(f"no type: {name}", answer(body))
    plain = answer(b" " * 6000 + BODY, b"Content-Type: text/plain")
    yield Case("text that is a page, late", plain)


HIDING = (
    "utf-16",
    "utf-16le",
    "UTF-16BE",
    "utf-32",
    "u16",
    "ibm037",
    "cp1140",
    "cp875",
    "cp500",
)
OTHERWISE = (
    *(("utf-16", "utf-16-be"), ("utf-16-le", "utf-16-be"), ("utf-16-be", "utf-16-le")),
    *(("utf-8", "utf-16-le"), ("utf-8", "utf-16-be"), ("euc-kr", "utf-16-le")),
    *(("", "utf-16-be"), ("", "utf-16-le"), ("", "utf-32-be"), ("", "utf-32-le")),
    *(("utf-16", "utf-32-le"), ("utf-8", "cp037"), ("cp1140", "cp1140"), ("cp273", "cp273")),
    *(("iso-8859-1", "utf-16-be"), ("utf-7", "utf-7"), ("", "utf-7"), ("cp424", "cp424")),
)


def encodings() -> Iterator[Case]:
    for said in HIDING:
        line = f"Content-Type: text/html; charset={said}".encode()
        yield Case(f"said {said}, is ASCII", answer(BODY, line))
        yield Case(f"said {said}, is ASCII, odd", answer(BODY + b" ", line))
        meta = page(f'<meta charset="{said}">{NOAI}')
        yield Case(f"meta {said}, is ASCII", answer(meta, b"Content-Type: text/html"))
    for said, real in OTHERWISE:
        line = f"Content-Type: text/html{'; charset=' * bool(said)}{said}".encode()
        yield Case(f"said {said}, is {real}", answer(BODY.decode().encode(real), line))


# --- header lines ----------------------------------------------------------------------------

TAGS = (
    *("googlebot: nofollow, madangbot: noai", "noindex, madangbot: noai", "noindex, *: noai"),
    *("noai: 1", "noai: true", "noai:", "Mozilla/5.0: noai", "MadangBot/1.0: noai"),
    *("madangbot, googlebot: noai", "googlebot, madangbot: noai", "googlebot,madangbot:noai"),
    *("all; noai", "noindex noai", "index follow noai", "noai noimageai", "(noai)", "'noai'"),
    *("noai.", "no-ai-training", "noaitraining", "no-train", "no_training", "disallow-ai"),
    *("noai=true", "unavailable_after: 1 Jan 2030 noai", "max-snippet: 20 noai", "no-tdm"),
    *("notextmining", "no\uff41i", "\uff2e\uff2f\uff21\uff29", "n\u200boai", "no\u2010ai"),
    *("noai\u00a0", "\u00a0noai", "n\u043eai", "tdm-reservation: 1", "ai-train: no"),
    *("robots: noai", "nogenai", "no generative ai", "do-not-train", "noai|noimageai"),
)
NAMES = (
    *("Content-Signals", "Content_Usage", "Content-Use", "X-Content-Usage", "X-NoAI", "NoAI"),
    *("X-TDM-Reservation", "TDM_Reservation", "tdmrep", "TDM-Rep", "X-AI-Train", "AI-Train"),
    *("X-Robots-Tags", "X-Robot-Tag", "Robots-Tag", "X-RobotsTag", "X_Robots_Tag"),
)
METAS = (
    *("noai", "noimageai", "robots,googlebot", "googlebot,robots", "madangbot/1.0", "robot"),
    *("robots-tag", "x-robots-tag", "tdm_reservation", "tdmreservation", "tdm.reservation"),
    *("tdmrep", "dc.tdm-reservation", "tdm-reservation ", "madangbot "),
)
USAGES = (
    *("search=y;train-ai=n", "train-ai=n;x=y, train-ai", "train-ai=(y n)", "ml=n", "llm=n"),
    *("\u00a0train-ai=n", "train-ai =n", "train-ai=0", "y=train-ai", "none", "no", "disallow"),
    *("machine-learning=n", "foundation-model-production=n", "train-ai=n,,search=y"),
)
SIGNALS = (
    *("search=yes ai-train=no", "search=yes|ai-train=no", "ai-train:no", "ai-train=none"),
    *("use=no", "use=training", "ai-train\uff1dno", "ai\u2011train=no", "ai-train==no", "no"),
    *("\u00a0ai-train=no", "all=no", "aitrain=no"),
)


def header_lines() -> Iterator[Case]:
    for tag in TAGS:
        yield line_of(f"tag: {tag}", f"X-Robots-Tag: {tag}")
        yield head_of(f"meta: {tag}", f'<meta name="robots" content="{tag}">')
    for name in NAMES:
        value = "noai" if "obot" in name or "noai" in name.lower() else "1, train-ai=n"
        yield line_of(f"name: {name}", f"{name}: {value}")
    for name in METAS:
        value = "1" if "tdm" in name else "noai"
        for attribute in ("name", "property"):
            yield head_of(f"meta: {name}", f'<meta {attribute}="{name}" content="{value}">')
    for usage in USAGES:
        yield line_of(f"usage: {usage}", f"Content-Usage: {usage}")
    for signal in SIGNALS:
        yield line_of(f"signal: {signal}", f"Content-Signal: {signal}")
        yield robots(f"signal: {signal}", f"{ANY}Content-Signal: {signal}\nAllow: /\n")
    for value in ("1, 0", "0, 1", "+1", "\uff11", "1.0", "\u00a01", "reserved", "01"):
        yield line_of(f"tdm: {value}", f"TDM-Reservation: {value}")
    for name, octets in (
        ("a line feed alone", b"Server: x\nX-Robots-Tag: noai"),
        ("a return alone", b"Server: x\rX-Robots-Tag: noai"),
        ("an end of text", b"X-Robots\0-Tag: noai"),
        ("an end of text within", b"X-Robots-Tag: no\0ai"),
        ("a next line", b"X-Robots-Tag: index\x85, noai"),
        ("a line separator", b"X-Robots-Tag: all,\xe2\x80\xa8noai"),
        ("a space before the colon", b"X-Robots-Tag : noai"),
        ("folded", b"X-Robots-Tag: all,\r\n noai"),
        ("folded from its beginning", b"X-Robots-Tag:\r\n\tnoai"),
    ):
        yield line_of(f"line: {name}", octets)
    lines = b"Content-Type: text/html\nX-Robots-Tag: noai\n\n"
    yield Case("line feeds only", b"HTTP/1.1 200 OK\n" + lines + page())
    mixed = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\nX-Robots-Tag: noai\r\n\n"
    yield Case("mixed line ends", mixed + page(NOAI))


# --- robots.txt ------------------------------------------------------------------------------

NEARLY_ROBOTS = (
    *("User-agent: Googlebot, *\nDisallow: /", "User-agent: Googlebot, MadangBot\nDisallow: /"),
    *("User-agent: Googlebot, GPTBot\nDisallow: /", "User-agent: *,\nDisallow: /"),
    *('User-agent: "*"\nDisallow: /', "User-agent: */*\nDisallow: /", "Disallow: /"),
    *(
        "User-agent: all\nDisallow: /",
        "User-agent: .*\nDisallow: /",
        "User-agent:\nDisallow: /",
    ),
    *("User-agent: 'MadangBot'\nDisallow: /", 'User-agent: "GPTBot"\nDisallow: /'),
    "User-agent: Mozilla/5.0 (compatible; MadangBot/1.0)\nDisallow: /",
    *(f"{ANY}Disallow: /b/ /a/", f"{ANY}Disallow: /b/,/a/", f"{ANY}Disallow: https://e/a/"),
    "# set by a network\n\ufeffUser-agent: *\nDisallow: /",
    "User-agent: zzz\nAllow: /\n\n\ufeffUser-agent: *\nDisallow: /",
    *("User-agent\u00a0: *\nDisallow\u00a0: /", "User-agent: \u00a0*\nDisallow: /"),
    *("\u00a0User-agent: *\n\u00a0Disallow: /", "\u200bUser-agent: *\nDisallow: /"),
    *("User-agent\uff1a *\nDisallow\uff1a /", "User_agent: *\nDisallow: /"),
    *("User-agents: *\nDisallow: /", "User\u2010agent: *\nDisallow: /", f"{ANY}Deny: /"),
    *(f"{ANY}Dis-allow: /", f"{ANY}Disallowed: /", f"{ANY}Disallows: /", f"{ANY}Block: /"),
    *("User-agent=*\nDisallow=/", "User-agent; *\nDisallow; /", "User-agent: * Disallow: /"),
    *("User-agent: *<br>Disallow: /<br>", "User-agent: *\\nDisallow: /\\n"),
    *("User-agent: *\u2028Disallow: /", "User-agent: *\x0bDisallow: /\x0b"),
    *("User-agent: *\u0085Disallow: /", "User-agent: *\n\rDisallow: /\n\r"),
    *(f"{ANY}DisallowAITraining: /", f"{ANY}AI-Train: no", f"{ANY}X-Robots-Tag: noai"),
    *(f"{ANY}NoAI: /", f"{ANY}TDM-Reservation: 1", f"{ANY}Content-Signals: ai-train=no"),
    *(f"{ANY}ContentSignal: ai-train=no", f"{ANY}Content Usage: train-ai=n"),
    *(f"{ANY}Content_Usage: train-ai=n", f"{ANY}Licence: https://e.example/l.xml"),
    *(f"{ANY}Content-Usage: /%61/ train-ai=n", f"{ANY}Content-Usage: /a/"),
    f"User-agent: GPTBot\nContent-Usage: train-ai=n\nAllow: /\n\n{ANY}Allow: /",
    f"User-agent: GPTBot\nContent-Signal: ai-train=no\nAllow: /\n\n{ANY}Allow: /",
    *('{"message":"Forbidden"}', "Access denied", "Forbidden: you have no access"),
    *("<div>Just a moment...</div>", "<script>location='/x'</script>", "<p>404"),
    *("<title>Login</title>", "<!-- a --><!-- b --><html>", "\ufeff \n<html>"),
    "Warning: a notice\n<!doctype html><html>",
    "# words \n" * 9000
    + f"# Text and data mining is reserved, Directive 2019/790\n{ANY}Allow: /",
    "# " + "x " * 1500 + f"Text and data mining is reserved: 2019/790\n{ANY}Allow: /",
    f"# We reserve all rights of text\n# and data\n# mining.\n{ANY}Allow: /",
    f"{ANY}Note: text and data mining is reserved, Directive 2019/790\nAllow: /",
    f"{ANY}Allow: / # AI training is prohibited",
    f"# 인공지능 학습 이용을 금지합니다\n{ANY}Allow: /",
)


def robots_files() -> Iterator[Case]:
    for text in NEARLY_ROBOTS:
        yield robots(f"robots: {text[:60]!r}", text + "\n")
    korean = "User-agent: *\nDisallow: /가/\n"
    for path, text in (
        ("/%EA%B0%80/b.html", korean.encode("euc-kr")),
        ("/%B0%A1/b.html", korean.encode("euc-kr")),
        ("/%ea%b0%80/b.html", korean.encode()),
        ("/x/../a/b.html", b"User-agent: *\nDisallow: /a/\n"),
        ("/a/./b.html", b"User-agent: *\nDisallow: /a/b\n"),
        ("/%61/b.html", b"User-agent: *\nContent-Usage: /a/ train-ai=n\nAllow: /\n"),
    ):
        yield robots(f"path: {path}", text, path=path)
    no = b"User-agent: *\nDisallow: /\n"
    packed = gzip.compress(no)
    coding = b"Content-Encoding: gzip"
    for name, body, *lines in (
        ("packed", packed, coding),
        ("packed, in chunks", chunks(packed), coding, CHUNKED),
        ("packed, unsaid", packed),
        ("wide", no.decode().encode("utf-16-le")),
        ("of a mainframe", no.decode().encode("cp037")),
        ("a document", b"%PDF-1.4 x"),
        ("a chunk without end", b"1f4\r\nUser-agent: *\nAllow: /\n", CHUNKED),
        ("shorter than said", b"User-agent: *\nAllow: /\n", b"Content-Length: 90000"),
    ):
        answers: Answers = [(0, answer(body, *lines))]
        yield Case(f"robots: {name}", answer(page(), HTML), {"/robots.txt": answers})


# --- licences and marks ----------------------------------------------------------------------

MARK = "https://www.kogl.or.kr/info/licenseType{}.do"
BY, NC = (f"https://creativecommons.org/licenses/{kind}/4.0/" for kind in ("by", "by-nc"))


def marked(kind: object) -> str:
    return f'<a href="{MARK.format(kind)}">mark</a>'


def licensed(url: str, attributes: str = "") -> str:
    return f'<a rel="license" {attributes} href="{url}">licence</a>'


def graph(text: str) -> str:
    return f'<script type="application/ld+json">{text}</script>'


MARKS = (
    '<a href="https://notkogl.or.kr/info/licenseType1.do">x</a>',
    '<a href="https://kogl.or.kr.evil.example/info/licenseType1.do">x</a>',
    f'<a href="https://share.example/?u={MARK.format(1)}">x</a>',
    '<a href="https://kogl.or.kr@evil.example/info/licenseType1.do">x</a>',
    '<a href="https://www.kogl.or.kr/x/licenseType1.do/../licenseType4.do">x</a>',
    marked(1) + '<a href="https://www.kogl.or.kr/info/licenseType5.do">x</a>',
    '<img src="/m.png" alt="공공누리 제1유형, 제4유형">',
    '<img src="/m.png" alt="공공누리 제1유형 또는 공공누리 제4유형">',
    '<img src="/m.png" alt="공공누리 제1유형이 아닙니다">',
    '<img src="/img_opencode1.jpg" alt="공공누리 제4유형">',
    '<img src="/img_opencode4.jpg" alt="공공누리 제1유형">',
    '<img src="/img_opencode1.jpg" alt="공공누리 출처표시+상업적이용금지+변경금지">',
    '<img srcset="/img_opencode4.jpg 2x" src="/img_opencode1.jpg">',
    '<img src="/show?file=/img_opencode1.jpg&amp;next=/img_opencode4.jpg">',
    f'<a href="{MARK.format(1)}">공공누리 제4유형</a>',
    marked(1) + "<p>본 저작물은 공공누리 제4유형에 따라 이용할 수 있습니다</p>",
    '<img src="/img_opencode1.jpg"><p>공공누리 출처표시+상업적 이용금지 조건에 따라</p>',
    f"<template>{marked(1)}</template>",
    f'<figure><img src="x.jpg"><figcaption>{marked(1)}</figcaption></figure>',
    f'<figure><img src="x.jpg"><figcaption>{licensed(BY)}</figcaption></figure>',
    f'<div about="/photo.jpg">{licensed(BY)}</div>',
    f'<span resource="/photo.jpg">{licensed(BY)}</span>',
    '<div itemscope itemtype="https://schema.org/ImageObject">'
    f'<a itemprop="license" href="{BY}">x</a></div>',
    '<div itemscope itemtype="https://schema.org/VideoObject">'
    f'<meta itemprop="license" content="{BY}"></div>',
    graph(f'{{"@type":"NewsArticle","image":{{"@type":"ImageObject","license":"{BY}"}}}}'),
    graph(f'{{"@type":"ImageObject","license":"{BY}"}}'),
    graph(f'{{"@graph":[{{"@type":"WebPage"}},{{"@type":["ImageObject"],"license":"{BY}"}}]}}'),
    graph(f'{{"@type":"Article","citation":{{"@type":"Article","license":"{BY}"}}}}'),
    graph('{"@type":"SoftwareApplication","license":"MIT"}'),
    graph(f'{{"http://schema.org/license":"{NC}"}}') + licensed(BY),
    graph(f'{{"@type":"Article","licen\\u0073e":"{NC}"}}') + licensed(BY),
    graph(f'{{"@type":"Article","license":"{NC}",}}') + licensed(BY),
    f'<meta property="license" content="{NC}">' + licensed(BY),
    f'<meta property="cc:license" content="{NC}">' + licensed(BY),
    f'<meta name="dcterms.license" content="{NC}">' + licensed(BY),
    f'<meta name="DC.rights" content="{NC}">' + licensed(BY),
    f'<a rel="xhv:license" href="{NC}">x</a>' + licensed(BY),
    f'<a rel="dct:license" href="{NC}">x</a>' + licensed(BY),
    licensed(BY) + "<p>" + "w " * 40_000 + "</p>" + licensed(NC),
    marked(1) + "<p>" + "w " * 40_000 + "</p>" + marked(4),
    licensed("https://creativecommons.org.evil.example/licenses/by/4.0/"),
    licensed("https://creativecommons.org@evil.example/licenses/by/4.0/"),
    licensed("https://creativecommons.org/licenses/by/4.0/../../by-nc/4.0/"),
)
LINKS = (
    f'<{BY}>; rel="license"; anchor="/photo.jpg"',
    f"<{NC}>; rel=license, <{BY}>; rel=license",
    f'<{NC}>;title="a\\"b";rel=license, <{BY}>; rel=license',
    f"<{NC}>; rel='license', <{BY}>; rel=license",
    f'<{BY}>; rev="license"',
    f'<{BY}>; rel="next"; title="rel=license"',
    f"<{BY}>; xrel=license",
)
WORDS = (
    "본 저작물은 공공누리 제4유형(출처표시+상업적 이용금지+변경금지)에 따라 이용할 수 있습니다",
    *("무단 전재, 재배포, AI학습 및 활용 금지", "AI <b>학습</b> 및 활용 <i>금지</i>"),
    *("기계학습 목적의 이용을 금지합니다", "AI 학습데이터로 무단 이용을 금합니다"),
    *(
        "text <b>and</b> data <i>mining</i> is reserved",
        "text and\n data\nmining is prohibited",
    ),
    *(
        "text&nbsp;and&nbsp;data&nbsp;mining is prohibited",
        "text‑and‑data‑mining is prohibited",
    ),
    "Use for training generative A.I. is prohibited without consent",
)


def licences() -> Iterator[Case]:
    for mark in MARKS:
        yield body_of(f"licence: {mark[:80]}", mark, regime="kr-current")
    for link in LINKS:
        yield line_of(f"link: {link}", f"Link: {link}", regime="kr-current")
    for words in WORDS:
        yield body_of(f"words: {words[:60]}", f"<p>{words}</p>")
    for charset in ("euc-kr", "utf-16"):
        words = page("", f"<p>{WORDS[1]}</p>").decode().encode(charset)
        line = f"Content-Type: text/html; charset={charset}".encode()
        yield Case(f"words: {charset}", answer(words, line))


# --- files that moved and changed ------------------------------------------------------------

NO, OPEN = answer(f"{ANY}Disallow: /\n".encode()), answer(f"{ANY}Allow: /\n".encode())
THERE = f"https://files{{n}}.example{TDM_NAME}"
TERMS = (
    b'<rsl xmlns="https://rslstandard.org/rsl"><content url="/"><license>'
    b'<%b type="usage">ai-train</%b></license></content></rsl>'
)
RSL = b"Content-Type: application/rsl+xml"
FORBIDS = answer(TERMS % (b"prohibits", b"prohibits"), RSL)
PERMITS = answer(TERMS % (b"permits", b"permits"), RSL)


def moved(there: str) -> Answers:
    return [(-1, answer(b"", b"Location: " + there.encode(), status=b"301 Moved"))]


def times() -> Iterator[Case]:
    files = "https://files{n}.example/robots.txt"
    tdm_no = answer(b'[{"location":"/","tdm-reservation":1}]')
    tables: tuple[tuple[str, dict[str, Answers]], ...] = (
        ("no then", {"/robots.txt": moved(files), files: [(-1, NO), (500, OPEN)]}),
        ("no later", {"/robots.txt": moved(files), files: [(-1, OPEN), (500, NO)]}),
        ("asked long after", {"/robots.txt": moved(files), files: [(500, OPEN)]}),
        ("tdm then", {TDM_NAME: moved(THERE), THERE: [(-1, tdm_no), (500, answer(b"[]"))]}),
        ("terms then", {"/l.xml": [(-1, FORBIDS), (500, PERMITS)]}),
        ("terms written last are older", {"/l.xml": [(1, FORBIDS), (-5, PERMITS)]}),
        ("terms open later", {"/l.xml": [(-1, FORBIDS), (2, PERMITS)]}),
        ("terms", {"/l.xml": [(-1, FORBIDS)]}),
        ("too many terms", {f"/{n}.xml": [(-1, PERMITS)] for n in range(12)}),
        ("one instant", {"/robots.txt": [(-1, NO), (-1, OPEN)]}),
        ("one instant, turned", {"/robots.txt": [(-1, OPEN), (-1, NO)]}),
        ("unwell since", {"/robots.txt": [(-2, OPEN), (-1, answer(status=b"503 x"))]}),
        ("unwell now", {"/robots.txt": [(-2, OPEN), (50, answer(status=b"503 x"))]}),
        ("a page instead", {"/robots.txt": moved("/index.html")}),
        ("nowhere", {"/robots.txt": [(-1, answer(b"User-agent: *", status=b"302 x"))]}),
    )
    for name, asked in tables:
        yield Case(f"moved: {name}", answer(page(), HTML), asked)


# --- answers kept as revisits -----------------------------------------------------------------

OK, NOTHING = answer(), answer(status=b"404 Not Found")
AI_NO, AI_YES = answer(f"{ANY}Disallow: /\n".encode()), answer(f"{ANY}Allow: /\n".encode())
TDM_NO, TDM_YES = (
    answer(b'[{"location":"/","tdm-reservation":%d}]' % reserved) for reserved in (1, 0)
)
GONE = answer(b"what no archive has")
PACKED_NO = answer(
    gzip.compress(f"{ANY}Disallow: /\n".encode())[:-9], b"Content-Encoding: gzip"
)


def by_sum(of: bytes, head: bytes = OK) -> Again:
    return Again(head, of)


UNWELL_AGAIN = by_sum(NO, answer(status=b"404 x"))
OF_UNWELL = Again(OK, None, name="{origin}/robots.txt", hours=-3)


def revisits() -> Iterator[Case]:
    robots_txt, elsewhere = "/robots.txt", "https://files{n}.example/robots.txt"
    kinds: tuple[tuple[str, bytes, bytes, bytes], ...] = (
        (robots_txt, NO, OPEN, OK),
        (TDM_NAME, TDM_NO, TDM_YES, OK),
        ("/ai.txt", AI_NO, AI_YES, OK),
        ("/l.xml", FORBIDS, PERMITS, answer(b"", RSL)),
    )
    for name, no, yes, head in kinds:
        refers = {"name": "{origin}" + name, "hours": -3}
        for how, again in (
            ("sum", Again(head, no)),
            ("address", Again(head, None, **refers)),
            ("both", Again(head, no, **refers)),
            ("a wrong hour", Again(head, no, name=refers["name"], hours=-9)),
            ("no head", Again(b"", no, **refers)),
            ("no head, by sum", Again(b"", no)),
            ("unmodified", Again(answer(status=b"304 x"), None, **refers, profile=UNMODIFIED)),
            ("gone", Again(head, GONE)),
            ("gone by address", Again(head, None, name=refers["name"], hours=-9)),
            ("no name", Again(head)),
            ("no profile", Again(head, yes, profile=b"")),
        ):
            # Where two answers of three are a no, each as of the crawl and as of now.
            for hours in (-1, 40):
                asked: Answers = [(-3, no), (-2, yes), (hours, again)]
                title = f"again {name}: {how}, {hours}"
                yield Case(title, answer(page(), HTML), {name: asked})
        written_first: Answers = [(-1, Again(head, no)), (-2, yes), (-3, no)]
        yield Case(f"again {name}: first", answer(page(), HTML), {name: written_first})
        back: Answers = [(-3, yes), (-2, no), (-1, Again(head, yes))]
        at_first: Answers = [(-3, no), (-2, yes), (-1, Again(head, yes))]
        for number, asked in enumerate((back, at_first)):
            title = f"again {name}: yes {number}"
            yield Case(title, answer(page(), HTML), {name: asked}, want="allowed")
    more: tuple[tuple[str, dict[str, Answers]], ...] = (
        ("elsewhere", {robots_txt: [(-2, OPEN), (-1, by_sum(NO))], elsewhere: [(-9, NO)]}),
        ("no head, elsewhere", {robots_txt: [(-1, Again(b"", OPEN))], elsewhere: [(-9, OPEN)]}),
        ("unwell", {robots_txt: [(-2, OPEN), (-1, by_sum(OPEN, answer(status=b"503 x")))]}),
        ("moved", {robots_txt: [(-2, OPEN), (-1, by_sum(OK, moved(elsewhere)[0][1]))]}),
        (
            "moved to it",
            {robots_txt: moved(elsewhere), elsewhere: [(-9, NO), (-8, OPEN), (-1, by_sum(NO))]},
        ),
        ("as an error before", {robots_txt: [(-3, UNWELL_AGAIN), (-1, by_sum(NO))]}),
        ("named as an error", {robots_txt: [(-3, UNWELL_AGAIN), (-1, OF_UNWELL)]}),
        ("one instant", {robots_txt: [(-2, NO), (-1, OPEN), (-1, by_sum(NO))]}),
        ("one instant, ai.txt", {"/ai.txt": [(-1, AI_NO), (-1, AI_YES)]}),
        ("one instant, terms", {"/l.xml": [(-1, FORBIDS), (-1, PERMITS)]}),
        ("only it", {robots_txt: [(-1, by_sum(GONE))]}),
        ("unread since", {robots_txt: [(-2, OPEN), (-1, PACKED_NO)]}),
        ("unread now", {robots_txt: [(-2, OPEN), (50, PACKED_NO)]}),
        ("an unread ai.txt", {"/ai.txt": [(-1, PACKED_NO)]}),
    )
    for name, files in more:
        yield Case(f"again: {name}", answer(page(), HTML), files)
    absent: Answers = [(-2, OPEN), (-1, by_sum(OK, NOTHING))]
    yield Case("again: absent", answer(page(), HTML), {robots_txt: absent}, want="allowed")


# --- what must be allowed --------------------------------------------------------------------

QUIET_ROBOTS = (
    *("", "\n\n", "# nothing here\n", "Sitemap: https://e.example/s.xml\n"),
    "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n\nSitemap: https://e/s\n",
    "User-agent: Yeti\nAllow: /\n\nUser-agent: *\nDisallow: /admin\nCrawl-delay: 5\n",
    "User-agent: Googlebot/2.1\nDisallow: /x/\nRequest-rate: 1/5\nVisit-time: 0600-0845\n",
    "User-agent: *\nDisallow: /search results/\nDisallow: /가나/\nDisallow: /x/ /y/\nHost: e\n",
    "User-agent: a, *\nDisallow: /x/\nUser-agent: 'MadangBot'\nDisallow: /y/\n",
    "# see https://e.example/ for our trains\nUser-agent: *\nDisallow:\nClean-param: s /f/\n",
    "# word\n" * 20_000 + "User-agent: *\nAllow: /\n",
)
QUIET_HEADS = (
    '<meta name="description" content="Courses about AI training and data mining">',
    '<meta property="og:title" content="Casino Airport: no AI, or robots: noai explained">',
    '<meta name="robots" content="noindex, notranslate, noimageindex, max-snippet:-1">',
    '<meta name="generator" content="WordPress 6.9"><meta name="twitter:label1" content="x">',
    '<meta name="robots" content="unavailable_after: 25 Jun 2030 15:00:00 PST">',
)
GRANTS = (
    *(marked(1), licensed(BY), '<img src="/img_opencode1.jpg" alt="공공누리 제1유형">'),
    marked(1) + "<p>본 저작물은 공공누리 제1유형에 따라 이용할 수 있습니다</p>",
    '<img src="/img_opencode1.jpg"><p>공공누리 “출처표시” 조건에 따라 이용할 수 있습니다</p>',
    graph(f'{{"@type":"Article","license":"{BY}"}}'),
    graph(f'{{"@graph":[{{"@type":"WebPage","license":"{BY}"}}]}}'),
)


def quiet() -> Iterator[Case]:
    for text in QUIET_ROBOTS:
        yield robots(f"quiet: {text[:40]!r}", text, want="allowed")
    for head in QUIET_HEADS:
        yield head_of(f"quiet: {head}", head, want="allowed")
    for grant in GRANTS:
        yield body_of(f"grant: {grant[:60]}", grant, regime="kr-current", want="allowed")
    silent = page("", "<p>" + "문장 " * 900)
    for name, body, *lines in (
        ("in chunks", chunks(silent), CHUNKED),
        (
            "packed, in chunks",
            chunks(gzip.compress(silent)),
            CHUNKED,
            b"Content-Encoding: gzip",
        ),
        ("unpacked by its archive", silent, b"Content-Encoding: gzip", CHUNKED),
        ("with trailers", chunks(silent, end=b"0\r\nExpires: 0\r\n\r\n"), CHUNKED),
        ("deflated", zlib.compress(silent), b"Content-Encoding: deflate"),
        ("of its length", silent, b"Content-Length: %d" % len(silent)),
    ):
        yield Case(f"quiet: {name}", answer(body, HTML, *lines), want="allowed")
    for charset in ("euc-kr", "utf-16", "utf-8", "iso-2022-kr", "cp949"):
        line = f"Content-Type: text/html; charset={charset}".encode()
        octets = silent.decode().encode(charset)
        yield Case(f"quiet: {charset}", answer(octets, line), want="allowed")
    plain = answer(b"a plain text about robots", b"Content-Type: text/plain")
    yield Case("quiet: plain text", plain, want="allowed")


FAMILIES = (
    codings,
    types,
    encodings,
    header_lines,
    robots_files,
    licences,
    times,
    revisits,
    quiet,
)


def cases() -> list[Case]:
    """The whole set, in order."""
    return [case for family in FAMILIES for case in family()]
