"""A jury's cases: plain statements of the specifications under every change of their carrier.

Other sets list cases; this one has statements (what is said), dresses (how a server, a tool or
a hand may write the same thing) and rooms (where a page of real size has it), and takes their
product. What is expected follows from the statement alone: a dress never changes what is said.
"""

from __future__ import annotations

import gzip
import io
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import product

Octets = bytes
HTML = b"Content-Type: text/html; charset=utf-8"
TDMREP = "/.well-known/tdmrep.json"
OPEN = b"User-agent: *\nAllow: /\n"
REFUSED, ALLOWED, CALM = "refused", "allowed", "calm"


@dataclass(frozen=True)
class Page:
    """One page as bytes of HTTP, its site's files by path, and what must be said of it."""

    id: str
    raw: Octets
    want: str
    files: dict[str, Octets] = field(default_factory=dict)
    regime: str = "eu-art4"
    path: str = "/a/b.html"
    hours: dict[str, float] = field(default_factory=dict)
    purpose: str = "commercial"
    host: str = "https://h{n}.example"
    acts: tuple[str, ...] = ()  # that must not be allowed; all when empty


def http(body: Octets, *lines: Octets, status: Octets = b"HTTP/1.1 200 OK") -> Octets:
    return b"\r\n".join((status, *lines)) + b"\r\n\r\n" + body


WORDS = (
    "The harbour board published its yearly figures on Monday. Traffic grew by four per cent, "
    "and the new quay will open in spring. 항만공사는 월요일에 연간 실적을 발표하였다. "
    "물동량은 4퍼센트 늘었고 새 부두는 봄에 문을 연다. "
)


def news(head: str = "", body: str = "", length: int = 12) -> str:
    """A page of ordinary size: navigation, a text of some kilobytes, a foot."""
    text = "".join(f"<p>{WORDS}</p>\n" for _ in range(length))
    return (
        "<!DOCTYPE html>\n<html lang='ko'><head><meta charset='utf-8'><title>Harbour</title>"
        "<link rel='stylesheet' href='/s.css'><meta name='viewport' "
        "content='width=device-width'>"
        f"{head}</head>\n<body><nav><a href='/'>Home</a> <a href='/n'>News</a></nav>\n{text}"
        f"{body}<footer>(c) 2026 Harbour board</footer></body></html>\n"
    )


# --- 1a. headers ------------------------------------------------------------------------------

HEADERS = {
    "noai": ("X-Robots-Tag", "noai", "index"),
    "noimageai": ("X-Robots-Tag", "noimageai, noai", "all"),
    "tdm": ("TDM-Reservation", "1", "0"),
    "usage": ("Content-Usage", "train-ai=n", "train-ai=y"),
    "usage2": ("Content-Usage", "search=y, train-ai=n", "search=y"),
    "rsl": (
        "Link",
        '</r.xml>; rel="license"; type="application/rsl+xml"',
        "</s.css>; rel=preload",
    ),
}


def _line(name: str, value: str) -> list[Octets]:
    return [f"{name}: {value}".encode()]


HEADER_DRESSES: dict[str, Callable[[str, str, str], list[Octets]]] = {
    "as is": lambda n, v, y: _line(n, v),
    "lower": lambda n, v, y: _line(n.lower(), v),
    "upper": lambda n, v, y: _line(n.upper(), v),
    "swap": lambda n, v, y: _line(n.swapcase(), v),
    "tight": lambda n, v, y: [f"{n}:{v}".encode()],
    "tab": lambda n, v, y: [f"{n}:\t {v}\t".encode()],
    "before": lambda n, v, y: [f"{n} : {v}".encode()],
    "fold": lambda n, v, y: [f"{n}:\r\n {v}".encode()],
    "fold tab": lambda n, v, y: [f"{n}: \r\n\t{v}".encode()],
    "twice": lambda n, v, y: _line(n, v) * 2,
    "after yes": lambda n, v, y: _line(n, y) + _line(n, v),
    "before yes": lambda n, v, y: _line(n, v) + _line(n, y),
    "apart": lambda n, v, y: _line(n, v) + [b"X-A: 1"] * 40 + _line(n.lower(), y),
    "far": lambda n, v, y: [b"X-Pad-%d: %b" % (i, b"p" * 900) for i in range(60)] + _line(n, v),
    "empty first": lambda n, v, y: [f"{n}:".encode(), *_line(n, v)],
    "empty last": lambda n, v, y: [*_line(n, v), f"{n}:".encode()],
    "comma": lambda n, v, y: _line(n, f"{v},"),
    "commas": lambda n, v, y: _line(n, f", ,{v}"),
    "nbsp": lambda n, v, y: [f"{n}:\u00a0{v}".encode("latin-1")],
    "latin nbsp": lambda n, v, y: [f"{n}: {v}\u00a0".encode()],
    "bom": lambda n, v, y: [f"{n}: \ufeff{v}".encode()],
    "bom name": lambda n, v, y: [f"\ufeff{n}: {v}".encode()],
    "nul": lambda n, v, y: [f"{n}: {v}\0".encode()],
    "nul name": lambda n, v, y: [f"{n}\0: {v}".encode()],
    "cr": lambda n, v, y: [f"X-A: 1\r{n}: {v}".encode()],
    "lf": lambda n, v, y: [f"X-A: 1\n{n}: {v}".encode()],
    "vt": lambda n, v, y: [f"{n}:\v{v}".encode()],
    "space first": lambda n, v, y: [f" {n}: {v}".encode()],
    "underscore": lambda n, v, y: _line(n.replace("-", "_"), v) if "-" in n else _line(n, v),
    "zero width": lambda n, v, y: [f"{n}: \u200b{v}".encode()],
    "wide": lambda n, v, y: [
        f"{n}: {''.join(chr(ord(c) + 0xFEE0) if c.isalnum() else c for c in v)}".encode()
    ],
}
KINDS = {
    "html": (HTML, news().encode()),
    "empty": (HTML, b""),
    "text": (b"Content-Type: text/plain", WORDS.encode()),
    "json": (b"Content-Type: application/json", b'{"a":1}'),
    "png": (b"Content-Type: image/png", b"\x89PNG\r\n\x1a\n" + b"\0" * 60),
    "none": (b"X-None: 1", news().encode()),
    "pdf": (b"Content-Type: application/pdf", b"%PDF-1.4\n1 0 obj<<>>endobj\n%%EOF"),
    "mp4": (b"Content-Type: video/mp4", b"\0\0\0\x18ftypmp42" + b"\0" * 80),
}
STATUSES = {
    "1.0": b"HTTP/1.0 200 OK",
    "2": b"HTTP/2 200",
    "no reason": b"HTTP/1.1 200",
    "203": b"HTTP/1.1 203 Non-Authoritative Information",
    "lower": b"http/1.1 200 OK",
    "spaces": b"HTTP/1.1  200  OK",
    "icy": b"ICY 200 OK",
    "1.1 long": b"HTTP/1.1 200 " + b"O" * 9000,
}


# RFC 9651 3.2: all lines of a field are one dictionary, in which the last of a key counts.
LAST_WINS = {("usage", "before yes"), ("usage", "apart")}
# RFC 8288 knows a Link by its name and its relation by its letters: these are neither.
NOT_SAID = {("rsl", how) for how in ("bom name", "wide", "space first")}


def headers() -> Iterator[Page]:
    for (what, (name, value, yes)), (how, dress) in product(
        HEADERS.items(), HEADER_DRESSES.items()
    ):
        if (what, how) in NOT_SAID:
            continue
        want = ALLOWED if (what, how) in LAST_WINS else REFUSED
        raw = http(news().encode(), HTML, *dress(name, value, yes))
        yield Page(f"header/{what}/{how}", raw, want)
        if how in ("as is", "lower", "apart"):
            first = http(news().encode(), *dress(name, value, yes), HTML)
            yield Page(f"header/{what}/{how}/first", first, want)
    for (what, (name, value, _)), (kind, (line, body)) in product(
        HEADERS.items(), KINDS.items()
    ):
        path = "/a/b." + kind
        yield Page(
            f"header/{what}/{kind}", http(body, line, *_line(name, value)), REFUSED, path=path
        )
    for (what, (name, value, _)), (how, status) in product(HEADERS.items(), STATUSES.items()):
        raw = http(news().encode(), HTML, *_line(name, value), status=status)
        yield Page(f"header/{what}/status {how}", raw, REFUSED)
    for what, (name, value, _) in HEADERS.items():
        line = _line(name, value)[0]
        early = b"HTTP/1.1 103 Early Hints\r\nLink: </s.css>; rel=preload\r\n\r\n"
        rest = http(news().encode(), HTML, line)
        yield Page(f"header/{what}/behind early hints", early + rest, REFUSED)
        hints = b"HTTP/1.1 103 Early Hints\r\n" + line + b"\r\n\r\n"
        yield Page(
            f"header/{what}/in early hints", hints + http(news().encode(), HTML), REFUSED
        )
        cont = b"HTTP/1.1 100 Continue\r\n\r\n"
        yield Page(f"header/{what}/behind continue", cont + cont + rest, REFUSED)
        yield Page(f"header/{what}/line feeds", rest.replace(b"\r\n", b"\n"), REFUSED)
        yield Page(
            f"header/{what}/no end", b"HTTP/1.1 200 OK\r\n" + HTML + b"\r\n" + line, REFUSED
        )
        yield Page(f"header/{what}/blank first", b"\r\n" + rest, REFUSED)
        mixed = b"HTTP/1.1 200 OK\n" + HTML + b"\r\n" + line + b"\n\r\n" + news().encode()
        yield Page(f"header/{what}/line ends of two kinds", mixed, REFUSED)
        proxied = http(rest, b"Content-Type: message/http")
        yield Page(f"header/{what}/message in message", proxied, REFUSED)


# --- 1b. elements -----------------------------------------------------------------------------

ELEMENTS = {
    "noai": ("robots", "noai"),
    "noai list": ("robots", "index, follow, noai, noimageai"),
    "tdm": ("tdm-reservation", "1"),
}


def _odd(text: str) -> str:
    return "".join(c.upper() if i % 2 else c for i, c in enumerate(text))


