"""Thousands of rows in one statement with a column each: as objects they cost more than the
write, and Python's collector walks them again and again. What is there already stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

CHUNKS = """
    INSERT INTO datahub_chunk (hash, pack_id, place)
    SELECT * FROM unnest(%s::bytea[], %s::bigint[], %s::int[]) AS one (hash, pack, place)
    ORDER BY hash
    ON CONFLICT DO NOTHING
"""
CONTENTS = """
    INSERT INTO datahub_content (sha256, sha1, xet, size_bytes, terms, kept_at)
    SELECT one.*, %s
    FROM unnest(%s::bytea[], %s::text[], %s::bytea[], %s::bigint[], %s::bytea[]) AS one
    ON CONFLICT DO NOTHING
"""
CLAIMS = """
    INSERT INTO datahub_claim (data_set_id, content_id)
    SELECT * FROM unnest(%s::uuid[], %s::bytea[]) AS one
    ON CONFLICT DO NOTHING
"""


class ContentRow(NamedTuple):
    """A content's columns; when it was kept is the same for all."""

    sha256: bytes
    sha1: str
    xet: bytes
    size_bytes: int
    terms: bytes


def insert_chunks(packs: Sequence[tuple[int, Sequence[bytes]]]) -> None:
    """The chunks of packs, in their order."""
    hashes: list[bytes] = []
    keys: list[int] = []
    places: list[int] = []
    for pack, chunks in packs:
        hashes += chunks
        keys += [pack] * len(chunks)
        places += range(len(chunks))
    with connection.cursor() as cursor:
        cursor.execute(CHUNKS, [hashes, keys, places])


def insert_contents(rows: Sequence[ContentRow], at: datetime) -> None:
    if not rows:
        return
    columns = [list(column) for column in zip(*rows, strict=True)]
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, [at, *columns])


def insert_claims(rows: Sequence[tuple[UUID, bytes]]) -> None:
    """Which data set may name which content."""
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS, [[owner for owner, _ in rows], [name for _, name in rows]])
