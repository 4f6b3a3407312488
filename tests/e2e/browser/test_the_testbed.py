"""Goal: maker, agency and reader do all of the test-bed in the browser, with axe on each page.
Method: an official report is handed in, checked, published, taken off, appealed and put back;
a run is ordered. Every page is looked at in both languages, colours included.
"""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page
from testbed_reports import official, zipped

LIM, OP, OP2 = "lim@hanbit.example", "op@agency.example", "op2@agency.example"
DEVICE = "Hanbit H1"
DESK = "/testbed/submissions/"
SPEC = """device = "Hanbit H3"
maker = "Hanbit Chips"
[subject]
kind = "process"
command = ["h3"]
[data]
file = "samples.npz"
[scenario]
name = "SingleStream"
[run]
profile = "quick"
[prediction]
kind = "stated"
value = 1.0
"""


@pytest.fixture(scope="module")
def maker(yard, tmp_path_factory) -> Path:
    """The maker is known; the report lies in a zip, as the run left it."""
    yard.madang("apply", str(Path(__file__).with_name("testbed.toml")))
    folder = tmp_path_factory.mktemp("report")
    path = folder / "report.zip"
    path.write_bytes(zipped(official(folder / "made", device=DEVICE)))
    return path


def look(page: Page, path: str = "") -> Page:
    """No violation, whatever the language, colours included; one heading."""
    if path:
        page.goto(path)
    assert page.locator("h1").count() == 1
    found = Axe().run(page)
    assert not found.violations_count, f"{page.url}\n{found.generate_report()}"
    return page


def press(page: Page, words: str) -> Page:
    page.locator("main").get_by_role("button", name=words, exact=True).click()
    return look(page)


def reasoned(page: Page, action: str, words: str, button: str) -> Page:
    form = page.locator(f"form[action$='{action}']")
    form.locator("textarea, input[type=text]").first.fill(words)
    form.get_by_role("button", name=button, exact=True).click()
    return look(page)


def test_a_report_goes_to_the_board_and_back_by_an_appeal(people, yard, maker):
    lim, op, op2 = (people.window(one) for one in (LIM, OP, OP2))
    look(lim, DESK)
    form = lim.locator("form[action$='/report/']")
    form.locator("input[type=file]").set_input_files(str(maker))
    form.get_by_role("button", name="제출").click()
    look(lim)
    yard.madang("testbed", "collect")
    look(op, DESK).get_by_role("link", name=DEVICE).click()
    one = op.url
    assert "확인 완료" in look(op).inner_text("main")
    assert "게시" in press(op, "게시하기").inner_text("main")
    reasoned(op, "/remove/", "냉각기가 다릅니다.", "게시 내리기")
    lim.goto(one)
    reasoned(lim, "/appeal/", "같은 냉각기입니다.", "이의신청 제출")
    op2.goto(one)
    verdict = op2.locator("form[action*='/testbed/appeals/']")
    verdict.locator("label", has_text="예").first.click()
    verdict.locator("textarea").fill("같은 냉각기가 맞습니다.")
    verdict.get_by_role("button", name="기록", exact=True).click()
    assert "게시" in look(op2, one).locator(".md-lead").inner_text()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_reader_finds_the_report_its_history_its_place_and_its_bytes(people, maker, language):
    anybody = people.window("", language)
    board = look(anybody, "/testbed/")
    row = board.locator("tbody tr", has_text=DEVICE)
    assert "2." in row.inner_text() and "Gwangju" in row.inner_text()
    with anybody.expect_download() as got:
        row.locator("a[href$='report.json']").click()
    assert b"application/vnd.in-toto+json" in Path(got.value.path()).read_bytes()
    history = look(anybody, f"/testbed/device/?device={quote(DEVICE)}")
    assert history.locator("tbody tr").count() == 1
    assert "Gwangju" in look(anybody, "/testbed/pilots/").inner_text("main")
    look(anybody, "/testbed/trials/")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_maker_orders_a_run_and_takes_it_back(people, maker, language):
    lim = people.window(LIM, language)
    look(lim, DESK)
    form = lim.locator("form[action$='/run/']")
    form.locator("textarea").fill(SPEC)
    form.locator("button[type=submit]").click()
    assert "Hanbit H3" in look(lim).inner_text("h1")
    order = lim.url
    look(people.window(OP, language), order)
    withdraw = {"ko": "철회", "en": "Withdraw"}[language]
    reasoned(lim, "/withdraw/", "사양을 다시 씁니다.", withdraw)
    assert lim.locator("form[action$='/withdraw/']").count() == 0