ELEMENT_DRESSES: dict[str, Callable[[str, str], str]] = {
    "as is": lambda n, v: f'<meta name="{n}" content="{v}">',
    "single": lambda n, v: f"<meta name='{n}' content='{v}'/>",
    "order": lambda n, v: f'<meta content="{v}" name="{n}" />',
    "odd": lambda n, v: f'<MeTa NaMe="{_odd(n)}" CONTENT="{v.upper()}">',
    "lines": lambda n, v: f'<meta\n\n name\n=\n"{n}"\r\n content\t= "{v}"\n>',
    "inner space": lambda n, v: f'<meta name=" {n} " content="\n {v}\t">',
    "more": lambda n, v: (
        f'<meta data-x=">" id="a" lang=ko name="{n}" content="{v}" class="b c">'
    ),
    "entity": lambda n, v: f'<meta name="{n}" content="&#{ord(v[0])};{v[1:]}">',
    "hex entity": lambda n, v: f'<meta name="&#x{ord(n[0]):x};{n[1:]}" content="{v}">',
    "dash entity": lambda n, v: f'<meta name="{n.replace("-", "&#45;")}" content="{v}">',
    "property": lambda n, v: f'<meta property="{n}" content="{v}">',
    "http-equiv": lambda n, v: (
        '<meta http-equiv="%s" content="%s">' % ({"robots": "X-Robots-Tag"}.get(n, n), v)
    ),
    "twice": lambda n, v: f'<meta name="{n}" content="{v}">' * 2,
    "after other": lambda n, v: f'<meta name="{n}" content="0"><meta name="{n}" content="{v}">',
    "prefix": lambda n, v: (
        f'<html:meta xmlns:html="http://www.w3.org/1999/xhtml" name="{n}" content="{v}"/>'
    ),
    "soft hyphen": lambda n, v: f'<meta name="{n}" content="{v[0]}\u00ad{v[1:]}">',
    "unclosed": lambda n, v: f'<meta name="{n}" content="{v}"',
    "in noscript": lambda n, v: f'<noscript><meta name="{n}" content="{v}"></noscript>',
    "in comment for old": lambda n, v: (
        f'<!--[if IE]><![endif]--><meta name="{n}" content="{v}">'
    ),
    "behind script": lambda n, v: (
        f'<script>if (a < b) document.title = "<!--<x>";</script><meta name="{n}" '
        f'content="{v}">'
    ),
    "behind style": lambda n, v: (
        f'<style>a::before {{content: "</sty"}}</style><meta name="{n}" content="{v}">'
    ),
    "slash": lambda n, v: f"<meta/name='{n}'/content='{v}'/>",
    "in head again": lambda n, v: f'</head><head><meta name="{n}" content="{v}">',
    "nul": lambda n, v: f'<meta name="{n}\0" content="{v}">',
    "itemprop too": lambda n, v: f'<meta itemprop="x" name="{n}" content="{v}">',
    "scheme": lambda n, v: f'<meta scheme="tdm" name="{n}" content="{v}">',
}
ROOMS: dict[str, Callable[[str], str]] = {
    "head": news,
    "body": lambda t: news("", t),
    "far": lambda t: news("", t, 900),
    "behind the end": lambda t: news() + t,
    "bare": lambda t: t,
    "deep": lambda t: news("", "<div>" * 600 + t),
}
CHARSETS = {
    "utf-8 bom": ("utf-8-sig", b"Content-Type: text/html"),
    "utf-16": ("utf-16", b"Content-Type: text/html"),
    "utf-16le named": ("utf-16-le", b"Content-Type: text/html; charset=utf-16le"),
    "utf-16be named": ("utf-16-be", b"Content-Type: text/html; charset=UTF-16BE"),
    "utf-16le unnamed": ("utf-16-le", b"Content-Type: text/html"),
    "utf-16 as utf-8": ("utf-16", HTML),
    "utf-32": ("utf-32", b"Content-Type: text/html; charset=utf-32"),
    "euc-kr": ("euc-kr", b"Content-Type: text/html; charset=euc-kr"),
    "cp949 quoted": ("cp949", b'Content-Type: text/html; charset="ks_c_5601-1987"'),
    "johab": ("johab", b"Content-Type: text/html; charset=johab"),
    "iso-2022-kr": ("iso2022_kr", b"Content-Type: text/html; charset=iso-2022-kr"),
    "utf-7": ("utf-7", b"Content-Type: text/html; charset=utf-7"),
    "euc-kr as utf-8": ("euc-kr", HTML),
    "ebcdic": ("cp1140", b"Content-Type: text/html; charset=ibm1140"),
    "no such charset": ("utf-8", b"Content-Type: text/html; charset=klingon"),
    "two charsets": ("utf-8", b"Content-Type: text/html; charset=utf-16; charset=utf-8"),
    "no blank": ("utf-8", b"content-type:TEXT/HTML;CHARSET=UTF8"),
    "xhtml": ("utf-8", b"Content-Type: application/xhtml+xml"),
    "wap": ("utf-8", b"Content-Type: application/vnd.wap.xhtml+xml"),
    "as text": ("utf-8", b"Content-Type: text/plain"),
    "as bytes": ("utf-8", b"Content-Type: application/octet-stream"),
    "two types": ("utf-8", b"Content-Type: image/gif\r\nContent-Type: text/html"),
    "no type": ("utf-8", b"X-A: 1"),
    "empty type": ("utf-8", b"Content-Type:"),
    "amp": ("utf-8", b"Content-Type: text/html; profile=amp"),
}


def _brief(text: str, encoding: str) -> Octets:
    return text.encode(encoding, "xmlcharrefreplace" if "utf" not in encoding else "strict")


def _deflate(body: Octets, bits: int) -> Octets:
    packer = zlib.compressobj(6, zlib.DEFLATED, bits)
    return packer.compress(body) + packer.flush()


def _chunked(body: Octets, size: int) -> Octets:
    parts = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%X\r\n%b\r\n" % (len(p), p) for p in parts) + b"0\r\n\r\n"


CODINGS: dict[str, tuple[Callable[[Octets], Octets], tuple[Octets, ...]]] = {
    "gzip": (gzip.compress, (b"Content-Encoding: gzip",)),
    "gzip upper": (gzip.compress, (b"CONTENT-ENCODING:GZIP",)),
    "gzip two members": (
        lambda b: gzip.compress(b[:500]) + gzip.compress(b[500:]),
        (b"Content-Encoding: gzip",),
    ),
    "gzip unsaid": (gzip.compress, ()),
    "gzip as identity": (gzip.compress, (b"Content-Encoding: identity",)),
    "gzip said and not done": (lambda b: b, (b"Content-Encoding: gzip",)),
    "zlib": (zlib.compress, (b"Content-Encoding: deflate",)),
    "raw deflate": (lambda b: _deflate(b, -15), (b"Content-Encoding: deflate",)),
    "chunked 7": (lambda b: _chunked(b, 7), (b"Transfer-Encoding: chunked",)),
    "chunked gzip": (
        lambda b: _chunked(gzip.compress(b), 64),
        (b"Transfer-Encoding: chunked", b"Content-Encoding: gzip"),
    ),
    "chunked said and not done": (lambda b: b, (b"Transfer-Encoding: chunked",)),
    "chunked unsaid": (lambda b: _chunked(b, 100), ()),
    "transfer gzip": (gzip.compress, (b"Transfer-Encoding: gzip",)),
    "br said": (lambda b: b"\x8b\x03\x80" + b[:9], (b"Content-Encoding: br",)),
    "zstd said": (lambda b: b"\x28\xb5\x2f\xfd" + b[:9], (b"Content-Encoding: zstd",)),
    "dcz said": (lambda b: b[:9], (b"Content-Encoding: dcz",)),
    "length short": (lambda b: b, (b"Content-Length: 20",)),
    "length twice": (lambda b: b, (b"Content-Length: 20", b"Content-Length: 99999")),
    "gzip cut": (lambda b: gzip.compress(b)[:-40], (b"Content-Encoding: gzip",)),
    "gzip noise": (lambda b: gzip.compress(b) + b"\0" * 30, (b"Content-Encoding: gzip",)),
    "three gzips": (
        lambda b: gzip.compress(gzip.compress(gzip.compress(b))),
        (b"Content-Encoding: gzip, gzip, gzip",),
    ),
}


def elements() -> Iterator[Page]:
    for (what, (name, value)), (how, dress) in product(
        ELEMENTS.items(), ELEMENT_DRESSES.items()
    ):
        for where, room in ROOMS.items():
            if where in ("head", "body") or how in ("as is", "odd", "entity"):
                raw = http(room(dress(name, value)).encode(), HTML)
                yield Page(f"element/{what}/{how}/{where}", raw, REFUSED)
    for (what, (name, value)), (how, (encoding, line)) in product(
        ELEMENTS.items(), CHARSETS.items()
    ):
        text = news(f'<meta name="{name}" content="{value}">').replace(
            "<meta charset='utf-8'>", ""
        )
        yield Page(f"charset/{what}/{how}", http(_brief(text, encoding), line), REFUSED)
    for (what, (name, value)), (how, (code, lines)) in product(
        ELEMENTS.items(), CODINGS.items()
    ):
        body = code(news(f'<meta name="{name}" content="{value}">').encode())
        yield Page(f"coding/{what}/{how}", http(body, HTML, *lines), REFUSED)


XHTML = (
    '<?xml version="1.0"?><!DOCTYPE html [<!ENTITY no "noai"><!ENTITY one "1">]>'
    '<html xmlns="http://www.w3.org/1999/xhtml"><head><title>a</title>{}</head><body/></html>'
)
DOCUMENTS = {
    "entity noai": XHTML.format('<meta name="robots" content="&no;"/>'),
    "entity one": XHTML.format('<meta name="tdm-reservation" content="&one;"/>'),
    "prefixed": '<h:html xmlns:h="http://www.w3.org/1999/xhtml"><h:head>'
    '<h:meta name="robots" content="noai"/></h:head></h:html>',
    "cdata before": XHTML.format(
        '<script><![CDATA[ a < b ]]></script><meta name="tdm-reservation" content="1"/>'
    ),
    "atom": '<feed xmlns="http://www.w3.org/2005/Atom"><rights>AI training prohibited</rights>'
    "<title>x</title></feed>",
    "rss": "<rss><channel><copyright>No AI training. All rights "
    "reserved.</copyright></channel></rss>",
    "mhtml": 'MIME-Version: 1.0\nContent-Type: multipart/related; boundary="b"\n\n--b\n'
    'Content-Type: text/html\n\n<meta name="robots" content="noai">\n--b--\n',
    "news": '<newsItem xmlns="http://iptc.org/std/nar/2006-10-01/"><rightsInfo>'
    '<dataMining uri="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED"/></rightsInfo></n'
    "ewsItem>",
    "xmp": '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF '
    'xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"><rdf:Description '
    'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"><plus:DataMining>'
    "http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-AIMLTRAINING</plus:DataMining>"
    "</rdf:Description></rdf:RDF></x:xmpmeta>",
}
XML_TYPES = ("application/xhtml+xml", "text/xml", "application/xml", "text/html")


