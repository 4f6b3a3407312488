"""Answers that an archive keeps as revisits count as their originals do, or as unknown."""

from __future__ import annotations

import base64
import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan import join, revisits
from madang.rights.scan.audit import verify
from madang.rights.scan.explain import explain
from madang.rights.scan.recheck import recheck
from madang.rights.scan.run import HEAD_BYTES, Settings, Work, scan
from madang.rights.scan.sites import bucket_of, domain_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
DAY = date(2026, 11, 25)
NO, YES = b"User-agent: *\nDisallow: /\n", b"User-agent: *\nAllow: /\n"
PROFILE = b"http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
PARTS = ("pages", "site_files", "not_content", "other", "unreadable")


def record(
    kind: bytes, url: str, hours: float, body: bytes, status: bytes = b"200 OK"
) -> bytes:
    digest = base64.b32encode(hashlib.sha1(body, usedforsecurity=False).digest())
    lines = [
        b"WARC/1.1",
        b"WARC-Type: " + kind,
        b"WARC-Date: " + (AT + timedelta(hours=hours)).strftime("%FT%TZ").encode(),
        b"WARC-Target-URI: " + url.encode(),
        b"WARC-Payload-Digest: sha1:" + digest,
        *([b"WARC-Profile: " + PROFILE] if kind == b"revisit" else []),
        b"Content-Type: application/http; msgtype=response",
    ]
    block = b"HTTP/1.1 %b\r\nContent-Type: text/plain\r\n\r\n" % status
    block += b"" if kind == b"revisit" else body
    head = b"\r\n".join([*lines, b"Content-Length: %d" % len(block)])
    return gzip.compress(head + b"\r\n\r\n" + block + b"\r\n\r\n", 1)


def answered(host: str, hours: float, body: bytes) -> bytes:
    return record(b"response", f"https://{host}/robots.txt", hours, body)


def again(host: str, hours: float, body: bytes, path: str = "/robots.txt") -> bytes:
    return record(b"revisit", f"https://{host}{path}", hours, body)


def page(host: str) -> bytes:
    rest = f"https://{host}/.well-known/tdmrep.json"
    absent = record(b"response", rest, -1, b"", b"404 Not Found")
    return absent + record(b"response", f"https://{host}/a", 0, b"a page of words")


def wanted(*inputs: Path, head_bytes: int = 0) -> Settings:
    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    places = tuple(map(str, inputs))
    return Settings(places, ("eu-art4",), Profile.DEFAULT, declared, DAY, head_bytes=head_bytes)


def run(folder: Path, *inputs: Path, workers: int = 1, head_bytes: int = 0):
    settings = wanted(*inputs, head_bytes=head_bytes)
    return scan(folder, settings, now=AT, work=Work(workers), tell=lambda *_: None)


def verdicts(folder: Path) -> dict[str, str]:
    return {
        row["url"].split("/")[2]: row["eu-art4.train"]
        for part in sorted((folder / "records").glob("*"))
        for row in pq.read_table(part).to_pylist()
    }


@pytest.fixture
def written(tmp_path):
    def write(name: str, *records: bytes) -> Path:
        path = tmp_path / f"{name}.warc.gz"
        path.write_bytes(b"".join(records))
        return path

    return write


def test_counts_add_up_and_say_how_many_answers_nobody_knows(written, tmp_path):
    path = written(
        "a",
        answered("known.kr", -3, YES) + again("known.kr", -1, YES) + page("known.kr"),
        answered("lost.kr", -3, YES) + again("lost.kr", -1, b"nowhere") + page("lost.kr"),
        again("known.kr", 5, b"a page of words", "/a"),
    )
    summary = run(tmp_path / "out", path)
    counts = summary["counts"]
    assert counts["records"] == sum(counts.get(name, 0) for name in PARTS) == 9
    assert (counts["site_files"], counts["other"], counts["revisits"]) == (6, 1, 3)
    assert summary["unknown_answers"] == 1
    assert verdicts(tmp_path / "out") == {"known.kr": "allowed", "lost.kr": "needs_review"}


def test_a_file_that_was_read_and_is_hidden_later_is_no_silence(written, tmp_path):
    """An error behind a refusal takes nothing back; where nothing was read it says nothing."""

    def asked(host: str, hours: float, body: bytes, status: bytes = b"200 OK") -> bytes:
        return record(b"response", f"https://{host}/ai.txt", hours, body, status)

    records = [
        asked("hidden.example", -3, NO),
        asked("hidden.example", -1, b"down", b"503 Service Unavailable"),
        asked("never.example", -1, b"down", b"503 Service Unavailable"),
        asked("gone.example", -3, NO),
        asked("gone.example", -1, b"", b"404 Not Found"),
    ]
    hosts = ("hidden.example", "never.example", "gone.example")
    told = [page(host) + answered(host, -2, YES) for host in hosts]
    run(tmp_path / "out", written("a.warc.gz", *records, *told))
    assert verdicts(tmp_path / "out") == {
        "hidden.example": "needs_review",
        "never.example": "allowed",
        "gone.example": "allowed",
    }


def test_a_page_kept_as_a_revisit_alone_gets_no_row_and_no_verdict(written, tmp_path):
    path = written("a", answered("e.kr", -1, YES), again("e.kr", 0, b"a page of words", "/a"))
    summary = run(tmp_path / "out", path)
    assert (summary["rows"], summary["counts"]["other"]) == (0, 1)


