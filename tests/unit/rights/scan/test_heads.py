"""Triage reads beginnings only: it finds fewer refusals than a whole scan, never others."""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime

import pyarrow.parquet as pq
import pytest

from madang.rights import sample
from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan import heads, members
from madang.rights.scan.archives import read_warc
from madang.rights.scan.records import Kind
from madang.rights.scan.run import HEAD_BYTES, Settings, Work, scan
from madang.rights.scan.writer import Writer

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
AT = datetime(2026, 3, 1, tzinfo=UTC)
HTML = [("Content-Type", "text/html; charset=utf-8")]
NOAI = '<meta name="robots" content="noai">'
LONG = "<p>" + "plain words " * 9000 + "</p>"


def verdicts(folder, path, head_bytes):
    wanted = Settings(
        (str(path),),
        ("eu-art4",),
        Profile.DEFAULT,
        replace(OBSERVED, purpose=Purpose.COMMERCIAL),
        date(2026, 11, 25),
        head_bytes=head_bytes,
    )
    scan(folder, wanted, now=NOW, work=Work(), tell=lambda *_: None)
    return {
        row["url"]: row["eu-art4.train"]
        for part in sorted((folder / "records").glob("*"))
        for row in pq.read_table(part).to_pylist()
    }


def archive(path, pages, *, compress=True):
    """Pages on one host whose files are silent; each page is (headers, body)."""
    writer = Writer(path, compress=compress)
    writer.response("https://e.example/robots.txt", AT, 200, [], b"User-agent: *\nAllow: /\n")
    writer.response("https://e.example/.well-known/tdmrep.json", AT, 404, [], b"")
    for number, (lines, body) in enumerate(pages):
        content = body if isinstance(body, bytes) else body.encode()
        writer.response(f"https://e.example/{number}", AT, 200, [*HTML, *lines], content)
    writer.close()


def test_refusals_of_the_beginnings_are_refusals_of_the_whole(tmp_path):
    path = tmp_path / "sample.warc.gz"
    sample.write(path, sample.Plan(pages=240, hosts=60, page_bytes=60_000))
    whole = verdicts(tmp_path / "whole", path, 0)
    head = verdicts(tmp_path / "head", path, HEAD_BYTES)
    assert whole.keys() == head.keys()
    reserved = {url for url, said in head.items() if said == "reserved"}
    assert reserved
    assert reserved <= {url for url, said in whole.items() if said == "reserved"}
    assert "allowed" not in head.values()


CASES = [
    ("refusal in the beginning", [], f"<head>{NOAI}</head>{LONG}", "reserved"),
    ("refusal behind it", [], f"<head></head>{LONG}{NOAI}", "needs_review"),
    ("refusal in a header", [("X-Robots-Tag", "noai")], LONG, "reserved"),
    ("short page that is silent", [], "<p>text</p>", "allowed"),
    ("short page that refuses", [], NOAI, "reserved"),
    ("a later carrier may supersede", [("tdm-reservation", "1")], LONG, "needs_review"),
    ("silence so far", [], LONG, "needs_review"),
    (
        "coded body that is long",
        [("Content-Encoding", "gzip")],
        gzip.compress(("".join(f"<p>{n * 7919}" for n in range(40_000)) + NOAI).encode()),
        "needs_review",
    ),
]


@pytest.mark.parametrize("case", CASES, ids=[case[0] for case in CASES])
def test_what_was_not_read_is_never_decided_in_favour_of_use(case, tmp_path):
    _, lines, body, said = case
    archive(tmp_path / "a.warc.gz", [(lines, body)])
    found = verdicts(tmp_path / "head", tmp_path / "a.warc.gz", HEAD_BYTES)
    assert found == {"https://e.example/0": said}


def kinds(records):
    return [(r.kind, r.offset, r.url, r.status, r.at) for r in records]


def nested(folder):
    """A page that is itself an archive: its bytes look like members of the outer one."""
    archive(folder / "inner.warc.gz", [([], NOAI)] * 5)
    return (folder / "inner.warc.gz").read_bytes()


@pytest.mark.parametrize("shape", ["plain", "members", "one member", "nested", "cut"])
def test_every_record_is_found_where_a_whole_reading_finds_it(shape, tmp_path):
    pages = [([], NOAI + LONG), ([], LONG)] * 4
    if shape == "nested":
        pages.insert(2, ([], nested(tmp_path)))
    path = tmp_path / "a.warc.gz"
    archive(path, pages, compress=shape not in ("plain", "one member"))
    content = path.read_bytes()
    if shape == "one member":
        path.write_bytes(gzip.compress(content))
    elif shape == "cut":
        path.write_bytes(content[:-50])
    name = str(path)
    found = kinds(heads.read_heads(name, 0, "", HEAD_BYTES))
    assert found == kinds(read_warc(name, 0, ""))


def test_damage_in_the_middle_is_named_and_what_follows_is_found(tmp_path):
    path = tmp_path / "a.warc.gz"
    archive(path, [([], LONG)] * 6)
    content = path.read_bytes()
    path.write_bytes(content[:700] + b"\x1f\x8b\x08noise" * 9 + content[700:])
    found, whole = (
        [r.url for r in records if r.kind is Kind.RESPONSE]
        for records in (
            heads.read_heads(str(path), 0, "", HEAD_BYTES),
            read_warc(str(path), 0, ""),
        )
    )
    assert found == whole
    assert any(
        r.kind is Kind.UNREADABLE for r in heads.read_heads(str(path), 0, "", HEAD_BYTES)
    )


def test_window_finds_marks_across_its_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(members, "BLOCK_BYTES", 64)
    content = b"".join(b"x" * n + heads.GZIP_MARK for n in range(150))
    (tmp_path / "f").write_bytes(content)
    with (tmp_path / "f").open("rb") as file:
        window = members.Window(file)
        at, found = 0, []
        while (at := window.mark(at)) >= 0:
            found.append(at)
            at += 1
    assert found == [n for n in range(len(content)) if content.startswith(heads.GZIP_MARK, n)]
