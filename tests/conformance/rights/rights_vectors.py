"""Builds the public vectors (CC0) from the specifications, never from the engine.

Every vector says what is given (headers, page, site files, path) and what one protocol then
says about training: yes, no, unknown, malformed, conflict, offer, or null for silence. Run as
a program to write `vectors/*.json`; a test holds the files to this source.
"""

from __future__ import annotations

import itertools
import json
from pathlib import Path

HERE = Path(__file__).parent
LICENCE = "CC0-1.0"
Given = dict[str, object]


def vector(id: str, section: str, given: Given, expect: object, field: str = "train") -> dict:
    return {"id": id, "section": section, "given": given, "expect": {field: expect}}


def numbered(protocol: str, rows: list[tuple[str, Given, object]]) -> list[dict]:
    return [
        vector(f"{protocol}-{n:03}", section, given, expect)
        for n, (section, given, expect) in enumerate(rows, 1)
    ]


def headers(*lines: tuple[str, str]) -> Given:
    return {"headers": [list(line) for line in lines]}


def page(html: str) -> Given:
    return {"html": html}


def site(name: str, content: str, path: str = "/a/b.html") -> Given:
    return {"files": {name: content}, "path": path}


def cases_of(name: str) -> list[str]:
    return [name, name.upper(), name.title(), name.lower(), name.capitalize()]


# --- TDMRep -----------------------------------------------------------------------------------

TDM_VALUES = {
    "1": "no",
    "0": "yes",
    " 1 ": "no",
    "\t0": "yes",
    "2": "malformed",
    "true": "malformed",
    "": "malformed",
    "1,0": "malformed",
    "01": "malformed",
    "yes": "malformed",
    "1;": "malformed",
    "-1": "malformed",
}


def tdm_headers() -> list:
    rows = [
        ("Protocol in HTTP responses", headers((name, value)), said)
        for name in cases_of("tdm-reservation")
        for value, said in TDM_VALUES.items()
    ]
    rows += [
        (
            "Repeated lines",
            headers(("tdm-reservation", a), ("TDM-Reservation", b)),
            "conflict" if a != b else {"1": "no", "0": "yes"}[a],
        )
        for a, b in itertools.product("01", repeat=2)
    ]
    rows += [
        ("A policy reserves nothing by itself", headers(("tdm-policy", "https://e/p")), None),
        ("Another header", headers(("tdm-reservations", "1")), None),
        ("Older name", headers(("x-tdm-reservation", "1")), None),
    ]
    return rows


def tdm_pages() -> list:
    rows = []
    for value, said in TDM_VALUES.items():
        for html in (
            f'<html><head><meta name="tdm-reservation" content="{value}"></head></html>',
            f"<head><META NAME='TDM-Reservation' CONTENT='{value}'></head>",
            f'<head><meta content="{value}" name="tdm-reservation"/></head>',
            f'<p>x</p>\n<meta\n name = "tdm-reservation"\n content = "{value}" >',
        ):
            rows.append(("Protocol in HTML", page(html), said))
    rows += [
        ("In a comment", page('<!-- <meta name="tdm-reservation" content="1"> -->'), None),
        (
            "In a script",
            page('<script>\'<meta name="tdm-reservation" content="1">\'</script>'),
            None,
        ),
        ("Two that agree", page('<meta name="tdm-reservation" content="1">' * 2), "no"),
        (
            "Two that differ",
            page(
                '<meta name="tdm-reservation" content="1">'
                '<meta name="tdm-reservation" content="0">'
            ),
            "conflict",
        ),
        ("Character references", page('<meta name="tdm-reservation" content="&#49;">'), "no"),
        ("References in the name", page('<meta name="tdm&#45;reservation" content="1">'), "no"),
        ("No content", page('<meta name="tdm-reservation">'), "malformed"),
    ]
    return rows


def tdm_file(*entries: object) -> str:
    return json.dumps(list(entries))


def entry(location: object, value: object) -> dict:
    return {"location": location, "tdm-reservation": value}


