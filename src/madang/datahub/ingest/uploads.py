"""What clients uploaded, treated as a declared folder is: archives apart, text in UTF-8.

A client compares what it sent with what it gets, so a commit is kept as it came; a writer asks
for this, and it is one more commit. What was sent stays in the history of the branch.
"""

from __future__ import annotations

import tempfile
from datetime import datetime
from pathlib import Path

from django.db import transaction

from madang.datahub.commits.actions import MAIN, Change, commit
from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry, Tree
from madang.datahub.commits.queries import commit_at
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.ingest.archives import ZIP
from madang.datahub.ingest.folders import Folder, Taken, keep_originals
from madang.datahub.ingest.texts import TEXT_BYTES_MAX, encoding_of, is_text_name
from madang.datahub.preview.opening import beginning
from madang.datahub.sets.actions import need_writer
from madang.datahub.sets.models import DataSet
from madang.parties.actor import Actor


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
        for entry in self._tree.walk():
            if is_text_name(entry.path) and entry.size <= TEXT_BYTES_MAX:
                self._again(entry)
        for entry in archives:
            self._apart(entry)
        self._many.close()
        return self._taken

    def _again(self, entry: Entry) -> None:
        data = beginning(_content(entry), entry.size)
        if encoding_of(data):
            self._text(entry.path, entry.path, data, is_found=True)

    def _apart(self, entry: Entry) -> None:
        """Through a file of its own, since the index of a zip is at its end. What an archive
        of this name held before and holds no more goes."""
        folder = entry.path[: -len(ZIP)]
        before = {one.path for one in self._tree.walk(prefix=f"{folder}/")}
        if entry.path in self._known:
            self._taken.found -= before
        with tempfile.NamedTemporaryFile() as file:
            for piece in read_content(_content(entry)):
                file.write(piece)
            file.flush()
            self._archive(Path(file.name), entry.path, entry.path, entry.sha256)
        self.gone += [entry.path, *sorted(before - self._taken.found)]


def _content(entry: Entry) -> Content:
    return Content.objects.get(pk=entry.sha256)
