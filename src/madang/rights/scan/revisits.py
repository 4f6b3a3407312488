"""Answers of sites that an archive keeps only as revisits: the body lies in another record.

A revisit counts at its own time as its original does, in whatever input and at whatever address
that lies. One whose original is nowhere is an answer that nobody knows: never silence.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from madang.rights.scan.addresses import spelled
from madang.rights.scan.records import EPOCH, Record
from madang.rights.scan.sites import LOST, Attempt, SiteIndex

DIGEST_CHARACTERS_MAX = 256
DIGEST_CHARACTERS_MIN = 24  # shorter sums meet by chance
NO_BODY = "-"  # instead of a digest: what such a row tells is its status alone
MAYBE_LICENCE = "rsl?"  # a revisit that does not tell its type
BATCH_ROWS = 4096
CLAIMS_AT_ONCE = 20_000
Sources = Sequence[tuple[Path, Path]]  # of each table of sites its scan's folder, and itself


class Claim(NamedTuple):
    """What a revisit says of its original."""

    digest: str
    url: str
    at_us: int


class Original(NamedTuple):
    """What a revisit takes from the record that has its body."""

    digest: str
    url: str
    at_us: int
    status: int
    location: str
    is_cut: bool
    evidence: bytes
    pack: str
    place: int


def claim_of(record: Record) -> str:
    """As it stands in the table of sites."""
    digest = record.digest
    if not DIGEST_CHARACTERS_MIN <= len(digest) <= DIGEST_CHARACTERS_MAX:
        digest = ""
    url, at = record.refers_to or ("", EPOCH)
    url = spelled(url)
    if not digest and not url:
        return LOST
    return json.dumps([digest, url, round((at - EPOCH).total_seconds() * 1_000_000)])


def settle(index: SiteIndex, sources: Sources) -> int:
    """Give an index its revisits; returns how many answers nobody knows."""
    claimed = [made for attempt in index.claimed if (made := _of_kind(attempt, index))]
    for start in range(0, len(claimed), CLAIMS_AT_ONCE):
        part = slice(start, start + CLAIMS_AT_ONCE)
        claimed[part] = _settled(claimed[part], sources)
    if claimed:
        index.put_claimed(claimed)
    return sum(bool(attempt.claim) for attempt in claimed)


def _of_kind(attempt: Attempt, index: SiteIndex) -> Attempt | None:
    """What does not tell its type is a licence where an earlier answer was one."""
    if attempt.kind != MAYBE_LICENCE:
        return attempt
    known = index.attempts_of(attempt.url)
    return attempt._replace(kind="rsl") if any(k.kind == "rsl" for k in known) else None


def _settled(attempts: Sequence[Attempt], sources: Sources) -> list[Attempt]:
    claims = [_claim(attempt.claim) for attempt in attempts]
    wanted = [claim for claim in claims if claim is not None]
    keys = {
        key
        for attempt, claim in zip(attempts, claims, strict=True)
        if claim is not None
        for key in _keys(attempt, claim)
    }
    known: dict[Key, Original] = {}
    doubted = set[Key]()
    for one in _originals(wanted, sources) if wanted else ():
        for key in ((one.url, one.at_us), (one.url, one.digest), ("", one.digest)):
            if key in keys and not _is_alike(known.setdefault(key, one), one):
                doubted.add(key)
    known = {key: one for key, one in known.items() if key not in doubted}
    return [
        attempt if claim is None else _as(attempt, _found(attempt, claim, known))
        for attempt, claim in zip(attempts, claims, strict=True)
    ]


Key = tuple[str, int | str]


def _is_alike(one: Original, other: Original) -> bool:
    """Whether it is the same which of two a revisit means: of two at other addresses only the
    body is taken."""
    is_same = (one.evidence, one.is_cut) == (other.evidence, other.is_cut)
    told = one.status == other.status and one.location == other.location
    return is_same and (told or one.url != other.url)


def _keys(attempt: Attempt, claim: Claim) -> list[Key]:
    """Where an original may be, the surest first: where a revisit says, then by its sum at
    the same address and at any."""
    named: list[Key] = [(claim.url, claim.at_us)] if claim.url else []
    of_sum: list[Key] = [(attempt.url, claim.digest), ("", claim.digest)]
    return named + of_sum if claim.digest else named


def _claim(text: str) -> Claim | None:
    return None if text == LOST else Claim._make(json.loads(text))


def _found(attempt: Attempt, claim: Claim, known: Mapping[Key, Original]) -> Original | None:
    """The first that has the same sum, where both tell one; a revisit without a status of its
    own takes the original's, which is its own only at the same address."""
    for key in _keys(attempt, claim):
        one = known.get(key)
        if one is None or (attempt.status == 0 and one.url != attempt.url):
            continue
        if not claim.digest or one.digest in ("", claim.digest):
            return one
    return None


def _as(attempt: Attempt, found: Original | None) -> Attempt:
    """The revisit with what its original has; as it is when that is not known."""
    if found is None:
        return attempt
    is_own = attempt.status != 0
    return attempt._replace(
        status=attempt.status if is_own else found.status,
        location=attempt.location if is_own else found.location,
        is_cut=found.is_cut,
        evidence=found.evidence,
        pack=found.pack,
        place=found.place,
        claim="",
    )


def _originals(wanted: Sequence[Claim], sources: Sources) -> Iterator[Original]:
    """Answers with a body of their own that some revisit may mean."""
    digests = pa.array(sorted({claim.digest for claim in wanted} - {""}), pa.string())
    urls = pa.array(sorted({claim.url for claim in wanted} - {""}), pa.string())
    for folder, path in sources:
        file = pq.ParquetFile(path)
        if "claim" not in file.schema_arrow.names:
            continue
        for batch in file.iter_batches(batch_size=BATCH_ROWS, use_threads=False):
            is_meant = pc.or_(
                pc.is_in(batch.column("digest"), value_set=digests),
                pc.is_in(batch.column("url"), value_set=urls),
            )
            has_body = pc.and_(
                pc.equal(batch.column("claim"), ""),
                pc.not_equal(batch.column("digest"), NO_BODY),
            )
            rows = batch.filter(pc.and_(is_meant, has_body))
            if rows.num_rows:
                yield from _rows(folder, rows)


def _rows(folder: Path, rows: pa.RecordBatch) -> Iterator[Original]:
    instants = rows.column("fetched_at").cast(pa.int64()).to_pylist()
    for row, at_us in zip(rows.to_pylist(), instants, strict=True):
        yield Original(
            row["digest"],
            row["url"],
            at_us,
            row["status"],
            row["location"],
            row["is_cut"],
            row["evidence"],
            sys.intern(str(folder / "evidence" / f"{row['pack']}.pack")),
            row["place"],
        )