LOCATIONS = [
    ("/", "/a/b.html", True),
    ("/a/", "/a/b.html", True),
    ("/b/", "/a/b.html", False),
    ("*", "/a/b.html", True),
    ("/*.html$", "/a/b.html", True),
    ("/*.html$", "/a/b.html?x", False),
    ("/A/", "/a/b.html", False),
    ("/a/*", "/a/b.html", True),
    ("/%61/", "/a/b.html", True),
    ("/마당", "/%EB%A7%88%EB%8B%B9", True),
    ("/%eb%a7%88", "/마", True),
    ("/a/b.html$", "/a/b.html", True),
    ("/a", "/ab", True),
    ("/a$", "/ab", False),
    ("/a*c", "/abbc", True),
    ("/a*c$", "/abcd", False),
    ("/?q", "/?q=1", True),
    ("/a/b", "/a", False),
]
JSON_VALUES = [
    (1, "no"),
    (0, "yes"),
    ("1", "malformed"),
    (True, "malformed"),
    (None, "malformed"),
    (2, "malformed"),
    (1.5, "malformed"),
    ([1], "malformed"),
    ("yes", "malformed"),
]
WHOLE = [
    ("{}", "malformed"),
    ("null", "malformed"),
    ("", "malformed"),
    ("[", "malformed"),
    ("[]", None),
    ("[1]", "malformed"),
    ("[{}]", "malformed"),
    ('"x"', "malformed"),
    ('[{"location": "/"}]', "malformed"),
    ('[{"tdm-reservation": 1}]', "malformed"),
    ('[{"location": 5, "tdm-reservation": 1}]', "malformed"),
    ('[{"location": "", "tdm-reservation": 1}]', "malformed"),
    ('[{"location": "/", "tdm-reservation": 1, "x": {}}]', "no"),
    ('\ufeff[{"location": "/", "tdm-reservation": 1}]', "no"),
    ('[{"location": "/", "tdm-reservation": 1, "tdm-reservation": 0}]', "malformed"),
    ('[{"location": "/", "tdm-reservation": 1, "tdm-policy": 7}]', "no"),
    ('{"location": "/", "tdm-reservation": 1}', "malformed"),
    ("[" * 5000, "malformed"),
]
TDM_NAME = "/.well-known/tdmrep.json"


def tdm_files() -> list:
    rows = []
    for location, path, reaches in LOCATIONS:
        for value, said in JSON_VALUES:
            rows.append(
                (
                    "Protocol as a file",
                    site(TDM_NAME, tdm_file(entry(location, value)), path),
                    said if reaches else None,
                )
            )
    rows += [("The whole file", site(TDM_NAME, text), said) for text, said in WHOLE]
    two = [entry("/a/", 0), entry("/", 1)]
    rows += [
        ("First and most specific agree", site(TDM_NAME, tdm_file(*two)), "yes"),
        ("First and most specific differ", site(TDM_NAME, tdm_file(*two[::-1])), "conflict"),
        ("Two for the same path", site(TDM_NAME, tdm_file(entry("/", 1), entry("/", 1))), "no"),
        (
            "Only the other matches",
            site(TDM_NAME, tdm_file(entry("/z/", 1), entry("/", 0))),
            "yes",
        ),
    ]
    return rows


def tdm_precedence() -> list:
    """A later carrier supersedes; absence never resets."""
    rows = []
    for file, header, html in itertools.product((None, 0, 1), repeat=3):
        given: Given = {"path": "/a/b.html"}
        if file is not None:
            given["files"] = {TDM_NAME: tdm_file(entry("/", file))}
        if header is not None:
            given["headers"] = [["tdm-reservation", str(header)]]
        if html is not None:
            given["html"] = f'<meta name="tdm-reservation" content="{html}">'
        last = [value for value in (file, header, html) if value is not None]
        rows.append(
            ("Precedence of carriers", given, None if not last else "no" if last[-1] else "yes")
        )
    return rows


