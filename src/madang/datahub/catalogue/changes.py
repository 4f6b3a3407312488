"""What changed from one version to another, file by file; pages that both have are skipped."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache

from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.stored import tree_of

TOLD_MAX = 200
REMEMBERED = 64


@dataclass(frozen=True, slots=True)
class Changes:
    """Counts of everything; the first paths of each kind by name."""

    added: int
    gone: int
    changed: int
    bytes_before: int
    bytes_after: int
    added_paths: tuple[str, ...]
    gone_paths: tuple[str, ...]
    changed_paths: tuple[str, ...]

    @property
    def is_empty(self) -> bool:
        return not (self.added or self.gone or self.changed)


@lru_cache(maxsize=REMEMBERED)
def changes_between(before: Commit, after: Commit) -> Changes:
    """Commits never change, so neither does what lies between two of them."""
    first, second = tree_of(before), tree_of(after)
    added, gone, changed = _Paths(), _Paths(), _Paths()
    for old, new in _side_by_side(first.unlike(second), second.unlike(first)):
        if old is None and new is not None:
            added.tell(new)
        elif new is None and old is not None:
            gone.tell(old)
        elif old is not None and new is not None and old.sha256 != new.sha256:
            changed.tell(new)
    return Changes(
        added.count,
        gone.count,
        changed.count,
        before.size_bytes,
        after.size_bytes,
        tuple(added.first),
        tuple(gone.first),
        tuple(changed.first),
    )


class _Paths:
    """How many, and the first of them."""

    def __init__(self) -> None:
        self.count = 0
        self.first: list[str] = []

    def tell(self, entry: Entry) -> None:
        self.count += 1
        if self.count <= TOLD_MAX:
            self.first.append(entry.path)


def _side_by_side(
    old: Iterator[Entry], new: Iterator[Entry]
) -> Iterator[tuple[Entry | None, Entry | None]]:
    """Two walks in the order of paths as one: a pair where both have a path. Neither stands in
    memory, however many files changed."""
    left, right = next(old, None), next(new, None)
    while left is not None or right is not None:
        if right is None or (left is not None and left.path < right.path):
            yield left, None
            left = next(old, None)
        elif left is None or right.path < left.path:
            yield None, right
            right = next(new, None)
        else:
            yield left, right
            left, right = next(old, None), next(new, None)