def documents() -> Iterator[Page]:
    for (what, text), kind in product(DOCUMENTS.items(), XML_TYPES):
        line = b"Content-Type: " + kind.encode()
        yield Page(f"document/{what}/{kind}", http(text.encode(), line), REFUSED)


# --- 1c. site files ---------------------------------------------------------------------------

FILES = {
    "robots": ("/robots.txt", "User-agent: *\nDisallow: /a/\n"),
    "robots bot": (
        "/robots.txt",
        "User-agent: GPTBot\nDisallow: /\n\nUser-agent: *\nAllow: /\n",
    ),
    "usage": ("/robots.txt", "User-agent: *\nContent-Usage: train-ai=n\nAllow: /\n"),
    "usage path": ("/robots.txt", "User-agent: *\nContent-Usage: /a/ train-ai=n\nAllow: /\n"),
    "signal": (
        "/robots.txt",
        "User-agent: *\nContent-Signal: search=yes,ai-train=no\nAllow: /\n",
    ),
    "rsl": ("/robots.txt", "License: https://h{n}.example/rsl.xml\nUser-agent: *\nAllow: /\n"),
    "tdmrep": (TDMREP, '[{"location": "/a/*", "tdm-reservation": 1}]'),
    "ai.txt": ("/ai.txt", "User-Agent: *\nDisallow: /\n"),
    "ai.txt html": ("/ai.txt", "User-Agent: *\nAllow: /img\nDisallow: *.html\n"),
    "trust.txt": ("/trust.txt", "member=https://a.example\ndatatrainingallowed=no\n"),
}
FILE_DRESSES: dict[str, Callable[[str], Octets]] = {
    "as is": lambda t: t.encode(),
    "crlf": lambda t: t.replace("\n", "\r\n").encode(),
    "cr": lambda t: t.replace("\n", "\r").encode(),
    "lfcr": lambda t: t.replace("\n", "\n\r").encode(),
    "mixed ends": lambda t: t.replace("\n", "\r\n", 1).encode(),
    "bom": lambda t: b"\xef\xbb\xbf" + t.encode(),
    "two boms": lambda t: b"\xef\xbb\xbf" * 2 + t.encode(),
    "utf-16": lambda t: t.encode("utf-16"),
    "utf-16 bare": lambda t: t.encode("utf-16-le"),
    "utf-16 big": lambda t: b"\xfe\xff" + t.encode("utf-16-be"),
    "utf-32": lambda t: t.encode("utf-32"),
    "blank first": lambda t: b"\n\n   \n" + t.encode(),
    "nul end": lambda t: t.encode() + b"\0",
    "no last end": lambda t: t.rstrip("\n").encode(),
    "form feed": lambda t: b"\f" + t.encode(),
    "gzip": lambda t: gzip.compress(t.encode()),
    "ctrl-z": lambda t: t.encode() + b"\x1a",
}
TEXT_DRESSES: dict[str, Callable[[str], Octets]] = {
    "upper": lambda t: "\n".join(_name(line, str.upper) for line in t.split("\n")).encode(),
    "lower": lambda t: "\n".join(_name(line, str.lower) for line in t.split("\n")).encode(),
    "indented": lambda t: "".join(f"   {line}\n" for line in t.split("\n")).encode(),
    "tabs": lambda t: t.replace(": ", "\t:\t").encode(),
    "tight": lambda t: t.replace(": ", ":").encode(),
    "notes": lambda t: "".join(f"{x} # ok\n" if x else "\n" for x in t.split("\n")).encode(),
    "noted": lambda t: b"# welcome\n# robots\n" + t.encode(),
    "long note": lambda t: b"# " + b"x" * 20_000 + b"\n" + t.encode(),
    "korean note": lambda t: "# 로봇 배제 규칙\n".encode("euc-kr") + t.encode(),
    "noise": lambda t: b"Foo: bar\nCrawl-delay: 1\n" + t.encode(),
    "trailing": lambda t: t.replace("\n", "  \t\n").encode(),
    "nul line": lambda t: b"\0\0\n" + t.encode(),
    "lf blank between": lambda t: t.replace("\n", "\n\n").encode(),
    "nbsp": lambda t: t.replace(": ", ":\u00a0").encode(),
    "line sep": lambda t: t.replace("\n", "\u2028").encode(),
    "nel": lambda t: t.replace("\n", "\x85").encode("latin-1"),
    "vt": lambda t: t.replace("\n", "\v").encode(),
    "wide colon": lambda t: t.replace(": ", "：").encode(),
    "no colon": lambda t: t.replace(": ", " ").encode(),
}


def _name(line: str, change: Callable[[str], str]) -> str:
    name, mark, value = line.partition(":")
    return change(name) + mark + value


ANSWERS: dict[str, tuple[Octets, tuple[Octets, ...]]] = {
    "plain": (b"HTTP/1.1 200 OK", (b"Content-Type: text/plain",)),
    "utf-16 said": (b"HTTP/1.1 200 OK", (b"Content-Type: text/plain; charset=utf-16",)),
    "octets": (b"HTTP/1.1 200 OK", (b"Content-Type: application/octet-stream",)),
    "html": (b"HTTP/1.1 200 OK", (b"Content-Type: text/html",)),
    "203": (b"HTTP/1.1 203 x", ()),
    "206": (b"HTTP/1.1 206 x", ()),
    "http2": (b"HTTP/2 200", ()),
    "lower": (b"HTTP/1.1 200 ok", (b"content-type:text/plain",)),
}


def files() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for (what, (path, text)), (how, dress) in product(FILES.items(), FILE_DRESSES.items()):
        answer = http(dress(text), b"Content-Type: text/plain")
        yield Page(f"file/{what}/{how}", quiet, REFUSED, {path: answer})
    for what, (path, text) in FILES.items():
        dresses = {} if path == TDMREP else TEXT_DRESSES
        for how, dress in dresses.items():
            if path == "/trust.txt" and ":" not in text.replace("https:", ""):
                continue
            yield Page(f"file/{what}/{how}", quiet, REFUSED, {path: http(dress(text))})
        for how, (status, lines) in ANSWERS.items():
            raw = http(text.encode(), *lines, status=status)
            yield Page(f"file/{what}/answer {how}", quiet, REFUSED, {path: raw})
        for how, (code, lines) in CODINGS.items():
            raw = http(code(text.encode()), *lines)
            yield Page(f"file/{what}/coding {how}", quiet, REFUSED, {path: raw})


# --- 1d. paths --------------------------------------------------------------------------------

PATHS = {  # the path asked for, patterns that reach it
    "/a/b.html": (
        "/a",
        "/a/b.html$",
        "/*.html",
        "/*b*",
        "/a/*$",
        "/%61/",
        "/a/%62",
        "*.html",
        "/a/b.html*",
        "/**",
    ),
    "/a/b.html?x=1&y=2": ("/a/b.html?", "/*?x=1", "/*&y=2$", "/a/b.html", "*?", "/*?*y="),
    "/%7Ekim/p": ("/~kim/", "/%7ekim/", "/%7Ekim"),
    "/~kim/p": ("/%7Ekim/", "/%7ekim/p$", "/~"),
    "/%ED%95%9C/p": ("/한/", "/%ed%95%9c/", "/%ED%95%9C"),
    "/한/p": ("/%ED%95%9C/", "/%ed%95%9c", "/한"),
    "/a%2Fb/c": ("/a%2fb", "/a%2Fb/c$"),
    "/a%24b": ("/a%24b", "/a%24"),
    "/a%2Ab": ("/a%2ab", "/a%2A", "/a*b"),
    "/a//b/c": ("/a//b", "/a/*/b", "/*//"),
    "/a/./b/../c": ("/a/", "/*c$"),
    "/A/B.HTML": ("/A/B", "/*.HTML$"),
    "/a;v=1/b": ("/a;v", "/a;*"),
    "/": ("/$", "/", "/*", "*"),
    "/a b": ("/a%20b", "/a%20"),
    "/a%20b": ("/a%20b$", "/a"),
    "/index.php/%5Bx%5D": ("/index.php/%5bx", "/*%5D$"),
    "/q/%3F": ("/q/%3f", "/q/%3F$"),
}


def paths() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for path, patterns in PATHS.items():
        for pattern in patterns:
            robots = f"User-agent: *\nDisallow: {pattern}\n".encode()
            tdm = ('[{"location": "%s", "tdm-reservation": 1}]' % pattern).encode()
            usage = f"User-agent: *\nAllow: /\nContent-Usage: {pattern} train-ai=n\n".encode()
            yield Page(
                f"path/robots/{path} {pattern}",
                quiet,
                REFUSED,
                {"/robots.txt": http(robots)},
                path=path,
            )
            yield Page(
                f"path/tdmrep/{path} {pattern}", quiet, REFUSED, {TDMREP: http(tdm)}, path=path
            )
            if pattern.startswith("/"):
                yield Page(
                    f"path/usage/{path} {pattern}",
                    quiet,
                    REFUSED,
                    {"/robots.txt": http(usage)},
                    path=path,
                )


HOSTS = {
    "port": "https://h{n}.example:8443",
    "http": "http://h{n}.example",
    "dot": "https://h{n}.example.",
    "upper": "https://H{n}.EXAMPLE",
    "idn": "https://한국h{n}.example",
    "puny": "https://xn--h{n}-3e0b707e.example",
    "v4": "http://192.0.2.{n}",
    "underscore": "https://_h{n}.example",
    "deep": "https://a.b.c.d.e.h{n}.example",
    "dash": "https://-h{n}-.example",
}


def hosts() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for how, origin in HOSTS.items():
        for what, (path, text) in FILES.items():
            if what in ("robots", "tdmrep", "ai.txt", "usage"):
                yield Page(
                    f"host/{how}/{what}",
                    quiet,
                    REFUSED,
                    {path: http(text.encode())},
                    host=origin,
                )


