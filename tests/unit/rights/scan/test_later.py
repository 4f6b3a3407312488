"""What is seen of a page after it was kept counts today, in one scan as in a recheck."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest

from madang.rights.derive import OBSERVED
from madang.rights.errors import EvidenceAltered
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan import join
from madang.rights.scan.audit import verify
from madang.rights.scan.explain import explain, lines
from madang.rights.scan.recheck import current_row, open_scan, recheck
from madang.rights.scan.run import Settings, Work, scan

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 11, 25)
PROFILE = b"http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
URL = "https://a.kr/a"
BODY, OTHER = b"<html><p>a page of words</html>", b"<html><p>other words</html>"
NOAI = b'<html><meta name="robots" content="noai"><p>words</html>'
HTML = b"Content-Type: text/html"
NO_LINE = b"X-Robots-Tag: noai"


def when(hours: float) -> bytes:
    return (AT + timedelta(hours=hours)).strftime("%FT%TZ").encode()


def record(
    hours: float,
    body: bytes = b"",
    *lines: bytes,
    url: str = URL,
    status: bytes = b"200 OK",
    of: bytes | None = None,
    said: tuple[bytes, ...] = (),
) -> bytes:
    """A response, or with `of` a revisit of that body, which `said` may name otherwise, too."""
    summed = hashlib.sha1(body if of is None else of, usedforsecurity=False).digest()
    head = [
        b"WARC/1.1",
        b"WARC-Type: " + (b"response" if of is None else b"revisit"),
        b"WARC-Date: " + when(hours),
        b"WARC-Target-URI: " + url.encode(),
        *([] if of == b"" else [b"WARC-Payload-Digest: sha1:" + base64.b32encode(summed)]),
        *([] if of is None else [b"WARC-Profile: " + PROFILE, *said]),
        b"Content-Type: application/http; msgtype=response",
    ]
    block = b"\r\n".join([b"HTTP/1.1 " + status, *(lines or (HTML,))]) + b"\r\n\r\n" + body
    text = b"\r\n".join([*head, b"Content-Length: %d" % len(block)])
    return gzip.compress(text + b"\r\n\r\n" + block + b"\r\n\r\n", 1)


def refers(hours: float, url: str = URL) -> tuple[bytes, ...]:
    named = b"WARC-Refers-To-Target-URI: " + url.encode()
    return named, b"WARC-Refers-To-Date: " + when(hours)


QUIET = b"".join(
    (
        record(-1, b"User-agent: *\nAllow: /\n", url="https://a.kr/robots.txt"),
        record(-1, url="https://a.kr/.well-known/tdmrep.json", status=b"404 Not Found"),
    )
)
CASES = {
    "the same page again": (record(9, BODY), "allowed"),
    "a revisit by its sum": (record(9, of=BODY), "allowed"),
    "a revisit by address and hour": (record(9, of=b"", said=refers(0)), "allowed"),
    "a revisit by both": (record(9, of=BODY, said=refers(0)), "allowed"),
    "a failure in passing": (record(9, status=b"503 Busy"), "allowed"),
    "the page before": (record(-9, OTHER), "allowed"),
    "a revisit before": (record(-9, of=OTHER), "allowed"),
    "a revisit that names nothing": (record(9, of=b""), "needs_review"),
    "a revisit of another sum": (record(9, of=OTHER), "needs_review"),
    "a revisit of another hour": (record(9, of=b"", said=refers(-5)), "needs_review"),
    "a revisit of another page": (
        record(9, of=b"", said=refers(0, "https://b.kr/a")),
        "needs_review",
    ),
    "an hour that fits and a sum that does not": (
        record(9, of=OTHER, said=refers(0)),
        "needs_review",
    ),
    "a revisit whose header refuses": (record(9, b"", HTML, NO_LINE, of=BODY), "needs_review"),
    "an unmodified one that refuses": (
        record(9, b"", NO_LINE, status=b"304 Not Modified", of=b"", said=refers(0)),
        "needs_review",
    ),
    "the page refusing": (record(9, NOAI), "needs_review"),
    "the page refusing at the same instant": (record(0, NOAI), "needs_review"),
    "the page in a coding that nobody undoes": (
        record(9, BODY, HTML, b"Content-Encoding: x"),
        "needs_review",
    ),
    "the page cut short": (record(9, BODY, HTML, b"Content-Length: 999"), "needs_review"),
    "the page gone": (record(9, status=b"404 Not Found"), "needs_review"),
    "the page behind a door": (record(9, status=b"403 Forbidden"), "needs_review"),
    "the page moved": (
        record(9, b"", b"Location: /b", status=b"301 Moved"),
        "needs_review",
    ),
    "a failure that refuses": (
        record(9, b"", NO_LINE, status=b"500 Failed"),
        "needs_review",
    ),
    "refusing, then the older page": (record(9, NOAI) + record(5, BODY), "needs_review"),
    "refusing, then a revisit of the first": (
        record(9, NOAI) + record(12, of=BODY, said=refers(0)),
        "needs_review",
    ),
    "refusing, then allowing": (record(5, NOAI) + record(9, BODY), "allowed"),
}


@pytest.fixture
def made(tmp_path):
    def write(name: str, content: bytes) -> str:
        path = tmp_path / f"{name}.warc.gz"
        path.write_bytes(content)
        return str(path)

    def run(*inputs: str, name: str = "out"):
        declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
        wanted = Settings(inputs, ("eu-art4",), Profile.DEFAULT, declared, DAY)
        scan(tmp_path / name, wanted, now=AT, work=Work(), tell=lambda *_: None)
        return tmp_path / name

    return write, run


def again(folder, *inputs: str):
    return recheck(folder, inputs, as_of=DAY, now=AT, tell=lambda *_: None)


def verdict(folder, url: str = URL, at: float = 0) -> str:
    """The verdict of what was kept at one instant, that of the record with a refusal apart."""
    rows = [
        row
        for path in sorted((folder / "records").glob("*"))
        for row in pq.read_table(path).to_pylist()
        if row["url"] == url and row["fetched_at"] == AT + timedelta(hours=at)
    ]
    found = {str(row["eu-art4.train"]) for row in rows}
    return min(found - {"reserved"} or found)


@pytest.mark.parametrize("case", CASES)
def test_what_is_seen_later_counts_in_a_scan_and_in_a_recheck_alike(made, case):
    (write, run), (later, wanted) = made, CASES[case]
    first, second = write("a", QUIET + record(0, BODY)), write("b", later)
    both = run(second, first, name="both")
    assert verdict(both) == wanted
    assert verify(both, rebuild=True)["ok"]
    folder = run(first)
    assert verdict(folder) == "allowed"
    again(folder, second)
    row, newer = current_row(open_scan(folder), URL)
    assert (newer or row)["eu-art4.train"] == wanted
    assert verify(folder, rebuild=True)["ok"]


def test_an_older_input_takes_no_newer_refusal_back(made):
    write, run = made
    folder = run(write("a", QUIET + record(0, BODY)))
    again(folder, write("b", record(9, NOAI)))
    again(folder, write("c", record(5, BODY)))
    _, newer = current_row(open_scan(folder), URL)
    assert newer["eu-art4.train"] == "needs_review"


def test_a_recheck_reaches_sites_whose_files_redirect_to_the_one_that_changed(made):
    write, run = made
    away = "https://b.kr/robots.txt"
    moved = record(
        *(-1, b"", b"Location: " + away.encode()),
        url="https://a.kr/robots.txt",
        status=b"301 Moved",
    )
    absent = record(-1, url="https://a.kr/.well-known/tdmrep.json", status=b"404 No")
    there = record(-1, b"User-agent: *\nAllow: /\n", url=away)
    folder = run(write("a", moved + absent + there + record(0, BODY)))
    assert verdict(folder) == "allowed"
    again(folder, write("b", record(48, b"User-agent: *\nDisallow: /\n", url=away)))
    _, newer = current_row(open_scan(folder), URL)
    assert newer["eu-art4.train"] == "needs_review"


def test_what_is_told_late_of_the_time_of_the_crawl_counts(made):
    write, run = made
    folder = run(write("a", QUIET + record(0, BODY)))
    site = "https://a.kr/robots.txt"
    told = record(-0.5, b"User-agent: *\nDisallow: /\n", url=site)
    told += record(48, b"User-agent: *\nAllow: /\n", url=site)
    again(folder, write("b", told))
    _, newer = current_row(open_scan(folder), URL)
    assert newer["eu-art4.train.crawl"] == "reserved"
    assert newer["eu-art4.train"] == "needs_review"


def test_a_page_is_judged_by_what_is_later_in_its_own_bucket(made, monkeypatch):
    monkeypatch.setattr(join, "ROWS_PER_BUCKET", 1)
    write, run = made
    folder = run(write("a", QUIET + record(0, BODY)), write("b", record(9, NOAI)))
    assert verdict(folder) == "needs_review"
    assert verdict(folder, at=9) == "reserved"


@pytest.mark.parametrize("language", ["en", "ko"])
def test_an_explanation_tells_what_was_seen_later(made, language):
    write, run = made
    folder = run(write("a", QUIET + record(0, BODY)))
    again(folder, write("b", record(9, b"", HTML, NO_LINE, of=BODY)))
    text = "\n".join(lines(explain(folder, URL), language))
    assert {"en": "Seen again later", "ko": "그 뒤에 다시 본 것"}[language] in text
    assert "2026-03-01T09:00:00Z" in text
    assert "noai/page@header=no" in text


def test_a_changed_byte_in_what_was_seen_later_is_found(made):
    write, run = made
    folder = run(write("a", QUIET + record(0, BODY)))
    again(folder, write("b", record(9, b"", HTML, NO_LINE, of=BODY)))
    pack = next(folder.glob("rechecks/*/evidence/*.pack"))
    content = bytearray(pack.read_bytes())
    content[content.index(b"noai")] ^= 1
    pack.write_bytes(content)
    with pytest.raises(EvidenceAltered):
        verify(folder, rebuild=False)
