"""A scan against the truth of a generated archive, and against everything hostile."""

from __future__ import annotations

import gzip
import io
import json
from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from madang.rights import sample
from madang.rights.derive import OBSERVED
from madang.rights.errors import EvidenceAltered, InputUnreadable, ScanDiffers
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.evidence import find, merkle, pack_root, verify
from madang.rights.scan.run import Settings, Work, scan
from madang.rights.scan.stage import Journal

NOW = datetime(2026, 11, 25, 3, tzinfo=UTC)
DAY = date(2026, 11, 25)


def settings(*inputs: Path, regimes=("eu-art4", "kr-current"), **changes) -> Settings:
    given = {
        "inputs": tuple(str(path) for path in inputs),
        "regimes": regimes,
        "profile": Profile.DEFAULT,
        "declared": replace(OBSERVED, purpose=Purpose.COMMERCIAL),
        "as_of": DAY,
        **changes,
    }
    return Settings(**given)


def run(folder: Path, wanted: Settings, workers: int = 1):
    return scan(folder, wanted, now=NOW, work=Work(workers=workers), tell=lambda *_: None)


def rows(folder: Path) -> list[dict]:
    found = []
    for path in sorted((folder / "records").glob("*.parquet")):
        found += pq.read_table(path).to_pylist()
    return found


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "sample.warc.gz"
    return path, sample.write(path, sample.Plan(pages=160, hosts=40, page_bytes=4000))


def test_every_page_gets_the_verdict_that_its_host_means(archive, tmp_path):
    path, truth = archive
    summary = run(tmp_path / "out", settings(path))
    found = {row["url"]: row["eu-art4.train"] for row in rows(tmp_path / "out")}
    assert found == truth
    assert summary["rows"] == 160
    counts = summary["counts"]
    assert counts["records"] == sum(counts[n] for n in ("pages", "site_files", "other"))


def test_scan_in_small_chunks_and_in_processes_gives_the_same_rows(archive, tmp_path):
    path, _ = archive
    run(tmp_path / "one", settings(path, path))
    run(tmp_path / "many", settings(path, path, chunk_records=150), workers=2)
    keep = ("url", "input", "offset", "eu-art4.train", "kr-current.train", "evidence")
    one, many = (
        sorted(tuple(row[k] for k in keep) for row in rows(tmp_path / name))
        for name in ("one", "many")
    )
    assert one == many


def test_archive_in_one_gzip_member_resumes_past_what_was_read(tmp_path):
    plain, one = tmp_path / "plain.warc", tmp_path / "one.warc.gz"
    sample.write(plain, sample.Plan(pages=40, hosts=24, page_bytes=1000, compress=False))
    one.write_bytes(gzip.compress(plain.read_bytes()))
    whole = run(tmp_path / "whole", settings(one, chunk_records=50))
    folder = tmp_path / "again"
    run(folder, settings(one, chunk_records=50))
    (folder / "summary.json").unlink()
    lines = (folder / "journal.jsonl").read_bytes().splitlines(keepends=True)
    (folder / "journal.jsonl").write_bytes(b"".join(lines[:1]))
    resumed = run(folder, settings(one, chunk_records=50))
    assert resumed == whole
    assert len(rows(folder)) == 40


