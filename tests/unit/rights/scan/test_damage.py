"""Damage in mid-input costs a named error of its record, never the records behind it."""

from __future__ import annotations

import gzip
import random

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from madang.rights.observe import BODY_BYTES_MAX, observe
from madang.rights.scan.archives import parse_http, read_warc
from madang.rights.scan.inputs import LINE_CHARACTERS_MAX, read_input
from madang.rights.scan.records import Damage, Kind

HTTP = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"


def record(name, body, kind=b"response", length=None, http=HTTP):
    block = http + body if kind == b"response" else body
    lines = (
        b"WARC/1.0",
        b"WARC-Type: " + kind,
        b"WARC-Date: 2026-03-01T00:00:00Z",
        b"WARC-Target-URI: https://" + name + b".example/",
        b"Content-Type: application/http;msgtype=response",
        b"Content-Length: %d" % (len(block) if length is None else length),
        b"",
        block,
        b"\r\n",
    )
    return b"\r\n".join(lines)


def large(kind):
    """One whose body is not read to its end: by the limit, or as there is nothing to judge."""
    length = BODY_BYTES_MAX + (1 << 20) if kind == b"response" else 1 << 20
    return record(b"hurt", random.Random(1).randbytes(length), kind)


def hurt(member):
    at = len(member) - 5_000
    return member[:at] + bytes([member[at] ^ 16]) + member[at + 1 :]


@pytest.mark.parametrize("head_bytes", [0, 16_384])
@pytest.mark.parametrize("kind", [b"response", b"metadata"])
def test_records_behind_a_large_damaged_one_are_read(kind, head_bytes, tmp_path):
    path = tmp_path / "a.warc.gz"
    small = [gzip.compress(record(b"h%d" % n, b"<p>x")) for n in range(6)]
    path.write_bytes(b"".join([*small[:3], hurt(gzip.compress(large(kind), 1)), *small[3:]]))
    found = list(read_input(str(path), 0, "", head_bytes))
    whole = [r.url for r in found if r.kind is Kind.RESPONSE and not r.is_cut]
    assert whole == [f"https://h{n}.example/" for n in range(6)]
    is_met = kind == b"response" or not head_bytes  # triage passes over what it need not read
    assert any(r.is_cut or r.damage == Damage.CORRUPT for r in found) == is_met
    for number, one in enumerate(found):  # whichever record a kill lets it begin with
        again = read_input(str(path), one.offset, "", head_bytes)
        assert [r.offset for r in again] == [r.offset for r in found[number:]]


@pytest.mark.parametrize("is_packed", [True, False])
def test_an_archive_that_ends_inside_of_a_record_that_nobody_judges_says_so(
    is_packed, tmp_path
):
    path = tmp_path / "a.warc"
    parts = [
        record(b"one", b"<p>x"),
        record(b"two", random.Random(2).randbytes(9_000), b"metadata"),
    ]
    content = b"".join(gzip.compress(part) if is_packed else part for part in parts)
    path.write_bytes(content[:-3_000])
    first, *rest = read_warc(str(path), 0, "")
    assert first.url == "https://one.example/"
    assert [r.damage for r in rest if r.kind is Kind.UNREADABLE] == [Damage.TRUNCATED]


# --- tables ----------------------------------------------------------------------------


COUNT, GROUP = 60, 20


def table(path, *, packing="snappy", is_summed=True, **changes):
    rng = random.Random(3)
    columns = {
        "url": [f"https://h{n}.example/" for n in range(COUNT)],
        "html": [f"<p>{rng.getrandbits(8_000):x}" for _ in range(COUNT)],
        "fetched_at": ["2026-03-01T00:00:00Z"] * COUNT,
    }
    pq.write_table(
        pa.table({**columns, **changes}),
        path,
        row_group_size=GROUP,
        use_dictionary=False,
        write_page_checksum=is_summed,
        compression=packing,
    )


def hurt_page(path, column):
    """One byte in the middle group's page of a column."""
    found = pq.read_metadata(path).row_group(1).column(column)
    at = found.data_page_offset + found.total_compressed_size - 3
    content = bytearray(path.read_bytes())
    content[at] ^= 16
    path.write_bytes(content)


@pytest.mark.parametrize(("column", "are_named"), [(0, False), (1, True), (2, True)])
def test_a_damaged_page_of_a_table_costs_its_rows_and_no_others(column, are_named, tmp_path):
    path = tmp_path / "t.parquet"
    table(path)
    hurt_page(path, column)
    found = list(read_input(str(path), 0, ""))
    lost = [r for r in found if r.kind is Kind.UNREADABLE]
    assert [r.offset for r in found] == list(range(COUNT))
    assert {r.offset for r in lost} == set(range(GROUP, 2 * GROUP))
    assert {r.damage for r in lost} == {Damage.CORRUPT}
    assert [r.url for r in lost] == [f"https://h{r.offset}.example/" * are_named for r in lost]
    for start in (5, GROUP, GROUP + 7, 2 * GROUP):
        again = read_input(str(path), start, "")
        assert [(r.offset, r.kind, r.url) for r in again] == [
            (r.offset, r.kind, r.url) for r in found[start:]
        ]