BOTS = (
    *("GPTBot", "ClaudeBot", "CCBot", "Bytespider", "Meta-ExternalAgent", "Google-Extended"),
    *(
        "cohere-training-data-crawler",
        "PanguBot",
        "AI2Bot",
        "Applebot-Extended",
        "anthropic-ai",
    ),
    *(
        "FacebookBot",
        "Amazonbot",
        "Diffbot",
        "cohere-ai",
        "Omgilibot",
        "Claude-Web",
        "img2dataset",
    ),
    *(
        "Timpibot",
        "Webzio-Extended",
        "ImagesiftBot",
        "omgili",
        "meta-externalagent",
        "Ai2Bot-Dolma",
    ),
    *("Kangaroo Bot", "ICC-Crawler", "VelenPublicWebCrawler", "DeepSeekBot", "TikTokSpider"),
    *(
        "OpenAI",
        "Anthropic",
        "Claude",
        "ChatGPT",
        "commoncrawl",
        "Common Crawl",
        "DeepSeek",
        "Grok",
    ),
    *(
        "Acme-AI-Trainer",
        "MachineLearning",
        "DataMiningBot",
        "TDM",
        "ai-crawler",
        "dataset-bot",
    ),
)
BOT_FORMS = {
    "alone": "User-agent: {bot}\nDisallow: /\n",
    "beside": "User-agent: *\nDisallow:\n\nUser-agent: {bot}\nDisallow: /\n",
    "lower": "user-agent: {low}\ndisallow: /\n",
    "version": "User-agent: {bot}/1.0\nDisallow: /\n",
    "among": "User-agent: A\nUser-agent: {bot}\nUser-agent: B\nDisallow: /\n",
    "path": "User-agent: {bot}\nAllow: /index.html\nDisallow: /a/\n",
}


def bots() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for bot, (how, form) in product(BOTS, BOT_FORMS.items()):
        text = form.format(bot=bot, low=bot.lower()).encode()
        yield Page(f"bot/{bot}/{how}", quiet, REFUSED, {"/robots.txt": http(text)})


STATES = {
    "500": http(b"", status=b"HTTP/1.1 500 x"),
    "503": http(b"User-agent: *\nAllow: /\n", status=b"HTTP/1.1 503 x"),
    "599": http(b"", status=b"HTTP/1.1 599 x"),
    "429": http(b"", status=b"HTTP/1.1 429 x"),
    "html": http(news().encode(), HTML),
    "loop": http(b"", b"Location: /robots.txt", status=b"HTTP/1.1 302 x"),
    "no place": http(b"", status=b"HTTP/1.1 301 x"),
    "elsewhere": http(b"", b"Location: https://nobody{n}.example/r", status=b"HTTP/1.1 307 x"),
    "script place": http(b"", b"Location: javascript:0", status=b"HTTP/1.1 301 x"),
    "not http": b"User-agent: *\nAllow: /\n",
    "status 0": http(OPEN, status=b"HTTP/1.1 000 x"),
    "status 999": http(OPEN, status=b"HTTP/1.1 999 x"),
    "binary": http(bytes(range(256)) * 40),
    "cut": http(OPEN, b"Content-Length: 400"),
    "cut gzip": http(gzip.compress(OPEN * 90)[:40], b"Content-Encoding: gzip"),
    "giant": http(b"# " + b"x" * 600_000 + b"\n" + b"User-agent: *\nDisallow: /\n"),
    "giant line": http(b"User-agent: *\nDisallow: /" + b"x" * 600_000),
}


def states() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for what, raw in STATES.items():
        yield Page(f"state/robots/{what}", quiet, REFUSED, {"/robots.txt": raw})
        if what not in ("html", "429"):
            yield Page(f"state/tdmrep/{what}", quiet, REFUSED, {TDMREP: raw})
    no, yes = http(b"User-agent: *\nDisallow: /\n"), http(OPEN)
    for what, early, late in (("refused, then open", no, yes), ("open, then refused", yes, no)):
        for hours in (0.5, 20, 100):
            found = {"/robots.txt": early, "https://h{n}.example/robots.txt": late}
            at = {"/robots.txt": -1.0, "https://h{n}.example/robots.txt": hours}
            yield Page(f"state/{what} {hours}", quiet, REFUSED, found, hours=at)
    for hours in (-2000, -48, -1, 0, 23):
        at = {"/robots.txt": hours}
        yield Page(f"state/refused at {hours}", quiet, REFUSED, {"/robots.txt": no}, hours=at)
    for code in (b"301", b"302", b"303", b"307", b"308"):
        for place in (
            b"/r2.txt",
            b"//h{n}.example/r2.txt",
            b"https://www.h{n}.example/r2.txt",
            b"r2.txt",
            b"/r2.txt#x",
            b"?v=2",
        ):
            moved = http(b"", b"Location: " + place, status=b"HTTP/1.1 " + code + b" x")
            there = {
                "/r2.txt": no,
                "https://www.h{n}.example/r2.txt": no,
                "/robots.txt?v=2": no,
            }
            yield Page(
                f"state/moved {code!r} {place!r}",
                quiet,
                REFUSED,
                {"/robots.txt": moved, **there},
            )


# --- 1e. licences and marks -------------------------------------------------------------------

CC = "https://creativecommons.org/licenses/"
NOT_GRANTED = {
    "by-nc": f'<a rel="license" href="{CC}by-nc/4.0/">CC BY-NC 4.0</a>',
    "by-nc-sa": f'<a rel="license" href="{CC}by-nc-sa/3.0/kr/">CC BY-NC-SA</a>',
    "by-nd": f'<a rel="license" href="{CC}by-nd/4.0/deed.ko">CC BY-ND</a>',
    "by-nc-nd": f'<a rel="license" href="{CC}by-nc-nd/2.0/kr/">CC BY-NC-ND</a>',
    "two": f'<a rel="license" href="{CC}by/4.0/">a</a><a rel="license" '
    f'href="{CC}by-nc/4.0/">b</a>',
    "two same kind": f'<a rel="license" href="{CC}by/4.0/">a</a><link rel="license" '
    f'href="{CC}by-nd/4.0/">',
    "unknown version": f'<a rel="license" href="{CC}by/9.7/">a</a>',
    "no version": f'<a rel="license" href="{CC}by/">a</a>',
    "own terms": '<a rel="license" href="/terms">terms</a>',
    "wrong host": '<a rel="license" href="https://creativecommons.example/licenses/by/4'
    '.0/">a</a>',
    "host as path": '<a rel="license" href="https://x.example/creativecommons.org/licen'
    'ses/by/4.0/">a</a>',
    "user as host": '<a rel="license" href="https://creativecommons.org@x.example/licen'
    'ses/by/4.0/">a</a>',
    "no rel": f'<a href="{CC}by/4.0/">About CC BY</a>',
    "choose": '<a rel="license" href="https://creativecommons.org/choose/">a</a>',
    "commented": f'<!-- <a rel="license" href="{CC}by/4.0/">a</a> -->',
    "in script": f'<script>var a = \'<a rel="license" href="{CC}by/4.0/">\';</script>',
    "in a comment of a reader": f'<article class="comment"><a rel="license" '
    f'href="{CC}by/4.0/">mine</a></article>',
    "nofollow": f'<a rel="nofollow" href="{CC}by/4.0/">a</a>',
    "kogl 2": '<img src="/img/img_opencode2.jpg" alt="공공누리 제2유형">',
    "kogl 4": '<a href="https://www.kogl.or.kr/info/licenseType4.do"><img '
    'src="/i/new_img_opentype04.png"></a>',
    "kogl 4 http": '<a href="http://www.kogl.or.kr/info/licenseType4.do">4</a>',
    "kogl 4 no scheme": '<a href="//www.kogl.or.kr/info/licenseType4.do">4</a>',
    "kogl 3": '<img src="/images/new_img_opencode3.jpg">',
    "kogl 1 and 4": '<img src="/i/img_opencode1.jpg"><img src="/i/img_opencode4.jpg">',
    "kogl 1 words 4": '<img src="/i/img_opencode1.jpg" alt="공공누리 제4유형">',
    "kogl 1 link 2": '<a href="https://www.kogl.or.kr/info/licenseType2.do"><img '
    'src="/i/img_opencode1.jpg"></a>',
    "kogl all": "".join(f'<img src="/i/img_opencode{n}.jpg">' for n in range(1, 5)),
    "kogl 1 forbids": '<img src="/i/img_opencode1.jpg" alt="공공누리"> 출처표시 + '
    "상업적 이용금지",
    "kogl words": "<p>본 저작물은 공공누리 제4유형에 따라 이용할 수 있습니다.</p>",
    "kogl 5": '<img src="/i/img_opencode5.jpg">',
    "kogl page": '<a href="https://www.kogl.or.kr/info/license.do">공공누리란?</a>',
    "kogl commented": '<!-- <img src="/i/img_opencode1.jpg"> -->',
    "kogl caption": '<figure><img src="/photo.jpg"><figcaption><img '
    'src="/i/img_opencode1.jpg"></figcaption></figure>',
    "kogl 1 and cc nc": f'<img src="/i/img_opencode1.jpg"><a rel="license" '
    f'href="{CC}by-nc/4.0/">a</a>',
    "cc-by and noai": f'<a rel="license" href="{CC}by/4.0/">a</a> AI 학습에 이용할 수 '
    f"없습니다.",
}
LICENCE_DRESSES: dict[str, Callable[[str], Octets]] = {
    "as is": lambda t: news("", t).encode(),
    "upper tags": lambda t: news(
        "", t.replace("<a ", "<A ").replace("<img ", "<IMG ")
    ).encode(),
    "euc-kr": lambda t: news("", t).replace("'utf-8'", "'euc-kr'").encode("euc-kr", "replace"),
    "foot": lambda t: news("", f"<footer><div class='lic'>{t}</div></footer>").encode(),
    "entities": lambda t: news("", t.replace("/", "&#47;", 1)).encode(),
    "far": lambda t: news("", t, 400).encode(),
}


# What these licences grant is copying: of them only training and handing a model on are asked.
PARTIAL = ("by-nd", "kogl 3")


def grants() -> Iterator[Page]:
    for (what, text), (how, dress) in product(NOT_GRANTED.items(), LICENCE_DRESSES.items()):
        line = b"Content-Type: text/html" if how == "euc-kr" else HTML
        acts = ("train", "share_model") if what in PARTIAL else ()
        for regime in ("kr-current", "kr-kogl"):
            name, raw = f"grant/{regime}/{what}/{how}", http(dress(text), line)
            yield Page(name, raw, REFUSED, regime=regime, acts=acts)


# --- 1f. documents and media ------------------------------------------------------------------

PDF = (
    b"%PDF-1.7\n1 0 obj<</Type/Catalog/Pages 2 0 R/Metadata 3 0 R>>endobj\n"
    b"2 0 obj<</Type/Pages/Kids[]/Count 0>>endobj\n"
)
NS_HASH, NS_SLASH = "http://www.w3.org/ns/tdmrep#", "http://www.w3.org/ns/tdmrep/"


def xmp(inner: str, attributes: str = "") -> str:
    return (
        '<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?><x:xmpmeta '
        'xmlns:x="adobe:ns:meta/">'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        f'<rdf:Description rdf:about="" {attributes}>{inner}</rdf:Description></rdf:RDF>'
        f"</x:xmpmeta>"
        '<?xpacket end="w"?>'
    )