def test_running_a_finished_scan_again_changes_nothing(archive, tmp_path):
    path, _ = archive
    first = run(tmp_path, settings(path))
    before = {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert run(tmp_path, settings(path)) == first
    assert {p: p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()} == before


def test_a_folder_never_mixes_two_scans(archive, tmp_path):
    path, _ = archive
    run(tmp_path, settings(path))
    with pytest.raises(ScanDiffers, match="regimes"):
        run(tmp_path, settings(path, regimes=("jp-30-4",)))


def test_evidence_names_the_carriers_and_one_changed_byte_is_found(archive, tmp_path):
    path, _ = archive
    summary = run(tmp_path, settings(path))
    packs = sorted((tmp_path / "evidence").glob("*.pack"))
    assert merkle([pack_root(pack) for pack in packs]).hex() == summary["evidence_root"]
    said = next(
        r
        for r in rows(tmp_path)
        if r["eu-art4.train"] == "reserved"
        and b"noai" in (find(tmp_path / "evidence", r["evidence"]) or b"")
    )
    document = json.loads(find(tmp_path / "evidence", said["evidence"]))
    assert document["elements"] or document["headers"]
    lines = Journal(tmp_path / "journal.jsonl").lines()
    assert verify(tmp_path / "evidence", lines, summary["evidence_root"]) > 10
    content = packs[0].read_bytes()
    for place in range(0, len(content), max(1, len(content) // 60)):
        altered = bytearray(content)
        altered[place] ^= 1
        packs[0].write_bytes(altered)
        with pytest.raises(EvidenceAltered):
            verify(tmp_path / "evidence", lines, summary["evidence_root"])


def test_table_of_verdicts_explains_every_number_of_a_vector(archive, tmp_path):
    path, _ = archive
    run(tmp_path, settings(path))
    vectors = {r["vector"] for r in pq.read_table(tmp_path / "vectors.parquet").to_pylist()}
    decisions = pq.read_table(tmp_path / "decisions.parquet").to_pylist()
    answers = {r["answer"] for r in pq.read_table(tmp_path / "answers.parquet").to_pylist()}
    assert {row["vector_crawl"] for row in rows(tmp_path)} <= vectors
    assert {d["vector"] for d in decisions} == vectors
    assert {d["answer"] for d in decisions} == answers


# --- hostile archives ------------------------------------------------------------------


def members(path: Path) -> list[bytes]:
    """The gzip members of an archive, one record each."""
    content = path.read_bytes()
    starts = [n for n in range(len(content)) if content.startswith(b"\x1f\x8b\x08\0", n)]
    good = [s for s in starts if _is_member(content[s:])]
    return [content[a:b] for a, b in zip(good, [*good[1:], len(content)], strict=True)]


def _is_member(content: bytes) -> bool:
    try:
        return gzip.GzipFile(fileobj=io.BytesIO(content)).read(5) == b"WARC/"
    except (OSError, EOFError):
        return False


def damaged(parts: list[bytes], middle: int, name: str) -> bytes:
    before, after = b"".join(parts[:middle]), b"".join(parts[middle:])
    hurt = bytearray(parts[middle])
    hurt[30:60] = b"\0" * 30
    return {
        "garbage between": before + b"garbage!" * 99 + after,
        "damaged member": before + bytes(hurt) + b"".join(parts[middle + 1 :]),
        "cut in a member": before + parts[middle][: len(parts[middle]) // 2],
        "cut after a header": before + parts[middle][:14],
        "text at the end": before + b"<html>",
        "other member": before + gzip.compress(b"no warc at all") + after,
    }[name]


# How many whole records are read besides the damaged stretch, before and after the middle.
DAMAGES = {
    "garbage between": (0, 0),
    "damaged member": (0, -1),
    "cut in a member": (0, None),
    "cut after a header": (0, None),
    "text at the end": (0, None),
    "other member": (0, 0),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_damage_costs_a_named_error_and_the_scan_goes_on(archive, tmp_path, name):
    parts = members(archive[0])
    middle = next(
        n
        for n in range(len(parts) // 2, len(parts))
        if b"WARC-Type: response" in gzip.decompress(parts[n])[:200]
        and b"/news/" in gzip.decompress(parts[n])[:400]
    )
    path = tmp_path / "hurt.warc.gz"
    path.write_bytes(damaged(parts, middle, name))
    counts = run(tmp_path / "out", settings(path))["counts"]
    errors = pq.read_table(tmp_path / "out/stage/00000-00000.errors.parquet").to_pylist()
    codes = [error["code"] for error in errors]
    assert codes in (["rights.record.corrupt"], ["rights.record.truncated"])
    assert counts.get("unreadable", 0) + counts.get("cut", 0) == 1
    _, after = DAMAGES[name]
    expected = middle if after is None else len(parts) + after
    assert counts["records"] - 1 == expected


def warc(*records: tuple[str, bytes]) -> bytes:
    """Uncompressed responses with whatever block is given."""
    made = b""
    for url, block in records:
        head = (
            f"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: 2026-03-01T00:00:00Z\r\n"
            f"WARC-Target-URI: {url}\r\nContent-Type: application/http\r\n"
            f"Content-Length: {len(block)}\r\n\r\n"
        )
        made += head.encode("utf-8", "surrogateescape") + block + b"\r\n\r\n"
    return made


def http(body: bytes, *lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1") + body


ROBOTS = ("https://e.example/robots.txt", http(b"User-agent: *\nAllow: /\n"))
NO_TDM = ("https://e.example/.well-known/tdmrep.json", http(b"", status="404 Not Found"))
HTML = "Content-Type: text/html"

HOSTILE = {
    "silent": (http(b"<p>x", HTML), "allowed"),
    "no http head": (b"nothing of the kind", "needs_review"),
    "wrong content coding": (http(b"not gzip", HTML, "Content-Encoding: br"), "needs_review"),
    "unknown coding": (http(b"x", HTML, "Content-Encoding: zstd-dict"), "needs_review"),
    "gzip body": (
        http(
            gzip.compress(b'<meta name="robots" content="noai">'),
            HTML,
            "Content-Encoding: gzip",
        ),
        "reserved",
    ),
    "chunked body": (
        http(
            b"23\r\n<meta name='robots' content='noai'>\r\n0\r\n\r\n",
            HTML,
            "Transfer-Encoding: chunked",
        ),
        "reserved",
    ),
    "cut gzip body": (
        http(gzip.compress(b"x" * 5000)[:-20], HTML, "Content-Encoding: gzip"),
        "needs_review",
    ),
    "wrong charset": (
        http(
            '<meta name="robots" content="noai">공공누리'.encode(),
            "Content-Type: text/html; charset=euc-kr",
        ),
        "reserved",
    ),
    "charset that is no charset": (
        http(b'<meta name="robots" content="noai">', "Content-Type: text/html; charset=rot13"),
        "reserved",
    ),
    "utf-16 without a mark": (
        http(
            '<meta name="robots" content="noai">'.encode("utf-16-le"),
            "Content-Type: text/html; charset=utf-16",
        ),
        "reserved",
    ),
    "utf-7": (http(b"<p>x</p>", "Content-Type: text/html; charset=utf-7"), "allowed"),
    "repeated headers": (
        http(b"x", HTML, "X-Robots-Tag: noindex", "X-Robots-Tag: noai"),
        "reserved",
    ),
    "partial content": (http(b"<p>x", HTML, status="206 Partial"), "needs_review"),
    "bomb": (
        http(gzip.compress(b"<p>" * 4_000_000), HTML, "Content-Encoding: gzip"),
        "needs_review",
    ),
    "deep nesting": (
        http(b"<div></p>" * 200_000 + b'<meta name="robots" content="noai">', HTML),
        "needs_review",
    ),
    "many metas": (
        http(
            b'<meta name="robots" content="index">' * 30_000
            + b'<meta name="robots" content="noai">',
            HTML,
        ),
        "needs_review",
    ),
    "json-ld bomb": (
        http(
            b'<script type="application/ld+json">' + b"[" * 100_000 + b'"license":</script>',
            HTML,
        ),
        "needs_review",
    ),
    "nul bytes": (http(b'<p>x</p>\0\0<meta name="robots" content="noai">', HTML), "reserved"),
    "no content type": (http(b'<html><meta name="robots" content="noai">'), "reserved"),
    "broken pdf": (http(b"%PDF-1.7 nothing", "Content-Type: application/pdf"), "needs_review"),
    "broken epub": (http(b"PK\3\4", "Content-Type: application/epub+zip"), "needs_review"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_response_is_judged_or_sent_to_review_and_never_lost(tmp_path, name):
    block, expected = HOSTILE[name]
    path = tmp_path / "x.warc"
    path.write_bytes(warc(ROBOTS, NO_TDM, ("https://e.example/p", block)))
    summary = run(tmp_path / "out", settings(path))
    found = [row["eu-art4.train"] for row in rows(tmp_path / "out")]
    assert found == [expected]
    assert summary["counts"]["records"] == 3


URLS = [
    "ftp://e.example/x",
    "https://[broken/",
    "https://e.example:99999/x",
    "mailto:a@b",
    "",
    "https://e.example/" + "a" * 9000,
    "https://" + "a." * 140 + "example:8080/x",
]


@pytest.mark.parametrize("url", URLS)
def test_record_with_an_address_that_is_none_is_a_named_error(tmp_path, url):
    path = tmp_path / "x.warc"
    path.write_bytes(warc(ROBOTS, (url, http(b"<p>x", HTML))))
    summary = run(tmp_path / "out", settings(path))
    assert summary["counts"]["unreadable"] == 1


def test_gigantic_robots_file_is_kept_cut_and_leads_to_review(tmp_path):
    huge = b"User-agent: *\n" + b"Disallow: /private/0123456789\n" * 200_000
    path = tmp_path / "x.warc"
    path.write_bytes(
        warc((ROBOTS[0], http(huge)), NO_TDM, ("https://e.example/p", http(b"<p>x", HTML)))
    )
    run(tmp_path / "out", settings(path))
    assert [row["eu-art4.train"] for row in rows(tmp_path / "out")] == ["needs_review"]


STATES = {
    "robots never asked": ([NO_TDM], "needs_review"),
    "tdmrep never asked": ([ROBOTS], "needs_review"),
    "robots 503": ([(ROBOTS[0], http(b"", status="503 x")), NO_TDM], "needs_review"),
    "robots 429": ([(ROBOTS[0], http(b"", status="429 x")), NO_TDM], "needs_review"),
    "robots 404": ([(ROBOTS[0], http(b"", status="404 x")), NO_TDM], "allowed"),
    "robots 403": ([(ROBOTS[0], http(b"", status="403 x")), NO_TDM], "allowed"),
    "tdmrep 403": ([ROBOTS, (NO_TDM[0], http(b"", status="403 x"))], "needs_review"),
    "robots is a page": ([(ROBOTS[0], http(b"<!doctype html><p>hi")), NO_TDM], "needs_review"),
    "redirect followed": (
        [
            (
                ROBOTS[0],
                http(b"", "Location: https://www.other.example/robots.txt", status="301 x"),
            ),
            ("https://www.other.example/robots.txt", http(b"User-agent: *\nDisallow: /\n")),
            NO_TDM,
        ],
        "reserved",
    ),
    "redirect to nowhere": (
        [(ROBOTS[0], http(b"", "Location: /gone/robots.txt", status="302 x")), NO_TDM],
        "needs_review",
    ),
    "redirect in a circle": (
        [(ROBOTS[0], http(b"", "Location: /robots.txt", status="302 x")), NO_TDM],
        "needs_review",
    ),
    "silent and asked": ([ROBOTS, NO_TDM], "allowed"),
}


@pytest.mark.parametrize("name", STATES)
def test_state_of_a_site_file_is_established_or_a_person_decides(tmp_path, name):
    files, expected = STATES[name]
    path = tmp_path / "x.warc"
    path.write_bytes(warc(*files, ("https://e.example/p", http(b"<p>x", HTML))))
    summary = run(tmp_path / "out", settings(path))
    assert [row["eu-art4.train"] for row in rows(tmp_path / "out")] == [expected]
    asked_for_nothing = {kind for kind, count in summary["not_asked"].items() if count}
    assert asked_for_nothing == {k for k in ("robots", "tdmrep") if name == f"{k} never asked"}


def test_site_files_may_come_after_the_pages_and_in_another_input(tmp_path):
    pages, sites = tmp_path / "pages.warc", tmp_path / "sites.warc"
    pages.write_bytes(warc(("https://e.example/p", http(b"<p>x", HTML))))
    sites.write_bytes(warc((ROBOTS[0], http(b"User-agent: *\nDisallow: /p\n")), NO_TDM))
    run(tmp_path / "out", settings(pages, sites))
    assert [row["eu-art4.train"] for row in rows(tmp_path / "out")] == ["reserved"]


# --- tables and lists ------------------------------------------------------------------


def test_parquet_table_is_scanned_like_an_archive(tmp_path):
    table = pa.table(
        {
            "url": [
                "https://e.example/robots.txt",
                NO_TDM[0],
                "https://e.example/a",
                "https://e.example/b",
                "https://e.example/c",
            ],
            "status": [200, 404, 200, 200, 200],
            "headers": [
                None,
                None,
                '[["tdm-reservation", "1"]]',
                "Content-Type: text/html\r\nX-Robots-Tag: noai",
                "{broken",
            ],
            "html": ["User-agent: *\nAllow: /", "", "<p>x", "<p>y", "<p>z"],
            "fetched_at": ["2026-03-01T00:00:00Z"] * 5,
        }
    )
    path = tmp_path / "t.parquet"
    pq.write_table(table, path)
    summary = run(tmp_path / "out", settings(path))
    found = [row["eu-art4.train"] for row in rows(tmp_path / "out")]
    assert found == ["reserved", "reserved", "needs_review"]
    assert summary["counts"]["unreadable"] == 1


def test_list_of_addresses_reads_stored_responses(tmp_path):
    (tmp_path / "r").write_bytes(http(b"User-agent: *\nAllow: /\n"))
    (tmp_path / "t").write_bytes(http(b"", status="404 x"))
    (tmp_path / "p").write_bytes(http(b"<p>x", HTML, "Content-Usage: train-ai=n"))
    lines = [
        f"{ROBOTS[0]}\tr\t2026-03-01T00:00:00Z",
        f"{NO_TDM[0]}\tt\t2026-03-01T00:00:00Z",
        json.dumps({"url": "https://e.example/p", "file": "p", "at": "2026-03-01T01:00:00Z"}),
        "https://e.example/q\tmissing",
        "https://e.example/r",
    ]
    path = tmp_path / "list.txt"
    path.write_text("\n".join(lines))
    summary = run(tmp_path / "out", settings(path))
    assert [r["eu-art4.train"] for r in rows(tmp_path / "out")] == [
        "reserved",
        "needs_review",
        "needs_review",
    ]
    assert summary["counts"]["records"] == 5


REFUSED = {"x.warc.gz": b"plain text", "x.parquet": b"PAR1", "x.bin": b"\x89PNG"}


@pytest.mark.parametrize("name", REFUSED)
def test_input_that_is_none_of_ours_is_refused_by_name(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(REFUSED[name])
    if name == "x.warc.gz":  # its name says what it is: damage, not another kind
        assert run(tmp_path / "out", settings(path))["counts"]["unreadable"] == 1
        return
    with pytest.raises(InputUnreadable):
        run(tmp_path / "out", settings(path))


@pytest.mark.parametrize("first", [b"\x28\xb5\x2f\xfd", b"\x5d\x2a\x4d\x18"])
def test_an_archive_packed_with_zstandard_is_refused_and_says_what_to_do(tmp_path, first):
    path = tmp_path / "x.warc.zst"
    path.write_bytes(first + bytes(64))
    for head_bytes in (0, 16_384):
        with pytest.raises(InputUnreadable, match="Zstandard: unpack it first"):
            run(tmp_path / f"out{head_bytes}", settings(path, head_bytes=head_bytes))


def test_missing_input_is_refused_and_leaves_no_folder(tmp_path):
    with pytest.raises(InputUnreadable):
        run(tmp_path / "out", settings(tmp_path / "none.warc.gz"))
    assert not (tmp_path / "out").exists()