@pytest.mark.parametrize("seed", range(4))
def test_damage_anywhere_in_the_pages_of_a_table_loses_no_row_in_silence(seed, tmp_path):
    """The middle group's bytes, one to two hundred of them, in tables without sums."""
    path, rng = tmp_path / "t.parquet", random.Random(seed)
    packing = ("zstd", "snappy", "gzip", "none")[seed]
    for _ in range(30):
        table(path, packing=packing, is_summed=False)
        group = pq.read_metadata(path).row_group(1)
        start, end = group.column(0).data_page_offset, group.column(2).data_page_offset
        content = bytearray(path.read_bytes())
        at, length = rng.randrange(start, end), rng.choice((1, 8, 200))
        content[at : at + length] = rng.randbytes(length)
        path.write_bytes(content)
        assert [r.offset for r in read_input(str(path), 0, "")] == list(range(COUNT))


def test_a_group_that_ends_early_and_raises_nothing_costs_named_rows(tmp_path, monkeypatch):
    path = tmp_path / "t.parquet"
    table(path)
    whole = pq.ParquetFile.iter_batches

    def early(file, *args, row_groups, columns, **rest):
        found = whole(file, *args, row_groups=row_groups, columns=columns, **rest)
        return iter(()) if row_groups == [1] and len(columns) > 1 else found

    monkeypatch.setattr(pq.ParquetFile, "iter_batches", early)
    found = list(read_input(str(path), 0, ""))
    assert [r.url for r in found] == [f"https://h{n}.example/" for n in range(COUNT)]
    lost = [r for r in found if r.damage == Damage.CORRUPT]
    assert [r.offset for r in lost] == list(range(GROUP, 2 * GROUP))


@pytest.mark.parametrize("name", ["url", "html", "headers", "mime"])
def test_text_that_is_none_in_its_encoding_hurts_its_own_row_at_most(name, tmp_path):
    path = tmp_path / "t.parquet"
    texts = [b"a"] * COUNT
    texts[7] = b"tdm-reservation: 1\r\nx: \xff"
    offsets = pa.array(texts, pa.binary())
    table(path, **{name: pa.Array.from_buffers(pa.string(), COUNT, offsets.buffers())})
    found = list(read_input(str(path), 0, ""))
    assert [r.offset for r in found] == list(range(COUNT))
    if name == "headers":
        assert ("tdm-reservation", "1") in found[7].headers
    if name == "html":
        assert bytes(found[7].body) == texts[7]


def test_a_time_that_no_calendar_has_is_an_unknown_one(tmp_path):
    path = tmp_path / "t.parquet"
    days = pa.array([1 << 60] * COUNT, pa.timestamp("us"))
    table(path, fetched_at=days)
    assert len(list(read_input(str(path), 0, ""))) == COUNT


# --- lists -----------------------------------------------------------------------------


def test_a_line_that_is_too_long_is_a_named_error_and_the_next_is_read(tmp_path):
    (tmp_path / "p").write_bytes(HTTP + b"<p>x")
    path = tmp_path / "list.txt"
    good = "https://e.example/p\tp\n"
    with path.open("w") as file:
        file.write(good)
        for length in (LINE_CHARACTERS_MAX - 1, LINE_CHARACTERS_MAX, 3_000_000):
            file.write("https://e.example/" + "x" * (length - 18) + "\n" + good)
    found = list(read_input(str(path), 0, ""))
    assert [r.offset for r in found] == list(range(7))
    assert [r.offset for r in found if r.damage == Damage.URL] == [3, 5]
    assert [r.offset for r in found if r.kind is Kind.RESPONSE] == [0, 2, 4, 6]
    assert [r.offset for r in read_input(str(path), 4, "")] == [4, 5, 6]


EARLY = b"HTTP/1.1 103 Early Hints\r\nContent-Usage: train-ai=%b\r\n\r\n"
LAST = b"HTTP/1.1 200 OK\r\nContent-Usage: train-ai=%b\r\n\r\n<p>"


@pytest.mark.parametrize(
    ("early", "last", "said"),
    [
        (b"n", b"y", {"yes", "malformed"}),
        (b"y", b"n", {"no", "malformed"}),
        (b"y", b"y", {"yes"}),
        (b"n", b"n", {"no"}),
    ],
)
def test_what_an_early_answer_refuses_is_not_lost_to_the_last_one(early, last, said):
    """Of a key that stands twice the last counts, in one answer: these are two."""
    record = parse_http(EARLY % early + LAST % last)
    assert {str(signal.value) for signal in observe(record).signals} == said


HINTS = b"HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\n\r\n"


@pytest.mark.parametrize(
    ("more", "kind"),
    [
        (b"", Kind.RESPONSE),
        (b"X: a\rY: b\r\n", Kind.UNREADABLE),
        (b"X\0: a\r\n", Kind.UNREADABLE),
    ],
)
@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_an_answer_behind_an_early_one_is_whole_and_its_lines_are_looked_at(
    more, kind, pack, tmp_path
):
    http = HINTS + HTTP.replace(b"\r\n\r\n", b"\r\n" + more + b"\r\n")
    path = tmp_path / "a.warc"
    path.write_bytes(pack(record(b"a", b"<p>hi", http=http)))
    (found,) = read_warc(str(path), 0, "")
    assert (found.kind, found.is_cut, found.status) == (kind, False, 200)
