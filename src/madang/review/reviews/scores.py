"""Reading scores as people write them: 85, "85", "85.5"; exact to a thousandth."""

from __future__ import annotations

import re
from collections.abc import Mapping

from madang.review.errors import ScoreInvalid
from madang.review.rules import ReviewRules

MILLI = 1000
DIGITS_MAX = 9
_DECIMAL = re.compile(r"([0-9]{1,%d})(?:\.([0-9]{1,3}))?" % DIGITS_MAX)

Score = int | str


def score_milli(criterion: str, value: Score, score_max: int) -> int:
    """One score in thousandths. Raises ScoreInvalid; a float never gets here."""
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ScoreInvalid(criterion=criterion, reason="not a number")
    match = _DECIMAL.fullmatch(str(value).strip())
    if match is None:
        raise ScoreInvalid(criterion=criterion, reason="not a decimal of at most three places")
    found = int(match[1]) * MILLI + int((match[2] or "").ljust(3, "0"))
    if found > score_max * MILLI:
        raise ScoreInvalid(criterion=criterion, reason=f"above {score_max}")
    return found


def read_scores(
    given: Mapping[str, Score], rules: ReviewRules, *, complete: bool
) -> dict[str, int]:
    """All scores, known criteria only; every criterion when `complete`."""
    known = rules.weights
    for criterion in given:
        if criterion not in known:
            raise ScoreInvalid(criterion=criterion, reason="no such criterion")
    if complete:
        for criterion in known:
            if criterion not in given:
                raise ScoreInvalid(criterion=criterion, reason="missing")
    return {
        criterion: score_milli(criterion, value, rules.score_max)
        for criterion, value in sorted(given.items())
    }
