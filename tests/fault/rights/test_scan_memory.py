"""A scan takes less than 300 MB, whatever its input is.

Goal: no shape of input makes memory grow with it. Method: each scan is a process of its own
that says its own peak; each input is one that once took more, or would without a limit.
MADANG_TEST_LONG=1 adds the sizes of the target: a record of 3 GB, an archive of 3 GB.
"""

from __future__ import annotations

import gzip
import json
import os
import random
import shutil
import subprocess
import sys
from itertools import islice

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from madang.rights import sample

LONG = os.environ.get("MADANG_TEST_LONG") == "1"
MEMORY_MB_MAX = 300
TIMES = 10 if LONG else 1
PROGRAM = """
import json, sys
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path
from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan

wanted = Settings(
    (sys.argv[1],), ("eu-art4", "kr-current"), Profile.DEFAULT,
    replace(OBSERVED, purpose=Purpose.COMMERCIAL), date(2026, 11, 25),
)
summary = scan(Path(sys.argv[2]), wanted, now=datetime(2026, 11, 25, tzinfo=UTC), work=Work(),
               tell=lambda *_: None)
lines = Path("/proc/self/status").read_text().splitlines()
peak = next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:"))
print(json.dumps([peak / 1024, summary["counts"]["records"], summary["rows"]]))
"""
HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


def head(url, length):
    return b"\r\n".join(
        (
            b"WARC/1.0",
            b"WARC-Type: response",
            b"WARC-Date: 2026-03-01T00:00:00Z",
            b"WARC-Target-URI: " + url,
            b"Content-Type: application/http;msgtype=response",
            b"Content-Length: %d" % (len(HTTP) + length),
            b"",
            HTTP,
        )
    )


def member(url, body):
    return gzip.compress(head(url, len(body)) + body + b"\r\n\r\n", 1)


def measured(path, folder):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path), str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    path.unlink()
    shutil.rmtree(folder)
    peak, records, rows = json.loads(done.stdout)
    assert peak < MEMORY_MB_MAX, peak
    return records, rows


@pytest.mark.parametrize("is_packed", [True, False])
def test_one_huge_record_and_the_one_behind_it(is_packed, tmp_path):
    path = tmp_path / ("a.warc.gz" if is_packed else "a.warc")
    part = b"<p>plain words of a page, and more of them</p>\n" * 20_000
    parts = (3_000_000_000 if LONG else 400_000_000) // len(part)
    with gzip.open(path, "wb", 1) if is_packed else path.open("wb") as file:
        file.write(head(b"https://huge.example/", parts * len(part)))
        for _ in range(parts):
            file.write(part)
        file.write(b"\r\n\r\n")
    small = member(b"https://after.example/", b"<p>hi</p>")
    with path.open("ab") as file:
        file.write(small if is_packed else gzip.decompress(small))
    assert measured(path, tmp_path / "out") == (2, 2)


def test_a_list_with_a_line_that_does_not_end(tmp_path):
    path = tmp_path / "list.txt"
    with path.open("wb") as file:
        file.write(b"https://e.example/a\tmissing\n")
        file.truncate(500_000_000)
    with path.open("ab") as file:
        file.write(b"\nhttps://e.example/b\tmissing\n")
    assert measured(path, tmp_path / "out") == (3, 2)


def test_addresses_of_eight_thousand_characters(tmp_path):
    path, rng, count = tmp_path / "a.warc.gz", random.Random(1), 8_000
    with path.open("wb") as file:
        for number in range(count):
            name = b"%x" % rng.getrandbits(31_000)
            url = b"https://h%d.example/%b" % (number % 50, name)
            file.write(member(url, b"<p>x</p>"))
    assert measured(path, tmp_path / "out") == (count, count)


