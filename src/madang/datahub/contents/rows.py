"""Thousands of rows in one statement with a column each: as objects they cost more than the
write, and Python's collector walks them again and again. What is there already stays.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from django.db import connection

from madang.datahub.contents.among import bytes_array, plain_array

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
TERMS = """
    UPDATE datahub_content SET terms = one.terms
    FROM unnest(%s::bytea[], %s::bytea[]) AS one (sha256, terms)
    WHERE datahub_content.sha256 = one.sha256
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
    columns = [
        bytes_array([value for _, hashes in packs for value in hashes]),
        plain_array(pack for pack, hashes in packs for _ in hashes),
        plain_array(place for _, hashes in packs for place in range(len(hashes))),
    ]
    with connection.cursor() as cursor:
        cursor.execute(CHUNKS, columns)


def insert_contents(rows: Sequence[ContentRow], at: datetime) -> None:
    columns = [
        bytes_array([row.sha256 for row in rows]),
        plain_array(row.sha1 for row in rows),
        bytes_array([row.xet for row in rows]),
        plain_array(row.size_bytes for row in rows),
        bytes_array([row.terms for row in rows]),
    ]
    with connection.cursor() as cursor:
        cursor.execute(CONTENTS, [at, *columns])


def insert_claims(rows: Sequence[tuple[UUID, bytes]]) -> None:
    """Which data set may name which content."""
    owners = plain_array(owner for owner, _ in rows)
    with connection.cursor() as cursor:
        cursor.execute(CLAIMS, [owners, bytes_array([name for _, name in rows])])


def set_terms(rows: Sequence[tuple[bytes, bytes]]) -> None:
    """Where the chunks of some contents lie now."""
    columns = [bytes_array([row[column] for row in rows]) for column in (0, 1)]
    with connection.cursor() as cursor:
        cursor.execute(TERMS, columns)
