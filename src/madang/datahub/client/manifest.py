"""The list of files that a get works through, closed by a digest over itself.

Lines of JSON: a head, one line a file, a tail. Without its tail, or with another digest in
it, a list is not used: a flipped byte in a name must not write another file.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from madang.datahub.commits.paths import kept_path
from madang.datahub.errors import ManifestDamaged

FILES_MAX = 10_000_000


@dataclass(frozen=True, slots=True)
class Item:
    """One file: its digests are what its bytes must have."""

    path: str
    size: int
    sha256: bytes
    xet: bytes


@dataclass(frozen=True, slots=True)
class Manifest:
    """Of one commit of a set; `version` is empty where the commit was never sealed. `size`: of
    all files in bytes, summed once, for a get tells how far it is at each file."""

    code: str
    commit: str
    version: str
    items: tuple[Item, ...]
    size: int


def written(head: Mapping[str, object], items: Iterable[Item]) -> Iterator[bytes]:
    """The lines of a list."""
    digest, files, size = hashlib.sha256(), 0, 0
    line = _line(head)
    digest.update(line)
    yield line
    for item in items:
        files, size = files + 1, size + item.size
        line = _line(
            {
                "path": item.path,
                "size": item.size,
                "sha256": item.sha256.hex(),
                "xet": item.xet.hex(),
            }
        )
        digest.update(line)
        yield line
    yield _line({"files": files, "size_bytes": size, "sha256": digest.hexdigest()})


def read(lines: Iterable[bytes]) -> Manifest:
    """Raises ManifestDamaged, PathInvalid. A line is kept as a file at once: a million of them
    as parsed would be a gigabyte."""
    digest = hashlib.sha256()
    head: dict[str, object] | None = None
    items: list[Item] = []
    held = b""
    for line in lines:
        if held:
            digest.update(held)
            if head is None:
                head = _parsed(held)
            else:
                items.append(_item(_parsed(held)))
        held = line
        if len(items) > FILES_MAX:
            raise ManifestDamaged(reason=f"more than {FILES_MAX} files")
    if _parsed(held).get("sha256") != digest.hexdigest() or head is None:
        raise ManifestDamaged(reason="its digest is another, or its end is missing")
    checked = tuple(_checked(item) for item in items)
    size = sum(item.size for item in checked)
    return Manifest(str(head["set"]), str(head["commit"]), str(head["version"]), checked, size)


def _line(row: Mapping[str, object]) -> bytes:
    return json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() + b"\n"


def _parsed(line: bytes) -> dict[str, object]:
    try:
        row = json.loads(line)
    except ValueError as err:
        raise ManifestDamaged(reason="a line is not JSON") from err
    if not isinstance(row, dict):
        raise ManifestDamaged(reason="a line is no object")
    return row


def _item(row: Mapping[str, object]) -> Item:
    size = row.get("size")
    if not isinstance(size, int) or size < 0:
        raise ManifestDamaged(reason="a size is no number")
    try:
        sha256, xet = bytes.fromhex(str(row["sha256"])), bytes.fromhex(str(row["xet"]))
    except (KeyError, ValueError) as err:
        raise ManifestDamaged(reason="a digest is none") from err
    return Item(str(row.get("path", "")), size, sha256, xet)


def _checked(item: Item) -> Item:
    """A hub that is not ours may say anything: its paths pass our own check."""
    path = kept_path(item.path)
    return item if path == item.path else replace(item, path=path)
