"""Asking sites: every answer is kept, private addresses are never asked."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from madang.core.clock import FixedClock
from madang.rights.scan.fetch import (
    NO_ANSWER,
    NotAsked,
    any_address,
    ask,
    fetch,
    public_address,
)
from madang.rights.scan.inputs import read_input
from madang.rights.scan.records import Kind
from madang.rights.site import FILE_BYTES_MAX

CLOCK = FixedClock(datetime(2026, 11, 25, tzinfo=UTC))


class Site(BaseHTTPRequestHandler):
    """A site with a file, a redirect, a circle, a flood and nothing else."""

    def do_GET(self):
        pages = {"/robots.txt": b"User-agent: *\nDisallow: /\n", "/flood": b"#" * 2_000_000}
        moved = {"/old": "/robots.txt", "/circle": "/circle", "/away": "http://[/"}
        if self.path in moved:
            self.send_response(301)
            self.send_header("Location", moved[self.path])
            self.end_headers()
            return
        body = pages.get(self.path)
        self.send_response(404 if body is None else 200)
        self.send_header("Content-Type", "text/plain")
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def origin():
    with ThreadingHTTPServer(("127.0.0.1", 0), Site) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "192.168.1.1",
    "169.254.169.254",
    "::1",
    "0.0.0.0",
    "fd00::1",
    "224.0.0.1",
    "no-such-host.invalid",
]


@pytest.mark.parametrize("host", PRIVATE)
def test_addresses_that_are_not_public_are_never_asked(host):
    with pytest.raises(NotAsked):
        public_address(host, 80)


def test_a_private_address_is_an_answer_that_says_unreachable(origin):
    assert ask(f"{origin}/robots.txt", CLOCK).status == NO_ANSWER


BROKEN = ["ftp://e.example/", "http://", "http://[/", "http://127.0.0.1:1/robots.txt"]


@pytest.mark.parametrize("url", BROKEN)
def test_every_failure_is_kept_as_an_answer(url):
    assert ask(url, CLOCK, any_address).status == NO_ANSWER


def test_a_body_is_read_up_to_its_limit(origin):
    assert len(ask(f"{origin}/flood", CLOCK, any_address).body) == FILE_BYTES_MAX + 1


def test_answers_become_an_archive_that_a_scan_reads(origin, tmp_path):
    out = tmp_path / "sites.warc.gz"
    counts = fetch([origin], out, CLOCK, any_address)
    assert counts == {"origins": 1, "answers": 3, "unreachable": 0}
    records = [r for r in read_input(str(out), 0, "") if r.kind is Kind.RESPONSE]
    assert [(r.url.removeprefix(origin), r.status) for r in records] == [
        ("/robots.txt", 200),
        ("/.well-known/tdmrep.json", 404),
        ("/ai.txt", 404),
    ]
    assert bytes(records[0].body).startswith(b"User-agent")


@pytest.mark.parametrize(("path", "hops"), [("/old", 2), ("/circle", 6), ("/away", 1)])
def test_redirects_are_followed_five_times_and_every_hop_is_kept(origin, path, hops):
    from madang.rights.scan.fetch import chain

    assert len(list(chain(origin + path, CLOCK, any_address))) == hops
