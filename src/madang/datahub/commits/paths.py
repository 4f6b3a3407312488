"""Which paths a file may have: the check is ours, since clients let most spellings through."""

from __future__ import annotations

import re
import unicodedata

from madang.datahub.errors import PathInvalid

PATH_BYTES_MAX = 1024
PART_BYTES_MAX = 255
FORBIDDEN_PARTS = frozenset({"", ".", "..", ".git", ".cache"})
RESERVED = '\\:*?"<>|'
"""What some system of a reader cannot write."""

PLAIN = re.compile(r"[\w-](?:[\w.-]*[\w-])?(?:/[\w-](?:[\w.-]*[\w-])?)*", re.ASCII)
"""What nearly all paths look like; no part begins or ends with a dot. Nothing to look at."""


def kept_path(path: str) -> str:
    """The path in NFC, checked. Raises PathInvalid with the reason."""
    if len(path) <= PART_BYTES_MAX and PLAIN.fullmatch(path):
        return path
    normal = unicodedata.normalize("NFC", path)
    if len(normal.encode()) > PATH_BYTES_MAX:
        raise _invalid(path, f"longer than {PATH_BYTES_MAX} bytes")
    for part in normal.split("/"):
        _check_part(path, part)
    return normal


def parents_of(path: str) -> list[str]:
    """The folders that a path lies in, outermost first."""
    parts = path.split("/")
    return ["/".join(parts[:count]) for count in range(1, len(parts))]


def _check_part(path: str, part: str) -> None:
    if part.casefold() in FORBIDDEN_PARTS:
        raise _invalid(path, f"the part {part!r}")
    if len(part.encode()) > PART_BYTES_MAX:
        raise _invalid(path, f"a part longer than {PART_BYTES_MAX} bytes")
    odd = next(
        (c for c in part if c in RESERVED or unicodedata.category(c).startswith("C")), ""
    )
    if odd:
        raise _invalid(path, f"the character {odd!r}")
    if part != part.strip() or part.endswith("."):
        raise _invalid(path, "a part that begins or ends with a space, or ends with a dot")


def _invalid(path: str, reason: str) -> PathInvalid:
    return PathInvalid(path=path[:200], reason=reason)
