"""Where packs lie: a local folder by default, S3 by its address."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import obstore
from django.conf import settings
from obstore.exceptions import BaseError
from obstore.store import LocalStore, ObjectStore, from_url

from madang.datahub.contents import coming
from madang.datahub.contents.coming import Coming, folder_of
from madang.datahub.errors import ContentDamaged
from madang.datahub.store.hashes import Hash, hash_text

FOLDER = "packs"


@lru_cache(maxsize=4)
def _opened(address: str) -> ObjectStore:
    if "://" in address:
        return from_url(address)
    Path(address).mkdir(parents=True, exist_ok=True, mode=0o700)
    return LocalStore(address)


def objects() -> ObjectStore:
    """The store of this installation: DATAHUB_STORE, or a folder of the data folder."""
    return _opened(settings.DATAHUB_STORE or str(Path(settings.DATA_DIR) / "hub"))


def path_of(pack: Hash) -> str:
    name = hash_text(pack)
    return f"{FOLDER}/{name[:2]}/{name}"


def begin() -> Coming:
    """A pack that is written piece by piece. Raises StoreUnwell."""
    return coming.begin(objects(), FOLDER)


def keep(pack: Hash, data: bytes) -> None:
    """Write a pack whole and durable; again changes nothing, for its name is its content."""
    fresh = begin()
    fresh.write([data])
    fresh.keep(path_of(pack))


def part(pack: Hash, start: int, end: int) -> bytes:
    """Some bytes of a pack; out of a folder without a copy on the way."""
    store = objects()
    try:
        if (root := folder_of(store)) is not None:
            return _read(root / path_of(pack), start, end)
        return bytes(obstore.get_range(store, path_of(pack), start=start, end=end))
    except (BaseError, OSError) as err:
        raise ContentDamaged(chunk=hash_text(pack)) from err


def _read(path: Path, start: int, end: int) -> bytes:
    """Raises OSError also for a file that is shorter than its row says."""
    descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    try:
        data = os.pread(descriptor, end - start, start)
    finally:
        os.close(descriptor)
    if len(data) < end - start:
        raise OSError(errno.EIO, "it is shorter than it was", str(path))
    return data


def remove(pack: Hash) -> None:
    """A pack that no row names any more."""
    obstore.delete(objects(), path_of(pack))


def listed() -> Iterator[tuple[str, int, datetime]]:
    """Every object: its path, its bytes, and when it was written."""
    for some in obstore.list(objects(), prefix=f"{FOLDER}/"):
        for one in some:
            yield one["path"], one["size"], one["last_modified"]
