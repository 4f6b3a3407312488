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

from madang.rights.protocols.matching import (
    LongestMatch,
    as_asked,
    escaped,
    has_literal,
    is_plain,
    literal,
    unescaped,
)
from madang.rights.protocols.near import (
    is_about_training,
    may_be_about_training,
    plain,
    refuses,
)

FILE_BYTES_MAX = 512 * 1024
LINE_BYTES_MAX = 8 * 2083
GROUP_LINES_MAX = 200_000
COMMENT_BYTES_MAX = 64 * 1024  # of those without a word that a reservation has
KEY_BYTES_MAX = 256
HTML_SEARCHED_BYTES = 4096
USUAL_BYTES_MAX = 64
USUAL_LINES_MAX = 8192

_LINE_END = re.compile(rb"\r\n|\n|\r")
_TOKEN = re.compile(rb"[A-Za-z_-]+")
_AGENT_KEYS = frozenset((b"user-agent", b"useragent", b"user agent"))
_DISALLOW_KEYS = frozenset(
    (b"disallow", b"dissallow", b"dissalow", b"disalow", b"diasllow", b"disallaw")
)
_HTML = re.compile(rb"\s*<[!?a-z/]|[^\r\n]{0,400}\r?\n\s*<(?:!doctype|html)\b", re.I)
# Lines of other uses that many files have.
_KNOWN_KEYS = frozenset(
    (
        *(b"sitemap", b"site-map", b"crawl-delay", b"host", b"request-rate", b"visit-time"),
        *(b"clean-param", b"noindex", b"indexpage", b"cache-delay", b"schemamap"),
    )
)
_MEANT_KEYS = re.compile(
    r"dis.?al+ow|^\W*user.?agents?\b|^\W*(?:agents?|deny|forbid|block|reject|refuse|licen[sc]e)\b"
)
_SPEAKS = re.compile("mining|train|2019/790|마이닝|학습|러닝".encode(), re.IGNORECASE)
ANY = b"*"
_ALSO = re.compile(rb"[A-Za-z_-]+|(?<![\w-])\*")
_WHOLE = re.compile(rb"[A-Za-z_-]+[0-9][A-Za-z0-9_-]+")
_MEANT_ANY = (b"all", b"any", b"every", b"everyone", b"everybody")


@dataclass(slots=True)
class Group:
    """Everything that one token's lines say, groups of the same token merged."""

    rules: list[tuple[bool, bytes]] = field(default_factory=list)
    usage: list[bytes] = field(default_factory=list)
    content_signal: list[bytes] = field(default_factory=list)
    meant: list[tuple[bool, bytes]] = field(default_factory=list)
    has_bad_pattern: bool = False


