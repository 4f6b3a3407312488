"""Verdicts broadcast by the number of a vector are those of each row decided for itself.

Rows carry two random vectors and a random day of the crawl. The plain way parses a row's text,
derives its facts and decides every act under the law of the very day; it knows no numbers, no
days that stand for others, no table of answers.
"""

from __future__ import annotations

import os
import random
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta

import numpy as np
import pyarrow as pa
import pytest

from madang.core.clock import SEOUL
from madang.rights import Act, Outcome, load
from madang.rights.derive import OBSERVED
from madang.rights.facts import Actor, Enjoyment, Market, Purpose
from madang.rights.scan.join import KEPT, Joined, decided
from madang.rights.scan.judge import Judge, Vectors, judged
from madang.rights.signals import parse_vector

ROWS = 1_000_000 if os.environ.get("MADANG_TEST_LONG") == "1" else 4_000
REGIMES = ("eu-art4", "kr-current", "jp-30-4", "uk-29a", "kr-plan-2026-02")
AS_OF = date(2026, 11, 25)
SLOTS = {
    "aipref/train-ai@header": ("yes", "no", "unknown"),
    "content-signal/ai-train@robots": ("yes", "no", "malformed"),
    "licence/id@html": ("CC-BY-4.0", "CC-BY-NC-4.0", "LicenseRef-KOGL-0", "LicenseRef-KOGL-2"),
    "noai/page@html": ("no",),
    "robots/fetch@file": ("yes", "no", "unestablished"),
    "robots/named@file": ("no",),
    "robots/train@file": ("no", "malformed"),
    "site/robots@file": ("present", "absent", "unestablished", "not_asked"),
    "site/tdmrep@file": ("present", "absent", "unestablished", "not_asked"),
    "tdmrep/reservation@file": ("yes", "no", "malformed", "conflict"),
    "prose/reservation@html": ("no",),
    "error/record@page": ("rights.record.corrupt",),
}


def text(rng):
    """A vector as scans write them: slots in order, each with one of its values."""
    chosen = sorted(rng.sample(list(SLOTS), rng.randint(0, 6)))
    return ";".join(f"{slot}={rng.choice(SLOTS[slot])}" for slot in chosen)


def table(days):
    rows = len(days)
    noon = [datetime.combine(day, time(12), SEOUL).astimezone(UTC) for day in days]
    columns = {name: pa.nulls(rows, pa.string()) for name in KEPT}
    columns["fetched_at"] = pa.array(noon, pa.timestamp("us", tz="UTC"))
    return pa.table(columns)


def released(then, today):
    """Both clocks agree, or a person decides; an earlier use under KOGL may go on."""
    if then.verdict is today.verdict:
        return then.verdict
    if then.verdict is Outcome.ALLOWED and "KOGL_GRANTS" in then.reasons:
        return then.verdict
    review = Outcome.SIMULATED_NEEDS_REVIEW if then.verdict.is_simulated else None
    return review or Outcome.NEEDS_REVIEW


@pytest.mark.parametrize("purpose", [Purpose.COMMERCIAL, Purpose.NONCOMMERCIAL_RESEARCH])
def test_broadcast_verdicts_equal_each_row_decided_for_itself(purpose):
    rng, vectors = random.Random(7), Vectors()
    while len(vectors.all) < 900:
        vectors.number(text(rng))
    declared = replace(
        OBSERVED,
        purpose=purpose,
        actor=Actor.RESEARCH_ORG,
        enjoyment=Enjoyment.NONE,
        analysis_market=Market.NO,
    )
    judges = [Judge(load(name), declared, AS_OF, vectors) for name in REGIMES]
    step = 20_000
    for first in range(0, ROWS // 2, step):
        compare(rng, judges, first, min(step, ROWS // 2 - first))


def compare(rng, judges, first, rows):
    """Some rows through the tables, and each of them under one regime in turn by itself."""
    vectors, declared = judges[0].vectors, judges[0].declared
    crawl = [rng.randrange(len(vectors.all)) for _ in range(rows)]
    now = [n if rng.random() < 0.8 else rng.randrange(len(vectors.all)) for n in crawl]
    days = [date(2013, 1, 1) + timedelta(days=rng.randrange(5_000)) for _ in range(rows)]
    made, _, differing = decided(Joined(table(days), crawl, now), judges)
    columns = {
        name: np.array(made[name].to_pylist()) for name in made.column_names[len(KEPT) :]
    }
    assert int(columns["clocks_differ"].sum()) == differing
    for row in range(rows):
        rules = judges[(first + row) % len(judges)].rules
        then = judged(parse_vector(vectors.all[crawl[row]]), declared, rules, days[row])
        today = judged(parse_vector(vectors.all[now[row]]), declared, rules, AS_OF)
        for act in Act:
            name = f"{rules.regime}.{act}"
            expected = (released(then[act], today[act]), then[act].verdict, today[act].verdict)
            found = tuple(columns[f"{name}{clock}"][row] for clock in ("", ".crawl", ".now"))
            assert found == tuple(str(v) for v in expected), (row, name)
