"""Path patterns of robots.txt, shared by TDMRep and ai.txt: `*` any run, `$` the end.

Matching is a greedy search of segments, never a regular expression with many stars, so that a
hostile pattern costs no more than its length times the path's.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable
from urllib.parse import urlsplit

UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NON_ASCII = re.compile(rb"[\x80-\xff]")
_ODD = re.compile(rb"[%\x80-\xff]")


def escaped(path: bytes) -> bytes:
    """Upper-case escapes, octets beyond ASCII escaped: the form both sides can share."""
    if _ODD.search(path) is None:
        return path
    upper = _ESCAPE.sub(lambda found: found[0].upper(), path)
    return _NON_ASCII.sub(lambda found: b"%%%02X" % found[0][0], upper)


def unescaped(path: bytes) -> bytes:
    """RFC 9309 2.2.2: escapes of unreserved characters are undone before comparing."""
    if b"%" not in path:
        return path
    return _ESCAPE.sub(_undo, path)


def _undo(found: re.Match[bytes]) -> bytes:
    octet = int(found[1], 16)
    return bytes((octet,)) if octet in UNRESERVED else found[0].upper()


def path_of(url: str) -> bytes:
    """Path, parameters and query of an address, as octets; "/" when there is none."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return b"/"
    path = parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    octets = path.encode("utf-8", "surrogateescape")
    return octets if octets.startswith(b"/") else b"/" + octets


class Pattern:
    """One pattern with a star or an end mark, cut into the segments between its stars."""

    __slots__ = ("anchored", "head", "is_exact", "length", "middle", "tail")

    def __init__(self, pattern: bytes) -> None:
        self.length = len(pattern)
        self.anchored = pattern.endswith(b"$")
        self.head, *rest = (pattern[:-1] if self.anchored else pattern).split(b"*")
        self.is_exact = self.anchored and not rest
        self.tail = rest.pop() if self.anchored and rest else b""
        self.middle = tuple(segment for segment in rest if segment)

    def matches(self, path: bytes) -> bool:
        if self.is_exact:
            return path == self.head
        if not path.startswith(self.head):
            return False
        at = len(self.head)
        for segment in self.middle:
            found = path.find(segment, at)
            if found < 0:
                return False
            at = found + len(segment)
        return len(path) - len(self.tail) >= at and path.endswith(self.tail)


class LongestMatch:
    """Rules of one group: the longest pattern that matches decides, allow wins a tie."""

    __slots__ = ("_any_disallow", "_lengths", "_literal", "_wild")

    def __init__(self, rules: Iterable[tuple[bool, bytes]]) -> None:
        literal: dict[bytes, bool] = {}
        wild: dict[bytes, bool] = {}
        for allow, pattern in rules:
            place = wild if b"*" in pattern or pattern.endswith(b"$") else literal
            place[pattern] = allow or place.get(pattern, False)
        self._literal = literal
        self._lengths = sorted({len(pattern) for pattern in literal})
        ordered = sorted(wild.items(), key=lambda item: (-len(item[0]), not item[1]))
        self._wild = [(Pattern(pattern), allow) for pattern, allow in ordered]
        self._any_disallow = not all(literal.values()) or not all(wild.values())

    @property
    def is_trivial(self) -> bool:
        """True when nothing is disallowed, so that no path needs matching."""
        return not self._any_disallow

    def decide(self, path: bytes) -> bool:
        """True when the path is allowed; no match allows."""
        if not self._any_disallow:
            return True
        literal, size = self._literal, len(path)
        allow, best = True, -1
        lengths = self._lengths
        at = bisect_right(lengths, size)
        while at:
            at -= 1
            found = literal.get(path[: lengths[at]])
            if found is not None:
                allow, best = found, lengths[at]
                break
        for pattern, permits in self._wild:
            if pattern.length < best or (pattern.length == best and allow):
                break
            if pattern.matches(path):
                return permits
        return allow

    def longest(self, path: bytes) -> int:
        """The length of the longest match, -1 when none: for sides matched apart."""
        best = -1
        for length in reversed(self._lengths[: bisect_right(self._lengths, len(path))]):
            if path[:length] in self._literal:
                best = length
                break
        for pattern, _ in self._wild:
            if pattern.length <= best:
                break
            if pattern.matches(path):
                return pattern.length
        return best
