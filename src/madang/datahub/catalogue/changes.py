"""What changed from one version to another, file by file; pages that both have are skipped."""

from __future__ import annotations

from dataclasses import dataclass

from madang.datahub.commits.models import Commit
from madang.datahub.commits.pages import Entry
from madang.datahub.commits.stored import tree_of

TOLD_MAX = 200


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


def changes_between(before: Commit, after: Commit) -> Changes:
    first, second = tree_of(before), tree_of(after)
    old = _by_path(first.unlike(second))
    new = _by_path(second.unlike(first))
    added = sorted(path for path in new if path not in old)
    gone = sorted(path for path in old if path not in new)
    changed = sorted(p for p, e in new.items() if p in old and old[p].sha256 != e.sha256)
    return Changes(
        len(added),
        len(gone),
        len(changed),
        before.size_bytes,
        after.size_bytes,
        tuple(added[:TOLD_MAX]),
        tuple(gone[:TOLD_MAX]),
        tuple(changed[:TOLD_MAX]),
    )


def _by_path(entries: list[Entry]) -> dict[str, Entry]:
    return {entry.path: entry for entry in entries}
