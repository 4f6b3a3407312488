"""The files of one site, and what they say about one path.

Each file is asked for at one address; its redirect chain is followed across authorities and
the rules bind the address that was asked first. A file that must be asked for and was not, or
whose answer is not established, is neither silence nor refusal.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from itertools import chain
from typing import Generic, NamedTuple, TypeVar

from madang.rights.agents import OWN_TOKEN, speaks_about_training
from madang.rights.prose import prose_reservation
from madang.rights.protocols import aipref, aitxt, content_signal, robots, rsl, tdmrep
from madang.rights.signals import Signal, Value, Vector, merged, vector_of_pairs

REDIRECTS_MAX = 5
FILE_BYTES_MAX = 512 * 1024
SHARED_BYTES_MAX = 4 * 1024


class Kind(StrEnum):
    __hash__ = str.__hash__  # an enumeration's own takes ten times as long

    ROBOTS = "robots"
    TDMREP = "tdmrep"
    AI_TXT = "ai_txt"
    AI_WELLKNOWN = "ai_wellknown"
    TRUST = "trust"
    TRUST_WELLKNOWN = "trust_wellknown"


PATHS: Mapping[str, Kind] = {
    "/robots.txt": Kind.ROBOTS,
    "/.well-known/tdmrep.json": Kind.TDMREP,
    "/ai.txt": Kind.AI_TXT,
    "/.well-known/ai.txt": Kind.AI_WELLKNOWN,
    "/trust.txt": Kind.TRUST,
    "/.well-known/trust.txt": Kind.TRUST_WELLKNOWN,
}
PATH_OF = {kind: path for path, kind in [*PATHS.items()][::-1]}
# Without an answer to these, silence is not established.
REQUIRED = (Kind.ROBOTS, Kind.TDMREP)


class State(StrEnum):
    __hash__ = str.__hash__

    PRESENT = "present"
    ABSENT = "absent"
    UNESTABLISHED = "unestablished"
    NOT_ASKED = "not_asked"
    UNKNOWN = "unknown"  # of a file that need not be asked for: it is there, nobody has it


class SiteFile(NamedTuple):
    """The final answer for one file, after its redirects. `sha256` names the stored bytes."""

    state: State
    content: bytes = b""
    sha256: str = ""
    is_cut: bool = False


NOT_ASKED = SiteFile(State.NOT_ASKED)
SPEAKING = (State.PRESENT, State.UNKNOWN)


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


class RobotsSaid(NamedTuple):
    """What rules of robots.txt amount to for one path."""

    state: State
    may_own: bool
    may_fetch: bool
    is_doubtful: bool
    has_bad_pattern: bool
    refuses_named: bool


def _robots_values(said: RobotsSaid) -> list[tuple[str, Value]]:
    """The statements of robots.txt: about fetching, about training, about agents it names."""
    if said.state is not State.PRESENT:
        is_absent = said.state is State.ABSENT
        return [("fetch", Value.YES if is_absent else Value.UNESTABLISHED)]
    doubt = Value.UNESTABLISHED if said.is_doubtful else Value.YES
    found = [("fetch", doubt if said.may_fetch else Value.NO)]
    if not said.may_own:
        found.append(("train", Value.NO))
    elif said.is_doubtful:
        found.append(("train", Value.UNESTABLISHED))
    elif said.has_bad_pattern:
        found.append(("train", Value.MALFORMED))
    if said.refuses_named:
        found.append(("named", Value.NO))
    return found


# The vectors of usual sites by all that they are made of: two states and five answers.
_USUAL: dict[tuple[object, ...], Vector] = {}


def _usual_vector(tdmrep_state: State, said: RobotsSaid) -> Vector:
    """The vector of a site that says nothing but rules of robots.txt: most sites are that."""
    states = {Kind.ROBOTS: said.state, Kind.TDMREP: tdmrep_state}
    pairs = [(f"site/{kind}@file", str(states[kind])) for kind in REQUIRED]
    pairs += [(f"robots/{label}@file", value) for label, value in _robots_values(said)]
    return vector_of_pairs(pairs)


# Its states; the rules for us and for whoever fetched; what other rules say of any path.
UsualParts = tuple[
    tuple[State | bool, ...], robots.Matcher, robots.Matcher, tuple[bool, bool] | None
]


def _refuses(said: Iterable[Signal]) -> bool:
    """Whether lines refuse training, or speak of it as nobody can read."""
    labels, values = ("ai-train", "train-ai"), (Value.NO, Value.MALFORMED)
    return any(one.label in labels and one.value in values for one in said)


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
        file = self.robots_file
        found = [file.meant_for(t) for t in file.meant if speaks_about_training(t)]
        groups = file.groups
        named = {id(groups[t]): t for t in groups if speaks_about_training(t)}
        if not named:
            return found
        own = file.token_for(self._own)
        return found + [file.matcher_for(t) for t in named.values() if t != own]

    @lazy
    def _speaking(self) -> list[robots.Group]:
        """Groups of AI training agents with lines of other protocols."""
        return [
            group
            for token, group in self.robots_file.groups.items()
            if (group.usage or group.content_signal) and speaks_about_training(token)
        ]

    @lazy
    def _named_in_words(self) -> bool:
        """Whether such a group refuses by a line of another protocol, whatever the path."""
        lines = (group.content_signal for group in self._speaking)
        said = chain.from_iterable(content_signal.from_lines(one, "robots") for one in lines)
        return _refuses(said) or (not self._is_by_path and self._is_usage_refused(b"/"))

    @lazy
    def _is_by_path(self) -> bool:
        """Whether such a line is about some paths."""
        return any(line[:1] == b"/" for group in self._speaking for line in group.usage)

    def _is_usage_refused(self, path: bytes) -> bool:
        return any(
            _refuses(aipref.from_robots(group.usage, path, is_allowed=True))
            for group in self._speaking
        )

    @lazy
    def _meant(self) -> robots.Matcher:
        """Rules that were meant for us and are written as no rule for us is."""
        return self.robots_file.meant_for(self._own)

    def _was_meant(self, path: bytes) -> bool:
        return self._has_bad_pattern or not self._meant.allows(path)

    def _refuses_named(self, path: bytes) -> bool:
        named = self._named
        if self._named_in_words or (self._is_by_path and self._is_usage_refused(path)):
            return True
        return bool(named) and any(not matcher.allows(path) for matcher in named)

    @lazy
    def _constant(self) -> list[Signal]:
        """What does not depend on the path."""
        found = [Signal("site", kind, self.file(kind).state, "file") for kind in REQUIRED]
        if self._prose:
            found.append(Signal("prose", "reservation", Value.NO, "robots", self._prose))
        lines = self.robots_file.content_signal_for(self._own)
        found.extend(content_signal.from_lines(lines, "robots"))
        for kind in (Kind.TRUST, Kind.TRUST_WELLKNOWN):
            if self.file(kind).state is State.PRESENT:
                found.extend(aitxt.trust_signals(self.file(kind).content))
        wellknown = self.file(Kind.AI_WELLKNOWN)
        if wellknown.state is State.PRESENT:
            found.extend(aitxt.wellknown_signals(wellknown.content))
        found.extend(self._unread_licences())
        for kind, file in self._files.items():
            if file.state is State.UNKNOWN and kind not in REQUIRED:
                found.append(Signal("site", kind, State.UNESTABLISHED, "file"))
        return found

    @lazy
    def _prose(self) -> str | None:
        """What the comments of robots.txt reserve in words."""
        comments = b" ".join(self.robots_file.comments).decode("utf-8", "replace")
        return prose_reservation(comments) if comments else None

    def _unread_licences(self) -> list[Signal]:
        urls = [line.decode("utf-8", "replace") for line in self.robots_file.licence]
        return rsl.named("robots", [url for url in urls if url not in self._licences])

    @lazy
    def _documents(self) -> list[rsl.Document]:
        return [rsl.parse(content) for content in self._licences.values()]

    @lazy
    def _is_usual(self) -> bool:
        """Whether the states of the two files and rules of robots.txt say all that is said."""
        file = self.robots_file
        if file.licence or self._licences or file.says_more_for(self._own):
            return False
        if file.comments and self._prose:
            return False
        for kind, said in self._files.items():
            if said.state not in SPEAKING or kind is Kind.ROBOTS:
                continue
            if kind is not Kind.TDMREP or self.tdm.entries or self.tdm.error:
                return False
        return True

    @lazy
    def _matchers(self) -> tuple[robots.Matcher, robots.Matcher]:
        """The rules for us and for whoever fetched."""
        file = self.robots_file
        own = file.matcher_for(self._own)
        return own, own if self._fetch == self._own else file.matcher_for(self._fetch)

    def vector_for(self, path: bytes) -> Vector:
        """The site's part of a record's vector."""
        if self._is_usual:
            return self._usual(path)
        signals = self.path_signals(path)
        key = tuple((signal.slot, signal.value) for signal in signals)
        ready = self._memo.get(key)
        if ready is None:
            ready = _vector(self._constant_pairs, key)
            if len(self._memo) < 4096:
                self._memo[key] = ready
        return ready

    def _usual(self, path: bytes) -> Vector:
        """The same where rules of robots.txt are all that is said: a few answers make it."""
        states, own, fetch, said = self._usual_parts
        may_own = own.allows(path)
        may_fetch = may_own if fetch is own else fetch.allows(path)
        if said is None:
            said = self._was_meant(path), self._refuses_named(path)
        key = (states, may_own, may_fetch, said)
        known = _USUAL.get(key)
        if known is None:
            known = _usual_vector(self.file(Kind.TDMREP).state, self._robots_said(path))
            _USUAL[key] = known
        return known

    def _robots_said(self, path: bytes) -> RobotsSaid:
        """What rules of robots.txt say about a path."""
        own, fetch = self._matchers
        may_own = own.allows(path)
        return RobotsSaid(
            self.file(Kind.ROBOTS).state,
            may_own,
            may_own if fetch is own else fetch.allows(path),
            self._is_doubtful,
            self._was_meant(path),
            self._refuses_named(path),
        )

    @lazy
    def _usual_parts(self) -> UsualParts:
        """All that the answer for a path is made of, looked up once."""
        return self._states, *self._matchers, self._others_say

    @lazy
    def _others_say(self) -> tuple[bool, bool] | None:
        """What rules that were meant for us, and of agents that are named, say of any path;
        None where that depends on the path."""
        if not self._meant.is_trivial:
            return None
        file = self.robots_file
        if not any(map(speaks_about_training, (*file.groups, *file.meant))):
            return self._has_bad_pattern, False  # most files name nobody
        if self._is_by_path or not all(one.is_trivial for one in self._named):
            return None
        return self._has_bad_pattern, self._named_in_words

    @lazy
    def _states(self) -> tuple[State | bool, ...]:
        robots_state, tdm_state = self.file(Kind.ROBOTS).state, self.file(Kind.TDMREP).state
        return robots_state, tdm_state, self._is_doubtful

    @lazy
    def _is_doubtful(self) -> bool:
        return self.robots_file.is_doubtful

    @lazy
    def _has_bad_pattern(self) -> bool:
        group = self.robots_file.group_for(self._own)
        return group is not None and group.has_bad_pattern

    @lazy
    def _constant_pairs(self) -> Pairs:
        return tuple((signal.slot, signal.value) for signal in self._constant)

    def all_signals(self, path: bytes) -> list[Signal]:
        """Everything with its raw text, for an explanation."""
        return [*self._constant, *self.path_signals(path)]

    def path_signals(self, path: bytes) -> list[Signal]:
        said = self._robots_said(path)
        found = self._robots_signals(said)
        usage = self.robots_file.usage_for(self._own)
        if usage:
            found.extend(aipref.from_robots(usage, path, is_allowed=said.may_own))
        found.extend(self.tdm.signals_for(path))
        ai = self.file(Kind.AI_TXT)
        if ai.state is State.PRESENT:
            found.extend(aitxt.legacy_signals(ai.content, path, self._own))
        for document in self._documents:
            found.extend(document.signals_for(path))
        return found

    def _robots_signals(self, said: RobotsSaid) -> list[Signal]:
        """The same statements with who is meant and why."""
        notes = {
            "fetch": self._fetch.decode() if said.state is State.PRESENT else "",
            "train": "pattern" if said.has_bad_pattern else "",
        }
        if not said.may_own:
            notes["train"] = self._own.decode()
        elif said.is_doubtful:
            notes["train"] = ",".join(sorted(self.robots_file.flags))
        return [
            Signal("robots", label, value, "file", note=notes.get(label, ""))
            for label, value in _robots_values(said)
        ]