@pytest.mark.parametrize("head_bytes", [0, HEAD_BYTES])
@pytest.mark.parametrize("packed", [True, False])
def test_every_reader_sees_a_refusal_that_came_back(written, tmp_path, packed, head_bytes):
    path = written(
        "a",
        answered("e.kr", -3, NO),
        answered("e.kr", -2, YES),
        again("e.kr", -1, NO),
        page("e.kr"),
    )
    if not packed:
        plain = path.with_suffix("")
        plain.write_bytes(gzip.decompress(path.read_bytes()))
        path = plain
    run(tmp_path / "out", path, head_bytes=head_bytes)
    assert verdicts(tmp_path / "out") == {"e.kr": "reserved"}


def test_an_original_of_another_input_and_of_another_bucket_is_found(
    written, tmp_path, monkeypatch
):
    monkeypatch.setattr(join, "ATTEMPTS_PER_BUCKET", 4)
    monkeypatch.setattr(revisits, "CLAIMS_AT_ONCE", 3)
    hosts = [f"h{number}.kr" for number in range(12)]
    first = written(
        "b", *(again(h, -1, (NO, YES)[n % 2]) + page(h) for n, h in enumerate(hosts))
    )
    last = written("z", answered("files.kr", -9, NO), answered("other.kr", -9, YES))
    summary = run(tmp_path / "out", first, last, workers=2)
    expected = {h: ("reserved", "allowed")[n % 2] for n, h in enumerate(hosts)}
    assert verdicts(tmp_path / "out") == expected
    assert summary["unknown_answers"] == 0
    assert verify(tmp_path / "out", rebuild=True)["ok"]


def test_a_recheck_finds_the_originals_of_the_scan_and_excludes(written, tmp_path):
    path = written("a", answered("e.kr", -3, NO), answered("e.kr", -2, YES), page("e.kr"))
    run(tmp_path / "out", path)
    assert verdicts(tmp_path / "out") == {"e.kr": "allowed"}
    fresh = written("b", again("e.kr", 500, NO))
    found = recheck(tmp_path / "out", [str(fresh)], as_of=DAY, now=AT, tell=lambda *_: None)
    assert (found["rows_changed"], found["excluded"]) == (1, 1)
    told = explain(tmp_path / "out", "https://e.kr/a")
    robots = [a for a in told.attempts if a.url.endswith("robots.txt")]
    assert [a.status for a in robots] == [200, 200, 200]
    assert robots[0].evidence == robots[2].evidence != robots[1].evidence


def test_a_recheck_whose_original_is_nowhere_excludes(written, tmp_path):
    path = written("a", answered("e.kr", -3, YES), page("e.kr"))
    run(tmp_path / "out", path)
    fresh = written("b", again("e.kr", 500, b"nowhere"))
    found = recheck(tmp_path / "out", [str(fresh)], as_of=DAY, now=AT, tell=lambda *_: None)
    assert (found["rows_changed"], found["excluded"]) == (1, 1)


def test_a_revisit_without_a_header_is_its_own_address_of_several_with_that_sum(
    written, tmp_path
):
    bare = again("e.kr", -1, NO)
    plain = gzip.decompress(bare)
    head = plain.partition(b"\r\n\r\n")[0].rpartition(b"Content-Type")[0]
    bare = gzip.compress(head + b"Content-Length: 0\r\n\r\n\r\n\r\n", 1)
    others = answered("a.kr", -9, NO), answered("b.kr", -9, NO)
    own = answered("e.kr", -3, NO), answered("e.kr", -2, YES)
    summary = run(tmp_path / "out", written("a", *others, *own, bare, page("e.kr")))
    assert summary["unknown_answers"] == 0
    assert verdicts(tmp_path / "out") == {"e.kr": "reserved"}


DOMAINS = (
    ("www.daum.net", "daum.net"),
    ("daum.net", "daum.net"),
    ("www.mcst.go.kr", "mcst.go.kr"),
    ("mcst.go.kr", "mcst.go.kr"),
    ("news.a.co.uk", "a.co.uk"),
    ("www.a.seoul.kr", "a.seoul.kr"),
    ("m.naver.kr", "naver.kr"),
    ("one.tistory.com", "one.tistory.com"),
    ("www.co.com", "co.com"),
    ("localhost", "localhost"),
)


@pytest.mark.parametrize(("host", "domain"), DOMAINS)
def test_the_hosts_of_one_owner_are_one_domain(host, domain):
    assert domain_of(host) == domain


@pytest.mark.parametrize("below", ["co.kr", "go.kr", "or.kr", "co.uk", "kr", "tistory.com"])
def test_sites_below_a_public_name_are_spread_over_all_buckets(below):
    counts = [0] * 16
    for number in range(3200):
        counts[bucket_of(f"https://site{number}.{below}", 16)] += 1
    assert max(counts) < 2 * 3200 / 16


def test_a_site_and_its_www_are_in_one_bucket():
    for number in range(100):
        host = f"site{number}.go.kr"
        assert bucket_of(f"https://{host}", 64) == bucket_of(f"http://www.{host}", 64)
