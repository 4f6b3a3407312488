"""First pass: one input to rows of pages, sites and errors, in chunks that survive a kill.

A chunk is finished when its files are on the disk and its line is in the journal; what a kill
leaves behind without a line is written again. Nothing is read twice, nothing is lost.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from madang.rights.observe import Observation, observe, observe_header
from madang.rights.pages import SelectolaxError
from madang.rights.scan.addresses import URL_CHARACTERS_MAX, spelled, split
from madang.rights.scan.evidence import PackWriter, file_sha, page_blob
from madang.rights.scan.inputs import read_input
from madang.rights.scan.later import kind_of, original_of, sum_of
from madang.rights.scan.records import Damage, Kind, Record
from madang.rights.scan.revisits import (
    DIGEST_CHARACTERS_MAX,
    MAYBE_LICENCE,
    NO_BODY,
    claim_of,
)
from madang.rights.scan.sites import LOST
from madang.rights.scan.tables import ERRORS, LATER, PAGES, SITES, Rows, sync
from madang.rights.signals import Vector, canonical
from madang.rights.site import FILE_BYTES_MAX, PATHS, REQUIRED

CHUNK_RECORDS = 20_000
CHUNK_CHARACTERS_MAX = 8_000_000  # of addresses and the like: usual chunks have three
QUICK_PACKING = "lz4"  # of tables that are read once more and not handed on
LOCATION = "location"
RSL_TYPE = "application/rsl+xml"
ERROR_SLOT = "error/record@page"
OTHER, RESPONSE, UNREADABLE = (
    Kind.OTHER,
    Kind.RESPONSE,
    Kind.UNREADABLE,
)  # an enumeration's own look-up costs more


@dataclass(frozen=True, slots=True)
class StageTask:
    """One input of a scan; plain values, so that another process or host can do it."""

    folder: str
    number: int
    place: str
    start: int
    first_chunk: int
    agent: str
    own_token: str
    fetch_token: str
    chunk_records: int = CHUNK_RECORDS
    skip: int = 0
    anchors: str = ""
    head_bytes: int = 0


@dataclass(slots=True)
class Chunk:
    """Rows of the chunk in the making, which is full by their count or by what they say:
    addresses may be long and each one other."""

    name: str
    pack: PackWriter
    pages: Rows = field(default_factory=lambda: Rows(PAGES))
    sites: Rows = field(default_factory=lambda: Rows(SITES))
    errors: Rows = field(default_factory=lambda: Rows(ERRORS))
    later: Rows = field(default_factory=lambda: Rows(LATER))
    counts: Counter[str] = field(default_factory=Counter)
    texts: dict[Vector, str] = field(default_factory=dict)
    characters: int = 0
    records: int = 0
    others: int = 0

    def counted(self) -> dict[str, int]:
        """What the chunk's records were."""
        some = {"records": self.records, "other": self.others, **self.counts}
        return {name: count for name, count in some.items() if count}


def stage(task: StageTask) -> Iterator[dict[str, object]]:
    """Read an input from where it was left; yields the journal line of each finished chunk."""
    folder = Path(task.folder)
    number, agent = task.first_chunk, task.agent
    chunk = _open(folder, task, number)
    place = Place(task.start, task.skip)
    try:
        records = read_input(task.place, task.start, agent, task.head_bytes)
        for record in islice(records, task.skip, None):
            if chunk.records >= task.chunk_records or chunk.characters >= CHUNK_CHARACTERS_MAX:
                yield _close(folder, task, number, chunk, place.of(record), agent)
                number += 1
                chunk = _open(folder, task, number)
            place.passed(record)
            agent = record.agent or agent
            chunk.records += 1
            if record.kind is OTHER:
                chunk.others += 1
            else:
                _take(task, chunk, record, agent)
        yield _close(folder, task, number, chunk, None, agent)
    finally:
        chunk.pack.abandon()


class Place:
    """Where reading can start again: at a record's offset, or, where offsets stand still
    (one gzip member around a whole archive), at the last start and past so many records."""

    def __init__(self, start: int, skip: int) -> None:
        self.start, self.skip = start, skip
        self._last = -1
        self._can_seek = skip == 0

    def passed(self, record: Record) -> None:
        self.skip += 1
        offset = record.offset
        if offset <= self._last:
            self._can_seek = False
        self._last = offset

    def of(self, record: Record) -> tuple[int, int]:
        if self._can_seek and record.offset > self._last:
            return record.offset, 0
        return self.start, self.skip


