"""Pages in the database."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache

from madang.datahub.commits.models import Commit, Page
from madang.datahub.commits.pages import Tree, index_from

SAVED_AT_ONCE = 200
REMEMBERED_TREES = 16


class StoredPages:
    """All stores are one: pages are named by their content."""

    def load(self, hash: bytes) -> bytes:
        return bytes(Page.objects.values_list("body", flat=True).get(pk=hash))

    def save(self, pages: Mapping[bytes, bytes]) -> None:
        Page.objects.bulk_create(
            (Page(hash=name, body=body) for name, body in pages.items()),
            batch_size=SAVED_AT_ONCE,
            ignore_conflicts=True,
        )


PAGES = StoredPages()


@lru_cache(maxsize=REMEMBERED_TREES)
def tree_of(commit: Commit) -> Tree:
    """Remembered by the commit's id, which is a digest over all that is in it: the index of a
    million files is neither read nor opened again at each question."""
    return Tree(index_from(bytes(commit.index)), PAGES)
