"""Goal: whoever holds a grant needs only a browser to run a job, see how far it is, and take
what it left. Method: from the own desk by links and buttons, on the local engine, with axe on
each page; the worker's reading is asked for on the command line, for no worker runs here.
"""

from __future__ import annotations

import time
from datetime import UTC, datetime
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

SCRIPT = """#!/bin/sh
echo "madang-progress: 40"
echo "step 1 of 2"
while [ ! -e go ]; do sleep 0.1; done
echo result > "$MADANG_OUTPUTS/answer.txt"
echo "madang-progress: 100"
"""
ENDLESS = "#!/bin/sh\necho waits\nexec sleep 600\n"
WAIT_S_MAX = 120


@pytest.fixture(scope="module")
def machine(yard):
    year = datetime.now(UTC).year
    text = Path(__file__).with_name("compute.toml").read_text(encoding="utf-8")
    path = yard.data / "compute.toml"
    path.write_text(text.replace("NEXT", str(year + 1)).replace("YEAR", str(year)))
    yard.madang("apply", str(path))
    return yard


def look(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    assert found == [], [(one["id"], one["help"]) for one in found]


def until_page_says(machine, page: Page, text: str) -> None:
    """The worker reads the engine; the page is asked again, until it says so."""
    deadline = time.monotonic() + WAIT_S_MAX
    while text not in page.inner_text("main"):
        assert time.monotonic() < deadline, page.inner_text("main")
        machine.madang("compute", "poll")
        page.reload()


def fill(page: Page, key: str, script: str) -> None:
    page.fill("[name=key]", key)
    page.fill("[name=cards]", "2")
    page.fill("[name=time_limit_s]", "300")
    page.fill("[name=script]", script)
    page.get_by_role("button", name="Submit", exact=True).click()


def test_a_job_is_submitted_watched_and_its_outputs_taken_in_the_browser(machine, people):
    go = machine.data / "go"
    go.parent.chmod(0o755)
    page = people.window("seo@sori.example", "en")
    page.goto("/gpu-grants/")
    page.get_by_role("link", name="g-form").click()
    look(page)
    fill(page, "by-hand", SCRIPT.replace("! -e go", f"! -e {go}"))
    page.wait_for_url("**/gpu-jobs/*/")
    until_page_says(machine, page, "40 per cent done")
    assert "step 1 of 2" in page.inner_text("main")
    expect(page.get_by_role("heading", name="Outputs")).to_have_count(0)
    look(page)
    go.touch()
    until_page_says(machine, page, "Completed")
    until_page_says(machine, page, "answer.txt")
    with page.expect_download() as download:
        page.get_by_role("link", name="answer.txt").click()
    assert Path(download.value.path()).read_text() == "result\n"
    look(page)
    told = machine.madang("compute", "status", "by-hand")
    assert (told["state"], told["progress"]) == ("completed", 100)
    assert told["gpu_seconds"] > 0
    outputs = machine.madang("compute", "outputs", "by-hand", "--to", str(machine.data / "got"))
    assert [one["name"] for one in outputs["outputs"]] == ["answer.txt"]
    assert outputs["more"] == 0
    assert (machine.data / "got" / "answer.txt").read_text() == "result\n"


def test_what_the_form_cannot_take_is_said_beside_the_field_and_nothing_is_held(
    machine, people
):
    page = people.window("seo@sori.example", "en")
    page.goto("/gpu-grants/g-form/")
    fill(page, "", "true")
    assert page.url.endswith("/gpu-grants/g-form/"), "the browser keeps an empty key back"
    page.fill("[name=key]", "too-many")
    page.fill("[name=cards]", "3")
    page.get_by_role("button", name="Submit", exact=True).click()
    page.wait_for_load_state()
    assert "2" in page.inner_text("main")
    assert machine.madang("compute", "grants", "g-form")["gpu_seconds"]["held"] == 0


def test_a_running_job_is_cancelled_with_its_button(machine, people):
    page = people.window("seo@sori.example", "en")
    page.goto("/gpu-grants/g-form/")
    fill(page, "endless", ENDLESS)
    page.wait_for_url("**/gpu-jobs/*/")
    until_page_says(machine, page, "Running")
    page.get_by_role("button", name="Cancel the job").click()
    until_page_says(machine, page, "Cancelled")
    assert machine.madang("compute", "grants", "g-form")["gpu_seconds"]["held"] == 0
