"""Evidence: append-only packs of signal carriers, named by their SHA-256, under a Merkle root.

A blob is a site's file, or the header lines and elements of a page that say something; bodies
of pages stay out. Equal blobs are stored once per pack. A pack's root covers its blobs in
order, the scan's root covers its packs; one changed byte breaks the path to the root.
"""

from __future__ import annotations

import hashlib
import json
import os
import struct
import weakref
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import BinaryIO

from madang.rights.errors import EvidenceAltered
from madang.rights.observe import UNREAD, Observation, is_unread_only
from madang.rights.signals import Signal
from madang.rights.site import FILE_BYTES_MAX

HEAD = struct.Struct(">32sII")  # digest, stored length, plain length
ELEMENT_PREFIX, NODE_PREFIX = b"\0", b"\1"
PLAIN_BYTES_MAX = 256
BLOB_BYTES_MAX = 4 * FILE_BYTES_MAX


def merkle(leaves: Sequence[bytes]) -> bytes:
    """RFC 6962's tree: leaves and nodes are hashed apart, so neither passes for the other."""
    level = [hashlib.sha256(ELEMENT_PREFIX + leaf).digest() for leaf in leaves]
    if not level:
        return hashlib.sha256(b"").digest()
    while len(level) > 1:
        pairs = zip(level[::2], level[1::2], strict=False)
        above = [hashlib.sha256(NODE_PREFIX + a + b).digest() for a, b in pairs]
        if len(level) % 2:
            above.append(level[-1])
        level = above
    return level[0]


def _page_document(elements: Sequence[object], headers: Sequence[object]) -> bytes:
    document = {"elements": elements, "headers": headers}
    return json.dumps(document, ensure_ascii=False, sort_keys=True).encode("utf-8", "replace")


def _element(signal: Signal, body: bytes) -> list[object]:
    at = _offset(signal.carrier, signal.raw, body)
    return [signal.slot, signal.value, signal.raw, signal.note, at]


def _offset(carrier: str, raw: str, body: bytes) -> int:
    """Where the statement's text stands in the body; -1 when it is not there as it is."""
    if carrier in ("header", "robots", "file") or not raw:
        return -1
    return body.find(raw.rstrip("…").encode("utf-8", "replace"))


SILENT = b'{"elements":[],"headers":[]}'
SILENT_HEAD = _page_document([_element(UNREAD, b"")], [])
# Of what nearly every page's evidence is: these two objects, never equal ones.
USUAL_DIGESTS = {id(blob): hashlib.sha256(blob).digest() for blob in (SILENT, SILENT_HEAD)}


class PackWriter:
    """One pack in the making; nothing counts until its root is in the journal."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file = path.open("wb")
        self._places: dict[bytes, int] = {}

    def put(self, content: bytes) -> bytes:
        """Store a blob once and return its digest."""
        digest = USUAL_DIGESTS.get(id(content)) or hashlib.sha256(content).digest()
        if digest not in self._places:
            self._places[digest] = self._file.tell()
            packed = zlib.compress(content, 1) if len(content) > PLAIN_BYTES_MAX else content
            self._file.write(HEAD.pack(digest, len(packed), len(content)) + packed)
        return digest

    def place(self, digest: bytes) -> int:
        """Where a blob of this pack begins."""
        return self._places[digest]

    def abandon(self) -> None:
        """Let go of a pack that will not be finished; does nothing to a closed one."""
        self._file.close()

    def close(self) -> bytes:
        """Flush to the disk and return the pack's root."""
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        return merkle(list(self._places))


