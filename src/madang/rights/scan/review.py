"""What only a person can say, asked once per vector and host, remembered with a date.

The queue groups records that wait for review by what they say and who says it. A decision is
recorded with its person and reason in a chain of lines and holds for all like records, now and
in later scans. Nobody can decide what could not be read, and a simulation is never decided.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from madang.core.clock import rfc3339
from madang.rights.errors import EvidenceAltered, ReviewGroupUnknown, ReviewRefused
from madang.rights.facts import Act
from madang.rights.scan import sums
from madang.rights.scan.judge import ERROR_REASONS, Judge
from madang.rights.scan.recheck import Scan, newest_vectors, open_scan
from madang.rights.scan.tables import write_table
from madang.rights.verdict import Outcome, Text

DECIDABLE = (Outcome.ALLOWED, Outcome.RESERVED, Outcome.NO_BASIS)
ANY_HOST = "*"
FIRST = "0" * 64
EXAMPLES = 3
CLOCKS_DIFFER = "CLOCKS_DIFFER"
MAY_STAY = Text(
    ko="수집 당시와 현재의 판단이 다릅니다. 수집한 사본을 계속 써도 됩니까?",
    en="The verdicts at the crawl and now differ. May the copy still be used?",
)


@dataclass(frozen=True, slots=True)
class Group:
    """Like records that wait for one answer."""

    id: str
    signals: str
    origin: str
    count: int
    examples: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    question: str = ""
    question_ko: str = ""

    def as_dict(self) -> dict[str, object]:
        return {
            "group": self.id,
            "origin": self.origin,
            "records": self.count,
            "signals": self.signals,
            "reasons": list(self.reasons),
            "question": self.question,
            "question_ko": self.question_ko,
            "examples": list(self.examples),
        }


@dataclass(frozen=True, slots=True)
class Decision:
    """One answer of one person, as it stands in the chain."""

    signals_sha: str
    origin: str
    regime: str
    act: str
    verdict: str
    by: str
    reason: str
    at: str
    previous: str
    sha256: str

    def as_dict(self) -> dict[str, object]:
        return {name: getattr(self, name) for name in self.__slots__}

    def line(self) -> str:
        return f"{self.at} {self.by}: {self.regime} {self.act} = {self.verdict} ({self.reason})"

    def reaches(self, signals_sha: str, origin: str, regime: str, act: str) -> bool:
        return (
            self.signals_sha == signals_sha
            and self.origin in (origin, ANY_HOST)
            and (self.regime, self.act) == (regime, act)
        )


def sha_of(signals: str) -> str:
    return hashlib.sha256(signals.encode()).hexdigest()


def group_id(signals: str, origin: str) -> str:
    return hashlib.sha256(f"{origin}\n{signals}".encode()).hexdigest()[:12]


def _path(folder: Path) -> Path:
    return folder / "review" / "decisions.jsonl"


def decisions(folder: Path) -> list[Decision]:
    """All decisions in order. Raises EvidenceAltered where the chain is broken."""
    path = _path(folder)
    if not path.exists():
        return []
    found: list[Decision] = []
    previous = FIRST
    for number, line in enumerate(path.read_bytes().splitlines(), 1):
        decision = _read(line)
        if (
            decision is None
            or decision.previous != previous
            or decision.sha256 != _digest(decision)
        ):
            raise EvidenceAltered(file=path.name, reason=f"line {number}")
        previous = decision.sha256
        found.append(decision)
    return found


def _read(line: bytes) -> Decision | None:
    try:
        return Decision(**json.loads(line))
    except (ValueError, TypeError):
        return None


def _digest(decision: Decision) -> str:
    fields = {k: v for k, v in decision.as_dict().items() if k != "sha256"}
    return hashlib.sha256(json.dumps(fields, sort_keys=True).encode()).hexdigest()


def decisions_for(folder: Path, signals: str, origin: str) -> list[Decision]:
    sha = sha_of(signals)
    found = decisions(folder)
    return [d for d in found if d.signals_sha == sha and d.origin in (origin, ANY_HOST)]


def queue(folder: Path, regime: str, act: Act) -> list[Group]:
    """Groups that wait, the largest first; what a person decided has left it."""
    scan = open_scan(folder)
    vectors = newest_vectors(scan)
    judge = scan.judge(vectors, regime)
    taken = decisions(folder)
    counts: dict[tuple[int, str], int] = {}
    examples: dict[tuple[int, str], list[str]] = {}
    for url, origin, vector in _waiting(scan, judge.rules.regime, act):
        key = (vector, origin)
        counts[key] = counts.get(key, 0) + 1
        if len(shown := examples.setdefault(key, [])) < EXAMPLES:
            shown.append(url)
    groups = [_group(judge, key, count, examples[key], act) for key, count in counts.items()]
    name = judge.rules.regime
    open_groups = [
        g
        for g in groups
        if not any(d.reaches(sha_of(g.signals), g.origin, name, act.value) for d in taken)
    ]
    return sorted(open_groups, key=lambda group: (-group.count, group.origin, group.id))


def _group(
    judge: Judge, key: tuple[int, str], count: int, examples: list[str], act: Act
) -> Group:
    signals = judge.vectors.all[key[0]]
    verdict = judge.verdicts(key[0], judge.as_of)[act]
    reasons, question = verdict.reasons, verdict.question
    if verdict.verdict != Outcome.NEEDS_REVIEW:  # today's answer is clear, another one was, too
        reasons, question = (*reasons, CLOCKS_DIFFER), MAY_STAY
    return Group(
        id=group_id(signals, key[1]),
        signals=signals,
        origin=key[1],
        count=count,
        examples=tuple(examples),
        reasons=reasons,
        question=question.en if question else "",
        question_ko=question.ko if question else "",
    )


def _waiting(scan: Scan, regime: str, act: Act) -> Iterator[tuple[str, str, int]]:
    column = f"{regime}.{act}"
    newer = newer_rows(scan, column)
    for path in scan.records():
        table = pq.read_table(path, columns=["url", "origin", "vector_now", column])
        for row in table.to_pylist():
            vector, verdict = newer.get(row["url"], (row["vector_now"], row[column]))
            if verdict == Outcome.NEEDS_REVIEW:
                yield row["url"], row["origin"], vector


def newer_rows(scan: Scan, column: str) -> Mapping[str, tuple[int, str]]:
    """What rechecks made of records since, the newest last."""
    found: dict[str, tuple[int, str]] = {}
    for folder in scan.rechecks():
        for path in sorted((folder / "changed").glob("*.parquet")):
            table = pq.read_table(path, columns=["url", "vector_now", column])
            for row in table.to_pylist():
                found[row["url"]] = (row["vector_now"], row[column])
    return found


def decide_group(
    folder: Path,
    group: str,
    *,
    regime: str,
    act: Act,
    verdict: str,
    by: str,
    reason: str,
    all_hosts: bool,
    now: datetime,
) -> Decision:
    """Record one answer. Raises ReviewGroupUnknown, ReviewRefused."""
    found = next((g for g in queue(folder, regime, act) if g.id == group), None)
    if found is None:
        raise ReviewGroupUnknown(group=group)
    if not by.strip() or not reason.strip():
        raise ReviewRefused(reason="a decision needs its person and its reason")
    if verdict not in {outcome.value for outcome in DECIDABLE}:
        raise ReviewRefused(reason=f"{verdict} is no decision")
    if any(slot in found.signals for slot in ERROR_REASONS) and verdict == Outcome.ALLOWED:
        raise ReviewRefused(reason="what could not be read cannot be allowed")
    taken = decisions(folder)
    fields = {
        "signals_sha": sha_of(found.signals),
        "origin": ANY_HOST if all_hosts else found.origin,
        "regime": regime.lower(),
        "act": act.value,
        "verdict": verdict,
        "by": by.strip(),
        "reason": reason.strip(),
        "at": rfc3339(now),
        "previous": taken[-1].sha256 if taken else FIRST,
    }
    unsigned = Decision(**fields, sha256="")
    decision = Decision(**fields, sha256=_digest(unsigned))
    _append(_path(folder), decision)
    return decision


def adopt(folder: Path, other: Path) -> list[Decision]:
    """Decisions on another scan's vectors that occur here too; who decided and when stays.

    A decision that was adopted before is not taken twice.
    """
    scan = open_scan(folder)
    known = {sha_of(text) for text in newest_vectors(scan).all}
    regimes = {rules.regime for rules in scan.rule_sets()}
    here = decisions(folder)
    seen = {_what(decision) for decision in here}
    taken: list[Decision] = []
    for found in decisions(other):
        if found.signals_sha not in known or found.regime not in regimes:
            continue
        if _what(found) in seen:
            continue
        previous = (taken or here)[-1].sha256 if taken or here else FIRST
        unsigned = replace(found, previous=previous, sha256="")
        decision = replace(unsigned, sha256=_digest(unsigned))
        _append(_path(folder), decision)
        taken.append(decision)
        seen.add(_what(decision))
    return taken


def _what(decision: Decision) -> tuple[str, ...]:
    fields = decision.as_dict()
    return tuple(str(v) for k, v in fields.items() if k not in ("previous", "sha256"))


def _append(path: Path, decision: Decision) -> None:
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(decision.as_dict(), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())


def release(folder: Path, regime: str, act: Act) -> dict[str, object]:
    """The verdicts to release with: scan, then rechecks, then what persons decided."""
    scan = open_scan(folder)
    vectors = newest_vectors(scan)
    name = scan.judge(vectors, regime).rules.regime
    column = f"{name}.{act}"
    taken = {
        (d.signals_sha, d.origin): d.verdict
        for d in decisions(folder)
        if (d.regime, d.act) == (name, act.value)
    }
    shas = [sha_of(text) for text in vectors.all]
    newer = newer_rows(scan, column)
    totals: dict[str, int] = {}
    written: list[Path] = []
    (folder / "release").mkdir(exist_ok=True)
    for path in scan.records():
        table = pq.read_table(path, columns=["url", "origin", "vector_now", column])
        final = [_final(row, column, newer, taken, shas) for row in table.to_pylist()]
        words, counts = np.unique(np.array(final, dtype=object), return_counts=True)
        for word, count in zip(words.tolist(), counts.tolist(), strict=True):
            totals[word] = totals.get(word, 0) + count
        made = table.select(["url", "origin"]).append_column(column, pa.array(final))
        target = folder / "release" / f"{column}-{path.name}"
        write_table(made, target)
        written.append(target)
    sums.add(folder / "release", written)
    return {"regime": name, "act": act.value, "verdicts": totals, "decisions": len(taken)}


def _final(
    row: Mapping[str, object],
    column: str,
    newer: Mapping[str, tuple[int, str]],
    taken: Mapping[tuple[str, str], str],
    shas: list[str],
) -> str:
    number, verdict = newer.get(
        str(row["url"]), (int(str(row["vector_now"])), str(row[column]))
    )
    if verdict != Outcome.NEEDS_REVIEW:
        return str(verdict)
    sha = shas[number]
    return taken.get((sha, str(row["origin"])), taken.get((sha, ANY_HOST), str(verdict)))
