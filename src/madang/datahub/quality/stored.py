"""The files of a commit, as a check reads them."""

from __future__ import annotations

from collections.abc import Iterable

from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import CheckImpossible
from madang.datahub.quality.files import FILE_BYTES_MAX


class CommitFiles:
    """Every byte comes from the store and is checked against its hash on the way."""

    def __init__(self, commit: Commit) -> None:
        self._tree = tree_of(commit)
        self._names: list[str] | None = None

    def names(self) -> Iterable[str]:
        if self._names is None:
            self._names = [entry.path for entry in self._tree.walk()]
        return self._names

    def size(self, path: str) -> int:
        entry = self._tree.find(path)
        assert entry is not None, path
        return entry.size

    def read(self, path: str) -> bytes:
        entry = self._tree.find(path)
        assert entry is not None, path
        if entry.size > FILE_BYTES_MAX:
            raise CheckImpossible(file=path, reason=f"larger than {FILE_BYTES_MAX} bytes")
        return b"".join(read_content(Content.objects.get(pk=entry.sha256)))
