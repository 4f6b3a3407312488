"""Goal: on a phone what a page is about stands on its first screen, whoever looks. Method: each
person's desk at 390 pixels: the side menu is folded behind its own name, opens by a touch or a
key without a script, and stands open beside the content on a wide screen.
"""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

PHONE = {"width": 390, "height": 844}
DESK = {"width": 1280, "height": 720}
PEOPLE = (
    "kim@hana.example",
    "lee@univ.example",
    "nu@nuri.example",
    "op@agency.example",
    "au@audit.example",
)


def heading_top(page: Page) -> float:
    box = page.locator("main h1").bounding_box()
    assert box is not None
    return box["y"]


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("email", PEOPLE)
def test_the_side_menu_is_folded_on_a_phone_and_stands_open_beside_it(people, email, language):
    page = people.window(email, language)
    page.goto("/account/desk/")
    page.get_by_role("main").get_by_role("link").last.click()  # into the own desk
    links = page.locator(".md-side a")
    summary = page.locator(".md-side summary")
    expect(links.first).to_be_visible()
    expect(summary).to_be_hidden()
    page.set_viewport_size(PHONE)
    try:
        folded = heading_top(page)
        expect(links.first).to_be_hidden()
        menu = page.locator(".md-side").bounding_box()
        assert menu is not None
        assert menu["height"] <= 60, menu
        here = page.locator(".md-side [aria-current]").text_content()
        assert here in (summary.text_content() or ""), "the summary says where one is"
        summary.focus()
        page.keyboard.press("Enter")
        expect(links.first).to_be_visible()
        assert heading_top(page) > folded
    finally:
        page.set_viewport_size(DESK)
