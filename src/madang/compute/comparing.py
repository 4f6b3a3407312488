"""Two books walked together: what an engine says, and what we have posted. No database.

Both sides are read in the order of their keys, so that a million attempts need no more memory
than one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from madang.compute.advice import ADVICE, advice_on
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
Whose = tuple[str, str]
"""The grant and the key by which a person names a job."""
NOBODYS: Whose = ("", "")
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
    return Difference(key, cause, told_ms, posted_ms, ADVICE[cause].en)


def explained(one: Difference, cause: str) -> Difference:
    """The same difference, under a cause that was found for it."""
    return replace(one, cause=cause, proposal=ADVICE[cause].en)


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
    whose: dict[str, Whose] = field(default_factory=dict)

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
            "lines": [self._line(one) for one in self.lines],
            "books": [self._doubt(one) for one in self.doubts],
        }

    def _line(self, one: Difference) -> dict[str, str]:
        return {
            "attempt": one.attempt_key,
            "cause": one.cause,
            "engine_gpu_seconds": seconds_text(one.told_ms),
            "posted_gpu_seconds": seconds_text(one.posted_ms),
            "proposal": one.proposal,
            "proposal_ko": advice_on(one.cause).ko,
            **self._named(one.attempt_key),
        }

    def _doubt(self, one: Discrepancy) -> dict[str, str]:
        said = advice_on(one.cause)
        return {
            "job": one.job_id,
            "cause": one.cause,
            "detail": one.detail,
            "proposal": said.en,
            "proposal_ko": said.ko,
            **self._named(one.job_id),
        }

    def _named(self, what: str) -> dict[str, str]:
        grant, key = self.whose.get(what, NOBODYS)
        return {"grant": grant, "key": key}


def seconds_text(ms: int) -> str:
    """Exact, as decimal text."""
    sign, whole = ("-" if ms < 0 else ""), abs(ms)
    return f"{sign}{whole // MS_PER_S}.{whole % MS_PER_S:03d}"
