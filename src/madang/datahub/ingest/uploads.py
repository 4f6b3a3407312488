"""What clients uploaded, treated as a declared folder is: archives apart, text in UTF-8.

A client compares what it sent with what it gets, so a commit is kept as it came; a writer asks
for this, and it is one more commit. What was sent stays in the history of the branch.
"""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from datetime import datetime
from itertools import islice
from pathlib import Path

from django.db import transaction

from madang.datahub.commits.actions import MAIN, Change, commit
from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry, Tree
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.among import among
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.ingest.archives import ZIP
from madang.datahub.ingest.folders import Folder, Taken, keep_originals
from madang.datahub.ingest.texts import TEXT_BYTES_MAX, encoding_of, is_text_name
from madang.datahub.preview.opening import beginning
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor

LOOKED_UP_AT_ONCE = 1_000


@transaction.atomic
def ingest_uploads(
    actor: Actor, data_set: DataSet, *, branch: str = MAIN, at: datetime
) -> Commit:
    """The branch with its archives taken apart and its texts in UTF-8; the same commit when
    there is nothing to do. All or nothing.

    Raises ArchiveRefused, FolderUnreadable, PathInvalid, RefUnknown.
    """
    need_writer(actor, data_set)
    head = commit_at(data_set, branch)
    uploads = _Uploads(data_set, tree_of(head), at)
    taken = uploads.take_uploads()
    keep_originals(taken.originals)
    if not taken.puts and not uploads.gone:
        return head
    title = f"taken apart: {len(uploads.gone)} archives, {len(taken.puts)} files put"
    change = Change(puts=taken.puts, gone_files=uploads.gone, title=title, parent=head.id)
    return commit(actor, data_set, change, branch=branch, at=at)


class _Uploads(Folder):
    """A commit's own files in the place of a folder's."""

    def __init__(self, row: DataSet, tree: Tree, at: datetime) -> None:
        super().__init__(row, tree, at)
        self.gone: list[str] = []

    def take_uploads(self) -> Taken:
        archives = []
        for entry in self._tree.walk():
            if entry.path.lower().endswith(ZIP):
                archives.append(entry)
            else:
                self._find(entry.path)
        for entry, content in _with_contents(filter(_is_text, self._tree.walk())):
            self._again(entry, content)
        for entry, content in _with_contents(archives):
            self._apart(entry, content)
        self._close()
        return self._taken

    def _again(self, entry: Entry, content: Content) -> None:
        data = beginning(content, entry.size)
        if encoding_of(data):
            self._text(entry.path, entry.path, data, is_found=True)

    def _apart(self, entry: Entry, content: Content) -> None:
        """Through a file of its own, since the index of a zip is at its end. What an archive
        of this name held before and holds no more goes."""
        folder = entry.path[: -len(ZIP)]
        before = {one.path for one in self._tree.walk(prefix=f"{folder}/")}
        if entry.path in self._known:
            self._taken.found -= before
        with tempfile.NamedTemporaryFile() as file:
            for piece in read_content(content):
                file.write(piece)
            file.flush()
            self._archive(Path(file.name), entry.path, entry.path, entry.sha256)
        self.gone += [entry.path, *sorted(before - self._taken.found)]


def _is_text(entry: Entry) -> bool:
    return is_text_name(entry.path) and entry.size <= TEXT_BYTES_MAX


def _with_contents(entries: Iterable[Entry]) -> Iterator[tuple[Entry, Content]]:
    """Each file with where its bytes lie: many are looked up by one question."""
    walked = iter(entries)
    while some := list(islice(walked, LOOKED_UP_AT_ONCE)):
        rows = Content.objects.filter(pk__in=among({entry.sha256 for entry in some}))
        held = {bytes(row.pk): row for row in rows}
        yield from ((entry, held[entry.sha256]) for entry in some)