def tdm_documents() -> list:
    rows = []
    for value, said in {"1": "no", "0": "yes", "2": "malformed"}.items():
        rows += [
            (
                "EPUB 2",
                {
                    "opf": f'<package><metadata><meta name="tdm:reservation" content="{value}"'
                    "/></metadata></package>"
                },
                said,
            ),
            (
                "EPUB 3",
                {
                    "opf": '<package prefix="tdm: http://www.w3.org/ns/tdmrep#"><metadata>'
                    f'<meta property="tdm:reservation">{value}</meta></metadata>'
                    "</package>"
                },
                said,
            ),
            (
                "PDF, attribute",
                {
                    "xmp": '<rdf:Description xmlns:tdm="http://www.w3.org/ns/tdmrep/"'
                    f' tdm:reservation="{value}"/>'
                },
                said,
            ),
            (
                "PDF, element",
                {
                    "xmp": "<rdf:Description><tdm:reservation>"
                    f"{value}</tdm:reservation></rdf:Description>"
                },
                said,
            ),
        ]
    return rows


def tdmrep() -> list[dict]:
    rows = tdm_headers() + tdm_pages() + tdm_files() + tdm_precedence() + tdm_documents()
    return numbered("tdmrep", rows)


# --- aipref -----------------------------------------------------------------------------------

FIELDS = {
    "train-ai=n": "no",
    "train-ai=y": "yes",
    "train-ai=n, search=y": "no",
    "search=y, train-ai=n": "no",
    "train-ai=y,search=n": "yes",
    "search=n": None,
    "search=y": None,
    "train-ai": "unknown",
    "train-ai=?1": "unknown",
    "train-ai=?0": "unknown",
    'train-ai="n"': "unknown",
    "train-ai=no": "unknown",
    "train-ai=N": "unknown",
    "train-ai=1": "unknown",
    "train-ai=(n)": "unknown",
    "train-ai=:bg==:": "unknown",
    "train-ai=@1": "unknown",
    'train-ai=%"n"': "unknown",
    "train-ai=n;q=1": "no",
    "train-ai=y;x": "yes",
    "train-ai=n;exceptions=cc-cr-ec": "no",
    "train-ai=y, train-ai=n": "no",
    "train-ai=n, train-ai=y": "yes",
    "train-ai = n": "malformed",
    "Train-AI=n": "malformed",
    "TRAIN-AI=N": "malformed",
    "train-ai=n,": "malformed",
    ",train-ai=n": "malformed",
    "train-ai=n;;": "malformed",
    "train-ai=n search=y": "malformed",
    "train-ai:n": "malformed",
    "train-ai=": "malformed",
    "=n": "malformed",
    "train-genai=n": "unknown",
    "genai=n": "unknown",
    "bots=n": "unknown",
    "ai=n": "unknown",
    "all=n": None,
    "foo=n": None,
    "foo=n, train-ai=n": "no",
    "train-genai=n, train-ai=y": "yes",
    'train-ai=n, x="a, b"': "no",
    "a=1.5, train-ai=y": "yes",
    "train-ai=n\u00a0": "malformed",
    "": None,
    "  train-ai=n  ": "no",
    "train-ai=n\t,\tsearch=y": "no",
    "*a=1, train-ai=n": "no",
    "9=1, train-ai=n": "malformed",
    "a=1.2345, train-ai=n": "malformed",
    'a="\u00e9", train-ai=n': "malformed",
}


def aipref_headers() -> list:
    rows = [
        ("Content-Usage header", headers((name, text)), said)
        for name in ("Content-Usage", "content-usage", "CONTENT-USAGE")
        for text, said in FIELDS.items()
    ]
    rows += [
        (
            "Joined before parsing",
            headers(("Content-Usage", "train-ai=y"), ("Content-Usage", "train-ai=n")),
            "no",
        ),
        (
            "Joined, the last wins",
            headers(("Content-Usage", "train-ai=n"), ("Content-Usage", "train-ai=y")),
            "yes",
        ),
        (
            "One bad line spoils the field",
            headers(("Content-Usage", "train-ai=n"), ("Content-Usage", "Search=y")),
            "malformed",
        ),
        ("Other headers are not read", headers(("Content-Use", "train-ai=n")), None),
    ]
    return rows


def usage_file(*lines: str, agent: str = "*") -> str:
    return f"User-agent: {agent}\n" + "".join(f"{line}\n" for line in lines)