def _open(folder: Path, task: StageTask, number: int) -> Chunk:
    name = f"{task.number:05}-{number:05}"
    return Chunk(name, PackWriter(folder / "evidence" / f"{name}.pack"))


def _close(
    folder: Path,
    task: StageTask,
    number: int,
    chunk: Chunk,
    following: tuple[int, int] | None,
    agent: str,
) -> dict[str, object]:
    stage_folder = folder / "stage"
    for kind, rows in (
        ("pages", chunk.pages),
        ("sites", chunk.sites),
        ("errors", chunk.errors),
        *((("later", chunk.later),) if len(chunk.later) else ()),
    ):
        rows.write(stage_folder / f"{chunk.name}.{kind}.parquet", QUICK_PACKING)
    root = chunk.pack.close()
    sync(stage_folder)
    sync(folder / "evidence")
    return {
        "input": task.number,
        "chunk": number,
        "next": None if following is None else following[0],
        "skip": 0 if following is None else following[1],
        "agent": agent,
        "counts": chunk.counted(),
        "root": root.hex(),
        "pack_sha256": file_sha(chunk.pack.path),
    }


def _take(task: StageTask, chunk: Chunk, record: Record, agent: str) -> None:
    if record.kind is not RESPONSE:
        if record.kind is UNREADABLE:
            _unreadable(task, chunk, record, agent)
        else:
            _revisit(task, chunk, record, agent)
        return
    parts = split(record.url)
    if parts is None:
        record.damage = Damage.URL
        _unreadable(task, chunk, record, agent)
        return
    origin, path = parts
    if record.is_cut:
        chunk.counts["cut"] += 1
        chunk.errors.add((task.number, record.offset, record.url, Damage.TRUNCATED.value, ""))
    if path in PATHS:
        _site(chunk, record, origin, str(PATHS[path]), agent)
    elif _is_licence(record):
        _site(chunk, record, origin, "rsl", agent)
    elif not 200 <= record.status < 300:
        chunk.counts["not_content"] += 1
        _later(task, chunk, record, origin)
    else:
        _page(task, chunk, record, origin, agent)


def _is_licence(record: Record) -> bool:
    """RSL documents are site files wherever they lie."""
    mime = record.mime
    return len(mime) >= len(RSL_TYPE) and RSL_TYPE in mime.partition(";")[0].lower()


def _unreadable(task: StageTask, chunk: Chunk, record: Record, agent: str) -> None:
    """A named error; a record with an address also gets its row, which needs review."""
    chunk.counts["unreadable"] += 1
    code = str(record.damage or Damage.FAILED)
    url = record.url[:URL_CHARACTERS_MAX]
    chunk.characters += len(url) + len(record.detail)
    chunk.errors.add((task.number, record.offset, url, code, record.detail))
    parts = split(record.url)
    if parts is not None:
        _lost(chunk, record, *parts, agent)
    if parts is not None and parts[1] not in PATHS:
        chunk.counts["unreadable_rows"] += 1
        _row(
            task,
            chunk,
            record,
            parts[0],
            f"{ERROR_SLOT}={code}",
            chunk.pack.put(code.encode()),
            agent,
        )


def _lost(chunk: Chunk, record: Record, origin: str, path: str, agent: str) -> None:
    """A site's answer that cannot be read is one that nobody knows, not none."""
    kind = PATHS.get(path)
    is_error = record.status >= 300 and kind not in REQUIRED
    if is_error or (kind is None and not _is_licence(record)):
        return
    _site_row(chunk, record, origin, str(kind or "rsl"), agent, LOST)


def _revisit(task: StageTask, chunk: Chunk, record: Record, agent: str) -> None:
    """A site's answer that another record has counts; a page's was judged where it lies, and
    this tells how it stood later."""
    chunk.counts["revisits"] += 1
    parts = split(record.url)
    kind = None if parts is None else _kind_of_revisit(record, parts[1])
    if parts is None or kind is None:
        chunk.others += 1
        if parts is not None:
            _later(task, chunk, record, parts[0])
        return
    chunk.counts["site_files"] += 1
    # An error or a redirect says all in its own header.
    claim = claim_of(record) if record.status < 300 else ""
    _site_row(chunk, record, parts[0], kind, agent, claim)


