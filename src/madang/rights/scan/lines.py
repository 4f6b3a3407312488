"""Lines of a header: what was folded, what is nearly a line of its own, what is none."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import chain

# What no line of a header holds: a line end of another kind, or the end of a text.
_STRANGE = re.compile(r"[\r\n\0]")
_UNFOLD = re.compile(r"\r?\n[ \t]+")


def header_lines(head: str | bytes) -> list[str]:
    """Lines of a header, what was folded in one. No other sign ends a line."""
    text = head if isinstance(head, str) else head.decode("latin-1")
    return _UNFOLD.sub(" ", text).replace("\r\n", "\n").split("\n")


def strange_lines(block: bytes) -> bool:
    """Whether a header would be read by one reader as other lines than by another."""
    head = block.partition(b"\r\n\r\n")[0]
    lines = _FOLDED.split(head.decode("latin-1"))
    is_folded_first = len(lines) > 1 and lines[1][:1] in (" ", "\t")
    return is_folded_first or any(_STRANGE.search(line) for line in lines)


_FOLDED = re.compile(r"\r\n")


# A line that begins with a space goes on with the one before it, whatever its writer meant.
_FOLDED_NAME = re.compile(
    r"\s(x-robots-tag|tdm-reservation|tdm-policy|content-usage|content-signal|link)[ \t]*:(.*)",
    re.IGNORECASE | re.DOTALL,
)


def unfolded(headers: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """Lines, and what in a value was nearly a line of its own, under a name that is near."""
    found = list(headers)
    for _, value in headers:
        said = _FOLDED_NAME.search(value) if ":" in value else None
        if said is not None:
            name = said[1].lower()
            found.append((NEARLY.get(name, f"x-{name}"), said[2].strip()))
    return found


NEARLY = {"x-robots-tag": "robots-tag"}


def pairs_of(lines: Sequence[str]) -> list[tuple[str, str]]:
    parts = (line.partition(":") for line in lines if ":" in line)
    return [(name.strip(), value.strip()) for name, _, value in parts]


def are_strange(status_line: str, headers: Sequence[tuple[str, str]]) -> bool:
    """Whether lines were taken for one: then others than these may be there."""
    texts = (status_line, *chain.from_iterable(headers))
    return any(_STRANGE.search(text) for text in texts) or any(not name for name, _ in headers)
