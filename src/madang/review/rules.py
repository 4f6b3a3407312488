"""The rules of one review, as data: criteria, panel, trims, tie rule, conflict rules.

A panel pins its rules when it is formed, with their digest. Numbers come from policy and
from the call; this module only reads and checks them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from madang.parties.canonical import Json, canonical_bytes
from madang.review.errors import RulesInvalid

LOTTERY = "lottery"
CRITERION = "criterion:"
CRITERIA_MAX = 50
PEER_REVIEWS_MAX = 50


class Criterion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """평가항목: what is scored, and how much it weighs (배점)."""

    code: str
    weight: int
    name_ko: str = ""
    name_en: str = ""


class ReviewRules(msgspec.Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """All that a review and its ranking depend on, besides the scores themselves.

    Fields with a default came later and are left out of the digest while they hold it, so
    that rules which were pinned before still have theirs.
    """

    criteria: tuple[Criterion, ...]
    panel: int
    quorum: int
    trim_high: int
    trim_low: int
    tie: tuple[str, ...]
    decimals: int
    score_max: int
    pass_score: int
    reserve_max: int
    confirmations: int
    same_institution: Literal["organisation", "unit"]
    conflict_kinds: tuple[str, ...]
    former_affiliation_days: int
    assignments_per_reviewer: int
    mode: Literal["panel", "distributed"] = "panel"
    """distributed: every applicant's author reviews some of the others, or is rejected."""
    peer_reviews: int = 0
    """distributed: how many subjects each author reviews."""
    sure_score: int = 0
    """Above 0: from it on the order is by score; between pass_score and it, by lottery."""

    def as_json(self) -> dict[str, Json]:
        built: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(self))
        return built  # with lists for tuples: what the database gives back

    @property
    def weights(self) -> dict[str, int]:
        return {criterion.code: criterion.weight for criterion in self.criteria}


def rules_from(data: Mapping[str, Json]) -> ReviewRules:
    """Read and check. Raises RulesInvalid and names the field."""
    try:
        rules = msgspec.json.decode(canonical_bytes(dict(data)), type=ReviewRules)
    except msgspec.ValidationError as err:
        raise RulesInvalid(field=_field_in(str(err)), reason=str(err)) from err
    _check_criteria(rules)
    _check_counts(rules)
    _check_tie(rules)
    return rules


def _check_criteria(rules: ReviewRules) -> None:
    codes = [criterion.code for criterion in rules.criteria]
    if not 1 <= len(codes) <= CRITERIA_MAX:
        raise RulesInvalid(field="criteria", reason=f"1 to {CRITERIA_MAX} are needed")
    if len(codes) != len(set(codes)):
        raise RulesInvalid(field="criteria", reason="a code stands twice")
    if any(criterion.weight <= 0 or not criterion.code for criterion in rules.criteria):
        raise RulesInvalid(field="criteria", reason="each needs a code and a weight above 0")


def _check_counts(rules: ReviewRules) -> None:
    for field in (
        "trim_high",
        "trim_low",
        "pass_score",
        "reserve_max",
        "decimals",
        "sure_score",
    ):
        if getattr(rules, field) < 0:
            raise RulesInvalid(field=field, reason="below 0")
    for field in ("score_max", "confirmations", "assignments_per_reviewer"):
        if getattr(rules, field) < 1:
            raise RulesInvalid(field=field, reason="below 1")
    if rules.quorum <= rules.trim_high + rules.trim_low:
        raise RulesInvalid(field="quorum", reason="not more than what is trimmed")
    if rules.panel < rules.quorum:
        raise RulesInvalid(field="panel", reason="smaller than the quorum")
    if rules.sure_score and rules.sure_score <= rules.pass_score:
        raise RulesInvalid(field="sure_score", reason="not above the pass score")
    if (rules.mode == "distributed") != (rules.peer_reviews > 0):
        raise RulesInvalid(field="peer_reviews", reason="goes with the distributed mode alone")
    if rules.peer_reviews > PEER_REVIEWS_MAX:
        raise RulesInvalid(field="peer_reviews", reason=f"above {PEER_REVIEWS_MAX}")


def _check_tie(rules: ReviewRules) -> None:
    known = {CRITERION + code for code in rules.weights}
    if not rules.tie or rules.tie[-1] != LOTTERY:
        raise RulesInvalid(field="tie", reason="the last step must be the lottery")
    for step in rules.tie[:-1]:
        if step not in known:
            raise RulesInvalid(field="tie", reason=f"no such criterion: {step}")


def _field_in(message: str) -> str:
    """The field that msgspec names in its message: "… - at `$.quorum`"."""
    place = message.partition("`$.")[2].rstrip("`")
    return place or message.partition("`")[2].partition("`")[0]
