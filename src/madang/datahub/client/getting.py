"""The work of a get: small files in bundles, large ones by segments, several at a time."""

from __future__ import annotations

import hashlib
import http.client
import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import asdict, dataclass
from pathlib import Path
from urllib.parse import quote, urlencode

from madang.datahub.client import manifest
from madang.datahub.client.blocks import Segment, blocks_from, missing
from madang.datahub.client.choosing import Choice
from madang.datahub.client.manifest import Item, Manifest
from madang.datahub.client.target import Target, disk_refusal
from madang.datahub.client.wire import Broken, Wire, quoted
from madang.datahub.errors import BlockDamaged, NothingChosen, TargetHoldsOther
from madang.datahub.store.hashes import chunk_hash

BUNDLED_BYTES_MAX = 4 * 1024 * 1024
"""Files up to here travel together and are checked whole."""

BUNDLE_BYTES_MAX = 16 * 1024 * 1024
BUNDLE_FILES_MAX = 2_000
BLOCK_LIST_BYTES_MAX = 512 * 1024 * 1024
EVERYTHING = Choice()
Work = Callable[[], None]
Tell = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Got:
    """What a get did. `kept` was there and was not fetched again."""

    data_set: str
    commit: str
    version: str
    files: int
    size_bytes: int
    fetched_bytes: int
    kept_bytes: int

    def as_data(self) -> dict[str, object]:
        row = asdict(self)
        return {"set": row.pop("data_set"), **row}


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which set, of which version (empty: the newest), and what of it."""

    code: str
    version: str = ""
    choice: Choice = EVERYTHING
    resume: bool = False


def fetch(wire: Wire, wanted: Wanted, folder: Path, *, parallel: int, tell: Tell) -> Got:
    """Bring everything that was chosen. Raises the refusals of the hub and of the disk."""
    target = Target(folder)
    with target.held(resume=wanted.resume) as begun:
        listed = listing(wire, wanted, begun)
        if not listed.items:
            raise NothingChosen(name=wanted.code)
        target.begin(listed.commit)
        got = _Getting(wire, listed, target, tell).run(parallel)
        target.done()
    return got


def listing(wire: Wire, wanted: Wanted, begun: str) -> Manifest:
    """The files that were chosen. What was begun goes on with the commit it was begun with."""
    choice = wanted.choice
    asked = [("only", one) for one in choice.only]
    asked += [("split", choice.split)] if choice.split else []
    asked += [("class", choice.kind)] if choice.kind else []
    revision = wanted.version or begun or "main"
    path = f"/api/datasets/{quote(wanted.code)}/manifest/{quoted(revision)}?{urlencode(asked)}"
    found: list[Manifest] = []

    def attempt() -> None:
        with wire.asked("GET", path) as answer:
            found[:] = [manifest.read(_lines(answer))]

    wire.repeated(attempt)
    if begun and found[0].commit != begun:
        raise TargetHoldsOther(begun=begun[:12], asked=found[0].commit[:12])
    return found[0]


def _lines(answer: http.client.HTTPResponse) -> Iterator[bytes]:
    while line := answer.readline():
        yield line


class _Getting:
    def __init__(self, wire: Wire, listed: Manifest, target: Target, tell: Tell) -> None:
        self._wire, self._listed, self._target, self._tell = wire, listed, target, tell
        self._lock = threading.Lock()
        self._kept = self._fetched = 0
        root = f"/api/datasets/{quote(listed.code)}"
        self._bundle = f"{root}/bundle/{listed.commit}"
        self._blocks = f"{root}/blocks/{listed.commit}"
        self._file = f"/datasets/{quote(listed.code)}/resolve/{listed.commit}"

    def run(self, parallel: int) -> Got:
        wanted = [item for item in self._listed.items if not self._target.has(item)]
        self._kept = self._listed.size - sum(item.size for item in wanted)
        begun = sum(_begun_bytes(self._target.begun(item)) for item in wanted)
        self._target.need_room(sum(item.size for item in wanted) - begun)
        run_all(self._works(wanted), parallel)
        listed = self._listed
        return Got(
            listed.code,
            listed.commit,
            listed.version,
            len(listed.items),
            listed.size,
            self._fetched,
            self._kept,
        )

    def _works(self, wanted: Sequence[Item]) -> Iterator[Work]:
        """Bundles first: a set of small files shows soon. Then each large file's segments."""
        small = [item for item in wanted if item.size <= BUNDLED_BYTES_MAX]
        for bundle in bundles(small):
            yield lambda bundle=bundle: self._wire.repeated(lambda: self._bring(bundle))  # type: ignore[misc]  # bound at once
        for item in wanted:
            if item.size > BUNDLED_BYTES_MAX:
                yield from self._large(item)

    def _bring(self, bundle: Sequence[Item]) -> None:
        """Small files in one answer, one behind the other; each must have its digest."""
        rest = [item for item in bundle if not self._target.has(item)]
        if not rest:
            return
        body = {"paths": [item.path for item in rest]}
        with self._wire.asked("POST", self._bundle, body=body) as answer:
            for item in rest:
                data = answer.read(item.size) if item.size else b""
                if hashlib.sha256(data).digest() != item.sha256:
                    raise Broken(f"{item.path} came damaged")
                self._target.keep(item, data)
                self._add(item.size)

    def _large(self, item: Item) -> Iterator[Work]:
        blocks = blocks_from(item, self._block_list(item))
        part = self._target.begun(item)
        try:
            file = os.open(part, os.O_RDWR | os.O_CREAT, 0o644)
            os.ftruncate(file, item.size)
        except OSError as err:
            raise disk_refusal(err, part, item.size) from err
        segments = list(missing(blocks, file))
        self._add_kept(item.size - sum(one.end - one.start for one in segments))
        left = _Left(len(segments), lambda: self._finish(item, file))
        for segment in segments:
            yield lambda segment=segment: self._segment(item, file, segment, left)  # type: ignore[misc]  # bound at once

    def _block_list(self, item: Item) -> bytes:
        found: list[bytes] = []

        def attempt() -> None:
            with self._wire.asked("GET", f"{self._blocks}/{quote(item.path)}") as answer:
                found[:] = [answer.read(BLOCK_LIST_BYTES_MAX)]
            try:
                blocks_from(item, found[0])
            except BlockDamaged as err:
                raise Broken(f"the list of blocks of {item.path} came damaged") from err

        self._wire.repeated(attempt)
        return found[0]

    def _segment(self, item: Item, file: int, segment: Segment, left: _Left) -> None:
        """Each block is hashed before it is written. A repeated attempt goes on behind them."""
        place = 0

        def attempt() -> None:
            nonlocal place
            blocks = segment.blocks[place:]
            wanted = (blocks[0].start, segment.end)
            path = f"{self._file}/{quote(item.path)}"
            with self._wire.asked("GET", path, wanted=wanted) as answer:
                for block in blocks:
                    data = answer.read(block.length)
                    if chunk_hash(data) != block.hash:
                        raise Broken(f"a block of {item.path} came damaged")
                    self._write(item, file, data, block.start)
                    place += 1

        self._wire.repeated(attempt)
        left.one_less()

    def _write(self, item: Item, file: int, data: bytes, start: int) -> None:
        try:
            os.pwrite(file, data, start)
        except OSError as err:
            raise disk_refusal(err, self._target.begun(item), len(data)) from err
        self._add(len(data))

    def _finish(self, item: Item, file: int) -> None:
        os.close(file)
        self._target.finish(item)

    def _add(self, count: int) -> None:
        with self._lock:
            self._fetched += count
            self._tell(self._fetched + self._kept, self._listed.size)

    def _add_kept(self, count: int) -> None:
        with self._lock:
            self._kept += count


