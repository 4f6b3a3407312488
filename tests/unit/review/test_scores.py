from __future__ import annotations

import pytest

from madang.review.errors import ScoreInvalid
from madang.review.reviews.scores import read_scores, score_milli
from madang.review.rules import rules_from

from_rules = {
    "criteria": [{"code": "plan", "weight": 1}, {"code": "effect", "weight": 1}],
    "panel": 1, "quorum": 1, "trim_high": 0, "trim_low": 0, "tie": ["lottery"],
    "decimals": 2, "score_max": 100, "pass_score": 0, "reserve_max": 0, "confirmations": 2,
    "same_institution": "unit", "conflict_kinds": [], "former_affiliation_days": 0,
    "assignments_per_reviewer": 1,
}  # fmt: skip
RULES = rules_from(from_rules)


@pytest.mark.parametrize(
    ("value", "milli"), [(0, 0), (85, 85_000), ("85.5", 85_500), ("0.001", 1), (100, 100_000)]
)
def test_score_is_read_exactly(value, milli) -> None:
    assert score_milli("plan", value, 100) == milli


@pytest.mark.parametrize(
    "value",
    [
        -1,
        "-1",
        101,
        "100.001",
        "1.2345",
        "1e2",
        "",
        "abc",
        True,
        85.5,
        None,
        [1],
        "٣",
        "８５",
        "8٣.5",
    ],
)
def test_score_is_refused(value) -> None:
    with pytest.raises(ScoreInvalid):
        score_milli("plan", value, 100)


@pytest.mark.parametrize(
    ("given", "complete"),
    [
        ({"plan": 1}, True),
        ({"plan": 1, "effect": 2, "beauty": 3}, True),
        ({"beauty": 3}, False),
    ],
)
def test_missing_or_unknown_criterion_is_refused(given, complete) -> None:
    with pytest.raises(ScoreInvalid):
        read_scores(given, RULES, complete=complete)


def test_draft_may_be_incomplete() -> None:
    assert read_scores({"plan": "7.5"}, RULES, complete=False) == {"plan": 7_500}
