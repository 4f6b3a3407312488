"""Bytes on disk under the name of their SHA-256: written whole or not at all."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from madang.parties.errors import DocumentEmpty, DocumentTooLarge

CHUNK_BYTES = 1 << 16
HEAD_BYTES = 512


@dataclass(frozen=True, slots=True)
class Stored:
    sha256: str
    size_bytes: int
    head: bytes
    """The first bytes, from which the type is checked."""


class DocumentStore:
    """A folder of objects. Putting the same bytes twice keeps one copy."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256[2:4] / sha256

    def put(self, chunks: Iterable[bytes], *, size_bytes_max: int) -> Stored:
        """Write, flush to disk, then rename into place; the folder is flushed too."""
        self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        handle, name = tempfile.mkstemp(dir=self.folder, prefix="incoming-")
        fresh = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                digest, size, head = hashlib.sha256(), 0, b""
                for chunk in chunks:
                    size += len(chunk)
                    if size > size_bytes_max:
                        raise DocumentTooLarge(size_bytes_max=size_bytes_max)
                    head += chunk[: HEAD_BYTES - len(head)]
                    digest.update(chunk)
                    file.write(chunk)
                if size == 0:
                    raise DocumentEmpty
                file.flush()
                os.fsync(file.fileno())
            self._place(fresh, digest.hexdigest())
        finally:
            fresh.unlink(missing_ok=True)
        return Stored(digest.hexdigest(), size, head)

    def read(self, sha256: str) -> Iterator[bytes]:
        """The bytes in chunks."""
        with self.path_of(sha256).open("rb") as file:
            while chunk := file.read(CHUNK_BYTES):
                yield chunk

    def _place(self, fresh: Path, sha256: str) -> None:
        final = self.path_of(sha256)
        final.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        os.replace(fresh, final)
        folder = os.open(final.parent, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def default_store() -> DocumentStore:
    """The store of this installation's data folder."""
    return DocumentStore(Path(settings.DATA_DIR) / "objects")