def test_robots_files_of_ten_thousand_patterns_each(tmp_path):
    path, sites = tmp_path / "a.warc.gz", 50 * TIMES
    with path.open("wb") as file:
        for number in range(sites):
            origin = b"https://h%d.example" % number
            rules = (b"Disallow: /%x*a\n" % (number * 20_000 + n) for n in range(16_000))
            file.write(member(origin + b"/robots.txt", b"User-agent: *\n" + b"".join(rules)))
            file.write(member(origin + b"/a.html", b"<p>x</p>"))
    assert measured(path, tmp_path / "out") == (2 * sites, sites)


MARK = b'<a rel="license" href="https://creativecommons.org/licenses/by/4.0/">x</a>'
PARTS = {
    "words": b'<p class="text">some words of a large page, and of another</p>' + b"text " * 60,
    "elements": b"<br>",
    "attributes": b"<i a b c d e f g h></i>",
    "one tag": b" a%d='b'",
}


@pytest.mark.parametrize("part", PARTS)
def test_pages_of_seven_megabytes(part, tmp_path):
    path, pages = tmp_path / "a.warc.gz", 3 * TIMES
    numbered = (PARTS[part].replace(b"%d", b"%d" % n) for n in range(7_000_000))
    body = b"<html><body><p " + b"".join(islice(numbered, 7_000_000 // len(PARTS[part])))
    with path.open("wb") as file:
        for number in range(pages):
            file.write(member(b"https://h.example/%d" % number, body + b">" + MARK))
    assert measured(path, tmp_path / "out") == (pages, pages)


def test_a_table_of_large_pages(tmp_path):
    path, rows, rng = tmp_path / "a.parquet", 40 * TIMES, random.Random(2)
    schema = pa.schema([("url", pa.string()), ("html", pa.string())])
    with pq.ParquetWriter(path, schema) as writer:
        for number in range(rows):
            html = "<p>" + rng.randbytes(2_500_000).hex()
            one = pa.table({"url": [f"https://h.example/{number}"], "html": [html]}, schema)
            writer.write_table(one)
    assert measured(path, tmp_path / "out") == (rows, rows)


def test_sites_as_many_as_pages(tmp_path):
    path, pages = tmp_path / "a.warc.gz", 4_000 * TIMES
    sample.write(path, sample.Plan(pages, hosts=pages, page_bytes=1, seed=5))
    assert measured(path, tmp_path / "out")[1] == pages


def revisit(url, original):
    lines = head(url, 0).replace(b"Type: response", b"Type: revisit", 1)
    said = (
        b"WARC/1.0\r\nWARC-Profile: http://netpreserve.org/warc/1.1/revisit/"
        b"identical-payload-digest\r\nWARC-Payload-Digest: sha1:%032x\r\n"
        b"WARC-Refers-To-Target-URI: %b\r\nWARC-Refers-To-Date: 2026-03-01T00:00:00Z\r\n"
    ) % (original, url)
    return gzip.compress(lines.replace(b"WARC/1.0\r\n", said, 1) + b"\r\n\r\n", 1)


def test_answers_that_are_all_revisits_each_of_another_original(tmp_path):
    path, sites = tmp_path / "a.warc.gz", 10_000 * TIMES
    with path.open("wb") as file:
        for number in range(sites):
            url = b"https://www.site%d.co.kr/robots.txt" % number
            file.write(member(url, b"User-agent: *\nAllow: /%d\n" % number))
            file.write(revisit(url, number))
    assert measured(path, tmp_path / "out") == (2 * sites, 0)


@pytest.mark.parametrize("times", [10] if LONG else [2])
def test_an_archive_many_times_larger(times, tmp_path):
    """As long as the target's 3 GB in test-long, by repeating one of 0.3 GB."""
    pages = 3_000 if LONG else 200
    sample.write(tmp_path / "one.warc.gz", sample.Plan(pages, pages // 2, seed=3))
    path = tmp_path / "a.warc.gz"
    with path.open("wb") as file:
        for _ in range(times):
            file.write((tmp_path / "one.warc.gz").read_bytes())
    assert measured(path, tmp_path / "out")[1] == times * pages
