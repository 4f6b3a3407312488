"""The way in outside test mode: declared without a password, invited, set on the real page."""

from __future__ import annotations

import re
import signal
import socket
import subprocess
import sys
import time

import httpx
import pytest

DECLARED = """
[[organisation]]
code = "agency"
name = { ko = "운영기관", en = "Agency" }
kind = "public"

[[person]]
email = "ann@agency.example"
organisation = "agency"
roles = ["operator"]
"""
PASSWORD = "the-first-word-2026"
READY_S_MAX, STOP_S_MAX = 120, 60
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@pytest.fixture(scope="module")
def portal(house):
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"http://127.0.0.1:{port}"
    environment = {
        **house.environment(test_mode=False),
        "MADANG_PORTAL_URL": address,
        "MADANG_MAIL_URL": f"file://{house.data}/mail",
    }
    process = subprocess.Popen(
        [sys.executable, "-m", "madang.cli", "portal", "--port", str(port)],
        env=environment,
        stdin=subprocess.DEVNULL,
    )
    deadline = time.monotonic() + READY_S_MAX
    while not is_up(address):
        assert time.monotonic() < deadline
        assert process.poll() is None
    yield address
    process.send_signal(signal.SIGTERM)
    process.wait(STOP_S_MAX)


def is_up(address: str) -> bool:
    try:
        return httpx.get(f"{address}/healthz", timeout=10).status_code == 200
    except httpx.TransportError:
        return False


def sent(client: httpx.Client, path: str, **fields: str) -> httpx.Response:
    """A form as a browser sends it, with the token of its page."""
    page = client.get(path, follow_redirects=True)
    fields["csrfmiddlewaretoken"] = TOKEN.search(page.text)[1]
    here = str(page.url)
    return client.post(here, data=fields, headers={"referer": here}, follow_redirects=True)


def test_first_operator_is_declared_invited_and_signs_in(house, portal):
    assert house.apply(DECLARED, test_mode=False).code == 0
    (listed,) = house.madang("person", "list", test_mode=False).data["people"]
    assert (listed["person"], listed["has_password"]) == ("ann@agency.example", False)
    told = house.madang("person", "invite", "ann@agency.example", test_mode=False)
    assert (told.code, told.data["days"], told.data["sent"]) == (0, 3, False)
    path = "/" + told.data["link"].split("/", 3)[3]
    with httpx.Client(base_url=portal, timeout=60) as browser:
        sent(browser, path, password1=PASSWORD, password2=PASSWORD)
        desk = sent(browser, "/account/sign-in/", login="ann@agency.example", password=PASSWORD)
        assert desk.url.path == "/account/desk/"
    (listed,) = house.madang("person", "list", test_mode=False).data["people"]
    assert listed["has_password"]


def test_lost_password_is_mailed(house, portal):
    with httpx.Client(base_url=portal, timeout=60) as browser:
        page = sent(browser, "/account/password/lost/", email="ann@agency.example")
    assert page.url.path == "/account/password/lost/sent/"
    (letter,) = (house.data / "mail").iterdir()
    assert f"{portal}/account/password/new/" in letter.read_text("utf-8").replace("=\n", "")


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("nobody@agency.example",), "parties.party.unknown"),
        (("ann@agency.example", "--send"), "cli.mail.off"),
    ],
)
def test_invitation_that_cannot_be_made_says_why(house, portal, words, code):
    told = house.madang("person", "invite", *words, test_mode=False)
    assert (told.code, told.error["code"]) == (1, code)
