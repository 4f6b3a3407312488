"""One yard and one Chromium for the browser tests of a run."""

from __future__ import annotations

import os
import shutil
import tempfile
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect, sync_playwright
from tests.support.yard import PASSWORD, Yard, open_yard

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
WAIT_MS_MAX = 90_000  # a deadline on a busy machine; no step waits so long when all is well
expect.set_options(timeout=WAIT_MS_MAX // 3)


@pytest.fixture(scope="package")
def yard(postgres_urls) -> Yard:
    folder = Path(tempfile.mkdtemp(prefix="madang-browser-"))
    declared = Path(__file__).with_name("yard.toml").read_text(encoding="utf-8")
    with open_yard(postgres_urls.superuser, folder, declared) as opened:
        yield opened
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="package")
def chromium() -> Browser:
    """The system's Chromium, else the one that playwright brought."""
    given = os.environ.get("MADANG_CHROMIUM") or shutil.which("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=given, args=FLAGS)
        yield browser
        browser.close()


class People:
    """Somebody's own window: signed in once, kept for the whole run."""

    def __init__(self, yard: Yard, browser: Browser) -> None:
        self._yard, self._browser = yard, browser
        self._windows: dict[tuple[str, str], Page] = {}

    def window(self, email: str = "", language: str = "ko") -> Page:
        key = (email, language)
        if key not in self._windows:
            page = self._open(language).new_page()
            page.set_default_timeout(WAIT_MS_MAX)
            if email:
                page.goto("/account/sign-in/")
                page.fill("[name=login]", email)
                page.fill("[name=password]", PASSWORD)
                page.click("main button[type=submit]")
                page.wait_for_url("**/account/desk/")
            self._windows[key] = page
        return self._windows[key]

    def _open(self, language: str) -> BrowserContext:
        context = self._browser.new_context(
            base_url=self._yard.url, timezone_id="Asia/Seoul", locale="ko-KR"
        )
        cookie = {"name": "django_language", "value": language, "url": self._yard.url}
        context.add_cookies([cookie])
        return context


@pytest.fixture(scope="package")
def people(yard, chromium) -> People:
    return People(yard, chromium)