PACKETS = {
    "element slash": xmp("<tdm:reservation>1</tdm:reservation>", f'xmlns:tdm="{NS_SLASH}"'),
    "element hash": xmp("<tdm:reservation>1</tdm:reservation>", f'xmlns:tdm="{NS_HASH}"'),
    "attribute": xmp("", f'xmlns:tdm="{NS_SLASH}" tdm:reservation="1"'),
    "attribute single": xmp("", f"xmlns:tdm='{NS_SLASH}' tdm:reservation='1'"),
    "other prefix": xmp("<t:reservation>1</t:reservation>", f'xmlns:t="{NS_SLASH}"'),
    "spaces": xmp("<tdm:reservation>\n 1 \n</tdm:reservation>", f'xmlns:tdm="{NS_SLASH}"'),
    "default namespace": xmp(f'<reservation xmlns="{NS_SLASH}">1</reservation>'),
    "reference": xmp("<tdm:reservation>&#49;</tdm:reservation>", f'xmlns:tdm="{NS_SLASH}"'),
    "yes": xmp("<tdm:reservation>true</tdm:reservation>", f'xmlns:tdm="{NS_SLASH}"'),
    "policy too": xmp(
        "<tdm:reservation>1</tdm:reservation><tdm:policy>https://p.example</tdm:policy>",
        f'xmlns:tdm="{NS_SLASH}"',
    ),
    "plus": xmp(
        "<plus:DataMining>http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED</plus:DataMining>",
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"',
    ),
    "plus attribute": xmp(
        "",
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/" '
        'plus:DataMining="DMI-PROHIBITED-GENAIMLTRAINING"',
    ),
    "plus constraint": xmp(
        '<plus:DataMining rdf:resource="http://ns.useplus.org/ldf/vocab/DMI-PROHIBITED-'
        'SEECONSTRAINT"/>',
        'xmlns:plus="http://ns.useplus.org/ldf/xmp/1.0/"',
    ),
}


def pdf(packet: Octets, how: str = "plain") -> Octets:
    flags, data = b"", packet
    if how == "flate":
        flags, data = b"/Filter/FlateDecode", zlib.compress(packet)
    if how == "hex":
        flags, data = b"/Filter/ASCIIHexDecode", packet.hex().encode() + b">"
    if how == "twice":
        flags, data = b"/Filter[/FlateDecode/FlateDecode]", zlib.compress(zlib.compress(packet))
    head = b"3 0 obj<</Type/Metadata/Subtype/XML/Length %d%b>>stream\n" % (len(data), flags)
    return PDF + head + data + b"\nendstream endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"


def png(packet: Octets) -> Octets:
    def chunk(name: Octets, data: Octets) -> Octets:
        return (
            len(data).to_bytes(4, "big")
            + name
            + data
            + zlib.crc32(name + data).to_bytes(4, "big")
        )

    text = b"XML:com.adobe.xmp\0\0\0\0\0" + packet
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", b"\0\0\0\1\0\0\0\1\b\0\0\0\0")
        + chunk(b"iTXt", text)
        + chunk(b"IEND", b"")
    )


def png_packed(packet: Octets) -> Octets:
    text = b"XML:com.adobe.xmp\0\1\0\0\0" + zlib.compress(packet)
    body = (
        len(text).to_bytes(4, "big")
        + b"iTXt"
        + text
        + zlib.crc32(b"iTXt" + text).to_bytes(4, "big")
    )
    return b"\x89PNG\r\n\x1a\n" + body + b"\0\0\0\0IEND\xaeB`\x82"


def jpeg(packet: Octets, marker: int = 0xE1) -> Octets:
    data = b"http://ns.adobe.com/xap/1.0/\0" + packet
    return (
        b"\xff\xd8\xff"
        + bytes((marker,))
        + (len(data) + 2).to_bytes(2, "big")
        + data
        + b"\xff\xd9"
    )


JUMBF = (
    b"\0\0\1\0jumb\0\0\0\x1ejumdc2pa\0\x11\0\x10\x80\0\0\xaa\0\x38\x9b\x71\3c2pa\0"
    b"c2pa.training-mining entries c2pa.ai_generative_training use notAllowed"
)
MEDIA = {
    "jpeg c2pa": (
        b"\xff\xd8\xff\xeb"
        + (len(JUMBF) + 10).to_bytes(2, "big")
        + b"JP\0\1\0\0\0\1"
        + JUMBF
        + b"\xff\xd9",
        b"image/jpeg",
    ),
    "png c2pa": (
        b"\x89PNG\r\n\x1a\n" + len(JUMBF).to_bytes(4, "big") + b"caBX" + JUMBF + b"\0\0\0\0",
        b"image/png",
    ),
    "webp c2pa": (
        b"RIFF\0\2\0\0WEBPC2PA" + len(JUMBF).to_bytes(4, "little") + JUMBF,
        b"image/webp",
    ),
    "mp4 c2pa": (
        b"\0\0\0\x18ftypmp42"
        + b"\0" * 12
        + b"\0\0\2\0uuid\xd8\xfe\xc3\xd6\x1b\x0e\x48\x3c\x92\x97\x58\x28\x87\x7e\xc4\x81"
        + JUMBF,
        b"video/mp4",
    ),
    "mp3 c2pa": (b"ID3\4\0\0\0\0\x0f\x76GEOB" + JUMBF, b"audio/mpeg"),
    "pdf c2pa": (
        PDF
        + b"4 0 obj<</Length %d>>stream\n" % len(JUMBF)
        + JUMBF
        + b"\nendstream endobj\n%%EOF",
        b"application/pdf",
    ),
    "sidecar": (JUMBF, b"application/c2pa"),
    "jpeg as nothing": (
        b"\xff\xd8\xff\xeb\1\x20JP\0\1\0\0\0\1" + JUMBF + b"\xff\xd9",
        b"application/octet-stream",
    ),
    "webp xmp": (
        b"RIFF\0\4\0\0WEBPXMP "
        + len(PACKETS["plus"].encode()).to_bytes(4, "little")
        + PACKETS["plus"].encode(),
        b"image/webp",
    ),
    "jpeg xmp utf-16": (jpeg(PACKETS["plus"].encode("utf-16-be")), b"image/jpeg"),
    "gif xmp": (
        b"GIF89a\1\0\1\0\0\0\0!\xff\x0bXMP DataXMP" + PACKETS["plus"].encode() + b"\0;",
        b"image/gif",
    ),
    "tiff xmp": (b"II*\0\x08\0\0\0\0\0\0\0" + PACKETS["plus"].encode(), b"image/tiff"),
    "heic xmp": (b"\0\0\0\x18ftypheic" + PACKETS["plus constraint"].encode(), b"image/heic"),
    "png packed xmp": (png_packed(PACKETS["plus"].encode()), b"image/png"),
    "iptc words": (
        jpeg(
            xmp(
                "<xmpRights:UsageTerms>Not to be used for AI training.</xmpRights:UsageTerms>"
            ).encode()
        ),
        b"image/jpeg",
    ),
}

CONTAINER = (
    '<?xml version="1.0"?><container version="1.0" '
    'xmlns="urn:oasis:names:tc:opendocument:xmlns:container">'
    '<rootfiles><rootfile full-path="{}" media-type="application/oebps-package+xml"/></'
    "rootfiles></container>"
)


def opf(inner: str, attributes: str = "") -> str:
    return (
        f'<?xml version="1.0"?><package xmlns="http://www.idpf.org/2007/opf" '
        f'version="3.0" {attributes}>'
        f'<metadata xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>a</dc:title>'
        f"{inner}</metadata></package>"
    )


TDM_PREFIX = f'prefix="tdm: {NS_HASH}"'
BOOKS = {
    "epub 2": opf('<meta name="tdm:reservation" content="1"/>'),
    "epub 2 order": opf('<meta content="1" name="tdm:reservation"></meta>'),
    "epub 3": opf('<meta property="tdm:reservation">1</meta>', TDM_PREFIX),
    "epub 3 spaces": opf('<meta property="tdm:reservation">\n 1\n</meta>', TDM_PREFIX),
    "epub 3 other prefix": opf(
        '<meta property="t:reservation">1</meta>', f'prefix="t: {NS_HASH}"'
    ),
    "epub 3 no prefix": opf('<meta property="tdm:reservation">1</meta>'),
    "epub 3 reference": opf('<meta property="tdm:reservation">&#x31;</meta>', TDM_PREFIX),
    "epub prefixed opf": opf("").replace(
        "<dc:title>a</dc:title>",
        '<opf:meta xmlns:opf="http://www.idpf.org/2007/opf" '
        'property="tdm:reservation">1</opf:meta>',
    ),
    "epub dash": opf('<meta name="tdm-reservation" content="1"/>'),
    "epub rights": opf(
        "<dc:rights>No text and data mining or AI training is permitted.</dc:rights>"
    ),
}


def book(
    package: Octets, place: str = "OEBPS/content.opf", method: int = 8, container: bool = True
) -> Octets:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as file:
        file.writestr("mimetype", "application/epub+zip", zipfile.ZIP_STORED)
        if container:
            file.writestr("META-INF/container.xml", CONTAINER.format(place), method)
        file.writestr(place, package, method)
    return made.getvalue()


