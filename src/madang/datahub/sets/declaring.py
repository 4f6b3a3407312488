"""A data set by declaration: its facts, and the files of a folder as one commit.

Declaring again reads every file and compares digests: what is there already is neither stored
nor committed again.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import transaction

from madang.datahub.commits.actions import MAIN, Change, commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.ingest.folders import Folder, Tell, keep_originals, silent
from madang.datahub.sets.actions import create_data_set, need_no_wider, need_writer
from madang.datahub.sets.models import Access, DataSet, Field
from madang.parties.actor import Actor
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event


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
    need_no_wider(actor, row, facts.access)
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


def take_in_folder(
    actor: Actor, row: DataSet, folder: Path, *, at: datetime, tell: Tell = silent
) -> bool:
    """Make the main branch hold exactly the folder's files. False: it held them already.

    Archives are taken apart, text comes in UTF-8 with its original beside it. Outside a
    transaction the bytes are durable as they come, and the branch moves at the end, once: a
    reading that broke off has changed nothing, and the next one is quick.

    Raises CommitStale, FolderUnreadable, PathInvalid.
    """
    need_writer(actor, row)
    head = commit_at(row, MAIN)
    tree = tree_of(head)
    taken = Folder(row, tree, at, tell).take(folder)
    gone = [entry.path for entry in tree.walk() if entry.path not in taken.found]
    title = f"declared: {len(taken.puts)} files put, {len(gone)} gone"
    change = Change(puts=taken.puts, gone_files=gone, title=title, parent=head.id)
    with transaction.atomic():
        keep_originals(taken.originals)
        if taken.puts or gone:
            commit(actor, row, change, at=at)
    return bool(taken.puts or gone)
