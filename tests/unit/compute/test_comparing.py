"""Two books walked together: every difference has its cause, and nothing else is drift."""

from __future__ import annotations

import random

import pytest

from madang.compute.comparing import Report, compare

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
