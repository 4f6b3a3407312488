"""A data set by declaration: its facts, and the files of a folder as one commit.

Declaring again reads every file and compares digests: what is there already is neither stored
nor committed again.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from madang.datahub.commits.actions import MAIN, Change, commit
from madang.datahub.commits.paths import kept_path
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.intake import Announced, take_in
from madang.datahub.contents.models import Content
from madang.datahub.errors import FolderUnreadable
from madang.datahub.sets.actions import create_data_set, need_writer
from madang.datahub.sets.models import Access, DataSet, Field
from madang.parties.actor import Actor
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event

PIECE_BYTES = 4 * 1024 * 1024
FILES_MAX = 1_000_000


@dataclass(frozen=True, slots=True)
class DataSetFacts:
    """What a declaration says of a data set, without its files."""

    code: str
    field: Field
    licence: str
    access: Access
    name_ko: str
    name_en: str


@transaction.atomic
def declare_data_set(
    actor: Actor, facts: DataSetFacts, folder: Path, *, at: datetime
) -> Declared[DataSet]:
    """Make the set, or bring it to what is declared. Raises FolderUnreadable, PathInvalid.

    Secure sets stay out of reach all the same: their bytes are served to nobody outside.
    """
    row = DataSet.objects.select_for_update().filter(code__iexact=facts.code).first()
    outcome = Outcome.UNCHANGED
    if row is None:
        row = create_data_set(actor, code=facts.code, is_private=False, at=at)
        outcome = Outcome.CREATED
    need_writer(actor, row)
    if fields := changed_fields(row, {**asdict(facts), "is_private": False}):
        row.changed_at = at
        row.save(update_fields=[*fields, "changed_at"])
        outcome = _changed(outcome)
        record_event(
            actor,
            "data_set.declare",
            subject_type="data_set",
            subject_id=row.id,
            at=at,
            facts={"field": row.field, "access": row.access, "licence": row.licence},
        )
    if take_in_folder(actor, row, folder, at=at):
        outcome = _changed(outcome)
    return Declared(row, outcome)


def _changed(outcome: Outcome) -> Outcome:
    return Outcome.CHANGED if outcome is Outcome.UNCHANGED else outcome


def take_in_folder(actor: Actor, row: DataSet, folder: Path, *, at: datetime) -> bool:
    """Make the main branch hold exactly the folder's files. False: it held them already."""
    tree = tree_of(commit_at(row, MAIN))
    found: set[str] = set()
    puts: list[tuple[str, bytes]] = []
    for file, path in _files(folder):
        found.add(path)
        held = tree.find(path)
        sha256, size = _digest(file)
        if held is not None and held.sha256 == sha256:
            continue
        announced = Announced(size, sha256.hex())
        puts.append((path, bytes(_taken(row, file, announced, at).sha256)))
    gone = [entry.path for entry in tree.walk() if entry.path not in found]
    if not puts and not gone:
        return False
    title = f"declared: {len(puts)} files put, {len(gone)} gone"
    commit(actor, row, Change(puts=puts, gone_files=gone, title=title), at=at)
    return True


def _files(folder: Path) -> Iterator[tuple[Path, str]]:
    """Files below the folder in the order of their paths. A link is refused, not followed."""
    if not folder.is_dir():
        raise FolderUnreadable(path=folder.name, reason="it is no folder")
    found: list[tuple[str, Path]] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(
            [*names, *(one for one in folders if Path(place, one).is_symlink())]
        ):
            file = Path(place, name)
            relative = file.relative_to(folder).as_posix()
            if file.is_symlink() or not file.is_file():
                raise FolderUnreadable(path=relative, reason="it is a link or no plain file")
            found.append((kept_path(relative), file))
    if len(found) > FILES_MAX:
        raise FolderUnreadable(path=folder.name, reason=f"more than {FILES_MAX} files")
    paths = [path for path, _ in found]
    if len(set(paths)) < len(paths):
        raise FolderUnreadable(path=folder.name, reason="two names are one in NFC")
    yield from ((file, path) for path, file in sorted(found))


def _digest(file: Path) -> tuple[bytes, int]:
    try:
        with file.open("rb") as stream:
            return hashlib.file_digest(stream, "sha256").digest(), stream.tell()
    except OSError as err:
        raise FolderUnreadable(path=file.name, reason=str(err.strerror)) from err


def _taken(row: DataSet, file: Path, announced: Announced, at: datetime) -> Content:
    """The bytes that were hashed; a file that changes while it is read is refused."""
    with file.open("rb") as stream:
        return take_in(row, iter(lambda: stream.read(PIECE_BYTES), b""), announced, at=at)
