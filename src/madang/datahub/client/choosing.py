"""Which files of a data set somebody wants: by pattern, by split, by class.

A split or a class is what readers of folders take it for: a folder of that name, or a file
whose name begins with it (`train-00000-of-00004.parquet`, `data/test.csv`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase


@dataclass(frozen=True, slots=True)
class Choice:
    """Nothing named means everything; several patterns are alternatives, the rest narrows."""

    only: Sequence[str] = ()
    split: str = ""
    kind: str = ""

    def takes(self, path: str) -> bool:
        if self.only and not any(_matches(path, pattern) for pattern in self.only):
            return False
        if self.split and not _is_under(path, self.split):
            return False
        return not self.kind or _is_under(path, self.kind)


def _matches(path: str, pattern: str) -> bool:
    """`*` also takes slashes, as in the allow_patterns of other clients; a folder takes all."""
    if pattern.endswith("/"):
        return path.startswith(pattern)
    return fnmatchcase(path, pattern) or fnmatchcase(path, pattern.replace("**/", ""))


def _is_under(path: str, name: str) -> bool:
    *folders, file = path.split("/")
    return name in folders or re.match(rf"{re.escape(name)}(?![^\W_])", file) is not None
