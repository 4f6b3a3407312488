"""Bytes in and out: each chunk once, every range right, damage never served."""

from __future__ import annotations

import errno
import hashlib
import os
import random

import numpy as np
import pytest

from madang.core.errors import NotAllowed
from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents import objects, packing
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.reading import layout_of, read_content
from madang.datahub.errors import (
    CommitStale,
    ContentDamaged,
    ContentDiffers,
    ContentUnknown,
    DataSetExists,
    NameInvalid,
    PathInvalid,
    RefUnknown,
    StoreUnwell,
)
from madang.datahub.models import Chunk, Commit, Content, DataSet, Pack
from madang.datahub.sets.actions import create_data_set
from madang.datahub.sets.queries import data_sets_for
from madang.datahub.store import xorbs
from madang.datahub.store.hashes import chunk_hash


def noise(size: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@pytest.fixture
def put(data_set, at):
    def run(data: bytes, **announced) -> Content:
        pieces = [data[n : n + 100_000] for n in range(0, len(data), 100_000)]
        return take_in(data_set, pieces, Announced(len(data), **announced), at=at)

    return run


def stored_bytes() -> int:
    return sum(Pack.objects.values_list("size_bytes", flat=True))


@pytest.mark.parametrize("size", [0, 1, 8_192, 1_000_000])
def test_what_goes_in_comes_out(put, size) -> None:
    data = noise(size)
    row = put(data, sha256=hashlib.sha256(data).hexdigest())
    assert b"".join(read_content(row)) == data
    assert bytes(row.sha256) == hashlib.sha256(data).digest()
    blob = f"blob {size}\0".encode() + data
    assert row.sha1 == hashlib.sha1(blob, usedforsecurity=False).hexdigest()


def test_every_range_is_right(put) -> None:
    data = noise(700_000)
    row = put(data)
    rng = random.Random(7)
    for _ in range(60):
        start = rng.randrange(len(data))
        end = rng.randrange(start, len(data) + 50)
        assert b"".join(read_content(row, start, end)) == data[start:end]


def test_same_bytes_are_kept_once_and_an_edit_adds_little(put) -> None:
    data = noise(5_000_000)
    put(data)
    before, chunks = stored_bytes(), Chunk.objects.count()
    put(data)
    assert (stored_bytes(), Chunk.objects.count()) == (before, chunks)
    row = put(data[:2_500_000] + b"edit!" + data[2_500_000:])
    assert stored_bytes() - before < 400_000
    assert hashlib.sha256(b"".join(read_content(row))).digest() == bytes(row.sha256)


@pytest.mark.parametrize(
    ("size", "sha256"), [(9, None), (11, None), (10, "0" * 64)], ids=["more", "less", "other"]
)
def test_bytes_that_differ_from_what_was_said_are_refused(data_set, at, size, sha256) -> None:
    with pytest.raises(ContentDiffers):
        take_in(data_set, [b"0123456789"], Announced(size, sha256), at=at)
    assert not Content.objects.exists()


def test_damaged_chunk_is_never_served(put, store) -> None:
    row = put(noise(300_000))
    (path,) = [one for one in store.rglob("*") if one.is_file()]
    data = bytearray(path.read_bytes())
    data[150_000] ^= 1
    path.write_bytes(data)
    layout_of.cache_clear()
    with pytest.raises(ContentDamaged):
        list(read_content(row))


def test_commit_names_only_what_was_uploaded_to_its_own_set(
    put, data_set, builder, stranger, at
) -> None:
    row = put(b"secret of hana")
    other = create_data_set(stranger, code="bada/theirs", at=at)
    with pytest.raises(ContentUnknown):
        commit(stranger, other, Change(puts=[("a", bytes(row.sha256))]), at=at)
    done = commit(builder, data_set, Change(puts=[("a", bytes(row.sha256))]), at=at)
    assert tree_of(done).find("a").size == len(b"secret of hana")


def test_commits_build_on_each_other_or_are_refused(put, data_set, builder, at) -> None:
    sha = bytes(put(b"x").sha256)
    first = commit(builder, data_set, Change(puts=[("d/a", sha), ("b", sha)]), at=at)
    second = commit(
        builder, data_set, Change(gone_folders=["d"], parent=first.id, title="t"), at=at
    )
    assert [one.path for one in tree_of(second).walk()] == ["b"]
    assert [one.path for one in tree_of(first).walk()] == ["b", "d/a"], "the old one stays"
    with pytest.raises(CommitStale):
        commit(builder, data_set, Change(puts=[("c", sha)], parent=first.id), at=at)
    with pytest.raises(PathInvalid):
        commit(builder, data_set, Change(puts=[("../c", sha)]), at=at)
    with pytest.raises(RefUnknown):
        commit(builder, data_set, Change(), branch="none", at=at)
    assert commit_at(data_set, "main").id == second.id == commit_at(data_set, second.id[:9]).id
    assert Commit.objects.count() == 3


def test_names_are_plain_and_taken_once(builder, person, data_set, at) -> None:
    for code in ("first", "hana/", "/x", "hana/a b", "hana/..", "hana/a/b", "hana/가"):
        with pytest.raises(NameInvalid):
            create_data_set(builder, code=code, at=at)
    with pytest.raises(DataSetExists):
        create_data_set(builder, code="hana/First", at=at)
    with pytest.raises(NotAllowed):
        create_data_set(builder, code="bada/x", at=at)
    with pytest.raises(NotAllowed):
        create_data_set(person("k@hana.example", "hana", "beneficiary"), code="hana/x", at=at)


def test_private_set_is_seen_by_its_own_alone(data_set, builder, stranger, person, at) -> None:
    operator = person("o@agency.example", "agency", "operator")
    assert list(data_sets_for(builder)) == list(data_sets_for(operator)) == [data_set]
    assert not data_sets_for(stranger).exists()
    assert not data_sets_for(None).exists()
    DataSet.objects.update(is_private=False)
    assert list(data_sets_for(None)) == [data_set]


def test_pack_that_cannot_be_synced_counts_for_nothing(
    data_set, store, at, monkeypatch
) -> None:
    """Written is not durable: its name and its rows come after the sync."""
    take_in(data_set, [b"first"], Announced(5), at=at)
    before = sorted(path for path, _, _ in objects.listed())

    def fails(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(StoreUnwell):
        take_in(data_set, [b"abc"], Announced(3), at=at)
    assert (Pack.objects.count(), Content.objects.count()) == (1, 1)
    assert [path for path, _, _ in objects.listed()] == before


def test_pack_is_synced_before_it_has_a_name_and_its_folders_after(
    data_set, store, at, monkeypatch
) -> None:
    synced, plain = [], os.fsync

    def syncs(descriptor: int) -> None:
        names = [path for path, _, _ in objects.listed()]
        synced.append((os.readlink(f"/proc/self/fd/{descriptor}"), names))
        plain(descriptor)

    monkeypatch.setattr(os, "fsync", syncs)
    take_in(data_set, [b"abc"], Announced(3), at=at)
    ((path, _, _),) = objects.listed()
    root, pack, folder, packs = synced
    assert root == (str(store), [])
    assert pack[0].startswith(str(store / "packs/#"))
    assert pack[1] == []
    assert folder == (str((store / path).parent), [path])
    assert packs == (str(store / "packs"), [path])


def test_upload_that_ends_in_the_middle_leaves_no_object(data_set, store, at) -> None:
    """Several packs are begun, and some are durable before the sender stops."""

    def pieces():
        yield noise(70_000_000)
        raise ConnectionResetError

    with pytest.raises(ConnectionResetError):
        take_in(data_set, pieces(), Announced(80_000_000), at=at)
    assert (Pack.objects.count(), Content.objects.count()) == (0, 0)
    assert {size >= packing.PACK_BYTES for _, size, _ in objects.listed()} <= {True}
    assert take_in(data_set, [noise(70_000_000)], Announced(70_000_000), at=at)
    assert len(list(objects.listed())) == Pack.objects.count() == 3


def test_pack_replaces_a_torn_object_of_its_name(store, at) -> None:
    data = xorbs.pack([b"x" * 9_000])
    name = xorbs.parse(data).hash
    objects.keep(name, data[:-100])
    objects.keep(name, data)
    assert objects.part(name, 0, len(data)) == data
    assert len(list((store / "packs").rglob("*"))) == 2


def test_folder_that_knows_no_files_without_names_keeps_packs_all_the_same(
    data_set, store, at, monkeypatch
) -> None:
    """As over NFS: what comes is held in memory, then written and synced as one object."""
    plain = os.open

    def knows_no_such(path, flags, *rest, **named):
        if flags & os.O_TMPFILE == os.O_TMPFILE:
            raise OSError(errno.EOPNOTSUPP, "Operation not supported")
        return plain(path, flags, *rest, **named)

    monkeypatch.setattr(os, "open", knows_no_such)
    row = take_in(data_set, [noise(3_000_000)], Announced(3_000_000), at=at)
    assert b"".join(read_content(row)) == noise(3_000_000)


def test_what_the_system_takes_in_parts_is_written_whole(store, monkeypatch) -> None:
    plain = os.writev
    monkeypatch.setattr(os, "writev", lambda fd, parts: plain(fd, [parts[0][:5]]))
    chunks = [noise(9_000 + n, n) for n in range(40)]
    packed = packing.write_pack(chunks, [chunk_hash(chunk) for chunk in chunks])
    assert objects.part(packed.name, 0, packed.ends[-1]) == xorbs.pack(chunks)
