"""What reserves nothing: sixty controls that must be allowed, and two hundred ordinary pages.

The controls lie as near to the refusals as can be; the pages are what sites write every day, of
which at most one in twenty may be sent to a person.
"""

from __future__ import annotations

import random
from collections.abc import Iterator

from rights_raw import ANY, HTML, TDM_NAME, Case, answer, page

LINES = (
    *("X-Robots-Tag: index, follow", "X-Robots-Tag: max-snippet:-1", "X-Robots-Tag: noindex"),
    *("X-Robots-Tag: otherbot: noindex", "X-Robots-Tag: unavailable_after: 2040-01-01"),
    *("Content-Usage: search=y", "Content-Usage: train-ai=y", "Content-Signal: search=yes"),
    *("Content-Signal: ai-train=yes", "TDM-Reservation: 0", "Link: </a.css>; rel=preload"),
    *("Cache-Control: no-transform", "Link: </next>; rel='next'", "X-AI-Model: none of yours"),
    *("Referrer-Policy: no-referrer", "Permissions-Policy: camera=()", "Usage-Count: 12"),
    *("Server: trainline", "Vary: Accept-Encoding", "Set-Cookie: ai=1", "X-Request-Id: no-a1"),
)
HEADS = (
    *(
        '<meta name="description" content="no AI was used to train this dog">',
        "<title>noai</title>",
    ),
    *(
        '<meta name="robots" content="max-image-preview:large">',
        '<meta name="tdm-reservation" content="0">',
    ),
    *(
        '<meta property="og:title" content="Training AI: what may be used">',
        '<meta name="ai" content="">',
    ),
    *(
        '<meta name="viewport" content="width=device-width">',
        '<meta name="rights" content="(c) 2026">',
    ),
    *(
        '<link rel="stylesheet" href="/tdm.css">',
        '<meta name="train" content="Gyeongbu line, 09:00">',
    ),
    *(
        '<meta name="author" content="T. D. Mining">',
        '<script>var noai = "tdm-reservation";</script>',
    ),
)
BODIES = (
    *(
        "<p>The training of dogs is not permitted in the park.</p>",
        "<p>Machine learning is fun.</p>",
    ),
    *("<p>Coal mining was prohibited in 1990.</p>", "<p>All rights reserved.</p>"),
    *("<p>The train must not stop at Daejeon.</p>", "<p>AI will change how we work.</p>"),
    *(
        "<p>무단 전재 및 재배포 금지</p>",
        "<p>주차 금지 구역입니다.</p>",
        "<p>학습 자료를 내려받으세요.</p>",
    ),
    *(
        "<p>인공지능 학과 신입생 모집</p>",
        "<p>You may not smoke here. We use machine learning.</p>",
    ),
    *('<a href="/ai">AI</a>', '<a href="https://creativecommons.org/">Creative Commons</a>'),
    *("<p>The language model answers in Korean.</p>", "<pre>User-agent: GPTBot</pre>"),
    *("<article>one</article><article>two</article>", "<aside>see also</aside>"),
)
FILES = {
    "robots of others": (
        "/robots.txt",
        f"User-agent: SomeShop\nDisallow: /\n\n{ANY}Allow: /\n",
    ),
    "robots of another path": ("/robots.txt", f"{ANY}Disallow: /admin/\n"),
    "robots with a map": ("/robots.txt", f"Sitemap: /s.xml\n{ANY}Disallow:\n"),
    "tdmrep of another path": (TDM_NAME, '[{"location":"/other/*","tdm-reservation":1}]'),
    "tdmrep that is empty": (TDM_NAME, "[]"),
    "tdmrep that does not reserve": (TDM_NAME, '[{"location":"/","tdm-reservation":0}]'),
    "trust of contacts": ("/trust.txt", "contact=mailto:a@b.example\n"),
    "trust that allows": ("/trust.txt", "datatrainingallowed=yes\n"),
    "ai.txt that allows": ("/ai.txt", "User-Agent: *\nAllow: /\n"),
    "well-known that allows": ("/.well-known/ai.txt", "Training: allow\n"),
}