def aipref_robots() -> list:
    rows = []
    for text, said in FIELDS.items():
        if not text.strip() or "\u00a0" in text:
            continue
        for prefix in ("", "/ ", "/a/ ", "/a/\t", "/* ", "/a/*.html "):
            given = site(
                "/robots.txt", usage_file(f"Content-Usage: {prefix}{text}", "Allow: /")
            )
            rows.append(("Content-Usage in robots.txt", given, said))
    off = site("/robots.txt", usage_file("Content-Usage: /z/ train-ai=n", "Allow: /"))
    rows += [
        ("A rule for another path", off, None),
        (
            "The longest path wins",
            site(
                "/robots.txt",
                usage_file(
                    "Content-Usage: /a/ train-ai=y", "Content-Usage: / train-ai=n", "Allow: /"
                ),
            ),
            "yes",
        ),
        (
            "The same path combines restrictively",
            site(
                "/robots.txt",
                usage_file(
                    "Content-Usage: /a/ train-ai=y", "Content-Usage: /a/ train-ai=n", "Allow: /"
                ),
            ),
            "no",
        ),
        (
            "Paths that may not be crawled have none",
            site("/robots.txt", usage_file("Content-Usage: train-ai=n", "Disallow: /a/")),
            None,
        ),
        (
            "Case of the key does not matter",
            site("/robots.txt", usage_file("CONTENT-USAGE: train-ai=n", "Allow: /")),
            "no",
        ),
        (
            "Another agent's group",
            site(
                "/robots.txt",
                usage_file("Content-Usage: train-ai=n", agent="Other")
                + "User-agent: *\nAllow: /\n",
            ),
            None,
        ),
    ]
    return rows


def aipref_between() -> list:
    rows = []
    for robots, header in itertools.product(("y", "n", None), repeat=2):
        given: Given = {
            "path": "/a/b.html",
            "files": {
                "/robots.txt": usage_file(
                    *([f"Content-Usage: train-ai={robots}"] if robots else []), "Allow: /"
                )
            },
        }
        if header:
            given["headers"] = [["Content-Usage", f"train-ai={header}"]]
        said = {robots, header} - {None}
        rows.append(
            (
                "Most restrictive between carriers",
                given,
                None if not said else "no" if "n" in said else "yes",
            )
        )
    return rows


def aipref() -> list[dict]:
    return numbered("aipref", aipref_headers() + aipref_robots() + aipref_between())


# --- Content Signals --------------------------------------------------------------------------

SIGNALS = {
    "ai-train=no": "no",
    "ai-train=yes": "yes",
    "search=yes, ai-train=no": "no",
    "search=yes,ai-input=no,ai-train=no,use=reference": "no",
    "search=yes": None,
    "ai-input=no": None,
    "ai-train=n": "malformed",
    "ai-train=y": "malformed",
    "ai-train=false": "malformed",
    "ai-train": "malformed",
    "ai-train=": "malformed",
    "ai-training=no": "malformed",
    "search-ai=no": "malformed",
    "ai-train:no": "malformed",
    "conditional": "malformed",
    "AI-TRAIN=NO": "no",
    "ai-train = no": "no",
    " ai-train=yes ": "yes",
    "ai-train=no,": "no",
    "ai-train=yes, ai-train=no": "conflict",
    "ai-train=no, ai-train=no": "no",
    "use=full": None,
    "use=reference, ai-train=yes": "yes",
    "train=no": "malformed",
    "ai-train=maybe": "malformed",
    "ai=no": "malformed",
    "ai-train=1": "malformed",
    "search=no": None,
    "ai-input=yes": None,
    "search=yes, ai-input=yes, ai-train=yes": "yes",
    "ai_train=no": "malformed",
}


