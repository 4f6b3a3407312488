"""A report's folder as one zip: how it travels. What is taken apart may be hostile."""

from __future__ import annotations

import stat
import zipfile
from pathlib import Path, PurePosixPath

from madang.testbed.errors import ArchiveMalformed
from madang.testbed.harness.files import PUBLIC_KEY, REPORT

FILES_MAX = 2_000
BYTES_MAX = 2 << 30
NAME_LENGTH_MAX = 200
SINCE = (2000, 1, 1, 0, 0, 0)
CHUNK_BYTES = 1 << 20


def pack(folder: Path, into: Path) -> None:
    """Same files, same bytes: sorted names, one date."""
    with zipfile.ZipFile(into, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as held:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not path.is_symlink():
                info = zipfile.ZipInfo(path.relative_to(folder).as_posix(), SINCE)
                info.compress_type = zipfile.ZIP_DEFLATED
                info.external_attr = 0o644 << 16
                with path.open("rb") as source, held.open(info, "w") as sink:
                    while chunk := source.read(CHUNK_BYTES):
                        sink.write(chunk)


def unpack(archive: Path, into: Path) -> None:
    """Plain files inside `into` alone, in bounds. Raises ArchiveMalformed."""
    try:
        with zipfile.ZipFile(archive) as held:
            members = [one for one in held.infolist() if not one.is_dir()]
            _check(members)
            for one in members:
                _write(held, one, into / one.filename)
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as err:
        raise ArchiveMalformed(reason=f"{type(err).__name__}") from err


def _check(members: list[zipfile.ZipInfo]) -> None:
    if len(members) > FILES_MAX:
        raise ArchiveMalformed(reason=f"more than {FILES_MAX} files")
    if sum(one.file_size for one in members) > BYTES_MAX:
        raise ArchiveMalformed(reason=f"more than {BYTES_MAX} bytes")
    for one in members:
        parts = PurePosixPath(one.filename)
        mode = one.external_attr >> 16
        odd = parts.is_absolute() or ".." in parts.parts or "\\" in one.filename
        if odd or len(one.filename) > NAME_LENGTH_MAX or stat.S_ISLNK(mode):
            raise ArchiveMalformed(reason="a name that leads elsewhere")
    if len({one.filename for one in members}) != len(members):
        raise ArchiveMalformed(reason="a name twice")


def _write(held: zipfile.ZipFile, one: zipfile.ZipInfo, path: Path) -> None:
    """No more than was declared, whatever the stream says."""
    path.parent.mkdir(parents=True, exist_ok=True)
    left = one.file_size
    with held.open(one) as source, path.open("wb") as sink:
        while chunk := source.read(CHUNK_BYTES):
            left -= len(chunk)
            if left < 0:
                raise ArchiveMalformed(reason="a file that is larger than it says")
            sink.write(chunk)


def member(archive: Path, name: str, *, bytes_max: int) -> bytes:
    """One small file. Raises ArchiveMalformed."""
    try:
        with zipfile.ZipFile(archive) as held:
            if held.getinfo(name).file_size > bytes_max:
                raise ArchiveMalformed(reason=f"{name} is too large")
            with held.open(name) as source:
                return source.read(bytes_max)
    except KeyError as err:
        raise ArchiveMalformed(reason=f"{name} is missing") from err
    except (zipfile.BadZipFile, OSError, EOFError, RuntimeError, NotImplementedError) as err:
        raise ArchiveMalformed(reason=f"{type(err).__name__}") from err


def envelope_and_key(archive: Path, *, bytes_max: int) -> tuple[bytes, bytes]:
    """The signed report and the key that lies beside it."""
    report = member(archive, REPORT, bytes_max=bytes_max)
    return report, member(archive, PUBLIC_KEY, bytes_max=1 << 16)