def media() -> Iterator[Page]:
    kind = b"Content-Type: application/pdf"
    for what, text in PACKETS.items():
        for how in ("plain", "flate", "hex", "twice"):
            yield Page(
                f"pdf/{what}/{how}", http(pdf(text.encode(), how), kind), REFUSED, path="/a.pdf"
            )
        yield Page(
            f"pdf/{what}/utf-16",
            http(pdf(text.encode("utf-16-be")), kind),
            REFUSED,
            path="/a.pdf",
        )
        yield Page(
            f"pdf/{what}/junk first",
            http(b"junk\n" * 9 + pdf(text.encode()), kind),
            REFUSED,
            path="/a.pdf",
        )
        yield Page(
            f"pdf/{what}/no type", http(pdf(text.encode()), b"X-A: 1"), REFUSED, path="/a.pdf"
        )
        yield Page(
            f"pdf/{what}/octets",
            http(pdf(text.encode()), b"Content-Type: application/octet-stream"),
            REFUSED,
            path="/a.pdf",
        )
        if what.startswith("plus"):
            for how, body, line in (
                ("png", png(text.encode()), b"image/png"),
                ("jpeg", jpeg(text.encode()), b"image/jpeg"),
            ):
                yield Page(
                    f"image/{what}/{how}",
                    http(body, b"Content-Type: " + line),
                    REFUSED,
                    path="/a." + how,
                )
                yield Page(
                    f"image/{what}/{how} x",
                    http(body, b"Content-Type: IMAGE/X-" + line[6:].upper()),
                    REFUSED,
                    path="/a." + how,
                )
    for what, (body, line) in MEDIA.items():
        yield Page(f"media/{what}", http(body, b"Content-Type: " + line), REFUSED, path="/a/m")
    for what, text in BOOKS.items():
        for how, made in (
            ("plain", book(text.encode())),
            ("stored", book(text.encode(), method=0)),
            ("root", book(text.encode(), "package.opf")),
            ("korean", book(text.encode(), "책/내용.opf")),
            ("utf-16", book(text.replace('<?xml version="1.0"?>', "").encode("utf-16"))),
            ("bom", book(text.encode("utf-8-sig"))),
            ("no container", book(text.encode(), container=False)),
            ("cut", book(text.encode())[:-40]),
            ("bzip", book(text.encode(), method=12)),
        ):
            yield Page(
                f"epub/{what}/{how}",
                http(made, b"Content-Type: application/epub+zip"),
                REFUSED,
                path="/a.epub",
            )
        yield Page(
            f"epub/{what}/as zip",
            http(book(text.encode()), b"Content-Type: application/zip"),
            REFUSED,
            path="/a.epub",
        )


# --- 1g. RSL ----------------------------------------------------------------------------------

RSL_NS = "https://rslstandard.org/rsl"


def rsl_of(
    licence: str,
    url: str = "/",
    attributes: str = "",
    ns: str = f'xmlns="{RSL_NS}"',
    more: str = "",
) -> str:
    terms = f"<license>{licence}</license>{more}"
    return f'<rsl {ns}><content url="{url}" {attributes}>{terms}</content></rsl>'


TERMS = {
    "prohibits train": rsl_of('<prohibits type="usage">ai-train</prohibits>'),
    "prohibits ai-all": rsl_of('<prohibits type="usage">ai-all</prohibits>'),
    "prohibits all": rsl_of('<prohibits type="usage">all</prohibits>'),
    "prohibits list": rsl_of('<prohibits type="usage">search, ai-train</prohibits>'),
    "prohibits spaces": rsl_of('<prohibits type="usage">search ai-train ai-input</prohibits>'),
    "prohibits guide": rsl_of('<prohibits type="usage">train-ai</prohibits>'),
    "permits search": rsl_of('<permits type="usage">search</permits>'),
    "permits and prohibits": rsl_of(
        '<permits type="usage">all</permits><prohibits type="usage">ai-train</prohibits>'
    ),
    "both": rsl_of(
        '<permits type="usage">ai-train</permits><prohibits type="usage">ai-train</prohibits>'
    ),
    "paid": rsl_of(
        '<permits type="usage">ai-train</permits><payment type="subscription"><amount '
        'currency="USD">9</amount></payment>'
    ),
    "server": rsl_of(
        '<permits type="usage">all</permits><payment type="free"/>',
        attributes='server="https://l.example"',
    ),
    "geo": rsl_of('<permits type="usage">all</permits><permits type="geo">US</permits>'),
    "user": rsl_of(
        '<permits type="usage">all</permits><permits type="user">non-commercial</permits>'
    ),
    "user prohibited": rsl_of(
        '<permits type="usage">all</permits><prohibits type="user">commercial</prohibits>'
    ),
    "prefixed": f'<r:rsl xmlns:r="{RSL_NS}"><r:content url="/"><r:license><r:prohibits '
    f'type="usage">all</r:prohibits></r:license></r:content></r:rsl>',
    "two licences": rsl_of(
        '<permits type="usage">all</permits>',
        more='<license><prohibits type="usage">ai-train</prohibits></license>',
    ),
    "entity": '<!DOCTYPE rsl [<!ENTITY a "ai-train">]>'
    + rsl_of('<prohibits type="usage">&a;</prohibits>'),
    "external": '<!DOCTYPE rsl SYSTEM "file:///etc/passwd">'
    + rsl_of('<prohibits type="usage">all</prohibits>'),
    "wildcard": rsl_of('<prohibits type="usage">all</prohibits>', "/a/*.html$"),
    "whole address": rsl_of(
        '<prohibits type="usage">all</prohibits>', "https://h{n}.example/a/"
    ),
    "no namespace": rsl_of('<prohibits type="usage">all</prohibits>', ns=""),
    "other namespace": rsl_of(
        '<prohibits type="usage">all</prohibits>', ns='xmlns="https://rslstandard.org/rsl/2.0"'
    ),
    "upper": rsl_of('<PROHIBITS TYPE="USAGE">ALL</PROHIBITS>'),
    "not xml": "License: no AI training",
    "empty": "",
    "cut": rsl_of('<permits type="usage">all</permits>')[:-20],
    "unknown token": rsl_of('<prohibits type="usage">ai-everything</prohibits>'),
    "no content": f'<rsl xmlns="{RSL_NS}"></rsl>',
}


def rsl_files() -> Iterator[Page]:
    kind = b"Content-Type: application/rsl+xml"
    robots = http(b"License: https://h{n}.example/rsl.xml\nUser-agent: *\nAllow: /\n")
    quiet = http(news().encode(), HTML)
    for what, text in TERMS.items():
        for how, octets in (
            ("utf-8", text.encode()),
            ("bom", text.encode("utf-8-sig")),
            ("utf-16", text.encode("utf-16")),
            ("declared", b'<?xml version="1.0" encoding="utf-8"?>\n' + text.encode()),
        ):
            found = {"/robots.txt": robots, "/rsl.xml": http(octets, kind)}
            yield Page(f"rsl/{what}/{how}", quiet, REFUSED, found)
        plain = {
            "/robots.txt": robots,
            "/rsl.xml": http(text.encode(), b"Content-Type: text/xml"),
        }
        yield Page(f"rsl/{what}/as xml", quiet, REFUSED, plain)
    for line in (
        "Licence: /rsl.xml",
        "license:/rsl.xml",
        "LICENSE: https://other.example/l",
        "License:",
        "License: http://[",
        "License: /gone.xml",
    ):
        found = {
            "/robots.txt": http(f"User-agent: *\nAllow: /\n{line}\n".encode()),
            "/rsl.xml": http(TERMS["prohibits all"].encode(), kind),
        }
        if line != "License:":
            yield Page(f"rsl/line/{line}", quiet, REFUSED, found)
    for where in (
        '<link rel="license" type="application/rsl+xml" href="/rsl.xml">',
        "<LINK TYPE='APPLICATION/RSL+XML' REL='LICENSE' HREF='/rsl.xml'>",
        '<link rel="alternate license" type="application/rsl+xml; charset=utf-8" href="/r">',
    ):
        yield Page(
            f"rsl/{where}",
            http(news(where).encode(), HTML),
            REFUSED,
            {"/rsl.xml": http(TERMS["prohibits all"].encode(), kind)},
        )


# --- 1h. sentences ----------------------------------------------------------------------------

IN_WORDS = (
    "No text and data mining or AI training is permitted.",
    "No AI training.",
    "No AI training permitted.",
    "No data mining.",
    "Not for AI training.",
    "Not to be used for AI training.",
    "Do not train AI on this work.",
    "Do not use this content to train AI models.",
    "Please do not use our texts for training language models.",
    "You are not allowed to use this content to train AI.",
    "AI companies: you do not have permission to use this site for training.",
    "AI training: not allowed.",
    "AI training: prohibited",
    "TDM reserved.",
    "TDM opt-out.",
    "All rights reserved, including for text and data mining, AI training and similar "
    "technologies.",
    "The author reserves all rights to license uses of this work for generative AI training.",
    "This work is excluded from text and data mining under Article 4 of Directive (EU) "
    "2019/790.",
    'Any use of this publication to "train" generative artificial intelligence (AI) '
    "technologies is expressly prohibited.",
    "We expressly object to the use of our content for machine learning.",
    "We hereby opt out of text and data mining.",
    "Scraping, crawling or mining of this website for AI purposes is strictly prohibited.",
    "Content may not be used for the development of any software program, including "
    "training a machine learning or AI system.",
    "Neither this content nor any part may be used in the training of AI.",
    "Use for AI training requires a licence.",
    "AI training only with a licence.",
    "AI training requires prior written consent.",
    "Bots for AI training are not welcome.",
    "LLM training forbidden.",
    "Training of LLMs is disallowed.",
    "Kein KI-Training.",
    "Kein Text- und Data-Mining.",
    "Nutzung zum KI-Training nicht gestattet.",
    "Text und Data Mining nicht erlaubt.",
    "Pas d'entraînement d'IA.",
    "L'utilisation pour l'entraînement de l'IA est interdite.",
    "No se permite el entrenamiento de IA.",
    "본 콘텐츠는 AI 학습에 사용할 수 없습니다.",
    "AI 학습 금지",
    "AI 학습 불가",
    "AI학습 이용 불가",
    "AI 학습용 데이터로 활용을 금합니다.",
    "인공지능 학습 목적의 이용을 허용하지 않습니다.",
    "생성형 인공지능의 학습에 이용하려면 사전 허락을 받아야 합니다.",
    "AI 학습 이용 시 사전 동의 필요",
    "기계학습을 위한 데이터 수집을 금지합니다.",
    "텍스트·데이터 마이닝을 불허합니다.",
    "텍스트 및 데이터마이닝(TDM) 금지",
    "무단전재, 복사, 배포 및 AI 학습 활용 금지",
    "ⓒ 항만일보, 무단 전재-재배포, AI 학습 이용 금지",
    "본 저작물의 AI 학습·활용을 원하지 않습니다.",
    "AI 학습에 동의하지 않습니다.",
    "AI 학습에 쓰지 마세요.",
    "AI 학습에 사용하지 말아 주십시오.",
    "AI 학습에 이용하지 못합니다.",
    "AI 학습 데이터로 이용할 경우 법적 조치를 취합니다.",
    "LLM 학습 사용 금지",
    "거대언어모델 학습에 이용할 수 없습니다.",
    "챗GPT 등 생성형 AI의 학습에 이용할 수 없습니다.",
    "머신러닝 학습 이용을 금합니다.",
    "AI 봇의 수집을 금지합니다.",
    "AI 학습을 위한 크롤링 금지",
    "AIの学習への利用はご遠慮ください。",
    "AI学習禁止",
    "生成AIの学習に使用しないでください。",
    "無断でのAI学習を禁じます。",
    "未经授权不得用于AI训练",
    "请勿用于训练人工智能",
)