def content_signal() -> list[dict]:
    rows = []
    for text, said in SIGNALS.items():
        for key in ("Content-Signal", "content-signal", "CONTENT-SIGNAL"):
            for end in ("\n", "\r\n", "\r"):
                file = end.join(["User-agent: *", f"{key}: {text}", "Allow: /", ""])
                rows.append(("In a group", site("/robots.txt", file), said))
        rows.append(("In a header", headers(("Content-Signal", text)), said))
        rows.append(
            (
                "Own group, not *",
                site(
                    "/robots.txt",
                    f"User-agent: MadangBot\nContent-Signal: {text}\nAllow: /\n"
                    "User-agent: *\nContent-Signal: ai-train=yes\n",
                ),
                said,
            )
        )
        rows.append(
            (
                "Another agent's group",
                site("/robots.txt", f"User-agent: Other\nContent-Signal: {text}\nAllow: /\n"),
                None,
            )
        )
    rows += [
        (
            "Two lines, no and silence",
            site(
                "/robots.txt",
                "User-agent: *\n"
                "Content-Signal: search=yes\nContent-Signal: ai-train=no\nAllow: /\n",
            ),
            "no",
        ),
        (
            "Two lines that differ",
            site(
                "/robots.txt",
                "User-agent: *\n"
                "Content-Signal: ai-train=yes\nContent-Signal: ai-train=no\nAllow: /\n",
            ),
            "conflict",
        ),
    ]
    return numbered("content-signal", rows)


# --- noai -------------------------------------------------------------------------------------

DIRECTIVES = {
    "noai": "no",
    "NOAI": "no",
    "NoAi": "no",
    "noindex, noai": "no",
    "noai, nofollow": "no",
    "noai,noimageai": "no",
    "noml": "no",
    "noindex": None,
    "noarchive": None,
    "all": None,
    "index, follow": None,
    "max-snippet:20, noai": "no",
    "noimageindex": None,
    "nosnippet": None,
    "no-ai": "malformed",
    "no ai": "malformed",
    "no_ai": "malformed",
    "noai=1": "malformed",
    "noai;": "no",
    "none": None,
    "noairport": None,
    "no-ml": "malformed",
    '"noai"': "no",
    " noai ": "no",
    "noindex,,noai": "no",
    "noai, noai": "no",
    "no-image-ai": "malformed",
    "notranslate": None,
    "nocache": None,
    "novelai": None,
}


def noai() -> list[dict]:
    rows = []
    for text, said in DIRECTIVES.items():
        for name in ("X-Robots-Tag", "x-robots-tag", "X-ROBOTS-TAG"):
            rows.append(("Header", headers((name, text)), said))
        rows += [
            ("Second line", headers(("X-Robots-Tag", "noindex"), ("X-Robots-Tag", text)), said),
            ("First line", headers(("X-Robots-Tag", text), ("X-Robots-Tag", "noindex")), said),
            ("Another bot's line", headers(("X-Robots-Tag", f"otherbot: {text}")), None),
            ("Our own line", headers(("X-Robots-Tag", f"MadangBot: {text}")), said),
            (
                "A date before",
                headers(
                    ("X-Robots-Tag", "unavailable_after: 2030-01-01"), ("X-Robots-Tag", text)
                ),
                said,
            ),
        ]
        quoted = text.replace('"', "&quot;")
        rows += [
            ("Page", page(f'<head><meta name="robots" content="{quoted}"></head>'), said),
            ("Page, capitals", page(f'<META NAME="ROBOTS" CONTENT="{quoted}">'), said),
            ("Page, another bot", page(f'<meta name="otherbot" content="{quoted}">'), None),
            ("Page, our own", page(f'<meta name="madangbot" content="{quoted}">'), said),
            (
                "Page, in a comment",
                page(f'<!--<meta name="robots" content="{quoted}">-->'),
                None,
            ),
        ]
    rows += [
        ("Character reference", page('<meta name="robots" content="no&#97;i">'), "no"),
        ("Hex reference", page('<meta name="robots" content="&#x6e;oai">'), "no"),
        ("In prose", page("<p>noai</p>"), None),
    ]
    return numbered("noai", rows)


# --- KOGL -------------------------------------------------------------------------------------

TYPES = ("0", "1", "2", "3", "4", "AI")


def link(kind: str, host: str = "https://www.kogl.or.kr") -> str:
    return f'<a href="{host}/info/licenseType{kind.title() if kind == "AI" else kind}.do">x</a>'


