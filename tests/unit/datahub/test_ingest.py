"""Archives and texts as they come: what is taken, and every lie that is refused."""

from __future__ import annotations

import io
import struct
import zipfile
from dataclasses import replace

import polars as pl
import pytest

from madang.datahub.errors import ArchiveRefused, PathInvalid
from madang.datahub.ingest.archives import LIMITS, Archive
from madang.datahub.ingest.parquet import as_parquet
from madang.datahub.ingest.texts import encoding_of, in_utf8
from madang.datahub.store.gear import Chunker
from madang.datahub.store.hashes import chunk_hash

KOREAN = "이름,나이\n홍길동,20\n"


def zipped(tmp_path, members, *, spoil=None, **more):
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in members:
            archive.writestr(name, data, **more)
    path = tmp_path / "a.zip"
    path.write_bytes(spoil(out.getvalue()) if spoil else out.getvalue())
    return path


def opened(path, limits=LIMITS) -> dict[str, bytes]:
    with Archive(path, "a.zip", limits) as archive:
        return {one.path: b"".join(archive.read(one)) for one in archive.members()}


def test_members_come_with_their_bytes(tmp_path) -> None:
    members = [("가/a.txt", b"1"), ("b.bin", bytes(100_000)), ("empty", b""), ("folder/", b"")]
    found = opened(zipped(tmp_path, members))
    assert found == {"가/a.txt": b"1", "b.bin": bytes(100_000), "empty": b""}


def test_unmarked_korean_names_are_read_as_their_writer_meant_them(tmp_path) -> None:
    """A Korean system writes cp949 without a mark, and many still do."""
    name = "자료/가나다.txt"

    def spoil(data: bytes) -> bytes:
        marked, raw = b"Z" * len(name.encode("cp949")), name.encode("cp949")
        return data.replace(marked, raw)

    marked = "Z" * len(name.encode("cp949"))
    found = opened(zipped(tmp_path, [(marked, b"x")], spoil=spoil))
    assert found == {name: b"x"}


def linked() -> zipfile.ZipInfo:
    info = zipfile.ZipInfo("link")
    info.external_attr = 0o120777 << 16
    return info


def longer(data: bytes) -> bytes:
    """The directory says one byte less than there is."""
    at = data.rfind(b"PK\x01\x02")
    size = struct.unpack_from("<I", data, at + 24)[0]
    return data[: at + 24] + struct.pack("<I", size - 1) + data[at + 28 :]


def encrypted(data: bytes) -> bytes:
    at = data.rfind(b"PK\x01\x02")
    return data[: at + 8] + b"\x01" + data[at + 9 :]


REFUSED = {
    "no zip": ([], lambda _: b"no zip at all", ArchiveRefused),
    "cut": ([("a", b"x" * 999)], lambda data: data[:-30], ArchiveRefused),
    "a flipped byte": (
        [("a", b"xyz" * 999)], lambda d: d[:40] + bytes([d[40] ^ 1]) + d[41:], ArchiveRefused
    ),
    "a lie about size": ([("a", b"x" * 999)], longer, ArchiveRefused),
    "encrypted": ([("a", b"x")], encrypted, ArchiveRefused),
    "a link": ([(linked(), b"/etc/passwd")], None, ArchiveRefused),
    "a file like a folder": ([("a", b"x"), ("a/b", b"y")], None, ArchiveRefused),
    "upwards": ([("../a", b"x")], None, PathInvalid),
    "upwards within": ([("a/../../b", b"x")], None, PathInvalid),
    "absolute": ([("/a", b"x")], None, PathInvalid),
    "a drive": ([("C:\\a", b"x")], None, PathInvalid),
    "backwards": ([("..\\a", b"x")], None, PathInvalid),
    "hidden store": ([(".git/config", b"x")], None, PathInvalid),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_archives_that_lie_are_refused(tmp_path, case) -> None:
    members, spoil, error = REFUSED[case]
    with pytest.raises(error):
        opened(zipped(tmp_path, members, spoil=spoil))


def test_two_files_of_one_name_are_refused(tmp_path) -> None:
    with pytest.warns(UserWarning, match="Duplicate"):
        path = zipped(tmp_path, [("a", b"x"), ("a", b"y")])
    with pytest.raises(ArchiveRefused):
        opened(path)


@pytest.mark.parametrize(
    "limits",
    [
        replace(LIMITS, members_max=1),
        replace(LIMITS, bytes_max=1_000_000),
        replace(LIMITS, ratio_max=10, ratio_from_bytes=1_000_000),
    ],
    ids=["too many", "too large", "a bomb"],
)
def test_limits_hold_while_reading(tmp_path, limits) -> None:
    path = zipped(tmp_path, [("a", bytes(3_000_000)), ("b", b"x")])
    with pytest.raises(ArchiveRefused):
        opened(path, limits)
    assert len(opened(path)) == 2


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (KOREAN.encode(), ""),
        (KOREAN.encode("cp949"), "cp949"),
        (KOREAN.encode("utf-16"), "utf-16"),
        (b"\xfe\xff" + KOREAN.encode("utf-16-be"), "utf-16"),
        (b"plain ascii", ""),
        (b"", ""),
        ("caf\u00e9 cr\u00e8me".encode("latin-1"), ""),
        (bytes(range(256)), ""),
        (b"\xff\xfe\x00", ""),
    ],
    ids=["utf-8", "cp949", "utf-16", "utf-16-be", "ascii", "empty", "latin", "bytes", "torn"],
)
def test_encodings_are_recognised_and_nothing_else_is_touched(data, expected) -> None:
    assert encoding_of(data) == expected
    if expected:
        assert in_utf8(data, expected).decode().lstrip("\ufeff") == KOREAN


def test_edit_of_a_table_changes_few_chunks_of_its_parquet() -> None:
    rng = pl.Series("x", range(60_000))
    frame = pl.DataFrame(
        {"n": rng, "text": [f"{n * 7919 % 100_003} 줄" for n in range(60_000)]}
    )
    edited = pl.concat([frame[:30_000], frame[:1], frame[30_000:]])

    def chunks(data: bytes) -> dict[bytes, int]:
        chunker = Chunker()
        return {chunk_hash(c): len(c) for c in [*chunker.push(data), *chunker.close()]}

    first, second = chunks(as_parquet(frame)), chunks(as_parquet(edited))
    fresh = sum(size for value, size in second.items() if value not in first)
    assert fresh < 0.6 * sum(second.values())
    assert as_parquet(frame) == as_parquet(frame)