def controls() -> Iterator[Case]:
    for line in LINES:
        yield Case(f"calm {line}", answer(page(), HTML, line.encode()), want="allowed")
    for text in HEADS:
        yield Case(f"calm {text}", answer(page(text), HTML), want="allowed")
    for text in BODIES:
        yield Case(f"calm {text}", answer(page("", text), HTML), want="allowed")
    for name, (path, text) in FILES.items():
        files = {path: [(0.0, answer(text.encode()))]}
        yield Case(f"calm {name}", answer(page(), HTML), files, want="allowed")


# --- ordinary pages --------------------------------------------------------------------------

ORDINARY_COUNT = 200
SENTENCES = (
    *(
        "The council met on Tuesday to discuss the new bridge.",
        "Rain is expected in the south.",
    ),
    *("Our AI team presented a language model at the fair.", "Tickets may not be resold."),
    *("Smoking is prohibited in the hall.", "Data from the survey will be published in May."),
    *("Machine learning helps farmers to plan.", "The train to Busan leaves at nine."),
    *("Students use artificial intelligence to learn languages.", "The mine closed in 1998."),
    *(
        "회의는 화요일에 열렸다.",
        "비가 내릴 것으로 보인다.",
        "인공지능 기업이 새 모델을 공개했다.",
    ),
    *("어린이는 보호자 없이 들어갈 수 없다.", "학생들은 여름 방학에 학습 캠프에 간다."),
    *("이 제품은 딥러닝 기술로 만들었다.", "주차는 제한된다.", "열차는 9시에 떠난다."),
)
FOOTERS = (
    *("© 2026 Example. All rights reserved.", "무단 전재 및 재배포 금지", "Powered by words"),
    *("개인정보 처리방침 | 이용약관", "Copyright 2026. No part may be reproduced.", ""),
)
METAS = (
    *(
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        '<meta name="robots" content="index, follow">',
    ),
    *(
        '<meta property="og:type" content="article">',
        '<meta name="keywords" content="AI, training, news">',
    ),
    *(
        '<meta name="generator" content="WordPress 6.8">',
        '<link rel="icon" href="/favicon.ico">',
    ),
    *('<script type="application/ld+json">{"@type":"NewsArticle","headline":"a"}</script>', ""),
    *(
        '<link rel="alternate" type="application/rss+xml" href="/feed">',
        "<script>window.ai = 1</script>",
    ),
)
ROBOTS = (
    *(
        f"{ANY}Disallow: /wp-admin/\nAllow: /wp-admin/admin-ajax.php\n",
        f"{ANY}Allow: /\n",
        f"{ANY}Disallow:\n",
    ),
    *(
        f"{ANY}Disallow: /search\n\nSitemap: https://x.example/s.xml\n",
        f"{ANY}Crawl-delay: 2\n",
        "# hello\n",
    ),
)
SERVERS = (
    *(
        b"Server: nginx",
        b"X-Powered-By: PHP/8.3",
        b"Cache-Control: max-age=60",
        b"Vary: Accept",
    ),
    *(
        b"Strict-Transport-Security: max-age=1",
        b"Content-Language: ko",
        b"X-Frame-Options: DENY",
    ),
)


def ordinary(seed: int = 1) -> list[Case]:
    rng, found = random.Random(seed), []
    for number in range(ORDINARY_COUNT):
        words = "".join(f"<p>{rng.choice(SENTENCES)}</p>" for _ in range(rng.randint(3, 40)))
        head = "".join(rng.sample(METAS, 4))
        body = f"<main>{words}</main><footer>{rng.choice(FOOTERS)}</footer>"
        raw = answer(page(head, body), HTML, *rng.sample(SERVERS, 3))
        files = {"/robots.txt": [(0.0, answer(rng.choice(ROBOTS).encode()))]}
        found.append(Case(f"ordinary {number}", raw, files, want="allowed"))
    return found
