"""What the jury expects of each of its pages and of each cell of the law.

Each page goes through a scan in members of gzip and in plain records; what lists and tables
read by other means also as a stored response of a list and as a row of a table. No reader may
allow what is refused, nor refuse what is allowed.
"""

from __future__ import annotations

import gzip
import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import rights_jury
import rights_jury_law

from madang.rights import Act, decide, load, request_from_json
from madang.rights.derive import OBSERVED
from madang.rights.facts import Purpose
from madang.rights.rules import Profile
from madang.rights.scan.run import Settings, Work, scan

AT = datetime(2026, 3, 1, tzinfo=UTC)
LINES = (
    b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Date: %b\r\nWARC-Target-URI: %b\r\n"
    b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n%b\r\n\r\n"
)
QUIET = {
    "/robots.txt": rights_jury.http(rights_jury.OPEN),
    rights_jury.TDMREP: rights_jury.http(b"", status=b"HTTP/1.1 404 Not Found"),
}
PAGES = rights_jury.pages()
WHOLE_ACTS = [str(act) for act in Act]
# Two states that a table and a list cannot have: their rows are answers with a header.
CALM_MAX = 20  # one in so many pages about AI may be sent to a person


def at(hours):
    return (AT + timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%SZ")


def answers(number, page):
    """All stored answers of one page and its site: address, hour, octets."""
    origin = page.host.replace("{n}", str(number))
    for name, raw in {**QUIET, **page.files}.items():
        url = (origin + name if name.startswith("/") else name).replace("{n}", str(number))
        yield url, page.hours.get(name, 0), raw.replace(b"{n}", b"%d" % number)
    yield origin + page.path, 0, page.raw


def archive(folder, stored, *, is_packed):
    path = folder / ("a.warc.gz" if is_packed else "a.warc")
    with path.open("wb") as file:
        for url, hours, raw in stored:
            record = LINES % (at(hours).encode(), url.encode(), len(raw), raw)
            file.write(gzip.compress(record, 1) if is_packed else record)
    return path


def listed(folder, stored):
    """A list of addresses; like answers share a file."""
    (folder / "answers").mkdir()
    lines = []
    for url, hours, raw in stored:
        name = f"answers/{hashlib.sha256(raw).hexdigest()[:24]}"
        (folder / name).write_bytes(raw)
        lines.append(f"{url}\t{folder / name}\t{at(hours)}\n")
    path = folder / "a.tsv"
    path.write_text("".join(lines), encoding="utf-8")
    return path


def table(folder, stored):
    """Rows of what a plain reader makes of answers, of sites all of whose answers are plain."""
    rows, odd = [], set()
    for url, hours, raw in stored:
        row = row_of(url, hours, raw)
        rows.append(row or {"url": url})
        if row is None:
            odd.add(origin_of(url))
    rows = [row for row in rows if origin_of(row["url"]) not in odd]
    path = folder / "a.parquet"
    pq.write_table(pa.Table.from_pylist(rows), path)
    return path


def row_of(url, hours, raw):
    head, end, body = raw.partition(b"\r\n\r\n")
    first, *lines = head.decode("latin-1").split("\r\n")
    is_coded = any(line.lower().startswith(("content-length", "transfer-")) for line in lines)
    if (
        is_coded
        or not end
        or not first.startswith("HTTP/1.1 ")
        or any(":" not in line for line in lines)
    ):
        return None
    pairs = [line.partition(":")[::2] for line in lines]
    headers = [{"name": name, "value": value.strip()} for name, value in pairs]
    return {
        "url": url,
        "body": body,
        "headers": headers,
        "status": int(first[9:12]),
        "fetched_at": at(hours),
    }


def origin_of(url):
    return "/".join(url.split("/", 3)[:3])


READERS = {
    "members": lambda folder, stored: archive(folder, stored, is_packed=True),
    "plain": lambda folder, stored: archive(folder, stored, is_packed=False),
    "list": listed,
    "table": table,
}


# What lists and tables read by other means than archives do; the rest they read alike.
FAMILIES = {
    "list": ("header/", "coding/", "state/", "yes/"),
    "table": ("header/", "charset/", "yes/"),
}


def judged_by(folder, reader):
    """What a reader says of each page that it can have, act by act."""
    families = FAMILIES.get(reader, ())
    stored = [
        answer
        for number, page in enumerate(PAGES)
        if not families or page.id.startswith(families)
        for answer in answers(number, page)
    ]
    path = READERS[reader](folder, stored)
    declared = replace(OBSERVED, purpose=Purpose.COMMERCIAL)
    regimes = tuple(sorted({page.regime for page in PAGES}))
    wanted = Settings((str(path),), regimes, Profile.DEFAULT, declared, date(2026, 11, 25))
    summary = scan(folder / "out", wanted, now=AT, work=Work(), tell=lambda *_: None)
    found = {}
    for part in sorted((folder / "out" / "records").glob("*")):
        for row in pq.read_table(part).to_pylist():
            found.setdefault(row["url"], row)
    counts = summary["counts"]
    kinds = ("pages", "site_files", "not_content", "other", "unreadable")
    assert counts["records"] == sum(counts.get(name, 0) for name in kinds)
    return found


@pytest.fixture(scope="module")
def judged(tmp_path_factory):
    return {name: judged_by(tmp_path_factory.mktemp(name), name) for name in READERS}


def said_by(judged, number):
    """Each reader's verdicts on one page; a reader that cannot have the page is left out."""
    page = PAGES[number]
    url = page.host.replace("{n}", str(number)) + page.path
    return {
        reader: {act: row[f"{page.regime}.{act}"] for act in WHOLE_ACTS}
        for reader, rows in judged.items()
        if (row := rows.get(url)) is not None
    }


def numbered(*wants):
    return [
        pytest.param(number, id=page.id)
        for number, page in enumerate(PAGES)
        if page.want in wants
    ]


@pytest.mark.parametrize("number", numbered(rights_jury.REFUSED))
def test_what_must_not_be_allowed_is_allowed_by_no_reader(judged, number):
    said = said_by(judged, number)
    assert "members" in said
    acts = PAGES[number].acts or WHOLE_ACTS
    wrong = [(r, act) for r, of in said.items() for act in acts if of[act] == "allowed"]
    assert not wrong


@pytest.mark.parametrize("number", numbered(rights_jury.ALLOWED))
def test_a_permission_is_read_as_one(judged, number):
    said = said_by(judged, number)
    assert said["members"]["train"] == said["plain"]["train"] == "allowed"
    assert said["list"]["train"] == "allowed"


def test_pages_about_ai_are_seldom_sent_to_a_person(judged):
    calm = [n for n, page in enumerate(PAGES) if page.want == rights_jury.CALM]
    asked = [PAGES[n].id for n in calm if said_by(judged, n)["members"]["train"] != "allowed"]
    assert len(calm) >= 60
    assert len(asked) * CALM_MAX <= len(calm), asked


@pytest.mark.parametrize(
    "cell", [pytest.param(cell, id=cell.id) for cell in rights_jury_law.cells()]
)
def test_a_cell_of_the_law_is_what_the_reference_says(cell):
    written = {name: list(v) if isinstance(v, tuple) else v for name, v in cell.facts.items()}
    said = decide(request_from_json(written).facts, load(cell.regime), cell.as_of)
    for act, want in zip(rights_jury_law.ACTS, cell.want, strict=True):
        verdict = str(said[Act(act)].verdict)
        if want == rights_jury_law.NOT_ALLOWED:
            assert verdict != "allowed", act
        elif want != rights_jury_law.NOT_SAID:
            assert verdict == rights_jury_law.LETTERS[want], act


def test_the_set_is_as_large_as_the_pages_say():
    refused = [page for page in PAGES if page.want == rights_jury.REFUSED]
    assert len(refused) >= 2_000
    assert len({page.id for page in PAGES}) == len(PAGES)
    assert len(rights_jury_law.cells()) >= 600
