"""The files of a commit, as a check reads them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import islice

from madang.datahub.commits.models import Commit
from madang.datahub.commits.stored import tree_of
from madang.datahub.contents.among import among
from madang.datahub.contents.models import Content
from madang.datahub.contents.reading import read_content
from madang.datahub.errors import CheckImpossible
from madang.datahub.quality.files import FILE_BYTES_MAX

LOOKED_UP_AT_ONCE = 100
"""Files are mostly read in order, so those that follow are looked up, too."""


class CommitFiles:
    """Every byte comes from the store and is checked against its hash on the way."""

    def __init__(self, commit: Commit) -> None:
        self._tree = tree_of(commit)
        self._names: list[str] | None = None
        self._contents: dict[bytes, Content] = {}

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
        if entry.sha256 not in self._contents:
            following = islice(self._tree.walk(path), LOOKED_UP_AT_ONCE - 1)
            wanted = {entry.sha256, *(one.sha256 for one in following)}
            rows = Content.objects.filter(pk__in=among(wanted))
            self._contents = {bytes(row.pk): row for row in rows}
        return b"".join(read_content(self._contents[entry.sha256]))
