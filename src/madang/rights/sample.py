"""A generated archive that looks like a crawl: hosts of many habits, Korean among them.

Used by the demonstration, the tests and the benchmark. The same seed gives the same bytes, and
each host's habit says what its pages mean, so that a scan can be checked against the truth.
"""

from __future__ import annotations

import base64
import json
import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from madang.rights.scan.writer import Writer

KOREAN_WORDS = [
    "인공지능",
    "기술",
    "데이터",
    "연구",
    "지역",
    "산업",
    "지원",
    "사업",
    "공고",
    "기업",
    "시민",
    "정책",
    "발표",
    "행사",
    "교육",
    "환경",
    "문화",
    "관광",
    "도시",
    "건강",
    "병원",
    "학교",
    "대학",
    "서비스",
    "개선",
    "협력",
    "조사",
    "결과",
    "보고서",
    "현장",
    "전문가",
    "의견",
    "계획",
    "예산",
    "시장",
    "수출",
]
ENGLISH_WORDS = [
    "the",
    "of",
    "and",
    "to",
    "in",
    "for",
    "with",
    "on",
    "local",
    "research",
    "data",
    "service",
    "market",
    "report",
    "city",
    "school",
    "health",
    "people",
    "policy",
    "culture",
    "travel",
    "music",
    "garden",
    "weather",
    "review",
    "history",
    "science",
    "energy",
    "water",
    "food",
]
START = datetime(2026, 3, 1, tzinfo=UTC)
ROBOTS_OPEN = "User-agent: *\nDisallow: /admin/\nAllow: /\n"
NO_GPTBOT = "User-agent: GPTBot\nDisallow: /\n\n"
PROSE_EN = "<p>Text and data mining of this site is reserved.</p>"
PROSE_KO = "<p>본 사이트의 글을 AI 학습에 이용하는 것을 금지합니다.</p>"
NOT_FREE = '<script type="application/ld+json">{"isAccessibleForFree": false}</script>'
TDM = "/.well-known/tdmrep.json"


@dataclass(frozen=True, slots=True)
class Habit:
    """How one kind of host speaks. `train` is what EU-ART4 makes of its pages."""

    name: str
    train: str
    robots: str | None = ROBOTS_OPEN
    tdmrep: str | None = None
    headers: tuple[tuple[str, str], ...] = ()
    head: str = ""
    foot: str = ""
    is_korean: bool = False


def _tdm(value: object) -> str:
    return json.dumps([{"location": "/", "tdm-reservation": value}])


def _kogl(kind: str) -> str:
    return (
        f'<a href="https://www.kogl.or.kr/info/licenseType{kind}.do">'
        f'<img src="/images/new_img_opencode{kind}.jpg" alt="공공누리 제{kind}유형"></a>'
    )


CC = '<a rel="license" href="https://creativecommons.org/licenses/%s/4.0/">CC</a>'
HABITS = (
    Habit("silent", "allowed"),
    Habit("silent-korean", "allowed", is_korean=True),
    Habit("silent-no-robots", "allowed", robots=None),
    Habit("tdm-file", "reserved", tdmrep=_tdm(1)),
    Habit("tdm-file-zero", "allowed", tdmrep=_tdm(0)),
    Habit("tdm-file-malformed", "needs_review", tdmrep=_tdm("1")),
    Habit("tdm-header", "reserved", headers=(("tdm-reservation", "1"),)),
    Habit("tdm-meta", "reserved", head='<meta name="tdm-reservation" content="1">'),
    Habit("robots-all", "reserved", robots="User-agent: *\nDisallow: /\n"),
    Habit("robots-bots", "needs_review", robots=NO_GPTBOT + ROBOTS_OPEN),
    Habit("robots-html", "needs_review", robots="<!DOCTYPE html><html>not here</html>"),
    Habit(
        "content-signal",
        "reserved",
        robots=ROBOTS_OPEN.replace("Allow", "Content-Signal: search=yes,ai-train=no\nAllow"),
    ),
    Habit("aipref-header", "reserved", headers=(("Content-Usage", "train-ai=n"),)),
    Habit(
        "aipref-robots",
        "reserved",
        robots=ROBOTS_OPEN.replace("Allow", "Content-Usage: train-ai=n\nAllow"),
    ),
    Habit("noai-meta", "reserved", head='<meta name="robots" content="index, noai">'),
    Habit(
        "noai-header",
        "reserved",
        headers=(("X-Robots-Tag", "noindex"), ("x-robots-tag", "noai")),
    ),
    Habit("prose", "needs_review", foot=PROSE_EN),
    Habit("prose-korean", "needs_review", is_korean=True, foot=PROSE_KO),
    Habit("cc-by", "allowed", foot=CC % "by"),
    Habit("cc-by-nc", "allowed", foot=CC % "by-nc"),
    Habit("kogl-1", "allowed", is_korean=True, foot=_kogl("1")),
    Habit("kogl-2", "reserved", is_korean=True, foot=_kogl("2")),
    Habit("kogl-all", "needs_review", is_korean=True, foot="".join(_kogl(k) for k in "1234")),
    Habit("paywall", "needs_review", head=NOT_FREE),
)
QUIET = ("silent", "silent-korean", "silent-no-robots")


