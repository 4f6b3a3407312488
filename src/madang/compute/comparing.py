"""Two books walked together: what an engine says, and what we have posted. No database.

Both sides are read in the order of their keys, so that a million attempts need no more memory
than one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from madang.compute.engines.types import Discrepancy
from madang.compute.lines.amounts import MS_PER_S

Told = tuple[str, int, bool]
"""What an engine says: attempt key, GPU-milliseconds so far, still open."""
Posted = tuple[str, int, str, bool]
"""What we say: attempt key, GPU-milliseconds on its effective line, DISPUTED or DECIDED or
neither, still open."""

DISPUTED, DECIDED, VANISHED, OVERWRITTEN = "disputed", "decided", "vanished", "overwritten"
UNMATCHED, UNPOSTED = "unmatched", "unposted"
EXPLAINED = frozenset({"open", DISPUTED, DECIDED, OVERWRITTEN, UNMATCHED})
"""Causes under which a difference is what it should be: held, in doubt, settled by a person
against the engine's word, seen by the node that ran it, or not ours."""
LINES_MAX = 1000
END: Posted = ("\U0010ffff", 0, "", False)


@dataclass(frozen=True, slots=True)
class Difference:
    """One attempt on which the books differ. `gpu_ms` is what the engine has more."""

    attempt_key: str
    cause: str
    told_ms: int
    posted_ms: int
    proposal: str

    @property
    def gpu_ms(self) -> int:
        return self.told_ms - self.posted_ms


PROPOSALS = {
    "open": "hold until it ends",
    DISPUTED: "hold until the books agree, or a person decides",
    DECIDED: "a person has decided: correct the engine's books",
    UNMATCHED: "not a job of ours: name it to the site",
    "late_edit": "reverse the line and post the new facts",
    UNPOSTED: "post a line",
    VANISHED: "ask the site; reverse only with its word",
    OVERWRITTEN: "the node saw it run: the line stands",
}


def compare(told: Iterable[Told], posted: Iterable[Posted]) -> Iterator[Difference]:
    """Walk both, each sorted by key; yields what differs, in order."""
    left, right = iter(told), iter(posted)
    ours = next(right, END)
    for key, told_ms, is_open in left:
        while ours[0] < key:
            if ours[1]:
                yield _difference(ours[0], ours[2] or VANISHED, 0, ours[1])
            ours = next(right, END)
        if ours[0] != key:
            if told_ms:
                yield _difference(key, UNMATCHED, told_ms, 0)
            continue
        if told_ms != ours[1] or is_open:
            cause = _cause(ours[2], is_open=is_open, posted_ms=ours[1])
            if told_ms != ours[1]:
                yield _difference(key, cause, told_ms, ours[1])
        ours = next(right, END)
    while ours is not END:
        if ours[1]:
            yield _difference(ours[0], ours[2] or VANISHED, 0, ours[1])
        ours = next(right, END)


def _cause(doubt: str, *, is_open: bool, posted_ms: int) -> str:
    if doubt:
        return doubt
    if is_open:
        return "open"
    return "late_edit" if posted_ms else UNPOSTED


def _difference(key: str, cause: str, told_ms: int, posted_ms: int) -> Difference:
    return Difference(key, cause, told_ms, posted_ms, PROPOSALS[cause])


def explained(one: Difference, cause: str) -> Difference:
    """The same difference, under a cause that was found for it."""
    return replace(one, cause=cause, proposal=PROPOSALS[cause])


@dataclass(slots=True)
class Report:
    """What a reconciliation found. Drift is what nothing explains."""

    site: str
    attempts: int = 0
    told_ms: int = 0
    posted_ms: int = 0
    by_cause: Counter[str] = field(default_factory=Counter)
    drift_ms: int = 0
    lines: list[Difference] = field(default_factory=list)
    doubts: list[Discrepancy] = field(default_factory=list)

    def add(self, one: Difference) -> None:
        self.by_cause[one.cause] += one.gpu_ms
        if one.cause not in EXPLAINED:
            self.drift_ms += abs(one.gpu_ms)
        if len(self.lines) < LINES_MAX:
            self.lines.append(one)

    def as_data(self) -> dict[str, object]:
        return {
            "site": self.site,
            "attempts": self.attempts,
            "engine_gpu_seconds": seconds_text(self.told_ms),
            "posted_gpu_seconds": seconds_text(self.posted_ms),
            "drift_gpu_seconds": -(-self.drift_ms // MS_PER_S),
            "by_cause": {k: seconds_text(v) for k, v in sorted(self.by_cause.items())},
            "lines": [
                {
                    "attempt": one.attempt_key,
                    "cause": one.cause,
                    "engine_gpu_seconds": seconds_text(one.told_ms),
                    "posted_gpu_seconds": seconds_text(one.posted_ms),
                    "proposal": one.proposal,
                }
                for one in self.lines
            ],
            "books": [
                {"job": one.job_id, "cause": one.cause, "detail": one.detail}
                for one in self.doubts
            ],
        }


def seconds_text(ms: int) -> str:
    """Exact, as decimal text."""
    sign, whole = ("-" if ms < 0 else ""), abs(ms)
    return f"{sign}{whole // MS_PER_S}.{whole % MS_PER_S:03d}"
