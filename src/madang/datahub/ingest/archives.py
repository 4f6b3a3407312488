"""Zips taken apart: members become files, so that they can be found, shown and kept once.

Everything in an archive may lie: sizes, names, compression. Limits are held while reading,
never by what a header promises.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from madang.datahub.commits.paths import kept_path
from madang.datahub.errors import ArchiveRefused

PIECE_BYTES = 1024 * 1024
ZIP = ".zip"
UTF8_FLAG, ENCRYPTED_FLAG = 0x800, 0x1


@dataclass(frozen=True, slots=True)
class Limits:
    """What one archive may become."""

    members_max: int = 1_000_000
    bytes_max: int = 256 * 1024**3
    ratio_max: int = 200
    ratio_from_bytes: int = 16 * 1024 * 1024
    """A small text may shrink more than that; a bomb is large."""


LIMITS = Limits()


@dataclass(frozen=True, slots=True)
class Member:
    """A file of an archive: the path it gets, and its name as it was."""

    path: str
    original: str
    info: zipfile.ZipInfo


class Archive:
    """An opened zip. Use as a context. Raises ArchiveRefused, PathInvalid."""

    def __init__(self, file: Path, name: str, limits: Limits = LIMITS) -> None:
        self._name, self._limits = name, limits
        self._packed_bytes = file.stat().st_size
        try:
            self._zip = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, OSError, NotImplementedError, ValueError) as err:
            raise self._refused("it is no zip that opens") from err
        self._taken = 0

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    def members(self) -> list[Member]:
        """Files in order, checked by name, kind and announced size."""
        infos = [info for info in self._zip.infolist() if not info.is_dir()]
        if len(infos) > self._limits.members_max:
            raise self._refused(f"more than {self._limits.members_max} files")
        if sum(info.file_size for info in infos) > self._limits.bytes_max:
            raise self._refused(f"more than {self._limits.bytes_max} bytes")
        found = [self._member(info) for info in infos]
        paths = {member.path for member in found}
        if len(paths) < len(found):
            raise self._refused("two files have one name")
        folders = {path.rpartition("/")[0] for path in paths}
        if paths & folders:
            raise self._refused("a file has the name of a folder")
        return found

    def read(self, member: Member) -> Iterator[bytes]:
        """A member's bytes, counted against the limits as they come."""
        got = 0
        try:
            with self._zip.open(member.info) as stream:
                while piece := stream.read(PIECE_BYTES):
                    got += len(piece)
                    self._taken += len(piece)
                    self._check(member, got)
                    yield piece
        except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, OSError) as err:
            raise self._refused(f"{member.path} does not open") from err
        if got != member.info.file_size:
            raise self._refused(f"{member.path} is not as long as it says")

    def _check(self, member: Member, got: int) -> None:
        limits = self._limits
        if got > member.info.file_size or self._taken > limits.bytes_max:
            raise self._refused(f"{member.path} is longer than it says")
        is_large = self._taken > limits.ratio_from_bytes
        if is_large and self._taken > limits.ratio_max * self._packed_bytes:
            raise self._refused(f"it grows more than {limits.ratio_max} times")

    def _member(self, info: zipfile.ZipInfo) -> Member:
        original = _name_of(info)
        if info.flag_bits & ENCRYPTED_FLAG:
            raise self._refused(f"{original} is encrypted")
        kind = stat.S_IFMT(info.external_attr >> 16)
        if kind not in {0, stat.S_IFREG}:
            raise self._refused(f"{original} is a link or no plain file")
        return Member(kept_path(original), original, info)

    def _refused(self, reason: str) -> ArchiveRefused:
        return ArchiveRefused(file=self._name, reason=reason)


def _name_of(info: zipfile.ZipInfo) -> str:
    """The name as its writer meant it: without the mark of UTF-8, Korean systems wrote cp949.

    The standard library reads unmarked names as cp437, which loses nothing.
    """
    if info.flag_bits & UTF8_FLAG:
        return info.orig_filename
    try:
        raw = info.orig_filename.encode("cp437")
    except UnicodeEncodeError:
        return info.orig_filename
    for encoding in ("utf-8", "cp949"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.orig_filename
