"""Committing: a new tree over the one before, or nothing at all."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from madang.core.clock import rfc3339
from madang.datahub.commits.models import Commit, Ref, RefKind
from madang.datahub.commits.pages import Entry, Gone, Index, Tree, index_bytes
from madang.datahub.commits.paths import kept_path, parents_of
from madang.datahub.commits.stored import PAGES, tree_of
from madang.datahub.contents.among import among
from madang.datahub.contents.leases import renew
from madang.datahub.contents.models import Claim
from madang.datahub.errors import (
    CommitStale,
    ContentUnknown,
    PathInvalid,
    RefExists,
    RefUnknown,
)
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor
from madang.parties.canonical import digest_of
from madang.parties.events.actions import record_event

SHA_LENGTH = 40
MAIN = "main"
EMPTY: Index = ()
LOOKED_UP_AT_ONCE = 5_000
_Facts = tuple[int, bytes, bytes]
"""Of a content: its size, git's id, the Xet hash."""


@dataclass(frozen=True, slots=True)
class Change:
    """What a commit does: files by path and SHA-256, copies, and what goes."""

    puts: Sequence[tuple[str, bytes]] = ()
    gone_files: Sequence[str] = ()
    gone_folders: Sequence[str] = ()
    title: str = ""
    message: str = ""
    parent: str = ""
    """The commit it was made from; refused when the branch moved on. Empty: whatever it is."""


@transaction.atomic
def begin(actor: Actor, data_set: DataSet, *, at: datetime) -> Commit:
    """The first commit of a data set: no files."""
    return _commit(actor, data_set, Change(title="initial commit"), EMPTY, None, at)


@transaction.atomic
def commit(
    actor: Actor, data_set: DataSet, change: Change, *, branch: str = MAIN, at: datetime
) -> Commit:
    """Move a branch on by one commit. Takes the branch's lock.

    Raises CommitStale, ContentUnknown, PathInvalid, RefUnknown.
    """
    ref = _locked(data_set, branch)
    head = ref.commit
    if change.parent and not head.id.startswith(change.parent):
        raise CommitStale(head=head.id)
    puts = {kept_path(path): sha256 for path, sha256 in change.puts}
    fresh = sorted(puts)
    gone = Gone(
        frozenset(kept_path(path) for path in change.gone_files),
        tuple(f"{kept_path(path.rstrip('/'))}/" for path in change.gone_folders),
    )
    entries = _entries(data_set, fresh, puts, at)
    index = tree_of(head).changed(fresh, entries, gone, PAGES.save)
    _need_no_file_under_a_file(Tree(index, PAGES), fresh, is_first=head.files == 0)
    row = _commit(actor, data_set, change, index, head, at)
    ref.commit = row
    ref.save(update_fields=["commit"])
    data_set.changed_at = at
    data_set.save(update_fields=["changed_at"])
    return row


def _locked(data_set: DataSet, branch: str) -> Ref:
    """Its commit is read after the lock: a join would be of before it, and lose the row."""
    rows = Ref.objects.select_for_update()
    found = rows.filter(data_set=data_set, kind=RefKind.BRANCH, name=branch).first()
    if found is None:
        raise RefUnknown(name=branch)
    return found


def _entries(
    data_set: DataSet, fresh: Sequence[str], puts: Mapping[str, bytes], at: datetime
) -> Iterator[Entry]:
    """Each file with its content's facts; only content that was uploaded to this data set.

    In the order of `fresh`, and some thousands at a time: a million never stand in memory.
    """
    for start in range(0, len(fresh), LOOKED_UP_AT_ONCE):
        some = fresh[start : start + LOOKED_UP_AT_ONCE]
        wanted = sorted({puts[path] for path in some})
        known = _facts_of(data_set, wanted)
        renew(wanted, at)
        missing = next((sha256 for sha256 in wanted if sha256 not in known), None)
        if missing is not None:
            raise ContentUnknown(name=missing.hex())
        for path in some:
            size, sha1, xet = known[puts[path]]
            yield Entry(path, size, sha1, puts[path], xet)