def read_pack(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """Every blob with its digest. Raises EvidenceAltered at the first that differs."""
    with path.open("rb") as file:
        while head := file.read(HEAD.size):
            digest, content = _blob(path, file, head)
            yield digest, content


def _blob(path: Path, file: BinaryIO, head: bytes) -> tuple[bytes, bytes]:
    if len(head) < HEAD.size:
        raise EvidenceAltered(file=path.name, reason="cut")
    packed = file.read(min(HEAD.unpack(head)[1], BLOB_BYTES_MAX))
    return _checked(str(path), head, packed)


def _checked(path: str, head: bytes, packed: bytes) -> tuple[bytes, bytes]:
    """A blob's digest and its plain bytes, which must be what the digest names."""
    digest, packed_length, length = HEAD.unpack(head)
    if len(packed) != packed_length:
        raise EvidenceAltered(file=Path(path).name, reason="cut")
    try:
        content = _unpacked(packed) if length > PLAIN_BYTES_MAX else packed
    except zlib.error as err:
        raise EvidenceAltered(file=Path(path).name, reason="not inflatable") from err
    if len(content) != length or hashlib.sha256(content).digest() != digest:
        raise EvidenceAltered(file=Path(path).name, reason=digest.hex())
    return digest, content


def _unpacked(packed: bytes) -> bytes:
    return zlib.decompressobj().decompress(packed, BLOB_BYTES_MAX)


def pack_root(path: Path) -> bytes:
    return merkle([digest for digest, _ in read_pack(path)])


def file_sha(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def verify(
    folder: Path, lines: Iterable[Mapping[str, object]], root: str, before: Sequence[bytes] = ()
) -> int:
    """Every blob, every pack and the scan's root, which covers the one before. Raises
    EvidenceAltered; returns the blobs."""
    roots, blobs = list(before), 0
    for line in lines:
        path = folder / f"{int(str(line['input'])):05}-{int(str(line['chunk'])):05}.pack"
        digests = [digest for digest, _ in read_pack(path)]
        blobs += len(digests)
        roots.append(merkle(digests))
        if roots[-1].hex() != line["root"] or file_sha(path) != line["pack_sha256"]:
            raise EvidenceAltered(file=path.name, reason="another root")
    if merkle(roots).hex() != root:
        raise EvidenceAltered(file="evidence", reason="another root of the scan")
    return blobs


def find(folder: Path, wanted: bytes) -> bytes | None:
    """One blob by its digest, from any pack."""
    for path in sorted(folder.glob("*.pack")):
        content = find_in(path, wanted)
        if content is not None:
            return content
    return None


def find_in(path: Path, wanted: bytes) -> bytes | None:
    """One blob of one pack, skipping over the others."""
    with path.open("rb") as file:
        while head := file.read(HEAD.size):
            if len(head) < HEAD.size:
                raise EvidenceAltered(file=path.name, reason="cut")
            if head[:32] == wanted:
                return _blob(path, file, head)[1]
            file.seek(HEAD.unpack(head)[1], os.SEEK_CUR)
    return None


READ_BYTES = 8192
OPEN_MAX = 64


class Packs:
    """Packs that stay open while their blobs are asked for, one by one."""

    def __init__(self) -> None:
        self._open: dict[str, int] = {}
        weakref.finalize(self, _close, self._open)

    def read(self, path: str, place: int, wanted: bytes) -> bytes:
        """One blob whose place is known. Raises EvidenceAltered when it is another."""
        descriptor = self._open.get(path)
        if descriptor is None:
            if len(self._open) >= OPEN_MAX:
                _close(self._open)
            descriptor = self._open[path] = os.open(path, os.O_RDONLY)
        found = os.pread(descriptor, READ_BYTES, place)
        head, packed = found[: HEAD.size], found[HEAD.size :]
        if len(head) < HEAD.size:
            raise EvidenceAltered(file=Path(path).name, reason="cut")
        length = min(HEAD.unpack(head)[1], BLOB_BYTES_MAX)
        if length > len(packed):
            packed += os.pread(descriptor, length - len(packed), place + len(found))
        digest, content = _checked(path, head, packed[:length])
        if digest != wanted:
            raise EvidenceAltered(file=Path(path).name, reason=wanted.hex())
        return content


def _close(descriptors: dict[str, int]) -> None:
    while descriptors:
        os.close(descriptors.popitem()[1])


def page_blob(observation: Observation, body: bytes | memoryview) -> bytes:
    """The carriers of one page: header lines that state something, elements with offsets."""
    if not observation.signals and not observation.header_lines:
        return SILENT
    if is_unread_only(observation.signals) and not observation.header_lines:
        return SILENT_HEAD
    octets = bytes(body)
    elements = [_element(signal, octets) for signal in observation.signals]
    return _page_document(elements, observation.header_lines)
