"""No refusal is allowed through any kind of input, and calm pages do not wait for a person.

The command itself reads each set as an archive in members, a plain archive, a table and a list
of stored answers.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rights_doors
from rights_raw import QUIET
from test_raw import AT, LINES, instant

DOORS = ("members", "plain", "table", "list")


def answers(cases):
    """Every answer with its address, the files of a case before its page."""
    for number, case in enumerate(cases):
        origin = f"https://h{number}.example"
        for name, given in {**QUIET, **case.files}.items():
            for hours, raw in given:
                url = (origin if name.startswith("/") else "") + name
                yield (
                    hours,
                    url.replace("{n}", str(number)),
                    raw.replace(b"{n}", b"%d" % number),
                )
        yield 0, origin + case.path, case.raw


def lines_of(raw):
    head, _, body = raw.partition(b"\r\n\r\n")
    status, *lines = head.split(b"\r\n")
    parts = (line.decode("latin-1").partition(":") for line in lines)
    return int(status.split()[1]), [[name, value.strip()] for name, _, value in parts], body


def written(folder, door, cases):
    """The input behind one door."""
    if door == "table":
        rows = [(url, *lines_of(raw)) for _, url, raw in answers(cases)]
        names = ("url", "status", "headers", "html")
        columns = dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))
        path = folder / "a.parquet"
        pq.write_table(pa.table({**columns, "fetched_at": [AT] * len(rows)}), path)
        return path
    if door == "list":
        lines = []
        for number, (hours, url, raw) in enumerate(answers(cases)):
            (folder / str(number)).write_bytes(raw)
            lines.append(f"{url}\t{number}\t{instant(hours).decode()}\n")
        path = folder / "a.tsv"
        path.write_text("".join(lines), encoding="utf-8")
        return path
    made = (
        LINES % (b"response", instant(hours), url.encode(), b"", len(raw), raw)
        for hours, url, raw in answers(cases)
    )
    path = folder / ("a.warc.gz" if door == "members" else "a.warc")
    path.write_bytes(b"".join(gzip.compress(r, 1) if door == "members" else r for r in made))
    return path


def judged(folder, door, cases):
    command = (sys.executable, "-m", "madang.cli", "rights", "scan", "--json")
    settings = ("--regime", "eu-art4", "--purpose", "commercial", "--as-of", "2026-11-25")
    path, out = written(folder, door, cases), folder / "out"
    done = subprocess.run(
        [*command, str(path), *settings, "--out", str(out)],
        capture_output=True,
        text=True,
        check=True,
    )
    summary = json.loads(done.stdout)
    rows = [
        row
        for part in sorted((out / "records").glob("*.parquet"))
        for row in pq.read_table(part, columns=["origin", "eu-art4.train"]).to_pylist()
    ]
    by_host = {row["origin"]: row["eu-art4.train"] for row in rows}
    said = [by_host.get(f"https://h{number}.example") for number in range(len(cases))]
    return said, summary


@pytest.mark.parametrize("door", DOORS)
def test_no_refusal_is_allowed_through_any_door(door, tmp_path):
    cases = rights_doors.refusals()
    said, summary = judged(tmp_path, door, cases)
    assert len(cases) >= 500
    wrong = [
        case.name
        for case, verdict in zip(cases, said, strict=True)
        if verdict not in ("reserved", "needs_review")
    ]
    assert not wrong, (len(wrong), wrong[:20])
    counts = summary["counts"]
    parts = ("pages", "site_files", "not_content", "other", "unreadable")
    assert counts["records"] == sum(counts.get(name, 0) for name in parts)


@pytest.mark.parametrize("door", DOORS)
def test_permissions_are_allowed_and_calm_pages_do_not_wait(door, tmp_path):
    granted, calm = list(rights_doors.permissions()), list(rights_doors.calm())
    said, _ = judged(tmp_path, door, [*granted, *calm])
    pairs = zip([*granted, *calm], said, strict=True)
    wrong = [(case.name, verdict) for case, verdict in pairs if verdict != "allowed"]
    names = {case.name for case in granted}
    assert not [name for name, _ in wrong if name in names], wrong
    assert len(granted) + len(calm) >= 300
    assert len(wrong) * 20 <= len(calm), wrong
