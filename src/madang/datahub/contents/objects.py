"""Where packs lie: a local folder by default, S3 by its address."""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import obstore
from django.conf import settings
from obstore.store import LocalStore, ObjectStore, from_url

from madang.datahub.store.hashes import Hash, hash_text


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
    return f"packs/{name[:2]}/{name}"


def keep(pack: Hash, data: bytes) -> None:
    """Write a pack whole. Writing it again changes nothing: its name is its content."""
    obstore.put(objects(), path_of(pack), data)


def part(pack: Hash, start: int, end: int) -> bytes:
    """Some bytes of a pack."""
    return bytes(obstore.get_range(objects(), path_of(pack), start=start, end=end))
