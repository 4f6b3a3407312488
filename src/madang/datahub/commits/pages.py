"""A tree of files as sorted pages that close by content, so that an edit rewrites one of them.

A page ends after a path whose digest is divisible by PAGE_ENTRIES, so the same files give the
same pages whatever was committed before. The index names each page by its first path.
"""

from __future__ import annotations

import bisect
import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Protocol

import msgspec

PAGE_ENTRIES = 512
PAGE_ENTRIES_MAX = 4 * PAGE_ENTRIES
BEHIND = "/\U0010ffff"
"""After a folder's name: behind everything in it, for no path may hold that character."""


class Entry(msgspec.Struct, frozen=True, array_like=True):
    """One file: git's id of the blob, SHA-256, and the Xet hash, all raw."""

    path: str
    size: int
    sha1: bytes
    sha256: bytes
    xet: bytes


class PageRef(msgspec.Struct, frozen=True, array_like=True):
    """A page as its commit names it."""

    first: str
    hash: bytes
    files: int
    size: int


Index = tuple[PageRef, ...]


class Pages(Protocol):
    """Where pages are kept. One object for one store, for pages are remembered by it."""

    def __hash__(self) -> int: ...

    def load(self, hash: bytes) -> bytes: ...

    def save(self, pages: Mapping[bytes, bytes]) -> None: ...


_entries = msgspec.msgpack.Decoder(tuple[Entry, ...])
_index = msgspec.msgpack.Decoder(tuple[PageRef, ...])


def entries_from(body: bytes) -> tuple[Entry, ...]:
    """The entries of a page as it is kept."""
    return _entries.decode(body)


def index_bytes(index: Index) -> bytes:
    return msgspec.msgpack.encode(index)


def index_from(data: bytes) -> Index:
    return _index.decode(data)


class Tree:
    """The files of one commit."""

    def __init__(self, index: Index, pages: Pages) -> None:
        self._index, self._pages = index, pages
        self._firsts = [ref.first for ref in index]

    @property
    def files(self) -> int:
        return sum(ref.files for ref in self._index)

    @property
    def size(self) -> int:
        """Of all files, in bytes."""
        return sum(ref.size for ref in self._index)

    def find(self, path: str) -> Entry | None:
        at = bisect.bisect_right(self._firsts, path) - 1
        if at < 0:
            return None
        entries = self._page(at)
        place = bisect.bisect_left(entries, path, key=_path)
        found = entries[place] if place < len(entries) else None
        return found if found is not None and found.path == path else None

    def walk(self, after: str = "", prefix: str = "") -> Iterator[Entry]:
        """Entries in order, beyond `after`, whose paths begin with `prefix`."""
        start = max(after, prefix)
        first = max(bisect.bisect_right(self._firsts, start) - 1, 0)
        for number in range(first, len(self._index)):
            entries = self._page(number)
            for entry in entries[bisect.bisect_left(entries, start, key=_path) :]:
                if not entry.path.startswith(prefix):
                    return
                if entry.path > after:
                    yield entry

    def children(self, folder: str, after: str = "") -> Iterator[Entry | str]:
        """What lies directly in a folder: files, and names of folders, in order.

        A folder inside is stepped over in one search, however many files it holds.
        """
        prefix = f"{folder}/" if folder else ""
        at = after + BEHIND if after and self.is_folder(after) else after
        while True:
            entry = next(self.walk(at, prefix), None)
            if entry is None:
                return
            name, slash, _ = entry.path[len(prefix) :].partition("/")
            if slash:
                yield prefix + name
                at = prefix + name + BEHIND
            else:
                yield entry
                at = entry.path

    def is_folder(self, path: str) -> bool:
        return next(self.walk("", f"{path}/"), None) is not None

    def has_folder(self, path: str) -> bool:
        return not path or self.is_folder(path)

    def changed(
        self, puts: Iterable[Entry], gone: Callable[[str], bool]
    ) -> tuple[Index, dict[bytes, bytes]]:
        """The index with these entries put and those paths gone; and the pages that are new."""
        wanted = {entry.path: entry for entry in puts}
        merged = _merged(self.walk(), wanted, gone)
        return paged(merged)

    def unlike(self, other: Tree) -> list[Entry]:
        """Entries of the pages that the other tree does not share."""
        shared = {ref.hash for ref in other._index}
        numbers = [n for n, ref in enumerate(self._index) if ref.hash not in shared]
        return [entry for number in numbers for entry in self._page(number)]

    def _page(self, number: int) -> tuple[Entry, ...]:
        return _loaded(self._index[number].hash, self._pages)


@lru_cache(maxsize=2048)
def _loaded(hash: bytes, pages: Pages) -> tuple[Entry, ...]:
    """A page never changes, so it may be remembered for good."""
    return _entries.decode(pages.load(hash))


def _path(entry: Entry) -> str:
    return entry.path


def _merged(
    held: Iterator[Entry], wanted: dict[str, Entry], gone: Callable[[str], bool]
) -> Iterator[Entry]:
    """Both in the order of paths; what is put wins over what is held, and over what is gone."""
    fresh = sorted(wanted)
    at = 0
    for entry in held:
        while at < len(fresh) and fresh[at] < entry.path:
            yield wanted[fresh[at]]
            at += 1
        if at < len(fresh) and fresh[at] == entry.path:
            yield wanted[entry.path]
            at += 1
            continue
        if not gone(entry.path):
            yield entry
    for path in fresh[at:]:
        yield wanted[path]


def paged(entries: Iterable[Entry]) -> tuple[Index, dict[bytes, bytes]]:
    """Entries in order become pages. Answers the index and the pages by their digests."""
    refs: list[PageRef] = []
    pages: dict[bytes, bytes] = {}
    page: list[Entry] = []
    for entry in entries:
        page.append(entry)
        if len(page) >= PAGE_ENTRIES_MAX or _closes(entry.path):
            _close(page, refs, pages)
            page = []
    if page:
        _close(page, refs, pages)
    return tuple(refs), pages


def _closes(path: str) -> bool:
    digest = hashlib.blake2b(path.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") % PAGE_ENTRIES == 0


def _close(page: list[Entry], refs: list[PageRef], pages: dict[bytes, bytes]) -> None:
    body = msgspec.msgpack.encode(page)
    name = hashlib.sha256(body).digest()
    pages[name] = body
    refs.append(PageRef(page[0].path, name, len(page), sum(entry.size for entry in page)))