def kogl() -> list[dict]:
    rows = []
    for kind in TYPES:
        id = [f"LicenseRef-KOGL-{kind}"]
        hosts = (
            "https://www.kogl.or.kr",
            "http://www.kogl.or.kr",
            "//kogl.or.kr",
            "https://kogl.or.kr",
        )
        rows += [("Link", page(f"<p>{link(kind, host)}</p>"), id) for host in hosts]
        rows += [
            ("Link with a query", page(link(kind).replace(".do", ".do?lang=ko")), id),
            (
                "Link, EUC-KR page",
                {"html": f"<p>공공누리</p>{link(kind)}", "charset": "euc-kr"},
                id,
            ),
            ("Link twice", page(link(kind) * 2), id),
            ("Another host", page(link(kind, "https://kogl.example")), []),
            (
                "Link around a mark",
                page(link(kind).replace(">x<", '><img src="/x.png" alt="">x<')),
                id,
            ),
        ]
        rows += [
            ("Link, capitals", page(f"<P>{link(kind).upper()}</P>"), id),
            ("Link in a comment", page(f"<!-- {link(kind)} -->"), []),
            ("Link in a form", page(f"<form>{link(kind)}</form>"), []),
            ("Alternative text", page(f'<img src="/m.png" alt="공공누리 제{kind}유형">'), id),
            (
                "Alternative text, EUC-KR",
                {
                    "html": f'<img src="/m.png" alt="공공누리 제{kind}유형">',
                    "charset": "euc-kr",
                },
                id,
            ),
        ]
        if kind == "AI":
            continue
        names = (
            f"img_opencode{kind}.jpg",
            f"new_img_opencode{kind}.jpg",
            f"new_img_opencode{kind}_m.jpg",
            f"img_opencode{kind}_m.jpg",
            f"new_img_opentype0{kind}.png",
            f"IMG_OPENCODE{kind}.JPG",
        )
        for name in names:
            for folder in ("/images/", "https://www.example.go.kr/kogl/", ""):
                rows.append(("Mark", page(f'<img src="{folder}{name}" alt="">'), id))
            rows += [
                ("Mark in a comment", page(f'<!-- <img src="/{name}"> -->'), []),
                (
                    "Mark in an editor",
                    page(
                        f'<select><option><img src="/{name}"></option>'
                        "</select><textarea></textarea>"
                    ),
                    [],
                ),
                (
                    "Mark in a form",
                    page(f'<form><label><img src="/{name}"></label></form>'),
                    [],
                ),
            ]
    for a, b in itertools.combinations(TYPES, 2):
        both = [f"LicenseRef-KOGL-{kind}" for kind in (a, b)]
        rows += [
            ("Two marks in one scope", page(link(a) + link(b)), both),
            ("Two marks, other order", page(link(b) + link(a)), both),
        ]
    rows += [
        (
            "The page of all types",
            page('<a href="https://www.kogl.or.kr/info/license.do">공공누리</a>'),
            [],
        ),
        ("Prose about the marks", page("<p>공공누리 제1유형은 출처표시만 요구한다.</p>"), []),
        ("Another file name", page('<img src="/opencode1.jpg">'), []),
        ("No number", page('<img src="/img_opencode.jpg">'), []),
        ("A file name inside another", page('<img src="/myimg_opencode1.jpg">'), []),
        ("Another number", page('<img src="/img_opencode7.jpg">'), []),
        (
            "Link and mark agree",
            page(link("1") + '<img src="/img_opencode1.jpg">'),
            ["LicenseRef-KOGL-1"],
        ),
    ]
    return [
        vector(f"kogl-{n:03}", section, given, expect, "licences")
        for n, (section, given, expect) in enumerate(rows, 1)
    ]


# --- RSL --------------------------------------------------------------------------------------

RSL_TOKENS = {
    "all": True,
    "ai-all": True,
    "ai-train": True,
    "train-ai": True,
    "ai-input": False,
    "ai-index": False,
    "search": False,
    "AI-Train": True,
    "ai-train search": True,
    "search,ai-train": True,
    "search,\n  ai-all": True,
    "ai-input ai-index search": False,
    "ai-training": False,
    "train": False,
}
RSL_PAYMENTS = {
    "": False,
    '<payment type="free"/>': False,
    '<payment type="attribution"/>': False,
    '<payment type="purchase"/>': True,
    '<payment type="subscription"/>': True,
    '<payment type="training"/>': True,
    "<payment/>": True,
}