def sentences() -> Iterator[Page]:
    for text in IN_WORDS:
        for where, body in (
            ("paragraph", f"<p>{text}</p>"),
            ("item", f"<ul><li>Contact</li><li>{text.rstrip('.')}</li><li>Imprint</li></ul>"),
            ("foot", f"<footer><small>{text}</small></footer>"),
            ("marked up", "<p>" + text.replace(" ", " <b></b>\n") + "</p>"),
        ):
            yield Page(f"words/{text}/{where}", http(news("", body).encode(), HTML), REFUSED)
        if all(sign.isascii() or "가" <= sign <= "힣" for sign in text):
            octets = news("", f"<p>{text}</p>").replace("'utf-8'", "'euc-kr'").encode("euc-kr")
            line = b"Content-Type: text/html; charset=euc-kr"
            yield Page(f"words/{text}/euc-kr", http(octets, line), REFUSED)


REFUSALS = (
    headers,
    elements,
    documents,
    files,
    paths,
    hosts,
    bots,
    states,
    grants,
    media,
    rsl_files,
    sentences,
)


def refusals() -> list[Page]:
    return [page for make in REFUSALS for page in make()]


# --- 2. permissions and ordinary pages --------------------------------------------------------

PERMITTED_LINES = (
    *(
        "X-Robots-Tag: all",
        "X-Robots-Tag: noarchive",
        "X-Robots-Tag: max-snippet:50, nosnippet",
    ),
    *("X-Robots-Tag: googlebot: noindex, nofollow", "X-Robots-Tag: otherbot: noai"),
    *("TDM-Reservation: 0", "tdm-reservation:0", "TDM-RESERVATION: 0", "TDM-Reservation: 0\t"),
    *(
        "Content-Usage: train-ai=y",
        "content-usage: train-ai=y, search=y",
        "Content-Usage: search=n",
    ),
    *(
        "Content-Usage: train-ai=y;x=1",
        "Content-Usage: search=y,   train-ai=y",
        "Content-Usage:",
    ),
    *(
        "Content-Usage: other=n",
        "Content-Usage: search=n, other=y",
        "Content-Usage: train-ai=n, train-ai=n, train-ai=y",
    )[:2],
    *(
        'Link: </rss>; rel=alternate; type="application/rss+xml"',
        "Link: <https://a.example/>; rel=canonical",
    ),
    *(
        f"Link: <{CC}by/4.0/>; rel=license",
        'Link: </s>; rel="preload stylesheet", </t>; rel=next',
    ),
    *("Set-Cookie: train=no; Path=/", "X-Cache: MISS", "Via: 1.1 ai-gateway", 'ETag: "noai"'),
    *('Content-Disposition: inline; filename="noai.html"', "X-Content-Type-Options: nosniff"),
    *(
        "Content-Security-Policy: default-src 'none'; script-src 'self'",
        'NEL: {"report_to":"a"}',
    ),
    *("Permissions-Policy: interest-cohort=(), browsing-topics=()", "Accept-CH: Sec-CH-UA"),
    *(
        "X-Robots-Tag: unavailable_after: 25 Jun 2040 15:00:00 PST",
        'Alt-Svc: h3=":443"; ma=86400',
    ),
)
PERMITTED_HEADS = (
    *(
        '<meta name="robots" content="all">',
        '<meta name="robots" content="noarchive, nosnippet">',
    ),
    *('<meta name="googlebot" content="noindex">', '<meta name="tdm-reservation" content="0">'),
    *(
        '<meta name="tdm-reservation" content="0"><meta name="tdm-policy" '
        'content="https://p.example/p.json">',
    ),
    *('<meta name="TDM-Reservation" content=" 0 ">', '<meta name="robots" content="">'),
    *(f'<link rel="license" href="{CC}by/4.0/">', '<link rel="license" href="/terms">')[:1],
    *(
        '<meta name="keywords" content="noai, no ai, anti-AI art">',
        '<meta name="news_keywords" content="AI training">',
    ),
    *(
        '<script type="application/ld+json">{"@type":"NewsArticle","isAccessibleForFree'
        '":true}</script>',
    ),
    *(
        '<script type="application/ld+json">{"@type":"WebPage","license":"%sby/4.0/"}</script>'
        % CC,
    ),
    *(
        '<meta name="copyright" content="Harbour board">',
        '<meta name="generator" content="AI Site Builder 3">',
    ),
    *('<meta property="og:description" content="Why artists say no to AI training">',),
    *("<style>.noai{color:red}</style>", '<script src="/tdm-reservation.js"></script>'),
    *(
        '<meta name="dcterms.rights" content="CC BY 4.0">',
        '<meta name="rating" content="general">',
    ),
)
PERMITTED_ROBOTS = (
    "",
    "\n\n",
    "# nothing here\n",
    "User-agent: *\nDisallow:\n",
    "User-agent: *\nAllow: /\n",
    "# www.robotstxt.org/\n\nUser-agent: *\nCrawl-delay: 10\nDisallow: /cgi-bin/\n",
    "User-agent: *\nDisallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\nSitemap: "
    "https://x.example/s.xml\n",
    "User-agent: *\nDisallow: /*?sort=\nDisallow: /*.pdf$\nDisallow: /search\n",
    "User-Agent: Googlebot\nDisallow: /nogooglebot/\n\nUser-agent: *\nAllow: /\n",
    "User-agent: MJ12bot\nDisallow: /\n\nUser-agent: AhrefsBot\nUser-agent: "
    "SemrushBot\nDisallow: /\n\nUser-agent: *\nDisallow: /temp/\n",
    "User-agent: Baiduspider\nDisallow: /\nUser-agent: Yandex\nDisallow: /\n",
    "User-agent: GPTBot\nAllow: /\n\nUser-agent: *\nDisallow: /private/\n",
    "User-agent: GPTBot\nDisallow:\n",
    "User-agent: GPTBot\nDisallow: /private/\n\nUser-agent: *\nDisallow: /private/\n",
    "User-agent: Yeti\nAllow: /\nUser-agent: Daum\nAllow: /\nUser-agent: *\nDisallow: "
    "/admin\n#DaumWebMasterTool:abc\n",
    "User-agent: *\nContent-Signal: search=yes, ai-train=yes, ai-input=yes\nAllow: /\n",
    "User-agent: *\nContent-Usage: train-ai=y\nAllow: /\n",
    "User-agent: *\nContent-Usage: /other/ train-ai=n\nAllow: /\n",
    "User-agent: *\nAllow: /\nHost: x.example\nClean-param: ref /\n",
    "# Our policy: AI crawlers are welcome.\nUser-agent: *\nAllow: /\n",
    "# robots.txt generated at http://www.mcanerin.com\nUser-agent: *\nDisallow: "
    "\nDisallow: /cgi-bin/\n",
    "User-agent: *\nNoindex: /temp/\nRequest-rate: 1/5\nVisit-time: 0600-0845\n",
    "\ufeffUser-agent: *\r\nDisallow: /admin/\r\n",
    "".join(f"User-agent: Bot{chr(97 + n)}\nDisallow: /x{n}/\n\n" for n in range(26))
    + "User-agent: *\nDisallow: /cart\n",
    "User-agent: *\nDisallow: /a/c\nAllow: /a/b\n",
    "User-agent: *\nDisallow: /\nAllow: /a/\n",
    "User-agent: *\nDisallow: /*.html$\nAllow: /a/b.html\n",
    "User-agent: *\nDisallow: /train/\nDisallow: /ai/\nDisallow: /noai/\n",
    "User-agent: PerplexityBot\nDisallow: /\n",
    "User-agent: Screaming Frog SEO Spider\nDisallow: /\n",
    "User-agent: *\nDisallow: /data/\nDisallow: /ml-models/\nSitemap: "
    "https://x.example/ai/sitemap.xml\n",
    "User-agent: Googlebot-Image\nDisallow: /\n\nUser-agent: "
    "Mediapartners-Google\nDisallow:\n\nUser-agent: *\nDisallow: /out/\n",
    "User-agent: HTTrack\nDisallow: /\nUser-agent: wget\nDisallow: /\nUser-agent: "
    "EmailSiphon\nDisallow: /\n",
)
PERMITTED_FILES = {
    "tdmrep nothing here": (
        TDMREP,
        '[{"location": "/other/*", "tdm-reservation": 1, "tdm-policy": "https://p.example/p"}]',
    ),
    "tdmrep nought": (TDMREP, '[{"location": "/*", "tdm-reservation": 0}]'),
    "tdmrep nought first": (
        TDMREP,
        '[{"location":"/a/*","tdm-reservation":0},{"location":"/z/*","tdm-reservation":1}]',
    ),
    "tdmrep empty": (TDMREP, "[]"),
    "tdmrep bom": (TDMREP, '\ufeff[{"location": "/*", "tdm-reservation": 0}]'),
    "tdmrep pretty": (
        TDMREP,
        '[\r\n  {\r\n    "location" : "/",\r\n    "tdm-reservation" : 0\r\n  }\r\n]\r\n',
    ),
    "ai.txt open": ("/ai.txt", "# Spawning AI\n\nUser-Agent: *\nAllow: *\nAllow: /\n"),
    "ai.txt pictures": (
        "/ai.txt",
        "User-Agent: *\nDisallow: *.jpg\nDisallow: *.png\nAllow: *.html\n",
    ),
    "trust yes": (
        "/trust.txt",
        "# trust\ncontact=mailto:a@b.example\ndatatrainingallowed=yes\n",
    ),
    "llms": ("/llms.txt", "# Harbour\n> Do not train.\n"),
    "humans": ("/humans.txt", "No AI was used.\n"),
}
ABOUT_AI = (
    "Several publishers have sued AI companies over the use of their articles.",
    "The newspaper said that it does not allow AI companies to train on its archive, a "
    "spokesman told us.",
    "The court held that training a language model on books was fair use.",
    "The AI Act prohibits certain practices, among them social scoring.",
    "Our team trained the model on public data; no personal data was used for training.",
    "Students are not allowed to use ChatGPT in the exam.",
    "The robot must not enter the crane area while the machine learning system is updated.",
    "Text and data mining is a research method; our library offers courses on it.",
    "In this tutorial you will learn to block GPTBot with robots.txt.",
    "We use machine learning to detect fraud. Fraudulent use of this service is prohibited.",
    "AI training course for managers: registration is closed, no refunds.",
    "Opt out of our newsletter at any time. Our AI assistant answers questions.",
    "The museum forbids flash photography. An AI guide explains the pictures.",
    "Artificial intelligence is not a replacement for doctors.",
    "No artificial sweeteners. No intelligence required.",
    "Do not use the training wheels without an adult.",
    "Training data for the weather model is published every hour and may be used freely.",
    "You may use our articles to train AI models.",
    "Generative AI may be used for this assignment, but not in the final exam.",
    "The company denied that it had used the pictures to train its image generator.",
    "All rights reserved. Powered by AI Search.",
    "The railway reserves the right to change train times without notice.",
    "This site is protected by reCAPTCHA; automated sign-ups are blocked.",
    "Mining of the data showed no effect of age.",
    "Reproduction in whole or in part without permission is prohibited.",
    "We do not use your data to train our AI models.",
    "Your conversations are not used to train the language model unless you opt in.",
    "Training AI models requires a lot of energy.",
    "No training data was available for the AI model before 1990.",
    "No machine learning experience required. Training is free of charge.",
    "Do not miss our AI training day in May.",
    "Participants under 18 were excluded from the training set of the machine learning model.",
    "Never stop learning: courses on AI, mining engineering and law.",
    "AI art is not welcome in this contest, said the organisers.",
    "A licence is required to drive a train. AI drivers need none, the minister said.",
    "Don't panic: how AI is trained, explained.",
    "고객의 데이터는 AI 학습에 사용하지 않습니다.",
    "이 강좌는 딥러닝 경험이 없어도 들을 수 있습니다. 환불 불가",
    "인공지능 학습 센터 방문은 사전 예약이 필요합니다.",
    "AI 학습기 대여 안내: 파손 시 책임을 집니다.",
    "인공지능 기본법이 내년 1월부터 시행된다. 고위험 인공지능은 사업자가 고지하여야 한다.",
    "방송사들은 네이버가 뉴스를 AI 학습에 무단으로 이용하였다며 소송을 냈다.",
    "정부는 AI 학습용 데이터 구축 사업에 참여할 기업을 모집한다.",
    "시험 중 챗GPT 사용은 금지된다.",
    "딥러닝 모델을 학습시키는 방법을 배워 봅시다.",
    "이 누리집은 인공지능 챗봇 서비스를 제공합니다. 무단 복제를 금합니다.",
    "저작권자 ⓒ 항만일보, 무단 전재 및 재배포 금지",
    "AI 대학원 신입생 모집, 중복 지원 불가",
    "개인정보 수집을 거부할 권리가 있습니다. 인공지능 상담은 24시간 제공됩니다.",
    "촬영 금지 구역에서 AI 카메라가 침입을 감지한다.",
    "머신러닝 엔지니어 채용: 학력 무관, 병역 특례 불가",
    "미성년자의 AI 서비스 이용을 제한하는 법안이 발의되었다.",
    "학습 데이터가 부족하면 모델의 성능이 떨어진다.",
    "데이터 마이닝 수업은 2학기에 열리지 않는다.",
    "AI가 만든 이미지의 상업적 이용을 허용한다.",
    "본 저작물은 인공지능 학습에 자유롭게 이용할 수 있습니다.",
    "텍스트 마이닝 결과, 부정적인 의견은 없었다.",
    "크롤링 수업: 로봇 배제 표준을 지키는 방법",
)
ARTICLES = (
    "AI firms face limits. The Times does not permit its articles to be used for "
    "training artificial intelligence, "
    "its lawyers wrote in a letter to the company last week.",
    "Reddit says it will block most automated bots from reading its public data, and "
    "that training needs a contract.",
    "Why does ChatGPT refuse to answer? The model was trained not to give medical advice.",
    "The union wants a ban on the training of AI with actors' voices; talks go on.",
    "생성형 AI 학습에 뉴스 콘텐츠를 쓰지 못하게 하는 방안을 언론단체가 요구했다.",
    "EU는 저작권자가 학습을 거부할 수 있도록 했다. 일본은 그렇지 않다.",
    "그림 작가들이 'AI 학습 반대' 해시태그 운동을 벌였다.",
)
GRANTED = {
    "kogl 1 image": (
        '<img src="/img/img_opencode1.jpg" alt="공공누리 제1유형 : 출처표시">',
        "kr-current",
    ),
    "kogl 1 link": (
        '<a href="https://www.kogl.or.kr/info/licenseType1.do" target="_blank"><img '
        'src="/images/new_img_opentype01.png" alt="공공누리 1유형"></a>',
        "kr-current",
    ),
    "kogl 1 old link": (
        '<a href="http://www.kogl.or.kr/info/licenseType1.do"><img '
        'src="/i/img_opencode1_m.jpg"></a> 출처표시',
        "kr-kogl",
    ),
    "kogl 1 whole": (
        '<div class="kogl"><a href="//www.kogl.or.kr/info/licenseType1.do"><img '
        'src="/common/new_img_opencode1.jpg" '
        'alt="공공누리 공공저작물 자유이용허락 (출처표시)"></a><p>본 저작물은 공공누리 '
        "제1유형에 따라 이용할 수 있습니다. "
        "출처표시, 상업적·비상업적 이용가능, 변형 등 2차적 저작물 작성 가능</p></div>",
        "kr-current",
    ),
    "kogl 0": (
        '<a href="https://www.kogl.or.kr/info/licenseType0.do"><img '
        'src="/i/new_img_opencode0.png"></a>',
        "kr-current",
    ),
    "cc0": (
        '<a rel="license" href="https://creativecommons.org/publicdomain/zero/1.0/deed.'
        'ko">CC0</a>',
        "kr-current",
    ),
    "pdm": (
        '<a rel="license" href="https://creativecommons.org/publicdomain/mark/1.0/">PD</a>',
        "kr-current",
    ),
    "by 4.0": (f'<a rel="license" href="{CC}by/4.0/">CC BY 4.0</a>', "kr-current"),
    "by 4.0 deed": (
        f'<a rel="license" href="{CC}by/4.0/deed.en"><img alt="Creative Commons '
        f'License" src="https://i.creativecommons.org/l/by/4.0/88x31.png"></a>',
        "kr-current",
    ),
    "by 2.0 kr": (
        f'<a rel="license" href="{CC.replace("https", "http")}by/2.0/kr/">저작자표시</a>',
        "kr-current",
    ),
    "by legalcode": (
        f'<a href="{CC}by/4.0/legalcode" rel="license noopener">CC BY</a>',
        "kr-current",
    ),
    "by-sa": (
        '<a rel="license" href="//creativecommons.org/licenses/by-sa/4.0/">CC BY-SA</a>',
        "kr-current",
    ),
    "by no slash": (
        f'<a rel="noopener license" target="_blank" href="{CC}by/3.0">CC BY</a>',
        "kr-current",
    ),
    "by twice": (
        f'<link rel="license" href="{CC}by/4.0/"><a rel="license" '
        f'href="{CC}by/4.0/deed.ko">CC BY</a>',
        "kr-current",
    ),
    "by www": (
        '<a rel="license" href="https://www.creativecommons.org/licenses/by/4.0/">CC BY</a>',
        "kr-current",
    ),
    "by json": (
        '<script type="application/ld+json">{"@context":"https://schema.org","@type":"A'
        'rticle","license":"%sby/4.0/"}</script>' % CC,
        "kr-current",
    ),
    "by upper": (f'<A REL="LICENSE" HREF="{CC}by/4.0/">CC BY</A>', "kr-current"),
    "by mark words": (
        f'This work is licensed under a <a rel="license" href="{CC}by/4.0/">Creative '
        f"Commons Attribution 4.0 International License</a>.",
        "kr-current",
    ),
}