def _facts_of(data_set: DataSet, some: Sequence[bytes]) -> dict[bytes, _Facts]:
    claimed = Claim.objects.filter(data_set=data_set, content__in=among(some))
    rows = claimed.values_list(
        "content_id", "content__size_bytes", "content__sha1", "content__xet"
    )
    return {
        bytes(key): (size, bytes.fromhex(sha1), bytes(xet)) for key, size, sha1, xet in rows
    }


def _need_no_file_under_a_file(tree: Tree, fresh: Sequence[str], *, is_first: bool) -> None:
    """`a` and `a/b` cannot both be files: no reader's disk could hold them."""
    folders = {parent for path in fresh for parent in parents_of(path)}
    for folder in sorted(folders):  # in order, so each page is read once
        if tree.find(folder) is not None:
            raise PathInvalid(path=folder, reason="a file has the name of a folder")
    for path in fresh:
        if path in folders or (not is_first and tree.is_folder(path)):
            raise PathInvalid(path=path, reason="a file has the name of a folder")


def built(
    actor: Actor,
    data_set: DataSet,
    change: Change,
    index: Index,
    parent: Commit | None,
    at: datetime,
) -> Commit:
    """A row not written yet; its id is a digest over everything in it."""
    body = index_bytes(index)
    facts = {
        "data_set": str(data_set.id),
        "parent": parent.id if parent else "",
        "title": change.title,
        "message": change.message,
        "author": actor.id,
        "at": rfc3339(at),
        "tree": hashlib.sha256(body).hexdigest(),
    }
    tree = Tree(index, PAGES)
    return Commit(
        id=digest_of(facts)[:SHA_LENGTH],
        data_set=data_set,
        parent=facts["parent"],
        number=parent.number + 1 if parent else 0,
        title=change.title[:400],
        message=change.message,
        author=actor.id,
        at=at,
        index=body,
        files=tree.files,
        size_bytes=tree.size,
    )


def _commit(
    actor: Actor,
    data_set: DataSet,
    change: Change,
    index: Index,
    parent: Commit | None,
    at: datetime,
) -> Commit:
    """The row, written; the first one of a set is its main branch."""
    row = built(actor, data_set, change, index, parent, at)
    row.save(force_insert=True)
    if parent is None:
        Ref.objects.create(data_set=data_set, kind=RefKind.BRANCH, name=MAIN, commit=row)
    record_event(
        actor,
        "commit.create",
        subject_type="data_set",
        subject_id=data_set.id,
        at=at,
        facts={"commit": row.id, "files": row.files, "size_bytes": row.size_bytes},
    )
    return row


@transaction.atomic
def make_ref(
    actor: Actor, data_set: DataSet, kind: RefKind, name: str, target: Commit, *, at: datetime
) -> Ref:
    """A branch or a tag. Raises RefExists."""
    row, is_new = Ref.objects.get_or_create(
        data_set=data_set, kind=kind, name=kept_path(name), defaults={"commit": target}
    )
    if not is_new:
        raise RefExists(name=name)
    record_event(
        actor,
        f"{kind}.create",
        subject_type="data_set",
        subject_id=data_set.id,
        at=at,
        facts={"commit": target.id},
    )
    return row


@transaction.atomic
def drop_ref(
    actor: Actor, data_set: DataSet, kind: RefKind, name: str, *, at: datetime
) -> None:
    """The name goes, its commits stay. Raises RefUnknown; main stays."""
    row = Ref.objects.filter(data_set=data_set, kind=kind, name=name).first()
    if row is None or (kind == RefKind.BRANCH and name == MAIN):
        raise RefUnknown(name=name)
    record_event(
        actor,
        f"{kind}.drop",
        subject_type="data_set",
        subject_id=data_set.id,
        at=at,
        facts={"commit": row.commit_id},
    )
    row.delete()
