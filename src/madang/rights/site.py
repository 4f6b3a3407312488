"""The files of one site, and what they say about one path.

Each file is asked for at one address; its redirect chain is followed across authorities and
the rules bind the address that was asked first. A file that must be asked for and was not, or
whose answer is not established, is neither silence nor refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Generic, TypeVar

from madang.rights.agents import OWN_TOKEN, agents
from madang.rights.pages import prose_reservation
from madang.rights.protocols import aipref, aitxt, content_signal, robots, rsl, tdmrep
from madang.rights.signals import Signal, Value, Vector, merged, vector_of_pairs

REDIRECTS_MAX = 5
FILE_BYTES_MAX = 512 * 1024
SHARED_BYTES_MAX = 16 * 1024


class Kind(StrEnum):
    ROBOTS = "robots"
    TDMREP = "tdmrep"
    AI_TXT = "ai_txt"
    AI_WELLKNOWN = "ai_wellknown"
    TRUST = "trust"


PATHS: Mapping[str, Kind] = {
    "/robots.txt": Kind.ROBOTS,
    "/.well-known/tdmrep.json": Kind.TDMREP,
    "/ai.txt": Kind.AI_TXT,
    "/.well-known/ai.txt": Kind.AI_WELLKNOWN,
    "/trust.txt": Kind.TRUST,
    "/.well-known/trust.txt": Kind.TRUST,
}
PATH_OF = {kind: path for path, kind in [*PATHS.items()][::-1]}
# Without an answer to these, silence is not established.
REQUIRED = (Kind.ROBOTS, Kind.TDMREP)


class State(StrEnum):
    PRESENT = "present"
    ABSENT = "absent"
    UNESTABLISHED = "unestablished"
    NOT_ASKED = "not_asked"


@dataclass(frozen=True, slots=True)
class SiteFile:
    """The final answer for one file, after its redirects. `sha256` names the stored bytes."""

    state: State
    content: bytes = b""
    sha256: str = ""
    is_cut: bool = False


NOT_ASKED = SiteFile(State.NOT_ASKED)


def state_of(status: int, kind: Kind, content: bytes) -> State:
    """RFC 9309 2.3.1: 2xx is read, 4xx is absent, anything else is not established.

    429 is unsettled and a refusal to show tdmrep.json says nothing about its content. HTML
    under the name of a text file is an error page that pretends to be the file.
    """
    if 200 <= status < 300:
        return State.UNESTABLISHED if robots.is_html(content[:4096]) else State.PRESENT
    doubtful = (429,) if kind is Kind.ROBOTS else (401, 403, 407, 429, 451)
    if 400 <= status < 500 and status not in doubtful:
        return State.ABSENT
    return State.UNESTABLISHED


Made = TypeVar("Made")


class lazy(Generic[Made]):  # noqa: N801  reads as a decorator
    """A property computed once. The standard one takes a lock each time before Python 3.12,
    which costs more than most of what a site computes."""

    def __init__(self, compute: Callable[[SiteRules], Made]) -> None:
        self._compute = compute

    def __set_name__(self, owner: type, name: str) -> None:
        self._name = name

    def __get__(self, rules: SiteRules, owner: type | None = None) -> Made:
        found = rules.__dict__[self._name] = self._compute(rules)
        return found


@lru_cache(maxsize=512)
def _parsed(content: bytes, was_cut: bool) -> robots.RobotsFile:
    """Many sites serve the same few lines: they are parsed once."""
    return robots.parse(content, was_cut=was_cut)


Pairs = tuple[tuple[str, str], ...]


@lru_cache(maxsize=4096)
def _vector(constant: Pairs, for_path: Pairs) -> Vector:
    """Many sites say the same few things: what they amount to is worked out once."""
    return merged(vector_of_pairs(constant), vector_of_pairs(for_path))


class SiteRules:
    """The parsed files of one site, ready to be asked about many paths."""

    def __init__(
        self,
        files: Mapping[Kind, SiteFile],
        *,
        own_token: str = OWN_TOKEN,
        fetch_token: str = OWN_TOKEN,
        licences: Mapping[str, bytes] | None = None,
    ) -> None:
        self._files = files
        self._own = own_token.encode("utf-8", "replace")
        self._fetch = fetch_token.encode("utf-8", "replace")
        self._licences = licences or {}
        self._memo: dict[tuple[object, ...], Vector] = {}

    def file(self, kind: Kind) -> SiteFile:
        return self._files.get(kind, NOT_ASKED)

    @lazy
    def robots_file(self) -> robots.RobotsFile:
        file = self.file(Kind.ROBOTS)
        content = file.content if file.state is State.PRESENT else b""
        return (
            _parsed(content, file.is_cut)
            if len(content) < SHARED_BYTES_MAX
            else (robots.parse(content, was_cut=file.is_cut))
        )

    @lazy
    def tdm(self) -> tdmrep.TdmFile:
        file = self.file(Kind.TDMREP)
        if file.state is not State.PRESENT:
            return tdmrep.TdmFile(())
        return tdmrep.parse_file(file.content, was_cut=file.is_cut)

    @lazy
    def _named(self) -> list[robots.Matcher]:
        """Rules of AI training agents that the file names, each set of rules once."""
        groups = self.robots_file.groups
        named = {id(groups[t]): t for t in agents().training if t in groups}
        own = self.robots_file.token_for(self._own)
        return [self.robots_file.matcher_for(t) for t in named.values() if t != own]

    @lazy
    def _constant(self) -> list[Signal]:
        """What does not depend on the path."""
        found = [Signal("site", kind, self.file(kind).state, "file") for kind in REQUIRED]
        comments = b"\n".join(self.robots_file.comments).decode("utf-8", "replace")
        said = prose_reservation(comments) if comments else None
        if said:
            found.append(Signal("prose", "reservation", Value.NO, "robots", said))
        lines = self.robots_file.content_signal_for(self._own)
        found.extend(content_signal.from_lines(lines, "robots"))
        trust = self.file(Kind.TRUST)
        if trust.state is State.PRESENT:
            found.extend(aitxt.trust_signals(trust.content))
        wellknown = self.file(Kind.AI_WELLKNOWN)
        if wellknown.state is State.PRESENT:
            found.extend(aitxt.wellknown_signals(wellknown.content))
        found.extend(self._unread_licences())
        return found

    def _unread_licences(self) -> list[Signal]:
        urls = [line.decode("utf-8", "replace") for line in self.robots_file.licence]
        return rsl.named("robots", [url for url in urls if url not in self._licences])

    @lazy
    def _documents(self) -> list[rsl.Document]:
        return [rsl.parse(content) for content in self._licences.values()]

    @lazy
    def _only_robots_varies(self) -> bool:
        """Whether matching robots rules says all that depends on the path."""
        has_more = self.robots_file.usage_for(self._own) or self.tdm.entries or self.tdm.error
        has_ai = self.file(Kind.AI_TXT).state is State.PRESENT
        return not (has_more or has_ai or self._documents)

    @lazy
    def _matchers(self) -> list[robots.Matcher]:
        """The rules for us and for whoever fetched, once where they are the same."""
        found = [self.robots_file.matcher_for(token) for token in (self._own, self._fetch)]
        return found if found[0] is not found[1] else found[:1]

    def vector_for(self, path: bytes) -> Vector:
        """The site's part of a record's vector."""
        if self._only_robots_varies:
            matched: tuple[object, ...] = (
                *[matcher.allows(path) for matcher in self._matchers],
                any(not matcher.allows(path) for matcher in self._named),
            )
            ready = self._memo.get(matched)
            if ready is None:
                ready = self._memo[matched] = self._merged(self.path_signals(path))
            return ready
        signals = self.path_signals(path)
        key = tuple((signal.slot, signal.value) for signal in signals)
        ready = self._memo.get(key)
        if ready is None:
            ready = self._merged(signals)
            if len(self._memo) < 4096:
                self._memo[key] = ready
        return ready

    def _merged(self, signals: list[Signal]) -> Vector:
        return _vector(self._constant_pairs, tuple((s.slot, s.value) for s in signals))

    @lazy
    def _constant_pairs(self) -> Pairs:
        return tuple((signal.slot, signal.value) for signal in self._constant)

    def all_signals(self, path: bytes) -> list[Signal]:
        """Everything with its raw text, for an explanation."""
        return [*self._constant, *self.path_signals(path)]

    def path_signals(self, path: bytes) -> list[Signal]:
        may_own = self.robots_file.allows(self._own, path)
        found = self._robots_signals(path, may_own=may_own)
        usage = self.robots_file.usage_for(self._own)
        if usage:
            found.extend(aipref.from_robots(usage, path, is_allowed=may_own))
        found.extend(self.tdm.signals_for(path))
        ai = self.file(Kind.AI_TXT)
        if ai.state is State.PRESENT:
            found.extend(aitxt.legacy_signals(ai.content, path, self._own))
        for document in self._documents:
            found.extend(document.signals_for(path))
        return found

    def _robots_signals(self, path: bytes, *, may_own: bool) -> list[Signal]:
        file = self.file(Kind.ROBOTS)
        if file.state is State.ABSENT:
            return [Signal("robots", "fetch", Value.YES, "file")]
        if file.state is not State.PRESENT:
            return [Signal("robots", "fetch", Value.UNESTABLISHED, "file")]
        parsed = self.robots_file
        may_fetch = parsed.allows(self._fetch, path)
        doubt = parsed.is_doubtful
        fetch = Value.NO if not may_fetch else Value.UNESTABLISHED if doubt else Value.YES
        found = [Signal("robots", "fetch", fetch, "file", note=self._fetch.decode())]
        group = parsed.group_for(self._own)
        if not may_own:
            found.append(Signal("robots", "train", Value.NO, "file", note=self._own.decode()))
        elif doubt:
            note = ",".join(sorted(parsed.flags))
            found.append(Signal("robots", "train", Value.UNESTABLISHED, "file", note=note))
        elif group is not None and group.has_bad_pattern:
            found.append(Signal("robots", "train", Value.MALFORMED, "file", note="pattern"))
        if any(not matcher.allows(path) for matcher in self._named):
            found.append(Signal("robots", "named", Value.NO, "file"))
        return found