def permissions() -> Iterator[Page]:
    quiet = http(news().encode(), HTML)
    for line in PERMITTED_LINES:
        yield Page(f"yes/{line}", http(news().encode(), HTML, line.encode()), ALLOWED)
    for text in PERMITTED_HEADS:
        yield Page(f"yes/{text}", http(news(text).encode(), HTML), ALLOWED)
    for number, text in enumerate(PERMITTED_ROBOTS):
        yield Page(
            f"yes/robots {number} {text[:50]!r}",
            quiet,
            ALLOWED,
            {"/robots.txt": http(text.encode(), b"Content-Type: text/plain")},
        )
    for what, (path, text) in PERMITTED_FILES.items():
        yield Page(f"yes/{what}", quiet, ALLOWED, {path: http(text.encode())})
    for what, (text, regime) in GRANTED.items():
        for where, room in (
            ("body", lambda t: news("", t)),
            ("foot", lambda t: news("", f"<footer>{t}</footer>")),
        ):
            yield Page(
                f"yes/{what}/{where}", http(room(text).encode(), HTML), ALLOWED, regime=regime
            )
        octets = news("", text).replace("'utf-8'", "'euc-kr'").encode("euc-kr", "replace")
        yield Page(
            f"yes/{what}/euc-kr",
            http(octets, b"Content-Type: text/html; charset=euc-kr"),
            ALLOWED,
            regime=regime,
        )
    for status in (
        b"HTTP/1.1 404 x",
        b"HTTP/1.1 410 x",
        b"HTTP/1.1 403 x",
        b"HTTP/1.1 401 x",
        b"HTTP/1.1 204 x",
    ):
        for path in ("/robots.txt", TDMREP, "/ai.txt"):
            if path == TDMREP and status[9:12] not in (b"404", b"410"):
                continue  # that it may not be seen, or is empty, tells nothing of what it says
            yield Page(
                f"yes/{path} {status!r}", quiet, ALLOWED, {path: http(b"", status=status)}
            )
    for how, (encoding, line) in CHARSETS.items():
        if how in (
            "utf-8 bom",
            "utf-16",
            "utf-16le named",
            "euc-kr",
            "cp949 quoted",
            "no blank",
            "xhtml",
            "no type",
            "iso-2022-kr",
        ):
            text = news("<meta name='robots' content='all'>").replace(
                "<meta charset='utf-8'>", ""
            )
            yield Page(f"yes/charset {how}", http(_brief(text, encoding), line), ALLOWED)
    for how in (
        "gzip",
        "gzip upper",
        "zlib",
        "raw deflate",
        "chunked 7",
        "chunked gzip",
    ):
        code, lines = CODINGS[how]
        yield Page(f"yes/coding {how}", http(code(news().encode()), HTML, *lines), ALLOWED)


def ordinary() -> Iterator[Page]:
    for text in ABOUT_AI:
        yield Page(f"calm/{text}", http(news("", f"<p>{text}</p>").encode(), HTML), CALM)
    for text in ARTICLES:
        yield Page(f"article/{text}", http(news("", f"<p>{text}</p>").encode(), HTML), CALM)


def quiet_pages() -> list[Page]:
    return [*permissions(), *ordinary()]


def pages() -> list[Page]:
    return [*refusals(), *quiet_pages()]
