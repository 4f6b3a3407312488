from __future__ import annotations

import pytest

from madang.review.errors import RulesInvalid
from madang.review.rules import rules_from

GOOD = {
    "criteria": [{"code": "plan", "weight": 40}, {"code": "effect", "weight": 60}],
    "panel": 7,
    "quorum": 5,
    "trim_high": 1,
    "trim_low": 1,
    "tie": ["criterion:effect", "lottery"],
    "decimals": 4,
    "score_max": 100,
    "pass_score": 0,
    "reserve_max": 10,
    "confirmations": 2,
    "same_institution": "organisation",
    "conflict_kinds": ["adviser"],
    "former_affiliation_days": 1095,
    "assignments_per_reviewer": 60,
}


def test_rules_survive_a_round_trip() -> None:
    rules = rules_from(GOOD)
    assert rules_from(rules.as_json()) == rules
    assert rules.weights == {"plan": 40, "effect": 60}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"criteria": []}, "criteria"),
        ({"criteria": [{"code": "a", "weight": 1}] * 2}, "criteria"),
        ({"criteria": [{"code": "a", "weight": 0}]}, "criteria"),
        ({"criteria": [{"code": "", "weight": 1}]}, "criteria"),
        ({"criteria": [{"code": "a", "weight": 1, "colour": "red"}]}, "criteria[0]"),
        ({"quorum": 2}, "quorum"),
        ({"quorum": "five"}, "quorum"),
        ({"panel": 4}, "panel"),
        ({"trim_high": -1}, "trim_high"),
        ({"trim_low": -1}, "trim_low"),
        ({"pass_score": -1}, "pass_score"),
        ({"reserve_max": -1}, "reserve_max"),
        ({"decimals": -1}, "decimals"),
        ({"score_max": 0}, "score_max"),
        ({"confirmations": 0}, "confirmations"),
        ({"assignments_per_reviewer": 0}, "assignments_per_reviewer"),
        ({"tie": []}, "tie"),
        ({"tie": ["criterion:effect"]}, "tie"),
        ({"tie": ["criterion:beauty", "lottery"]}, "tie"),
        ({"tie": ["lottery", "lottery"]}, "tie"),
        ({"same_institution": "city"}, "same_institution"),
        ({"weather": "fine"}, "weather"),
    ],
)
def test_rule_is_refused_and_its_field_named(change, field) -> None:
    with pytest.raises(RulesInvalid) as caught:
        rules_from(GOOD | change)
    assert caught.value.fields["field"] == field
