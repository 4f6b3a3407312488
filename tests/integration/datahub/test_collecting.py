"""Garbage collection: what nobody names goes, and nobody in the middle of something notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents import collecting, objects
from madang.datahub.contents.collecting import DOOMED_FOR, GRACE, collect
from madang.datahub.contents.intake import Announced, Many, take_in
from madang.datahub.contents.packing import Packer
from madang.datahub.contents.reading import read_content
from madang.datahub.contents.repacking import naming
from madang.datahub.models import Chunk, Claim, Content, Pack, ReceivedXorb
from madang.datahub.store import xorbs
from madang.datahub.store.hashes import chunk_hash

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


def noise(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


@pytest.fixture
def put(data_set, at):
    def run(data: bytes, when=at) -> Content:
        return take_in(data_set, [data], Announced(len(data)), at=when)

    return run


@pytest.fixture
def kept(put, builder, data_set, at):
    """A content that a commit names, and one that nobody ever committed."""
    row = put(noise(300_000, 1))
    commit(builder, data_set, Change(puts=[("a", bytes(row.sha256))]), at=at)
    return row


def files(store) -> int:
    return sum(one.is_file() for one in store.rglob("*"))


def test_content_without_a_commit_goes_in_two_steps_and_the_others_stay(
    kept, put, store, at
) -> None:
    put(noise(200_000, 2))
    late = at + GRACE + DAY
    first = collect(at=late, dry_run=False)
    assert (first.contents, first.packs_doomed, first.packs_deleted) == (1, 1, 0)
    assert files(store) == 2, "a doomed pack still lies there"
    second = collect(at=late + DOOMED_FOR, dry_run=False)
    assert (second.packs_doomed, second.packs_deleted) == (0, 1)
    assert files(store) == Pack.objects.count() == 1
    assert b"".join(read_content(kept)) == noise(300_000, 1)
    assert Claim.objects.count() == 1


def test_nothing_within_the_grace_is_touched(kept, put, at) -> None:
    put(noise(200_000, 2))
    done = collect(at=at + GRACE - DAY, dry_run=False)
    assert (done.contents, done.blocks, done.packs_doomed, done.strays) == (0, 0, 0, 0)


def test_dry_run_counts_the_same_and_changes_nothing(kept, put, store, at) -> None:
    put(noise(200_000, 2))
    late = at + GRACE + DAY
    before = (Content.objects.count(), Chunk.objects.count(), files(store))
    dry = collect(at=late, dry_run=True)
    assert (Content.objects.count(), Chunk.objects.count(), files(store)) == before
    assert dry == collect(at=late, dry_run=False)


def test_promise_to_have_a_content_renews_its_age(put, builder, data_set, at) -> None:
    """LFS says "have it" shortly before the grace ends; the client commits after the run."""
    from madang.datahub.contents.leases import renew

    data = noise(100_000, 3)
    row = put(data)
    renew([bytes(row.sha256)], at + GRACE - DAY)
    collect(at=at + GRACE + DAY, dry_run=False)
    done = commit(
        builder, data_set, Change(puts=[("late", bytes(row.sha256))]), at=at + GRACE + DAY
    )
    assert done.files == 1
    assert b"".join(read_content(Content.objects.get(pk=row.pk))) == data


def test_uploading_what_lies_there_unused_renews_it(put, at) -> None:
    put(noise(100_000, 3))
    put(noise(100_000, 3), at + GRACE)
    assert collect(at=at + GRACE + DAY, dry_run=False).contents == 0


def test_block_that_a_client_may_remember_keeps_its_chunks(at) -> None:
    """A warm client names a block it sent three weeks ago and does not send again."""
    data = [noise(60_000, 5)]
    packer = Packer(at)
    hashes = [chunk_hash(one) for one in data]
    packer.add(list(zip(hashes, data, strict=True)))
    packer.flush()
    ReceivedXorb.objects.create(
        hash=xorbs.parse(xorbs.pack(data)).hash, hashes=b"".join(hashes),
        lengths=len(data[0]).to_bytes(4, "little"), received_at=at + 2 * DAY,
    )  # fmt: skip
    assert collect(at=at + GRACE + DAY, dry_run=False).packs_doomed == 0
    assert collect(at=at + GRACE + 3 * DAY, dry_run=False).packs_doomed == 1


def test_upload_that_had_found_a_doomed_pack_saves_it(put, data_set, store, at) -> None:
    """It looked up a chunk, then the run doomed the pack, then its row was written."""
    data = noise(90_000, 6)
    row = put(data)
    terms = bytes(row.terms)
    late = at + GRACE + DAY
    collect(at=late, dry_run=False)
    assert not Chunk.objects.exists()
    Content.objects.create(
        sha256=row.sha256, sha1=row.sha1, xet=row.xet, size_bytes=row.size_bytes, terms=terms,
        kept_at=late,
    )  # fmt: skip
    assert collect(at=late + DOOMED_FOR, dry_run=False).packs_saved == 1
    assert Chunk.objects.exists()
    assert b"".join(read_content(Content.objects.get(pk=row.sha256))) == data


def test_what_arrives_after_the_doom_is_written_anew(put, at) -> None:
    data = noise(90_000, 7)
    put(data)
    late = at + GRACE + DAY
    collect(at=late, dry_run=False)
    row = put(data, late)
    collect(at=late + DOOMED_FOR, dry_run=False)
    assert b"".join(read_content(row)) == data


def test_object_without_a_row_goes_after_the_grace(kept, store) -> None:
    """What a crash between writing a pack and its row leaves behind."""
    data = xorbs.pack([b"x" * 9_000])
    objects.keep(xorbs.parse(data).hash, data)
    now = datetime.now(tz=UTC)
    assert collect(at=now + DAY, dry_run=False).strays == 0
    assert collect(at=now + GRACE + DAY, dry_run=True).strays == 1
    assert collect(at=now + GRACE + DAY, dry_run=False).strays == 1
    assert files(store) == Pack.objects.count()


def both(builder, data_set, at) -> tuple[Content, bytes]:
    """A small content that a commit names and a large one that none does, in one pack."""
    small, large = noise(150_000, 1), noise(900_000, 2)
    many = Many(data_set, at)
    name = many.add(small)
    many.add(large)
    many.close()
    commit(builder, data_set, Change(puts=[("a", name)]), at=at)
    return Content.objects.get(pk=name), small


def test_what_is_needed_of_a_half_dead_pack_moves_and_the_rest_goes(
    builder, data_set, store, at
) -> None:
    row, small = both(builder, data_set, at)
    old = Pack.objects.get()
    late = at + GRACE + DAY
    counted = collect(at=late, dry_run=True)
    assert (counted.packs_rewritten, counted.bytes_moved, Pack.objects.count()) == (1, 0, 1)
    first = collect(at=late, dry_run=False)
    assert (first.contents, first.packs_rewritten, first.packs_deleted) == (1, 1, 0)
    assert len(small) <= first.bytes_moved < 2 * len(small)
    held = read_content(row)  # somebody who read the row before: the old pack is still there
    assert b"".join(held) == small
    row.refresh_from_db()
    assert b"".join(read_content(row)) == small
    second = collect(at=late + DOOMED_FOR, dry_run=False)
    assert (second.packs_rewritten, second.packs_deleted) == (0, 1)
    assert second.bytes_deleted == old.size_bytes
    assert files(store) == Pack.objects.count() == 1
    assert b"".join(read_content(row)) == small
    assert collect(at=late + 2 * DOOMED_FOR, dry_run=False).packs_deleted == 0


def test_upload_that_had_found_a_moved_chunk_keeps_the_old_pack(
    builder, data_set, store, at
) -> None:
    row, small = both(builder, data_set, at)
    late = at + GRACE + DAY
    collect(at=late, dry_run=False)
    Content.objects.create(  # it had looked its chunks up before they moved
        sha256=b"s" * 32, sha1="", xet=b"x" * 32, size_bytes=len(small), terms=bytes(row.terms),
        kept_at=late,
    )  # fmt: skip
    second = collect(at=late + DOOMED_FOR, dry_run=False)
    assert (second.packs_saved, second.packs_deleted) == (1, 0)
    for key in (bytes(row.pk), b"s" * 32):
        assert b"".join(read_content(Content.objects.get(pk=key))) == small


def test_damaged_pack_is_counted_and_left_where_it_is(builder, data_set, store, at) -> None:
    both(builder, data_set, at)
    (path,) = [one for one in store.rglob("*") if one.is_file()]
    data = bytearray(path.read_bytes())
    data[5_000] ^= 1
    path.write_bytes(data)
    done = collect(at=at + GRACE + DAY, dry_run=False)
    assert (done.packs_damaged, done.packs_rewritten, done.packs_doomed) == (1, 0, 0)


def test_upload_that_finds_a_dead_chunk_while_the_living_ones_move_keeps_the_old_pack(
    builder, data_set, store, at, monkeypatch
) -> None:
    row, small = both(builder, data_set, at)
    dead = Content.objects.exclude(pk=row.pk).get()
    terms, large = bytes(dead.terms), noise(900_000, 2)
    late = at + GRACE + DAY

    def upload_then_look(packs):
        Content.objects.create(
            sha256=b"u" * 32, sha1="", xet=b"x" * 32, size_bytes=len(large), terms=terms,
            kept_at=late,
        )  # fmt: skip
        return naming(packs)

    monkeypatch.setattr(collecting, "naming", upload_then_look)
    assert collect(at=late, dry_run=False).packs_rewritten == 1
    monkeypatch.undo()
    second = collect(at=late + DOOMED_FOR, dry_run=False)
    assert (second.packs_saved, second.packs_deleted) == (1, 0)
    assert b"".join(read_content(Content.objects.get(pk=b"u" * 32))) == large
    row.refresh_from_db()
    assert b"".join(read_content(row)) == small
