"""Packs in S3 instead of a folder: the address says it, and nothing else changes."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest
from tests.support.s3 import bucket

from madang.datahub.commits.actions import Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.contents import objects
from madang.datahub.contents.collecting import DOOMED_FOR, GRACE, collect
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import ContentDamaged, StoreUnwell
from madang.datahub.models import Content, Pack
from madang.datahub.versions.actions import seal_version, verify

pytestmark = pytest.mark.django_db


@pytest.fixture
def s3(settings, monkeypatch):
    with bucket() as found:
        for name, value in {
            "AWS_ENDPOINT": found.url, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "kr",
            "AWS_ACCESS_KEY_ID": "k", "AWS_SECRET_ACCESS_KEY": "s",
        }.items():  # fmt: skip
            monkeypatch.setenv(name, value)
        settings.DATAHUB_STORE = "s3://packs"
        objects._opened.cache_clear()
        yield found
        objects._opened.cache_clear()


def noise(size: int, seed: int) -> bytes:
    return np.random.default_rng(seed).integers(0, 256, size, dtype=np.uint8).tobytes()


def test_packs_are_written_read_sealed_and_collected_in_s3(s3, builder, data_set, at) -> None:
    data = noise(3_000_000, 1)
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    take_in(data_set, [noise(200_000, 2)], Announced(200_000), at=at)
    commit(builder, data_set, Change(puts=[("a.bin", bytes(row.sha256))]), at=at)
    assert len(s3.objects) == Pack.objects.count() == 2
    assert b"".join(read_content(row, 1_000_000, 1_000_100)) == data[1_000_000:1_000_100]
    seal_version(builder, data_set, commit_at(data_set, "main"), number="1.0", at=at)
    late = at + GRACE + timedelta(days=1)
    collect(at=late, dry_run=False)
    assert collect(at=late + DOOMED_FOR, dry_run=False).packs_deleted == 1
    assert len(s3.objects) == 1
    assert b"".join(read_content(row)) == data


def test_store_without_room_refuses_and_damage_is_found(s3, builder, data_set, at) -> None:
    data = noise(300_000, 1)
    s3.fails = True
    with pytest.raises(StoreUnwell):
        take_in(data_set, [data], Announced(len(data)), at=at)
    assert not Content.objects.exists()
    s3.fails = False
    row = take_in(data_set, [data], Announced(len(data)), at=at)
    head = commit(builder, data_set, Change(puts=[("a.bin", bytes(row.sha256))]), at=at)
    (name,) = s3.objects
    s3.objects[name] = s3.objects[name][:-50] + bytes(50)
    with pytest.raises(ContentDamaged):
        verify(head)