def rsl_document(*contents: str) -> str:
    return f'<rsl xmlns="https://rslstandard.org/rsl">{"".join(contents)}</rsl>'


def rsl_content(*licences: str, url: str = "/", server: bool = False) -> str:
    asked = ' server="https://l.example"' if server else ""
    return f'<content url="{url}"{asked}>{"".join(licences)}</content>'


def rsl_licence(permits: str = "", prohibits: str = "", payment: str = "") -> str:
    inner = f'<permits type="usage">{permits}</permits>' if permits else ""
    inner += f'<prohibits type="usage">{prohibits}</prohibits>' if prohibits else ""
    return f"<license>{inner}{payment}</license>"


def terms(xml: str, path: str = "/a/b.html") -> Given:
    return {"rsl": xml, "path": path}


def rsl_rows() -> list:
    rows = []
    for token, is_training in RSL_TOKENS.items():
        forbidden = rsl_licence(prohibits=token)
        rows += [
            ("prohibits", terms(rsl_document(rsl_content(forbidden))), _forbids(is_training)),
            (
                "prohibits, for money",
                terms(rsl_document(rsl_content(rsl_licence("", token, "<payment/>")))),
                "no" if is_training else "offer",
            ),
        ]
        for payment, is_paid in RSL_PAYMENTS.items():
            for server in (False, True):
                content = rsl_content(rsl_licence(token, "", payment), server=server)
                said = "unknown"
                if is_training:
                    said = "offer" if is_paid or server else "yes"
                rows.append(("permits", terms(rsl_document(content)), said))
        free, paid = rsl_licence(token), rsl_licence(token, "", '<payment type="purchase"/>')
        first = paid.replace("<license>", "<license><payment/>")
        for section, content in (
            ("two licences, one for money", rsl_content(free, paid)),
            ("payment before permits", rsl_content(first)),
        ):
            said = "offer" if is_training else "unknown"
            rows.append((section, terms(rsl_document(content)), said))
        rows.append(
            (
                "prohibits beats permits",
                terms(rsl_document(rsl_content(rsl_licence("all", token)))),
                "no" if is_training else "yes",
            )
        )
    return rows


def _forbids(is_training: bool) -> str:
    return "no" if is_training else "unknown"


def rsl_scopes() -> list:
    no, yes = rsl_licence(prohibits="ai-train"), rsl_licence(permits="ai-train")
    rows = []
    for url, reaches in {
        "/": True,
        "/*": True,
        "/a/": True,
        "/a/b.html": True,
        "/a/b.html$": True,
        "/a/*.html$": True,
        "https://e.example/a/": True,
        "/c/": False,
        "/a/b.htmlx": False,
        "/a/$": False,
        "/a/*.pdf": False,
    }.items():
        said = "no" if reaches else None
        rows.append(("content url", terms(rsl_document(rsl_content(no, url=url))), said))
        both = rsl_document(rsl_content(yes), rsl_content(no, url=url))
        rows.append(("two contents", terms(both), "no" if reaches else "yes"))
    rows += [
        ("several licences", terms(rsl_document(rsl_content(yes, no))), "no"),
        ("several licences", terms(rsl_document(rsl_content(no, yes))), "no"),
        ("no licence", terms(rsl_document(rsl_content())), "unknown"),
        ("no licence, a server", terms(rsl_document(rsl_content(server=True))), "offer"),
    ]
    scoped = (
        '<license><permits type="usage">ai-train</permits>'
        '<permits type="geo">KR</permits></license>'
    )
    rows.append(("scope by place", terms(rsl_document(rsl_content(scoped))), "offer"))
    return rows


