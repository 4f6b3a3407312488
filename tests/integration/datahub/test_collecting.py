"""Garbage collection: what nobody names goes, and nobody in the middle of something notices."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from madang.datahub.commits.actions import Change, commit
from madang.datahub.contents import objects
from madang.datahub.contents.collecting import DOOMED_FOR, GRACE, collect
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.packing import Packer
from madang.datahub.contents.reading import read_content
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
