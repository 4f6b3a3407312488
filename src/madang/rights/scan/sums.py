"""Sums of the files that a step leaves, in the lines that `sha256sum -c` reads.

Roots prove evidence; these find a flipped byte in everything else: settings, journal, tables,
summary. They are no seal against somebody who rewrites a file and its sum.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from madang.rights.errors import EvidenceAltered
from madang.rights.scan.evidence import file_sha
from madang.rights.scan.tables import sync, write_plain

NAME = "files.sha256"
SUMMARY = "summary.json"
LATER_FOLDERS = frozenset({"rechecks", "review", "release", "card"})  # each with its own


def finish(folder: Path, summary: Mapping[str, object]) -> None:
    """Write a step's summary, which says that it is done, after the sums of all its files."""
    path, fresh = folder / SUMMARY, folder / f"{SUMMARY}.new"
    write_plain(fresh, summary)
    named = {_relative(folder, one): one for one in _files(folder) if one != path}
    named[SUMMARY] = named.pop(fresh.name)
    _put(folder, {name: file_sha(one) for name, one in named.items()})
    os.replace(fresh, path)


def add(folder: Path, paths: Iterable[Path]) -> None:
    """Name some files of a folder beside those that were named before."""
    fresh = {_relative(folder, path): file_sha(path) for path in paths}
    _put(folder, {**dict(_lines(folder)), **fresh})


def check(folder: Path) -> int:
    """Compare all; returns how many, none for a folder older than its sums. Raises
    EvidenceAltered."""
    if not (folder / NAME).exists():
        return 0
    named = dict(_lines(folder))
    for name, digest in named.items():
        path = folder / name
        if not path.is_file():
            raise EvidenceAltered(file=name, reason="missing")
        if file_sha(path) != digest:
            raise EvidenceAltered(file=name, reason="another sum")
    for path in _files(folder):
        if _relative(folder, path) not in named:
            raise EvidenceAltered(file=_relative(folder, path), reason=f"not in {NAME}")
    return len(named)


def check_finished(folder: Path) -> None:
    """A step whose sums were written is done, or a kill left its summary under another name:
    without either its summary was taken away, and with it what the step found."""
    summary = folder / SUMMARY
    is_left = summary.exists() or summary.with_name(f"{SUMMARY}.new").exists()
    if (folder / NAME).exists() and not is_left:
        raise EvidenceAltered(file=f"{folder.name}/{SUMMARY}", reason="missing")


def _put(folder: Path, sums: dict[str, str]) -> None:
    fresh = folder / f"{NAME}.new"
    lines = [f"{digest}  {name}\n" for name, digest in sorted(sums.items())]
    fresh.write_text("".join(lines), encoding="utf-8")
    sync(fresh)
    os.replace(fresh, folder / NAME)


def _lines(folder: Path) -> Iterator[tuple[str, str]]:
    path = folder / NAME
    content = path.read_bytes() if path.exists() else b""
    for line in content.decode("utf-8", "replace").split("\n")[:-1]:
        digest, _, name = line.partition("  ")
        yield name, digest


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        first = path.relative_to(folder).parts[0]
        if path.is_file() and first not in LATER_FOLDERS and first != NAME:
            yield path


def _relative(folder: Path, path: Path) -> str:
    return path.relative_to(folder).as_posix()
