"""A tree of files as sorted pages that close by content, so that an edit rewrites one of them.

A page ends after a path whose digest is divisible by PAGE_ENTRIES, so the same files give the
same pages whatever was committed before. The index names each page by its first path.
"""

from __future__ import annotations

import bisect
import hashlib
import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Protocol

import msgspec

PAGE_ENTRIES = 512
PAGE_ENTRIES_MAX = 4 * PAGE_ENTRIES
REMEMBERED_PAGES = 256
"""About fifty megabytes in each process; a larger tree is read in order."""

KEPT_AT_ONCE = 200
"""New pages that are kept together."""

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
Keep = Callable[[Mapping[bytes, bytes]], None]
"""Gets new pages by their digests."""


class Pages(Protocol):
    """Where pages are kept. One object for one store, for pages are remembered by it."""

    def __hash__(self) -> int: ...

    def load(self, hash: bytes) -> bytes: ...

    def save(self, pages: Mapping[bytes, bytes]) -> None: ...


class Gone(msgspec.Struct, frozen=True):
    """What a change takes away: files by path, and folders, each with its closing slash."""

    files: frozenset[str] = frozenset()
    folders: tuple[str, ...] = ()

    def __call__(self, path: str) -> bool:
        return path in self.files or path.startswith(self.folders)


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
        self, fresh: Sequence[str], puts: Iterator[Entry], gone: Gone, keep: Keep
    ) -> Index:
        """The index with these entries put and those paths gone; `keep` gets the pages that
        are new, some hundreds at a time.

        The entries come in the order of their paths, `fresh`, each when its page is written.
        Only pages that something falls into are read, and those behind them until a page ends
        where one of the old ones did.
        """
        touched = self._touched(fresh, gone)
        paging = _Paging(keep)
        taken = 0
        for number, ref in enumerate(self._index):
            if paging.is_between and number not in touched:
                paging.keep(ref)
                continue
            is_last = number + 1 == len(self._index)
            end = len(fresh) if is_last else bisect.bisect_left(fresh, self._firsts[number + 1])
            for entry in _merged(self._page(number), fresh[taken:end], puts, gone):
                paging.add(entry)
            taken = end
        for entry in puts:  # there was no page at all
            paging.add(entry)
        return paging.close()

    def _touched(self, fresh: Sequence[str], gone: Gone) -> set[int]:
        """Numbers of the pages into which a put or a path that goes falls."""
        if not self._index:
            return set()
        touched = {self._number_of(path) for path in itertools.chain(fresh, gone.files)}
        for folder in gone.folders:
            behind = bisect.bisect_left(self._firsts, folder[:-1] + BEHIND)
            touched.update(range(self._number_of(folder), behind))
        return touched

    def _number_of(self, path: str) -> int:
        """The page in which a path lies, or would lie."""
        return max(bisect.bisect_right(self._firsts, path) - 1, 0)

    def unlike(self, other: Tree) -> Iterator[Entry]:
        """Entries of the pages that the other tree does not share, in order."""
        shared = {ref.hash for ref in other._index}
        for number, ref in enumerate(self._index):
            if ref.hash not in shared:
                yield from self._page(number)

    def _page(self, number: int) -> tuple[Entry, ...]:
        return _loaded(self._index[number].hash, self._pages)


@lru_cache(maxsize=REMEMBERED_PAGES)
def _loaded(hash: bytes, pages: Pages) -> tuple[Entry, ...]:
    """A page never changes, so it may be remembered for good."""
    return _entries.decode(pages.load(hash))


def _path(entry: Entry) -> str:
    return entry.path


def _merged(
    held: Sequence[Entry], fresh: Sequence[str], puts: Iterator[Entry], gone: Gone
) -> Iterator[Entry]:
    """Both in the order of paths; what is put wins over what is held, and over what is gone."""
    at = 0
    for entry in held:
        while at < len(fresh) and fresh[at] < entry.path:
            yield next(puts)
            at += 1
        if at < len(fresh) and fresh[at] == entry.path:
            yield next(puts)
            at += 1
            continue
        if not gone(entry.path):
            yield entry
    yield from itertools.islice(puts, len(fresh) - at)


def paged(entries: Iterable[Entry]) -> tuple[Index, dict[bytes, bytes]]:
    """Entries in order become pages. Answers the index and the pages by their digests."""
    pages: dict[bytes, bytes] = {}
    paging = _Paging(pages.update)
    for entry in entries:
        paging.add(entry)
    return paging.close(), pages


class _Paging:
    """Pages being filled in order."""

    def __init__(self, keep: Keep) -> None:
        self._keep = keep
        self._refs: list[PageRef] = []
        self._pages: dict[bytes, bytes] = {}
        self._page: list[Entry] = []

    @property
    def is_between(self) -> bool:
        """No page is begun: one that is there already may follow."""
        return not self._page

    def keep(self, ref: PageRef) -> None:
        self._refs.append(ref)

    def add(self, entry: Entry) -> None:
        self._page.append(entry)
        if len(self._page) >= PAGE_ENTRIES_MAX or _closes(entry.path):
            self._close_page()

    def close(self) -> Index:
        if self._page:
            self._close_page()
        self._keep(self._pages)
        return tuple(self._refs)

    def _close_page(self) -> None:
        page, self._page = self._page, []
        body = msgspec.msgpack.encode(page)
        name = hashlib.sha256(body).digest()
        self._pages[name] = body
        if len(self._pages) >= KEPT_AT_ONCE:
            self._keep(self._pages)
            self._pages = {}
        size = sum(entry.size for entry in page)
        self._refs.append(PageRef(page[0].path, name, len(page), size))


def _closes(path: str) -> bool:
    digest = hashlib.blake2b(path.encode(), digest_size=4).digest()
    return int.from_bytes(digest, "little") % PAGE_ENTRIES == 0