class _Left:
    """How many segments of a file are to come; at none it is finished."""

    def __init__(self, count: int, finish: Work) -> None:
        self._count, self._finish = count, finish
        self._lock = threading.Lock()
        if not count:
            finish()

    def one_less(self) -> None:
        with self._lock:
            self._count -= 1
            is_last = self._count == 0
        if is_last:
            self._finish()


def bundles(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Groups of a few MiB, in the order of the paths."""
    group: list[Item] = []
    size = 0
    for item in items:
        if group and (size + item.size > BUNDLE_BYTES_MAX or len(group) == BUNDLE_FILES_MAX):
            yield group
            group, size = [], 0
        group.append(item)
        size += item.size
    if group:
        yield group


def run_all(works: Iterator[Work], parallel: int) -> None:
    """A few at a time, never more waiting than that; the first refusal ends it."""
    with ThreadPoolExecutor(parallel) as pool:
        running: set[Future[None]] = set()
        try:
            for work in works:
                running.add(pool.submit(work))
                if len(running) >= 2 * parallel:
                    running = _settled(running)
            while running:
                running = _settled(running)
        except BaseException:
            for one in running:
                one.cancel()
            raise


def _settled(running: set[Future[None]]) -> set[Future[None]]:
    done, rest = wait(running, return_when=FIRST_COMPLETED)
    for one in done:
        one.result()
    return rest


def _begun_bytes(part: Path) -> int:
    """On the disk, of a file that may have holes."""
    return part.stat().st_blocks * 512 if part.exists() else 0