@dataclass(frozen=True, slots=True)
class Plan:
    """How large an archive is and how many of its hosts say something."""

    pages: int
    hosts: int
    page_bytes: int = 90_000
    quiet_percent: int = 70
    seed: int = 1
    agent: str = "CCBot/2.0"
    compress: bool = True


def habits_of(plan: Plan) -> list[Habit]:
    """One habit per host, every habit at least once when there are enough hosts."""
    rng = random.Random(plan.seed)  # noqa: S311  a generator of samples
    quiet = [habit for habit in HABITS if habit.name in QUIET]
    chosen = list(HABITS[: plan.hosts])
    while len(chosen) < plan.hosts:
        is_quiet = rng.randrange(100) < plan.quiet_percent
        chosen.append(rng.choice(quiet if is_quiet else HABITS))
    return chosen


def host_name(number: int) -> str:
    return f"host{number:06}.example"


def write(path: Path, plan: Plan) -> dict[str, str]:
    """Write the archive; returns the truth, the EU-ART4 verdict on training per address."""
    habits = habits_of(plan)
    rng = random.Random(plan.seed + 1)  # noqa: S311  a generator of samples
    bodies = _bodies(rng, plan.page_bytes)
    writer = Writer(path, compress=plan.compress)
    info = f"software: sample\r\nhttp-header-user-agent: {plan.agent}\r\n".encode()
    writer.record("warcinfo", "", START, info, "application/warc-fields")
    truth: dict[str, str] = {}
    seen: set[int] = set()
    for number in range(plan.pages):
        host = number % plan.hosts if number < plan.hosts else rng.randrange(plan.hosts)
        at = START + timedelta(seconds=number)
        if host not in seen:
            seen.add(host)
            _site_files(writer, host, habits[host], at)
        url = f"https://{host_name(host)}/news/{number}.html"
        _page(writer, url, at, habits[host], rng.choice(bodies[habits[host].is_korean]))
        truth[url] = habits[host].train
    writer.close()
    return truth


def _site_files(writer: Writer, host: int, habit: Habit, at: datetime) -> None:
    """What a careful crawler asks first. Each absence is an answer and is kept."""
    origin = f"https://{host_name(host)}"
    own = f"Sitemap: {origin}/sitemap.xml\n"
    if habit.robots is not None and habit.robots.startswith("User-agent: *"):
        own = f"Disallow: /private-{host}/\nDisallow: /*?s={host}$\n{own}"
    robots = None if habit.robots is None else habit.robots + own
    for path, content in (("/robots.txt", robots), (TDM, habit.tdmrep)):
        mime = "application/json" if path == TDM else "text/plain"
        status, body = (404, b"not found") if content is None else (200, content.encode())
        writer.response(origin + path, at, status, [("Content-Type", mime)], body)


def _page(writer: Writer, url: str, at: datetime, habit: Habit, body: tuple[str, str]) -> None:
    request = f"GET / HTTP/1.1\r\nHost: {url}\r\nUser-Agent: CCBot/2.0\r\n\r\n".encode()
    writer.record("request", url, at, request, "application/http;msgtype=request")
    charset = "euc-kr" if habit.is_korean and url.endswith("7.html") else "utf-8"
    lang = "ko" if habit.is_korean else "en"
    html = (
        f'<!DOCTYPE html><html lang="{lang}"><head><meta charset="{charset}">'
        f"<title>{url}</title>{habit.head}{body[0]}</head>"
        f"<body>{body[1]}{habit.foot}</body></html>"
    )
    headers = [("Content-Type", f"text/html; charset={charset}"), *habit.headers]
    writer.response(url, at, 200, headers, html.encode(charset, "replace"))


def _bodies(rng: random.Random, size: int) -> dict[bool, list[tuple[str, str]]]:
    words = {True: _vocabulary(rng, KOREAN_WORDS), False: _vocabulary(rng, ENGLISH_WORDS)}
    return {korean: [_body(rng, size, words[korean]) for _ in range(24)] for korean in words}


def _vocabulary(rng: random.Random, words: list[str]) -> list[str]:
    """Common words often, compounds of them seldom, about as text repeats itself."""
    rare = ["".join(rng.choices(words, k=2)) for _ in range(1200)]
    return [*(word for word in words for _ in range(24)), *rare]


