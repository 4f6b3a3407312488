"""robots.txt by RFC 9309, on bytes, with the extension lines that carry other protocols.

Where the RFC's text and its best known implementation differ (unescaping before comparing),
the reading that refuses wins. Unknown lines never close a group. Reaching a limit sets a flag,
and a flag never ends in "allowed".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

from madang.rights.protocols.matching import LongestMatch, escaped, is_plain, unescaped

FILE_BYTES_MAX = 512 * 1024
LINE_BYTES_MAX = 8 * 2083
GROUP_LINES_MAX = 200_000
COMMENT_BYTES_MAX = 16 * 1024
USUAL_BYTES_MAX = 64
USUAL_LINES_MAX = 8192

_LINE_END = re.compile(rb"\r\n|\n|\r")
_TOKEN = re.compile(rb"[A-Za-z_-]+")
_AGENT_KEYS = frozenset((b"user-agent", b"useragent", b"user agent"))
_DISALLOW_KEYS = frozenset(
    (b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw")
)
_HTML = re.compile(rb"^\s*(?:<!--.*?-->\s*)?<(?:!doctype|html|head|body|\?xml)", re.I | re.S)
ANY = b"*"


@dataclass(slots=True)
class Group:
    """Everything that one token's lines say, groups of the same token merged."""

    rules: list[tuple[bool, bytes]] = field(default_factory=list)
    usage: list[bytes] = field(default_factory=list)
    content_signal: list[bytes] = field(default_factory=list)
    has_bad_pattern: bool = False


class Matcher:
    """Ready rules of one group. Disallow is compared in both escapings, allow in one."""

    __slots__ = ("_is_trivial", "_plain", "_rules", "_sides")

    def __init__(self, rules: Iterable[tuple[bool, bytes]]) -> None:
        self._rules = list(rules)
        self._plain = LongestMatch(
            [rule if is_plain(rule[1]) else _alike(*rule) for rule in self._rules]
        )
        self._is_trivial = self._plain.is_trivial
        self._sides: tuple[LongestMatch, LongestMatch] | None = None

    def _apart(self) -> tuple[LongestMatch, LongestMatch]:
        """Allow and disallow for themselves, for paths whose escapes read differently."""
        if self._sides is None:
            allow = LongestMatch((True, escaped(p)) for is_allow, p in self._rules if is_allow)
            disallow = LongestMatch(
                (False, unescaped(escaped(p))) for is_allow, p in self._rules if not is_allow
            )
            self._sides = allow, disallow
        return self._sides

    @property
    def is_trivial(self) -> bool:
        return self._is_trivial

    def allows(self, path: bytes) -> bool:
        """Whether a path (with its query) may be fetched; /robots.txt always may."""
        if self._is_trivial or path == b"/robots.txt":
            return True
        if is_plain(path):
            return self._plain.decide(path)
        plain = escaped(path)
        allow, disallow = self._apart()
        refused = disallow.longest(unescaped(plain))
        if refused < 0:
            return True
        return allow.longest(plain) >= refused


def _alike(allow: bool, pattern: bytes) -> tuple[bool, bytes]:
    """A rule in the form that paths without escapes are compared with."""
    plain = escaped(pattern)
    return allow, plain if allow else unescaped(plain)


@dataclass(slots=True)
class RobotsFile:
    """A parsed file. `flags`: bom, truncated, long_line, nul, encoding, html, no_colon."""

    groups: dict[bytes, Group] = field(default_factory=dict)
    top: Group = field(default_factory=Group)
    flags: set[str] = field(default_factory=set)
    comments: list[bytes] = field(default_factory=list)
    licence: list[bytes] = field(default_factory=list)
    unknown_keys: dict[bytes, int] = field(default_factory=dict)
    _matchers: dict[bytes, Matcher] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        """True when the file could not be read as what its owner meant."""
        return not self.flags.isdisjoint(("truncated", "nul", "encoding", "html"))

    def token_for(self, token: bytes) -> bytes | None:
        """The group that a product token obeys: its own, else `*`, else none."""
        key = group_name(token)
        if key in self.groups:
            return key
        return ANY if ANY in self.groups else None

    def group_for(self, token: bytes) -> Group | None:
        key = self.token_for(token)
        return None if key is None else self.groups[key]

    def usage_for(self, token: bytes) -> list[bytes]:
        """Content-Usage rules that reach a token, lines before any group included."""
        group = self.group_for(token)
        return [*self.top.usage, *(group.usage if group else ())]

    def content_signal_for(self, token: bytes) -> list[bytes]:
        group = self.group_for(token)
        return [*self.top.content_signal, *(group.content_signal if group else ())]

    def says_more_for(self, token: bytes) -> bool:
        """Whether lines of other protocols reach a token."""
        group, top = self.group_for(token), self.top
        more = top.usage or top.content_signal
        return bool(more or (group is not None and (group.usage or group.content_signal)))

    def matcher_for(self, token: bytes) -> Matcher:
        key = self.token_for(token)
        if key is None:
            return _NO_RULES
        ready = self._matchers.get(key)
        if ready is None:
            ready = self._matchers[key] = Matcher(self.groups[key].rules)
        return ready

    def allows(self, token: bytes, path: bytes) -> bool:
        return self.matcher_for(token).allows(path)


_NO_RULES = Matcher(())


