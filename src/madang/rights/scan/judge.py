"""Second pass: pages meet their sites, vectors are decided once, verdicts are broadcast.

Two pages with the same vector get the same verdict by construction: rows carry only numbers of
vectors, and verdict columns are taken from one small matrix by those numbers. Every verdict
has two clocks, as of the crawl and as of now; where they differ a person decides, except that
KOGL lets an earlier use go on for the same purpose.
"""

from __future__ import annotations

import hashlib
from bisect import bisect_right
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from madang.rights import licences
from madang.rights.agents import agents
from madang.rights.decide import decide
from madang.rights.derive import derive
from madang.rights.facts import Act, Facts
from madang.rights.rules import STALE_AFTER, RuleSet
from madang.rights.scan.stage import ERROR_SLOT
from madang.rights.scan.tables import VECTORS, Rows
from madang.rights.signals import Vector, canonical, merged, parse_vector
from madang.rights.verdict import Outcome, Verdict

VECTORS_MAX = 100_000
JOINED_MAX = 20_000
TOO_MANY = "error/vectors@page=too-many"
OUTCOMES = tuple(Outcome)
CODE_OF = {outcome: code for code, outcome in enumerate(OUTCOMES)}
REVIEW = CODE_OF[Outcome.NEEDS_REVIEW]
FIRST_DAY = date(1900, 1, 1)
KOGL_REASON = "KOGL_GRANTS"
SITE_FAILED: Vector = (("error/site@file", "failed"),)
ERROR_REASONS = {
    ERROR_SLOT: "RECORD_UNREADABLE",
    SITE_FAILED[0][0]: "RECORD_UNREADABLE",
    "error/vectors@page": "VECTORS_TOO_MANY",
}


class Vectors:
    """Vectors by number, held as text. Past the limit every new one is for a person."""

    def __init__(self, limit: int = VECTORS_MAX) -> None:
        self.limit = limit
        self._numbers: dict[str, int] = {}
        self._joined: dict[tuple[str, int], tuple[int, Vector]] = {}
        self.all: list[str] = []

    def number(self, text: str) -> int:
        found = self._numbers.get(text)
        if found is not None:
            return found
        if len(self.all) >= self.limit:
            text = TOO_MANY
            if text in self._numbers:
                return self._numbers[text]
        self._numbers[text] = len(self.all)
        self.all.append(text)
        return len(self.all) - 1

    def joined(self, page: str, site: Vector) -> int:
        """The number of a page's and a site's parts together."""
        key = (
            page,
            id(site),
        )  # many sites share one vector; it is held, so its id stays its own
        found = self._joined.get(key)
        if found is None:
            number = self.number(canonical(merged(parse_vector(page), site)).decode())
            if len(self._joined) >= JOINED_MAX:
                self._joined.clear()
            found = self._joined[key] = (number, site)
        return found[0]

    def table(self) -> pa.Table:
        rows = Rows(VECTORS)
        sha = agents().sha256
        for number, text in enumerate(self.all):
            rows.add((number, text, hashlib.sha256(text.encode()).digest(), sha))
        return rows.table()


def law_days(rules: RuleSet) -> list[date]:
    """Days on which the answers of a regime may change; between two of them they cannot."""
    days = {FIRST_DAY}
    for law in (rules.common, rules.head, *rules.files):
        days |= {day for day in (law.in_force_from, law.in_force_to) if day}
        days.add(law.checked_on + STALE_AFTER + timedelta(days=1))
        for rule in law.rules:
            days |= {day for day in (rule.in_force_from, rule.in_force_to) if day}
    days |= licences.first_days()
    return sorted(days)


Answers = dict[Act, Verdict]


