"""Every page that a link leads to, in both languages, under axe.

Goal: no violation on any page, and none wider than a phone. Method: from the public front page
and from each person's desk follow every link of our own; addresses that differ only in an id
are one page, and a page that somebody before has seen is not looked at again. What the story
before has made (applications, a voucher, statements, journals) is among them. Colours do not
change with the language, so their slow rule runs on the Korean page only.
"""

from __future__ import annotations

import re
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
NO_PAGE = re.compile(r"^/(api|static|media)/|/(pdf|xlsx)/$|\.csv$|/files/|/take/")
OWN_PAGES_MIN = 1
PHONE = {"width": 390, "height": 844}
WITHOUT_COLOURS = {"rules": {"color-contrast": {"enabled": False}}}


@pytest.fixture(scope="module")
def seen() -> set[str]:
    return set()


@pytest.mark.parametrize("email", PEOPLE, ids=lambda email: email or "public")
def test_axe_finds_no_violation_on_any_page(people, seen, email):
    waiting = list(STARTS.get(email, ["/account/desk/"]))
    korean, english = people.window(email, "ko"), people.window(email, "en")
    found, looked_at = [], 0
    seen -= {ID.sub("*", path) for path in waiting}  # each desk is somebody's own
    while waiting:
        path = waiting.pop(0)
        shape = ID.sub("*", urlsplit(path).path)
        if shape in seen or NO_PAGE.search(shape):
            continue
        seen.add(shape)
        looked_at += 1
        found += _violations(korean, "ko", path, {})
        found += _wider_than_a_phone(korean, path)
        waiting += _links(korean)
        found += _violations(english, "en", path, WITHOUT_COLOURS)
    assert found == [], "\n\n".join(found)
    assert looked_at >= OWN_PAGES_MIN


def _wider_than_a_phone(page, path: str) -> list[str]:
    """A table may be pushed sideways within its own frame; the page itself may not."""
    desk = page.viewport_size
    page.set_viewport_size(PHONE)
    width = page.evaluate("document.documentElement.scrollWidth")
    page.set_viewport_size(desk)
    return [f"{path}: {width} pixels wide on a phone"] if width > PHONE["width"] else []


def _violations(page, language: str, path: str, options: dict) -> list[str]:
    page.goto(path)
    assert page.locator("html").get_attribute("lang") == language, f"{language} on {path}"
    assert page.locator("h1").count() == 1, f"one h1 on {path}"
    result = Axe().run(page, options=options)
    return [f"{language} {path}\n{result.generate_report()}"] if result.violations_count else []


def _links(page) -> list[str]:
    """Paths of our own that the page links to, one per shape."""
    links = page.eval_on_selector_all("a[href]", "all => all.map(one => one.href)")
    here = urlsplit(page.url).netloc
    parts = [urlsplit(link) for link in links]
    own = [
        one.path + (f"?{one.query}" if one.query else "") for one in parts if one.netloc == here
    ]
    return list({ID.sub("*", urlsplit(path).path): path for path in own}.values())
