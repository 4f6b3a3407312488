"""A folder as files of a data set: archives taken apart, text in UTF-8, names in NFC.

What was taken in before is known by its digest and is not read apart again.
"""

from __future__ import annotations

import hashlib
import io
import os
import stat
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from itertools import pairwise
from pathlib import Path

from madang.datahub.commits.pages import Tree
from madang.datahub.commits.paths import kept_path
from madang.datahub.contents.intake import Announced, Many, take_in
from madang.datahub.errors import FolderUnreadable
from madang.datahub.ingest.archives import ZIP, Archive
from madang.datahub.ingest.models import Original
from madang.datahub.ingest.texts import TEXT_BYTES_MAX, encoding_of, in_utf8, is_text_name
from madang.datahub.sets.models import DataSet

PIECE_BYTES = 4 * 1024 * 1024
FILES_MAX = 1_000_000
ROWS_AT_ONCE = 5_000
TOGETHER_BYTES_MAX = 1024 * 1024
"""Files up to here share packs and statements."""


@dataclass(slots=True)
class Taken:
    """What a folder becomes: paths by digest, what is there already, and former names."""

    puts: list[tuple[str, bytes]] = field(default_factory=list)
    found: set[str] = field(default_factory=set)
    originals: list[Original] = field(default_factory=list)


class Folder:
    """One reading of a folder into a data set whose files are those of `tree`."""

    def __init__(self, row: DataSet, tree: Tree, at: datetime) -> None:
        self._row, self._tree, self._at = row, tree, at
        archives = Original.objects.filter(data_set=row, path__iendswith=ZIP)
        self._known = dict(archives.values_list("path", "sha256"))
        self._many = Many(row, at)
        self._taken = Taken()

    def take(self, folder: Path) -> Taken:
        """Raises FolderUnreadable, PathInvalid, ArchiveRefused."""
        for file, path, name in files_of(folder):
            if path.lower().endswith(ZIP):
                self._archive(file, path, name, _digest(file)[0])
                continue
            size = file.stat().st_size
            if is_text_name(path) and size <= TEXT_BYTES_MAX:
                self._text(path, name, _whole(file))
            elif size <= TOGETHER_BYTES_MAX:
                self._find(path)
                self._put(path, name, _whole(file))
            else:
                self._large(path, name, file)
        self._many.close()
        return self._taken

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
        with _opened(file) as stream:
            pieces = iter(lambda: stream.read(PIECE_BYTES), b"")
            take_in(self._row, pieces, Announced(size, sha256.hex()), at=self._at)
        self._taken.puts.append((path, sha256))

    def _put(self, path: str, name: str, data: bytes) -> None:
        sha256 = hashlib.sha256(data).digest()
        self._named(path, name, sha256)
        if self._is_there(path, sha256):
            return
        self._many.add(data, sha256=sha256)
        self._taken.puts.append((path, sha256))

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


def files_of(folder: Path) -> Iterator[tuple[Path, str, str]]:
    """Files below the folder in the order of their paths: the file, its path in NFC, and its
    name as it was. A link is refused, not followed."""
    if not folder.is_dir():
        raise FolderUnreadable(path=folder.name, reason="it is no folder")
    root, found = os.fspath(folder), list[tuple[str, str]]()
    for place, folders, names in os.walk(root):
        inside = place[len(root) + 1 :]
        links = (one for one in folders if Path(place, one).is_symlink())
        for name in (*names, *links):
            relative = f"{inside}/{name}" if inside else name
            if not stat.S_ISREG(Path(place, name).lstat().st_mode):
                raise FolderUnreadable(path=relative, reason="it is a link or no plain file")
            found.append((kept_path(relative), relative))
        if len(found) > FILES_MAX:
            raise FolderUnreadable(path=folder.name, reason=f"more than {FILES_MAX} files")
    found.sort()
    if any(one == next_ for (one, _), (next_, _) in pairwise(found)):
        raise FolderUnreadable(path=folder.name, reason="two names are one in NFC")
    yield from ((folder / name, path, name) for path, name in found)


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
