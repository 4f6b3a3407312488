"""A folder as files of a data set: archives taken apart, text in UTF-8, names in NFC.

What was taken in before is known by its digest and is not read apart again. Outside a
transaction each two thousand small files are durable by themselves, and when a folder is taken
again after a break, whatever the set had been given is read and hashed, and no more.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from madang.datahub.commits.pages import Tree
from madang.datahub.commits.paths import kept_path
from madang.datahub.contents.among import among
from madang.datahub.contents.intake import Announced, Many, take_in
from madang.datahub.contents.leases import renew
from madang.datahub.contents.models import Claim
from madang.datahub.errors import FolderUnreadable
from madang.datahub.ingest.archives import ZIP, Archive
from madang.datahub.ingest.models import Original
from madang.datahub.ingest.texts import TEXT_BYTES_MAX, encoding_of, in_utf8, is_text_name
from madang.datahub.sets.models import DataSet

PIECE_BYTES = 4 * 1024 * 1024
FILES_MAX = 1_000_000
ROWS_AT_ONCE = 5_000
TOLD_EACH = 100
TOGETHER_BYTES_MAX = 1024 * 1024
"""Files up to here share packs and statements."""

HELD_FILES, HELD_BYTES = 2_000, 8 * 1024 * 1024
"""Small files that wait until it was asked which of them the set was given before."""

Tell = Callable[[int, int], None]
"""Is told how many of how many files are done."""


def silent(done: int, total: int) -> None:
    """For whoever need not be told."""


@dataclass(slots=True)
class Taken:
    """What a folder becomes: paths by digest, what is there already, and former names."""

    puts: list[tuple[str, bytes]] = field(default_factory=list)
    found: set[str] = field(default_factory=set)
    originals: list[Original] = field(default_factory=list)


class Folder:
    """One reading of a folder into a data set whose files are those of `tree`."""

    def __init__(self, row: DataSet, tree: Tree, at: datetime, tell: Tell = silent) -> None:
        self._row, self._tree, self._at, self._tell = row, tree, at, tell
        archives = Original.objects.filter(data_set=row, path__iendswith=ZIP)
        self._known = dict(archives.values_list("path", "sha256"))
        self._many = Many(row, at)
        self._is_new = not Claim.objects.filter(data_set=row).exists()
        self._held: list[tuple[str, bytes, bytes]] = []
        self._held_bytes = 0
        self._taken = Taken()

    def take(self, folder: Path) -> Taken:
        """Raises FolderUnreadable, PathInvalid, ArchiveRefused."""
        found = files_of(folder)
        for number, (path, name) in enumerate(found):
            self._file(Path(folder, name), path, name)
            if number % TOLD_EACH == 0:
                self._tell(number, len(found))
        self._close()
        self._tell(len(found), len(found))
        return self._taken

    def _file(self, file: Path, path: str, name: str) -> None:
        if path.lower().endswith(ZIP):
            self._archive(file, path, name, _digest(file)[0])
            return
        size = file.stat().st_size
        if is_text_name(path) and size <= TEXT_BYTES_MAX:
            self._text(path, name, _whole(file))
        elif size <= TOGETHER_BYTES_MAX:
            self._find(path)
            self._put(path, name, _whole(file))
        else:
            self._large(path, name, file)

    def _archive(self, file: Path, path: str, name: str, sha256: bytes) -> None:
        """`a.zip` becomes the folder `a`. One that was taken apart before keeps its files."""
        folder = path[: -len(ZIP)]
        known = self._known.get(path)
        if known is not None and bytes(known) == sha256:
            self._taken.found.update(
                entry.path for entry in self._tree.walk(prefix=f"{folder}/")
            )
            return
        self._note(path, name, sha256)
        with Archive(file, name) as archive:
            for member in archive.members():
                inside = f"{folder}/{member.path}"
                self._find(kept_path(inside))
                pieces = archive.read(member)
                self._member(inside, member.original, pieces, member.info.file_size, name)

    def _member(
        self, path: str, original: str, pieces: Iterator[bytes], size: int, archive: str
    ) -> None:
        if original != path.partition("/")[2]:
            self._note(path, original, b"", archive=archive)
        if size <= TOGETHER_BYTES_MAX or (is_text_name(path) and size <= TEXT_BYTES_MAX):
            data = b"".join(pieces)
            self._text(path, path, data, is_found=True)
            return
        content = take_in(self._row, pieces, Announced(size), at=self._at)
        self._taken.puts.append((path, bytes(content.sha256)))

    def _text(self, path: str, name: str, data: bytes, *, is_found: bool = False) -> None:
        """In UTF-8 under its name; the original beside it where it was something else."""
        if not is_found:
            self._find(path)
        encoding = encoding_of(data) if is_text_name(path) else ""
        if not encoding:
            self._put(path, name, data)
            return
        beside = f"{path}.{encoding}"
        self._find(beside)
        self._note(path, name, hashlib.sha256(data).digest(), encoding=encoding)
        self._put(beside, beside, data)
        self._put(path, path, in_utf8(data, encoding))

    def _large(self, path: str, name: str, file: Path) -> None:
        """Hashed first, since most are there already when a folder is declared again."""
        sha256, size = _digest(file)
        self._find(path)
        self._named(path, name, sha256)
        if self._is_there(path, sha256):
            return
        if not self._given({sha256}):
            with _opened(file) as stream:
                pieces = iter(lambda: stream.read(PIECE_BYTES), b"")
                take_in(self._row, pieces, Announced(size, sha256.hex()), at=self._at)
        self._taken.puts.append((path, sha256))

    def _put(self, path: str, name: str, data: bytes) -> None:
        sha256 = hashlib.sha256(data).digest()
        self._named(path, name, sha256)
        if self._is_there(path, sha256):
            return
        self._held.append((path, sha256, data))
        self._held_bytes += len(data)
        if len(self._held) >= HELD_FILES or self._held_bytes >= HELD_BYTES:
            self._keep_held()

    def _keep_held(self) -> None:
        """What the set was given before, by a reading that broke off, is not cut again."""
        held, self._held, self._held_bytes = self._held, [], 0
        given = self._given({sha256 for _, sha256, _ in held})
        for path, sha256, data in held:
            if sha256 not in given:
                self._many.add(data, sha256=sha256)
            self._taken.puts.append((path, sha256))

    def _given(self, some: set[bytes]) -> set[bytes]:
        if self._is_new:
            return set()
        rows = Claim.objects.filter(data_set=self._row, content__in=among(some))
        given = set(map(bytes, rows.values_list("content_id", flat=True)))
        renew(given, self._at)
        return given

    def _close(self) -> None:
        self._keep_held()
        self._many.close()

    def _is_there(self, path: str, sha256: bytes) -> bool:
        held = self._tree.find(path)
        return held is not None and held.sha256 == sha256

    def _find(self, path: str) -> None:
        """Two files of one path would hide one of them."""
        if path in self._taken.found:
            raise FolderUnreadable(path=path, reason="two names become one")
        self._taken.found.add(path)

    def _named(self, path: str, name: str, sha256: bytes) -> None:
        if name != path:
            self._note(path, name, sha256)

    def _note(
        self, path: str, name: str, sha256: bytes, *, archive: str = "", encoding: str = ""
    ) -> None:
        self._taken.originals.append(
            Original(
                data_set=self._row,
                path=path,
                name=name,
                archive=archive,
                encoding=encoding,
                sha256=sha256,
            )
        )


def keep_originals(originals: Iterable[Original]) -> None:
    Original.objects.bulk_create(
        {one.path: one for one in originals}.values(),
        batch_size=ROWS_AT_ONCE,
        update_conflicts=True,
        unique_fields=["data_set", "path"],
        update_fields=["name", "archive", "encoding", "sha256"],
    )


def files_of(folder: Path) -> list[tuple[str, str]]:
    """Files below the folder in the order of their paths: each one's path in NFC, and its
    name as it was. A link is refused, not followed."""
    if not folder.is_dir():
        raise FolderUnreadable(path=folder.name, reason="it is no folder")
    root, found = os.fspath(folder), list[tuple[str, str]]()
    for place, folders, names in os.walk(root):
        inside = place[len(root) + 1 :]
        links = (one for one in folders if Path(place, one).is_symlink())
        for name in (*names, *links):
            relative = f"{inside}/{name}" if inside else name
            if not stat.S_ISREG(os.lstat(f"{place}/{name}").st_mode):  # a Path costs more
                raise FolderUnreadable(path=relative, reason="it is a link or no plain file")
            found.append((kept_path(relative), relative))
        if len(found) > FILES_MAX:
            raise FolderUnreadable(path=folder.name, reason=f"more than {FILES_MAX} files")
    found.sort()
    if any(one == next_ for (one, _), (next_, _) in pairwise(found)):
        raise FolderUnreadable(path=folder.name, reason="two names are one in NFC")
    return found


def _digest(file: Path) -> tuple[bytes, int]:
    with _opened(file) as stream:
        return hashlib.file_digest(stream, "sha256").digest(), stream.tell()


def _whole(file: Path) -> bytes:
    with _opened(file) as stream:
        return stream.read()


def _opened(file: Path) -> io.BufferedReader:
    try:
        return file.open("rb")
    except OSError as err:
        raise FolderUnreadable(path=file.name, reason=str(err.strerror)) from err