@dataclass(slots=True)
class Judge:
    """Decides vectors under one regime. Vectors with equal facts share one answer."""

    rules: RuleSet
    declared: Facts
    as_of: date
    vectors: Vectors
    answers: list[Answers] = field(default_factory=list)
    _days: list[date] = field(init=False)
    _by_facts: dict[object, int] = field(default_factory=dict)
    _decided: dict[tuple[int, date], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._days = law_days(self.rules)

    def day_for(self, day: date) -> date:
        """The representative of all days with the same law."""
        return self._days[max(0, bisect_right(self._days, day) - 1)]

    def verdicts(self, vector: int, day: date) -> Answers:
        """The answer to a vector, by its number, under the law of a day."""
        key = (vector, self.day_for(day))
        found = self._decided.get(key)
        if found is None:
            found = self._decided[key] = self._answer(self.vectors.all[vector], key[1])
        return self.answers[found]

    def _answer(self, text: str, day: date) -> int:
        vector = parse_vector(text)
        derived = derive(vector, self.declared)
        errors = tuple(slot for slot, _ in vector if slot in ERROR_REASONS)
        key = (derived.facts, derived.conflicts, errors, day)
        found = self._by_facts.get(key)
        if found is None:
            found = self._by_facts[key] = len(self.answers)
            self.answers.append(judged(vector, self.declared, self.rules, day))
        return found

    def codes(self, day: date) -> NDArray[np.int8]:
        """The matrix of outcomes: one row per vector, one column per act."""
        rows = [self.verdicts(n, day) for n in range(len(self.vectors.all))]
        return np.array([[CODE_OF[v.verdict] for v in row.values()] for row in rows], np.int8)

    def release(self, crawl: int, now: int, crawl_day: date) -> list[int]:
        """The verdict for a new release, per act."""
        then, today = self.verdicts(crawl, crawl_day), self.verdicts(now, self.as_of)
        return [_released(then[act], today[act]) for act in Act]

    def tables(self, decisions: Rows, answers: Rows) -> None:
        """Every answer given so far: which vector got which, and what each says."""
        first = len(answers) // len(Act)
        for (vector, day), number in self._decided.items():
            decisions.add((vector, self.rules.regime, day, first + number))
        for number, found in enumerate(self.answers):
            for act, verdict in found.items():
                answers.add(_answer_row(first + number, act, verdict))


def _answer_row(number: int, act: Act, verdict: Verdict) -> tuple[object, ...]:
    question = verdict.question
    return (
        number,
        verdict.regime,
        act.value,
        verdict.verdict.value,
        verdict.rule,
        list(verdict.reasons),
        list(verdict.citations),
        list(verdict.duties),
        list(verdict.conflicts),
        question.en if question else None,
        question.ko if question else None,
        verdict.rules_sha,
    )


def _released(then: Verdict, today: Verdict) -> int:
    """Both clocks agree, or a person decides; KOGL's earlier use may go on."""
    if then.verdict is today.verdict:
        return CODE_OF[then.verdict]
    if then.verdict is Outcome.ALLOWED and KOGL_REASON in then.reasons:
        return CODE_OF[then.verdict]
    if then.verdict.is_simulated:
        return CODE_OF[Outcome.SIMULATED_NEEDS_REVIEW]
    return REVIEW


def judged(vector: Vector, declared: Facts, rules: RuleSet, day: date) -> dict[Act, Verdict]:
    """One vector under one regime; a record that could not be read is never allowed."""
    slots = [slot for slot, _ in vector if slot in ERROR_REASONS]
    derived = derive(vector, declared)
    found = decide(derived.facts, rules, day)
    if derived.conflicts:
        found = {
            act: replace(v, conflicts=(*v.conflicts, *derived.conflicts))
            for act, v in found.items()
        }
    if not slots:
        return found
    outcome = Outcome.SIMULATED_NEEDS_REVIEW if rules.is_simulation else Outcome.NEEDS_REVIEW
    reason = ERROR_REASONS[slots[0]]
    return {
        act: replace(v, verdict=outcome, rule="record", reasons=(reason,), duties=())
        for act, v in found.items()
    }