def rsl_broken() -> list:
    good = rsl_document(rsl_content(rsl_licence("all")))
    broken = {
        "not XML": "permits: all",
        "empty": "",
        "cut": good[:-9],
        "no content": rsl_document(),
        "entity": '<!DOCTYPE rsl [<!ENTITY e "all">]>' + good.replace("all", "&e;"),
        "external entity": '<!DOCTYPE rsl SYSTEM "file:///etc/passwd">' + good,
        "two roots": good + good,
        "unknown entity": good.replace("all", "&nothing;"),
        "JSON": '{"permits": "all"}',
        "HTML": "<!doctype html><p>404",
    }
    return [(f"document: {name}", terms(text), "malformed") for name, text in broken.items()]


def rsl() -> list[dict]:
    return numbered("rsl", [*rsl_rows(), *rsl_scopes(), *rsl_broken()])


# --- C2PA and CAWG ----------------------------------------------------------------------------

USES = {
    "allowed": ({"use": "allowed"}, "yes"),
    "notAllowed": ({"use": "notAllowed"}, "no"),
    "constrained": ({"use": "constrained"}, "no"),
    "constrained, told how": ({"use": "constrained", "constraint_info": "ask us"}, "offer"),
    "constrained, told nothing": ({"use": "constrained", "constraint_info": ""}, "no"),
    "another word": ({"use": "perhaps"}, "malformed"),
    "no use": ({}, "malformed"),
}
BINDS = {
    "ai_generative_training": ("generative",),
    "ai_training": ("other",),
    "data_mining": ("generative", "other"),
    "ai_inference": (),
}
STRICT = ("no", "malformed", "unknown", "offer", "yes")


def manifest(entries: dict, kind: str, *, trusted: bool = True, label: str = "cawg") -> Given:
    named = {f"{label}.{name}": entry for name, entry in entries.items()}
    assertion = {"label": f"{label}.training-mining", "data": {"entries": named}}
    return {"c2pa": assertion, "model_kind": kind, "trusted": trusted}


def strictest(values: list[str]) -> str | None:
    return next((value for value in STRICT if value in values), None)


def c2pa_single() -> list:
    rows = []
    for (name, kinds), (use, (entry, said)), label, kind, trusted in itertools.product(
        BINDS.items(), USES.items(), ("cawg", "c2pa"), ("generative", "other"), (True, False)
    ):
        if name == "ai_training" and said == "malformed" and kind not in kinds:
            continue  # whom an unreadable entry binds is not written anywhere
        values = [said] if kind in kinds else []
        if not trusted:
            values = [v if v not in ("yes", "no") else "unknown" for v in values] + ["unknown"]
        given = manifest({name: entry}, kind, trusted=trusted, label=label)
        rows.append((f"{name}: {use}", given, strictest(values)))
    return rows


def c2pa_pairs() -> list:
    rows = []
    plain = {use: USES[use] for use in ("allowed", "notAllowed", "constrained, told how")}
    names = list(BINDS)
    for one, other in itertools.combinations(names, 2):
        for (use, (a, x)), (_, (b, y)), kind in itertools.product(
            plain.items(), plain.items(), ("generative", "other")
        ):
            pairs = ((one, x), (other, y))
            values = [said for name, said in pairs if kind in BINDS[name]]
            given = manifest({one: a, other: b}, kind)
            rows.append((f"{one} and {other}: {use}", given, strictest(values)))
    return rows


def c2pa() -> list[dict]:
    return numbered("c2pa", [*c2pa_single(), *c2pa_pairs()])


FAMILIES = {
    "tdmrep": tdmrep,
    "aipref": aipref,
    "content-signal": content_signal,
    "noai": noai,
    "kogl": kogl,
    "rsl": rsl,
    "c2pa": c2pa,
}


def document(name: str) -> str:
    vectors = FAMILIES[name]()
    lines = ",\n".join(json.dumps(v, ensure_ascii=False) for v in vectors)
    head = {
        "protocol": name,
        "licence": LICENCE,
        "own_token": "MadangBot",
        "count": len(vectors),
    }
    return json.dumps(head)[:-1] + ', "vectors": [\n' + lines + "\n]}\n"


def write() -> None:
    folder = HERE / "vectors"
    folder.mkdir(exist_ok=True)
    for name in FAMILIES:
        (folder / f"{name}.json").write_text(document(name), encoding="utf-8")


if __name__ == "__main__":
    write()