class Matcher:
    """Ready rules of one group. Disallow is compared in both escapings, allow in one."""

    __slots__ = ("_has_literal", "_is_trivial", "_plain", "_rules", "_sides")

    def __init__(self, rules: Iterable[tuple[bool, bytes]]) -> None:
        self._rules = made = list(rules)
        joined = b"".join([pattern for _, pattern in made])
        self._has_literal = b"%2" in joined and has_literal(joined)
        if not is_plain(joined):
            made = [_alike(*rule) for rule in made]
        self._plain = LongestMatch(made)
        self._is_trivial = self._plain.is_trivial
        self._sides: tuple[LongestMatch, LongestMatch] | None = None

    def _apart(self) -> tuple[LongestMatch, LongestMatch]:
        """Allow and disallow for themselves, for paths whose escapes read differently."""
        if self._sides is None:
            allow = LongestMatch((True, as_asked(p)) for is_allow, p in self._rules if is_allow)
            disallow = LongestMatch(
                (False, unescaped(as_asked(p))) for is_allow, p in self._rules if not is_allow
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
        if not self._has_literal and is_plain(path):
            return self._plain.decide(path)
        plain = as_asked(path)
        allow, disallow = self._apart()
        refused = disallow.longest(unescaped(plain))
        if self._has_literal:
            refused = max(refused, disallow.longest(literal(unescaped(plain))))
        if refused < 0:
            return True
        return allow.longest(plain) >= refused


def _alike(allow: bool, pattern: bytes) -> tuple[bool, bytes]:
    """A rule in the form that paths without escapes are compared with."""
    plain = escaped(pattern)
    return allow, plain if allow else unescaped(plain)


@dataclass(slots=True)
class RobotsFile:
    """A parsed file. `flags`: bom, truncated, nul, encoding, html, no_colon, meant.

    `meant`: what lines say to whom they do not name as the RFC has it, as in "a, b" or quotes.
    """

    groups: dict[bytes, Group] = field(default_factory=dict)
    meant: dict[bytes, Group] = field(default_factory=dict)
    top: Group = field(default_factory=Group)
    flags: set[str] = field(default_factory=set)
    comments: list[bytes] = field(default_factory=list)
    licence: list[bytes] = field(default_factory=list)
    unknown_keys: dict[bytes, int] = field(default_factory=dict)
    _matchers: dict[bytes, Matcher] = field(default_factory=dict)

    @property
    def is_doubtful(self) -> bool:
        """True when the file could not be read as what its owner meant."""
        return self.is_damaged or "meant" in self.flags

    @property
    def is_damaged(self) -> bool:
        return not self.flags.isdisjoint(("truncated", "nul", "encoding", "html"))

    def token_for(self, token: bytes) -> bytes | None:
        """The group that a product token obeys: its own, else `*`, else none."""
        groups = self.groups
        if not groups:
            return None
        key = group_name(token)
        if key in groups:
            return key
        return ANY if ANY in groups else None

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

    def meant_for(self, token: bytes) -> Matcher:
        """Rules that were meant for a token and bind nobody."""
        group = self.group_for(token)
        found = list(group.meant) if group else []
        if self.meant:
            keys = {group_name(token), ANY} & self.meant.keys()
            found += [rule for key in keys for rule in self.meant[key].rules]
        return Matcher(found) if found else _NO_RULES


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


# White space that is none to RFC 9309, and marks without width, before a path.
_UNSEEN = re.compile(rb"^(?:\xc2\xa0|\xef\xbb\xbf|\xe2\x80[\x8b-\x8f]|\xe3\x80\x80|\xa0)+")
# What no path has as it stands in an address: white space, a list, octets beyond ASCII.
_STRANGE_VALUE = re.compile(rb"[\s\x80-\xff]|,(?=/)")


def _meant_patterns(value: bytes) -> list[bytes]:
    """Paths that a rule may have been meant for beside the one that it names."""
    parts = [part for part in re.split(rb"[\s,]+(?=/)", value) if part.startswith(b"/")]
    found = [re.sub(rb"\s", b"%20", part) for part in parts]
    try:
        value.decode("utf-8")
    except ValueError:
        found += [p.decode("cp949", "replace").encode() for p in parts]
    return found


@lru_cache(maxsize=4096)
def also_meant(value: bytes) -> tuple[bytes, ...]:
    """Whom a line of agents was meant for beside the one that it names: a list of several,
    a name in quotes or after other words, "all", nobody."""
    first = product(value)
    rest = value if value[:1] != b"*" else value[1:]
    names = [name.lower() for name in _ALSO.findall(rest[len(first) :])]
    if first.lower() in _MEANT_ANY or not (first or names or value[:1] == b"*"):
        names.append(ANY)
    if value[:1] == b"*" and not _is_any(value):
        names.append(ANY)
    whole = _WHOLE.match(value)
    if whole is not None and whole[0] != first:  # a name with a digit in it, as img2dataset
        names.append(whole[0].lower())
    meant = tuple(name for name in dict.fromkeys(names) if len(name) > 2 or name == ANY)
    return meant if meant or first or value[:1] == b"*" else (ANY,)


def _is_any(value: bytes) -> bool:
    return value[:1] == b"*" and (len(value) == 1 or value[1:2].isspace())


@dataclass(slots=True)
class _Reader:
    """Where we are in the file: the open group's tokens, and whether rules closed its head."""

    file: RobotsFile
    open: list[Group] = field(default_factory=list)
    meant: list[Group] = field(default_factory=list)
    has_rules: bool = False
    comment_bytes: int = 0

    def agent(self, value: bytes) -> None:
        if self.has_rules:
            self.open, self.meant, self.has_rules = [], [], False
        if b":" in value and b"allow" in value.lower():
            self.file.flags.add("meant")  # all on one line
        key = ANY if _is_any(value) else group_name(value)
        if also := also_meant(value):
            self.meant += [self.file.meant.setdefault(name, Group()) for name in also]
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
        if not allow and value[:1] >= b"\x80":
            value = _UNSEEN.sub(b"", value)
        if not value:
            return
        bad = value[:1] not in (b"/", b"*", b"$")
        meant = _meant_patterns(value) if _STRANGE_VALUE.search(value) else ()
        if allow and meant and b"disallow" in value.lower():
            self.file.flags.add("meant")
        for group in self.open:
            group.has_bad_pattern = group.has_bad_pattern or (bad and not allow)
            if not bad:
                group.rules.append((allow, value))
            if not allow:
                group.meant += [(False, pattern) for pattern in meant]
        if not (bad or allow) and (self.meant or not self.open):
            for group in self.meant or [self.file.meant.setdefault(ANY, Group())]:
                group.rules.append((allow, value))

    def extension(self, key: bytes, value: bytes) -> bool:
        """Lines of other protocols inside a group; they never close it."""
        if key in (b"license", b"licence"):
            self.file.licence.append(value)
        name = {b"content-usage": "usage", b"content-signal": "content_signal"}.get(key)
        if name is None:
            return key in (b"license", b"licence")
        if self.meant and b"=n" in value:
            self.file.flags.add("meant")  # of whomever its group was meant for
        for group in self.open or [self.file.top]:
            getattr(group, name).append(value)
        return True

    def comment(self, text: bytes) -> None:
        if not text:
            return
        self.comment_bytes += len(text)
        if self.comment_bytes <= COMMENT_BYTES_MAX or _SPEAKS.search(text):
            self.file.comments.append(text)

    def other(self, key: bytes, line: bytes) -> None:
        """A line of no kind that is known: it may have been meant as one, or speak in words."""
        counts = self.file.unknown_keys
        if key in counts or len(counts) < 64:
            counts[key[:64]] = counts.get(key[:64], 0) + 1
        if key in _KNOWN_KEYS:
            return
        self.comment(line)
        text = plain(line[:KEY_BYTES_MAX].decode("utf-8", "replace"))
        name, _, value = text.partition(":")
        is_meant = _MEANT_KEYS.search(name) or is_about_training(text)
        is_meant = is_meant or (may_be_about_training(name) and refuses(name, value))
        # A word in letters that only look like a directive's, before a path or everybody.
        is_lookalike = not name.isascii() and value.strip()[:1] in ("/", "*")
        if is_meant or is_lookalike:
            self.file.flags.add("meant")


def parse(content: bytes, *, was_cut: bool = False) -> RobotsFile:
    """Read a robots.txt. Never raises: what cannot be read is a flag."""
    file = RobotsFile()
    if was_cut or len(content) > FILE_BYTES_MAX:
        file.flags.add("truncated")
        content = content[:FILE_BYTES_MAX]
    content = _without_bom(file, content)
    if b"\0" in content:
        file.flags.add("nul")
    if b"<" in content and _HTML.match(content[:HTML_SEARCHED_BYTES]):
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
    if _is_another_thing(file):
        file.flags.add("meant")
    return file


def _is_another_thing(file: RobotsFile) -> bool:
    """Whether nothing of a file is a line of robots.txt: an error's text under its name."""
    top = file.top
    if file.groups or file.meant or file.licence or top.usage or top.content_signal:
        return False
    return bool(file.unknown_keys) and _KNOWN_KEYS.isdisjoint(file.unknown_keys)


# Short lines that many sites write alike, read once: what each means depends on itself alone.
_usual_lines: dict[bytes, tuple[Callable[[_Reader, bytes], None], bytes]] = {}


def is_html(content: bytes) -> bool:
    """An error page that pretends to be the file."""
    return b"<" in content and _HTML.match(content.removeprefix(b"\xef\xbb\xbf")) is not None


def _without_bom(file: RobotsFile, content: bytes) -> bytes:
    while content.startswith(b"\xef\xbb\xbf"):
        file.flags.add("bom")
        content = content[3:]
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
        reader.other(key, body)


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
