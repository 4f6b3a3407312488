"""No record of the sets that are written byte by byte is allowed, and the quiet ones are.

Each set goes through a scan twice, as members of gzip and as plain text: these are read
by different readers.
"""

from __future__ import annotations

import gzip
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow.parquet as pq
import pytest
import rights_calm
import rights_raw
import rights_specs

from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan

AT = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Date: %b\r\nWARC-Target-URI: %b\r\n%b"
    b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
)


def records(cases):
    for number, case in enumerate(cases):
        origin = f"https://h{number}.example"
        asked = [
            (hours, (origin if name.startswith("/") else "") + name, raw)
            for name, answers in {**rights_raw.QUIET, **case.files}.items()
            for hours, raw in answers
        ]
        for hours, url, raw in (*asked, (0, origin + case.path, case.raw)):
            more = case.said if raw is case.raw else b""
            if isinstance(raw, rights_raw.Kept):
                yield KEPT % (
                    raw.kind,
                    instant(hours),
                    url.encode(),
                    len(raw.octets),
                    raw.octets,
                )
                continue
            is_again = isinstance(raw, rights_raw.Again)
            octets = (raw.head if is_again else raw).replace(b"{n}", b"%d" % number)
            address = url.replace("{n}", str(number)).encode()
            kind = b"revisit" if is_again else b"response"
            said = again(raw, origin) if is_again else more + SUM % rights_raw.digest_of(octets)
            yield LINES % (kind, instant(hours), address, said, len(octets), octets)


KEPT = (
    b"WARC/1.0\r\nWARC-Type: %b\r\nWARC-Date: %b\r\nWARC-Target-URI: %b\r\n"
    b"Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
)
SUM = b"WARC-Payload-Digest: %b\r\n"


def instant(hours):
    return (AT + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ").encode()


def again(kept, origin):
    """What a revisit says of its original."""
    said = b"WARC-Profile: %b\r\n" % kept.profile if kept.profile else b""
    if kept.of is not None:
        said += SUM % rights_raw.digest_of(kept.of)
    if kept.name:
        said += b"WARC-Refers-To-Target-URI: %b\r\nWARC-Refers-To-Date: %b\r\n" % (
            kept.name.replace("{origin}", origin).encode(),
            instant(kept.hours),
        )
    return said


SETS = {"raw": rights_raw, "specs": rights_specs}


@pytest.fixture(
    scope="module", params=["raw-members", "raw-plain", "specs-members", "specs-plain"]
)
def judged(request, tmp_path_factory):
    name, _, reader = request.param.partition("-")
    return judged_by(tmp_path_factory.mktemp("raw"), SETS[name].cases(), reader)


def judged_by(folder, cases, reader):
    """A set through a scan by one reader: its cases, their verdicts, the summary."""
    is_packed = reader == "members"
    path = folder / ("a.warc.gz" if is_packed else "a.warc")
    made = (gzip.compress(r, 1) if is_packed else r for r in records(cases))
    path.write_bytes(b"".join(made))
    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    regimes = tuple(sorted({case.regime for case in cases}))
    wanted = Settings((str(path),), regimes, Profile.DEFAULT, declared, date(2026, 11, 25))
    summary = scan(folder / "out", wanted, now=AT, work=Work(), tell=lambda *_: None)
    rows = [
        row
        for part in sorted((folder / "out" / "records").glob("*"))
        for row in pq.read_table(part).to_pylist()
    ]
    by_host = {row["origin"]: row for row in rows}
    said = [
        by_host[f"https://h{number}.example"][f"{case.regime}.train"]
        for number, case in enumerate(cases)
    ]
    return cases, said, summary


def test_the_set_is_large_and_its_counts_add_up(judged):
    cases, said, summary = judged
    assert len(said) == len(cases) >= 400
    counts = summary["counts"]
    parts = ("pages", "site_files", "not_content", "other", "unreadable")
    assert counts["records"] == sum(counts.get(name, 0) for name in parts)


def test_no_record_of_the_set_is_allowed(judged):
    cases, said, _ = judged
    wrong = [
        case.name
        for case, verdict in zip(cases, said, strict=True)
        if case.want == "refused" and verdict == "allowed"
    ]
    assert not wrong, (len(wrong), wrong[:12])


def test_what_says_nothing_or_grants_is_allowed(judged):
    cases, said, _ = judged
    wrong = [
        (case.name, verdict)
        for case, verdict in zip(cases, said, strict=True)
        if case.want == "allowed" and verdict != "allowed"
    ]
    assert not wrong, wrong


def test_at_most_one_ordinary_page_in_twenty_is_sent_to_a_person(tmp_path):
    cases = rights_calm.ordinary()
    _, said, _ = judged_by(tmp_path, cases, "members")
    assert len(said) == rights_calm.ORDINARY_COUNT
    assert sum(verdict != "allowed" for verdict in said) * 20 <= len(said)


def test_refusals_and_controls_are_as_many_as_the_pages_say():
    cases = rights_specs.cases()
    refusals = [case for case in cases if case.want == "refused"]
    assert len(refusals) >= 400
    assert len(cases) - len(refusals) >= 60
    assert len({case.name for case in cases}) == len(cases)
