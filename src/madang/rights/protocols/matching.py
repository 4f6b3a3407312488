"""Path patterns of robots.txt, shared by TDMRep and ai.txt: `*` any run, `$` the end.

Matching is a greedy search of segments, never a regular expression with many stars, so that a
hostile pattern costs no more than its length times the path's.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import urlsplit

SHORT_BYTES_MAX = 64
UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~")
_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})")
_NON_ASCII = re.compile(rb"[\x80-\xff]")
# RFC 3986 has no place for these, so that whoever asks for an address escapes them.
_UNSAFE_ASCII = re.compile(rb"[\x00-\x20\"<>\\^`{|}\x7f]")
_SAFE_ASCII = bytes(octet for octet in range(256) if not _UNSAFE_ASCII.match(b"%c" % octet))
_UNSAFE = re.compile(rb"[\x00-\x20\"<>\\^`{|}\x7f-\xff]")


def is_plain(path: bytes) -> bool:
    """Whether both forms of a path or pattern are the path itself."""
    return b"%" not in path and path.isascii()


def escaped(path: bytes) -> bytes:
    """Upper-case escapes, octets beyond ASCII escaped: the form both sides can share."""
    if b"%" not in path and path.isascii():
        return path
    upper = _ESCAPE.sub(lambda found: found[0].upper(), path)
    return _NON_ASCII.sub(_escape, upper)


def as_asked(path: bytes) -> bytes:
    """The same with what an address cannot have escaped too, as in `/a b` and `/a%20b`."""
    return _UNSAFE.sub(_escape, escaped(path))


def _escape(found: re.Match[bytes]) -> bytes:
    return b"%%%02X" % found[0][0]


def unescaped(path: bytes) -> bytes:
    """RFC 9309 2.2.2: escapes of unreserved characters are undone before comparing."""
    if b"%" not in path:
        return path
    return _ESCAPE.sub(_undo, path)


def _undo(found: re.Match[bytes]) -> bytes:
    octet = int(found[1], 16)
    return bytes((octet,)) if octet in UNRESERVED else found[0].upper()


def has_literal(pattern: bytes) -> bool:
    """RFC 9309 2.2.3: whether a pattern means a star or a dollar of the address itself."""
    return b"%2A" in pattern or b"%24" in pattern or b"%2a" in pattern


def literal(path: bytes) -> bytes:
    """A path as such patterns write it."""
    return path.replace(b"*", b"%2A").replace(b"$", b"%24")


def path_of(url: str) -> bytes:
    """Path, parameters and query of an address, as octets; "/" when there is none."""
    start = url.find("://")
    if start < 0 or "\t" in url or "\n" in url or "\r" in url:
        return _path_slowly(url)
    begin = url.find("/", start + 3)
    query = url.find("?", start + 3)
    end = url.find("#", start + 3)
    if begin < 0 or 0 <= query < begin or 0 <= end < begin:
        return _path_slowly(url)
    if "/." in url:
        return _path_slowly(url)
    path = url[begin : end if end >= 0 else None].encode("utf-8", "surrogateescape")
    return _UNSAFE_ASCII.sub(_escape, path) if path.translate(None, _SAFE_ASCII) else path


def without_dots(path: str) -> str:
    """RFC 3986 5.2.4: whoever asks for an address takes its dot segments out first."""
    made: list[str] = []
    parts = path.split("/")
    for part in parts:
        if part == "..":
            made = made[:-1] if len(made) > 1 else made
        elif part != ".":
            made.append(part)
    return "/".join(made) + ("/" if parts[-1] in (".", "..") else "")


def _path_slowly(url: str) -> bytes:
    """Addresses without a path, without a host, or with characters that are taken out."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return b"/"
    path = without_dots(parts.path or "/") if "/." in parts.path else parts.path or "/"
    if parts.query:
        path = f"{path}?{parts.query}"
    octets = _UNSAFE_ASCII.sub(_escape, path.encode("utf-8", "surrogateescape"))
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


_usual_pattern = lru_cache(maxsize=4096)(Pattern)


def _pattern(pattern: bytes) -> Pattern:
    """Short patterns that many sites write alike are cut once."""
    return _usual_pattern(pattern) if len(pattern) <= SHORT_BYTES_MAX else Pattern(pattern)


def _longest_first(rule: tuple[bytes, bool]) -> tuple[int, bool]:
    pattern, allow = rule
    return -len(pattern), not allow


class LongestMatch:
    """Rules of one group: the longest pattern that matches decides, allow wins a tie."""

    __slots__ = ("_any_disallow", "_heads", "_lengths", "_literal", "_wild")

    def __init__(self, rules: Iterable[tuple[bool, bytes]]) -> None:
        literal: dict[bytes, bool] = {}
        wild: dict[bytes, bool] = {}
        for allow, pattern in rules:
            place = wild if b"*" in pattern or pattern.endswith(b"$") else literal
            place[pattern] = allow or place.get(pattern, False)
        self._literal = literal
        self._heads = tuple(literal)
        self._lengths = sorted(set(map(len, literal)), reverse=True)
        ordered = sorted(wild.items(), key=_longest_first) if len(wild) > 1 else wild.items()
        made = [(_pattern(pattern), allow) for pattern, allow in ordered]
        self._wild = [(p.length, p.head, p.matches, allow) for p, allow in made]
        self._any_disallow = not (all(literal.values()) and all(wild.values()))

    @property
    def is_trivial(self) -> bool:
        """True when nothing is disallowed, so that no path needs matching."""
        return not self._any_disallow

    def decide(self, path: bytes) -> bool:
        """True when the path is allowed; no match allows."""
        allow, best = True, -1
        if path.startswith(self._heads):
            literal = self._literal
            for length in self._lengths:
                found = literal.get(path[:length])
                if found is not None and length <= len(path):
                    allow, best = found, length
                    break
        for length, head, matches, permits in self._wild:
            if length <= best and (length < best or allow):
                break
            if path.startswith(head) and matches(path):
                return permits
        return allow

    def longest(self, path: bytes) -> int:
        """The length of the longest match, -1 when none: for sides matched apart."""
        best = -1
        for length in self._lengths:
            if length <= len(path) and path[:length] in self._literal:
                best = length
                break
        for length, head, matches, _ in self._wild:
            if length <= best:
                break
            if path.startswith(head) and matches(path):
                return length
        return best
