"""Every page that a link leads to, in both languages, under axe.

Goal: no violation on any page. Method: from each person's desk follow every link of our own;
pages that differ only in an id are looked at once per person. What the story before has made
(applications, a voucher, statements, journals) is among them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
from axe_playwright_python.sync_playwright import Axe

PEOPLE = (
    "",
    "kim@hana.example",
    "lee@univ.example",
    "nu@nuri.example",
    "op@agency.example",
    "au@audit.example",
)
STARTS = {"": ["/", "/account/sign-in/", "/nowhere/"]}
ID = re.compile(r"[0-9a-f]{8}-[0-9a-f-]{27}|\d+|v-[\w-]+|c-[\w-]+|[BKQ]?\d{3,4}[A-Z]?")
NO_PAGE = re.compile(r"^/(api|static|media)/|/(pdf|xlsx)/$|/files/")
PAGES_MAX = 60


@pytest.mark.parametrize("email", PEOPLE, ids=lambda email: email or "public")
def test_axe_finds_no_violation_on_any_page(people, email):
    axe, found, seen = Axe(), [], []
    for path in _pages(people.window(email), STARTS.get(email, ["/account/desk/"])):
        seen.append(path)
        for language in ("ko", "en"):
            page = people.window(email, language)
            page.goto(path)
            assert page.locator("html").get_attribute("lang") == language
            assert page.locator("h1").count() == 1, f"one h1 on {path}"
            result = axe.run(page)
            if result.violations_count:
                found.append(f"{language} {path}\n{result.generate_report()}")
    assert found == [], "\n\n".join(found)
    assert len(seen) >= 5, seen


def _pages(window, starts: list[str]) -> Iterator[str]:
    """Paths that links lead to, each shape once."""
    waiting, shapes = list(starts), set()
    while waiting and len(shapes) < PAGES_MAX:
        path = waiting.pop(0)
        shape = ID.sub("*", urlsplit(path).path)
        if shape in shapes or NO_PAGE.search(shape):
            continue
        shapes.add(shape)
        yield path
        window.goto(path)
        links = window.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
        waiting += [_local(link) for link in links if _is_own(link, window.url)]


def _is_own(link: str, here: str) -> bool:
    return urlsplit(link).netloc == urlsplit(here).netloc


def _local(link: str) -> str:
    parts = urlsplit(link)
    return parts.path + (f"?{parts.query}" if parts.query else "")