@lru_cache(maxsize=1024)
def product(token: bytes) -> bytes:
    """A product token, cut at the first character that cannot be in one."""
    found = _TOKEN.match(token)
    return found[0] if found else b""


@lru_cache(maxsize=1024)
def group_name(token: bytes) -> bytes:
    """What the groups of a token are filed under; nothing when it names nobody."""
    return product(token).lower()


@dataclass(slots=True)
class _Reader:
    """Where we are in the file: the open group's tokens, and whether rules closed its head."""

    file: RobotsFile
    open: list[Group] = field(default_factory=list)
    has_rules: bool = False
    comment_bytes: int = 0

    def agent(self, value: bytes) -> None:
        if self.has_rules:
            self.open, self.has_rules = [], False
        is_any = value[:1] == b"*" and (len(value) == 1 or value[1:2].isspace())
        key = ANY if is_any else group_name(value)
        if not key:
            self.open.append(Group())  # lines of a token that names nobody bind nobody
            return
        group = self.file.groups.setdefault(key, Group())
        if not any(group is known for known in self.open):
            self.open.append(group)

    def allow(self, value: bytes) -> None:
        self._rule(value, allow=True)

    def disallow(self, value: bytes) -> None:
        self._rule(value, allow=False)

    def _rule(self, value: bytes, *, allow: bool) -> None:
        self.has_rules = True
        if not value:
            return
        bad = value[:1] not in (b"/", b"*", b"$")
        for group in self.open:
            group.has_bad_pattern = group.has_bad_pattern or (bad and not allow)
            if not bad:
                group.rules.append((allow, value))

    def extension(self, key: bytes, value: bytes) -> bool:
        """Lines of other protocols inside a group; they never close it."""
        if key == b"license":
            self.file.licence.append(value)
        name = {b"content-usage": "usage", b"content-signal": "content_signal"}.get(key)
        if name is None:
            return key == b"license"
        for group in self.open or [self.file.top]:
            getattr(group, name).append(value)
        return True

    def comment(self, text: bytes) -> None:
        if text and self.comment_bytes < COMMENT_BYTES_MAX:
            self.comment_bytes += len(text)
            self.file.comments.append(text[:2048])


def parse(content: bytes, *, was_cut: bool = False) -> RobotsFile:
    """Read a robots.txt. Never raises: what cannot be read is a flag."""
    file = RobotsFile()
    if was_cut or len(content) > FILE_BYTES_MAX:
        file.flags.add("truncated")
        content = content[:FILE_BYTES_MAX]
    content = _without_bom(file, content)
    if b"\0" in content:
        file.flags.add("nul")
    if _HTML.match(content):
        file.flags.add("html")
    reader = _Reader(file)
    lines = _LINE_END.split(content) if b"\r" in content else content.split(b"\n")
    if len(lines) > GROUP_LINES_MAX + 1:
        file.flags.add("truncated")
        del lines[GROUP_LINES_MAX + 1 :]
    for line in lines:
        known = _usual_lines.get(line)
        if known is not None:
            known[0](reader, known[1])
        elif line:
            _line(reader, line)
    return file


# Short lines that many sites write alike, read once: what each means depends on itself alone.
_usual_lines: dict[bytes, tuple[Callable[[_Reader, bytes], None], bytes]] = {}


def is_html(content: bytes) -> bool:
    """An error page that pretends to be the file."""
    return _HTML.match(content.removeprefix(b"\xef\xbb\xbf")) is not None


def _without_bom(file: RobotsFile, content: bytes) -> bytes:
    if content.startswith(b"\xef\xbb\xbf"):
        file.flags.add("bom")
        return content[3:]
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        file.flags.add("encoding")
    return content


def _line(reader: _Reader, line: bytes) -> None:
    whole = line
    if len(line) > LINE_BYTES_MAX:
        reader.file.flags.add("truncated")
        line = line[:LINE_BYTES_MAX]
    if b"#" in line:
        line, _, comment = line.partition(b"#")
        reader.comment(comment.strip())
    body = line.strip(b" \t\0\x0b\x0c")
    if not body:
        return
    key, colon, value = body.partition(b":")
    if not colon:
        key, value = _without_colon(reader, body)
    key = key.strip(b" \t").lower()
    value = value.strip(b" \t")
    verb = _VERBS.get(key)
    if verb is not None:
        verb(reader, value)
        is_usual = colon and line is whole and len(line) <= USUAL_BYTES_MAX
        if is_usual and len(_usual_lines) < USUAL_LINES_MAX:
            _usual_lines[whole] = verb, value
    elif not reader.extension(key, value):
        counts = reader.file.unknown_keys
        if key in counts or len(counts) < 64:
            counts[key[:64]] = counts.get(key[:64], 0) + 1


_VERBS: Mapping[bytes, Callable[[_Reader, bytes], None]] = {
    **dict.fromkeys(_AGENT_KEYS, _Reader.agent),
    **dict.fromkeys(_DISALLOW_KEYS, _Reader.disallow),
    b"allow": _Reader.allow,
}


def _without_colon(reader: _Reader, body: bytes) -> tuple[bytes, bytes]:
    """`disallow /x`: honoured when it refuses or names an agent, for its intent is plain."""
    words = body.split(None, 1)
    reader.file.flags.add("no_colon")
    if len(words) != 2 or len(words[1].split()) != 1:
        return b"", b""
    return words[0], words[1]
