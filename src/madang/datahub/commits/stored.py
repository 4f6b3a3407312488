"""Pages in the database."""

from __future__ import annotations

from collections.abc import Mapping

from madang.datahub.commits.models import Commit, Page
from madang.datahub.commits.pages import Tree, index_from

SAVED_AT_ONCE = 200


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


def tree_of(commit: Commit) -> Tree:
    return Tree(index_from(bytes(commit.index)), PAGES)
