"""Two books walked together: every difference has its cause, and nothing else is drift."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import pytest

from madang.cli.compute_jobs import told_line
from madang.cli.console import language
from madang.compute.advice import ADVICE, advice_on
from madang.compute.comparing import Report, compare
from madang.compute.engines.types import AttemptFact, Discrepancy, RunState

AT = datetime(2026, 11, 26, 3, tzinfo=UTC)

CASES = [
    ("agree", [("a", 10, False)], [("a", 10, "", False)], None, 0),
    ("still open", [("a", 0, True)], [("a", 0, "", True)], None, 0),
    ("late edit", [("a", 12, False)], [("a", 10, "", False)], "late_edit", 2),
    ("not posted", [("a", 12, False)], [("a", 0, "", False)], "unposted", 12),
    ("disputed", [("a", 12, False)], [("a", 0, "disputed", False)], "disputed", 0),
    ("decided", [("a", 12, False)], [("a", 5, "decided", False)], "decided", 0),
    ("decided, and in no book", [], [("a", 5, "decided", False)], "decided", 0),
    ("not ours", [("a", 12, False)], [], "unmatched", 0),
    ("vanished", [], [("a", 12, "", False)], "vanished", 12),
    ("vanished between", [("b", 1, False)], [("a", 7, "", False), ("b", 1, "", False)],
     "vanished", 7),
]  # fmt: skip


@pytest.mark.parametrize(("name", "told", "posted", "cause", "drift"), CASES)
def test_each_difference_has_its_cause(name, told, posted, cause, drift):
    report = Report("s")
    for one in compare(told, posted):
        report.add(one)
    assert [one.cause for one in report.lines] == ([cause] if cause else [])
    assert report.drift_ms == drift


def test_what_differs_and_what_to_do_is_told_in_both_languages():
    fact = AttemptFact("12", "k", "a", 1, AT, AT, AT, 0, RunState.COMPLETED, "accounting")
    report = Report("s")
    for one in compare([("12@1/1", 12_000, False)], []):
        report.add(one)
    report.doubts = [Discrepancy("12", "k", "overcounted", fact, None, None, "node -")]
    report.whose = {"12": ("g1", "train")}
    data = report.as_data()
    texts = {}
    for one in ("ko", "en"):
        chosen = language.set(one)
        texts[one] = [
            told_line(data["lines"][0], "attempt"),
            told_line(data["books"][0], "job"),
        ]
        language.reset(chosen)
    assert texts["en"] == [
        "  12@1/1  unmatched  12.000 / 0.000 GPU-s  " + ADVICE["unmatched"].en,
        "  12  g1/train  overcounted  node -  " + ADVICE["overcounted"].en,
    ]
    assert [text.endswith(ADVICE[cause].ko) for text, cause in zip(
        texts["ko"], ("unmatched", "overcounted"), strict=True)] == [True, True]  # fmt: skip


@pytest.mark.parametrize("cause", [one[3] for one in CASES if one[3]])
def test_every_cause_of_a_difference_says_what_to_do(cause):
    assert advice_on(cause) == ADVICE[cause]


@pytest.mark.parametrize("seed", range(20))
def test_random_books_drift_by_exactly_what_was_changed(seed):
    rng = random.Random(seed)
    keys = sorted(f"{rng.randrange(10**6):06d}@{n}" for n in range(300))
    amounts = {key: rng.randrange(1, 10**6) for key in keys}
    changed = {key: rng.randrange(1, 1000) for key in rng.sample(keys, 20)}
    gone = set(rng.sample(sorted(set(keys) - set(changed)), 10))
    told = [(key, amounts[key] + changed.get(key, 0), False) for key in keys if key not in gone]
    report = Report("s")
    for one in compare(told, [(key, amounts[key], "", False) for key in keys]):
        report.add(one)
    assert report.drift_ms == sum(changed.values()) + sum(amounts[key] for key in gone)
    assert len(report.lines) == len(changed) + len(gone)