CLASSES = [
    *(
        "container",
        "row",
        "col-md-4",
        "card",
        "card-body",
        "card-title",
        "nav-item",
        "nav-link",
    ),
    *("btn btn-primary", "media", "article__body", "article__meta", "list-unstyled", "mt-3"),
    *("d-flex", "text-muted", "sidebar__item", "widget", "thumb", "lazyload", "share-icon"),
]
PROPERTIES = [
    *("margin:0 auto", "padding:12px 16px", "display:flex", "color:#333", "font-size:14px"),
    *("line-height:1.6", "background:#fff", "border-radius:4px", "position:relative"),
    *("overflow:hidden", "text-decoration:none", "max-width:1200px", "align-items:center"),
]
CALLS = [
    "document.querySelectorAll('.{0}').forEach(function(e){{e.classList.add('is-{1}')}});",
    "window.dataLayer=window.dataLayer||[];dataLayer.push({{event:'{0}',label:'{1}'}});",
    "var {0}=document.getElementById('{1}');if({0}){{{0}.addEventListener('click',go)}}",
    "(function(w,d){{var s=d.createElement('{0}');s.async=true;w.{1}=s}})(window,document);",
    "registerChunk('{0}','{3:016x}{4:016x}');",
    "if(typeof {0}!=='undefined'){{{0}.init({{target:'{1}',delay:{2}}})}}",
]


def _body(rng: random.Random, size: int, words: list[str]) -> tuple[str, str]:
    """Head and body of one page, in the proportions of real ones: scripts, styles and data are
    near half, markup of few repeated classes most of the rest, text a fifth."""
    head = (
        "".join(_links(rng))
        + f"<style>{_filled(rng, size // 7, _style)}</style>"
        + f"<script>{_filled(rng, size // 4, _script)}</script>"
    )
    menu = "".join(
        f'<li class="nav-item"><a class="nav-link" href="/section/{n}">'
        f"{rng.choice(words)}</a></li>"
        for n in range(60)
    )
    state = json.dumps(
        [{"id": n, "slug": f"post-{rng.getrandbits(20)}", "views": n * 7} for n in range(40)]
    )
    used = len(head) + len(menu) + len(state)
    text = "".join(_parts(rng, max(2000, size - used), words))
    return head, (
        f'<nav><ul class="list-unstyled">{menu}</ul></nav><main>{text}</main>'
        f'<script type="application/json" id="state">{state}</script>'
    )


def _links(rng: random.Random) -> Iterator[str]:
    for name in ("og:title", "og:image", "og:type", "og:url", "twitter:card", "twitter:site"):
        yield f'<meta property="{name}" content="/share/{rng.getrandbits(24):x}.jpg">\n'
    for number in range(12):
        yield f'<link rel="stylesheet" href="/static/css/bundle.{number}.min.css?v=20260301">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'


def _filled(rng: random.Random, size: int, piece: Callable[[random.Random], str]) -> str:
    pieces, made = [], 0
    while made < size:
        pieces.append(piece(rng))
        made += len(pieces[-1])
    return "".join(pieces)


def _style(rng: random.Random) -> str:
    names = rng.choice(CLASSES).replace(" ", ".")
    return f".{names}{{{';'.join(rng.sample(PROPERTIES, 3))}}}\n"


def _script(rng: random.Random) -> str:
    return rng.choice(CALLS).format(
        f"v{rng.randrange(40)}",
        f"widget{rng.randrange(90)}",
        rng.randrange(9000),
        rng.getrandbits(64),
        rng.getrandbits(64),
    )


def _parts(rng: random.Random, size: int, words: list[str]) -> Iterator[str]:
    made = 0
    while made < size:
        part = _card(rng, words) if rng.randrange(3) else _paragraph(rng, words)
        made += len(part.encode())
        yield part


def _paragraph(rng: random.Random, words: list[str]) -> str:
    text = " ".join(rng.choices(words, k=rng.randint(30, 90)))
    link = f'<a href="/tag/{rng.randrange(500)}">{rng.choice(words)}</a>'
    return f'<p class="{rng.choice(CLASSES)}">{text} {link}.</p>\n'


BLUR_BYTES = 72  # with it an archive has near five plain bytes per byte, as real ones have


def _card(rng: random.Random, words: list[str]) -> str:
    number, key = rng.getrandbits(24), f"{rng.getrandbits(64):016x}"
    title = " ".join(rng.choices(words, k=5))
    source = f"https://cdn.example/media/2026/03/{key}/{number}"
    blur = base64.b64encode(rng.randbytes(BLUR_BYTES)).decode()
    return (
        f'<div class="{rng.choice(CLASSES)}" id="post-{number}"><div class="card-body">'
        f'<a class="thumb" href="/news/{number}?utm_source=related&amp;pos={key[:6]}">'
        f'<img class="lazyload" style="background:url(data:image/webp;base64,{blur})" '
        f'src="{source}-320x180.jpg" srcset="{source}-640x360.jpg 640w, '
        f'{source}-1280x720.jpg 1280w" alt="{rng.choice(words)}" width="320" height="180"></a>'
        f'<h3 class="card-title"><a href="/news/{number}">{title}</a></h3>'
        f'<span class="text-muted" data-key="{key}">2026-03-{rng.randint(1, 28):02}</span>'
        f"</div></div>\n"
    )