def _kind_of_revisit(record: Record, path: str) -> str | None:
    if path in PATHS:
        return str(PATHS[path])
    if _is_licence(record):
        return "rsl"
    may_be = path.endswith(".xml") or "rsl" in path or "licen" in path
    return MAYBE_LICENCE if record.status == 0 and may_be else None


def _site(chunk: Chunk, record: Record, origin: str, kind: str, agent: str) -> None:
    chunk.counts["site_files"] += 1
    _site_row(chunk, record, origin, kind, agent, "")


def _site_row(
    chunk: Chunk, record: Record, origin: str, kind: str, agent: str, claim: str
) -> None:
    content = claim.encode() or bytes(record.body[: FILE_BYTES_MAX + 1])
    location = ""
    for name, value in record.headers:
        if len(name) == len(LOCATION) and name.lower() == LOCATION:
            location = value
            break
    pack = chunk.pack
    digest = pack.put(content)
    url = spelled(record.url)[:URL_CHARACTERS_MAX]
    chunk.characters += len(url) + len(location) + len(claim)
    chunk.sites.add(
        (
            origin,
            kind,
            url,
            record.at,
            record.status,
            location[:URL_CHARACTERS_MAX],
            agent,
            record.is_cut or len(record.body) > FILE_BYTES_MAX,
            digest,
            chunk.name,
            pack.place(digest),
            record.digest[:DIGEST_CHARACTERS_MAX] if record.kind is RESPONSE else NO_BODY,
            claim,
        )
    )


def _page(task: StageTask, chunk: Chunk, record: Record, origin: str, agent: str) -> None:
    try:
        observation = observe(record, task.own_token, task.anchors)
    except (ValueError, RecursionError, MemoryError, SelectolaxError) as err:
        record.damage, record.detail = Damage.FAILED, type(err).__name__
        _unreadable(task, chunk, record, agent)
        return
    chunk.counts["pages"] += 1
    digest = chunk.pack.put(page_blob(observation, record.body))
    _row(task, chunk, record, origin, _text(chunk, observation), digest, agent)


def _later(task: StageTask, chunk: Chunk, record: Record, origin: str) -> None:
    """What was seen of a page without its body: it makes no row and may change one."""
    observation = observe_header(record.headers, task.own_token)
    digest = chunk.pack.put(page_blob(observation, b""))
    url, (of_url, of_us) = record.url, original_of(record)
    of_url = of_url[:URL_CHARACTERS_MAX]
    signals = _text(chunk, observation)
    chunk.characters += len(url) + len(of_url) + len(signals)
    kind, total = kind_of(record), sum_of(record.digest)
    chunk.later.add((url, origin, record.at, kind, signals, digest, of_url, of_us, total))


def _text(chunk: Chunk, observation: Observation) -> str:
    ready = chunk.texts.get(observation.vector)
    if ready is None:
        ready = chunk.texts[observation.vector] = canonical(observation.vector).decode()
    return ready


def _row(
    task: StageTask,
    chunk: Chunk,
    record: Record,
    origin: str,
    signals: str,
    digest: bytes,
    agent: str,
) -> None:
    chunk.characters += len(record.url) + len(signals)
    chunk.pages.add(
        (
            record.url,
            origin,
            record.at,
            task.number,
            record.offset,
            record.length,
            task.fetch_token or agent or task.own_token,
            signals,
            digest,
            chunk.name,
            sum_of(record.digest) if record.digest else 0,
        )
    )


class Journal:
    """Finished chunks, one line each, appended and flushed; half a line does not count."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def lines(self) -> list[dict[str, object]]:
        if not self.path.exists():
            return []
        content = self.path.read_bytes()
        whole = content[: content.rfind(b"\n") + 1]
        return [json.loads(line) for line in whole.splitlines()]

    def append(self, line: dict[str, object]) -> None:
        with self.path.open("ab") as file:
            file.write(json.dumps(line, sort_keys=True).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())

    def repair(self) -> None:
        """Cut half a line that a kill left at the end."""
        if not self.path.exists():
            return
        content = self.path.read_bytes()
        end = content.rfind(b"\n") + 1
        if end < len(content):
            os.truncate(self.path, end)
