"""The ranking: a pure function from stored bytes to stored bytes.

Each review's total is the weighted mean of its scores. The highest and the lowest totals are
dropped as the rules say; of a shared extreme only one is dropped. What remains is averaged,
the bonus is added, and subjects are ordered by that score, then by the tie rule, whose last
step is a lottery with a recorded seed. All numbers are exact fractions.

Where the rules name a sure score, there are three tiers: from it on the order is by score,
below the pass score a subject is rejected, and between the two the lottery alone decides.

A call that was decided once may be ranked again. Then a subject whose award was signed is
`kept`: its money is set aside first, wherever it stands. One that gave its award up is `gone`.
In a distributed review, whoever owes reviews of others has `failed`, whatever the score.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Literal

import msgspec

from madang.parties.canonical import canonical_bytes
from madang.review.rules import CRITERION, LOTTERY, ReviewRules

MILLI = 1000
Outcome = Literal["selected", "reserve", "rejected", "gone"]
Standing = Literal["", "kept", "gone", "failed"]
SETTLED: dict[Standing, Outcome] = {"kept": "selected", "gone": "gone", "failed": "rejected"}


class Scored(msgspec.Struct, frozen=True):
    """One submitted review: thousandths of a point by criterion."""

    assignment: str
    scores: dict[str, int]


class Candidate(msgspec.Struct, frozen=True, omit_defaults=True):
    subject: str
    requested_microwon: int
    bonus_milli: int
    reviews: tuple[Scored, ...]
    standing: Standing = ""


class Inputs(msgspec.Struct, frozen=True):
    """Everything that a ranking depends on. `budget_microwon` None means no cut."""

    rules: ReviewRules
    seed: str
    budget_microwon: int | None
    candidates: tuple[Candidate, ...]


class Line(msgspec.Struct, frozen=True):
    """A subject's place. `decided_by` is what set it apart from the one above it."""

    rank: int
    subject: str
    outcome: Outcome
    score: str
    score_text: str
    criteria: dict[str, str]
    decided_by: str
    counted: tuple[str, ...]
    dropped_high: tuple[str, ...]
    dropped_low: tuple[str, ...]
    requested_microwon: int


class Outputs(msgspec.Struct, frozen=True):
    lines: tuple[Line, ...]
    selected_microwon: int
    inputs_sha256: str


class _Standing(msgspec.Struct, frozen=True):
    candidate: Candidate
    score: Fraction
    by_criterion: dict[str, Fraction]
    counted: tuple[str, ...]
    dropped_high: tuple[str, ...]
    dropped_low: tuple[str, ...]


def inputs_as_bytes(inputs: Inputs) -> bytes:
    """Canonical: candidates by id, reviews by assignment, keys sorted."""
    candidates = tuple(
        msgspec.structs.replace(
            one, reviews=tuple(sorted(one.reviews, key=lambda r: r.assignment))
        )
        for one in sorted(inputs.candidates, key=lambda c: c.subject)
    )
    ordered = msgspec.structs.replace(inputs, candidates=candidates)
    return canonical_bytes(msgspec.to_builtins(ordered))


def rank(inputs: bytes) -> bytes:
    """From the stored inputs to the result, as canonical bytes."""
    outputs = ranking_of(read_inputs(inputs), digest(inputs))
    return canonical_bytes(msgspec.to_builtins(outputs))


def read_inputs(inputs: bytes) -> Inputs:
    return msgspec.json.decode(inputs, type=Inputs)


def read_outputs(outputs: bytes) -> Outputs:
    return msgspec.json.decode(outputs, type=Outputs)


def digest(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def ranking_of(inputs: Inputs, inputs_sha256: str) -> Outputs:
    """Order, then cut by pass score and budget."""
    standings = [_standing(candidate, inputs.rules) for candidate in inputs.candidates]
    keyed = sorted(((_key(one, inputs), one) for one in standings), key=lambda pair: pair[0])
    outcomes, selected = _cut([one for _, one in keyed], inputs)
    lines = []
    for index, (key, one) in enumerate(keyed):
        above = keyed[index - 1][0] if index else None
        decided_by = _first_difference(key, above)
        lines.append(_line(index + 1, one, outcomes[index], decided_by, inputs.rules))
    return Outputs(tuple(lines), selected, inputs_sha256)


def review_total(scores: dict[str, int], weights: dict[str, int]) -> Fraction:
    """One review's weighted mean, in points."""
    weighted = sum(weights[code] * scores[code] for code in weights)
    return Fraction(weighted, sum(weights.values()) * MILLI)


def _standing(candidate: Candidate, rules: ReviewRules) -> _Standing:
    weights = rules.weights
    by_total = sorted(
        candidate.reviews, key=lambda r: (review_total(r.scores, weights), r.assignment)
    )
    low = by_total[: rules.trim_low]
    high = by_total[len(by_total) - rules.trim_high :]
    kept = by_total[rules.trim_low : len(by_total) - rules.trim_high]
    kept = kept or (by_total if candidate.standing else [])  # too few are left, and decided
    assert kept or candidate.standing, "the quorum is larger than what is trimmed"
    count = len(kept) or 1
    mean = sum((review_total(r.scores, weights) for r in kept), Fraction(0)) / count
    return _Standing(
        candidate=candidate,
        score=mean + Fraction(candidate.bonus_milli, MILLI),
        by_criterion={
            code: Fraction(sum(r.scores[code] for r in kept), count * MILLI) for code in weights
        },
        counted=_names(kept),
        dropped_high=_names(high),
        dropped_low=_names(low),
    )


def _names(reviews: list[Scored]) -> tuple[str, ...]:
    return tuple(sorted(review.assignment for review in reviews))


def lottery_ticket(seed: str, subject: str) -> str:
    """A subject's number in the lottery: the smaller one wins."""
    return hashlib.sha256(f"{seed}:{subject}".encode()).hexdigest()


_Key = tuple[tuple[str, Fraction | str], ...]


def _key(one: _Standing, inputs: Inputs) -> _Key:
    """Smaller is better: minus the score, then one part per step of the tie rule, by name."""
    rules, ticket = inputs.rules, lottery_ticket(inputs.seed, one.candidate.subject)
    if rules.sure_score and one.score < rules.sure_score:
        return _unsure_key(one, ticket, rules)
    steps: list[tuple[str, Fraction | str]] = [("score", -one.score)]
    for step in rules.tie:
        if step == LOTTERY:
            steps.append((step, ticket))
        else:
            steps.append((step, -one.by_criterion[step.removeprefix(CRITERION)]))
    return tuple(steps)


def _unsure_key(one: _Standing, ticket: str, rules: ReviewRules) -> _Key:
    """Below every sure one: by lot alone; and below the pass score, by score again.

    A sure one has minus the sure score or less, so neither part can stand among them.
    """
    tier = Fraction(-rules.sure_score)
    if one.score >= rules.pass_score:
        return (("score", tier + Fraction(1, 2)), (LOTTERY, ticket))
    return (("score", tier + 1), ("score", -one.score), (LOTTERY, ticket))


def _first_difference(key: _Key, above: _Key | None) -> str:
    """The name of the first part in which two keys differ; of different tiers, the score."""
    pairs = zip(key, above or (), strict=False)
    return next((name for (name, mine), (_, theirs) in pairs if mine != theirs), "score")


def _cut(ordered: list[_Standing], inputs: Inputs) -> tuple[list[Outcome], int]:
    """Down the list while the money lasts. Nobody is selected past one who did not fit."""
    rules, budget = inputs.rules, inputs.budget_microwon
    outcomes: list[Outcome] = []
    kept = (one.candidate for one in ordered if one.candidate.standing == "kept")
    spent, reserves, is_open = sum(one.requested_microwon for one in kept), 0, True
    for one in ordered:
        cost = one.candidate.requested_microwon
        if one.candidate.standing:
            outcomes.append(SETTLED[one.candidate.standing])
            continue
        if one.score < rules.pass_score:
            outcomes.append("rejected")
            continue
        is_open = is_open and (budget is None or spent + cost <= budget)
        if is_open:
            spent += cost
            outcomes.append("selected")
        elif reserves < rules.reserve_max:
            reserves += 1
            outcomes.append("reserve")
        else:
            outcomes.append("rejected")
    return outcomes, spent


def _line(
    place: int, one: _Standing, outcome: Outcome, decided_by: str, rules: ReviewRules
) -> Line:
    return Line(
        rank=place,
        subject=one.candidate.subject,
        outcome=outcome,
        score=str(one.score),
        score_text=decimal_text(one.score, rules.decimals),
        criteria={code: str(value) for code, value in one.by_criterion.items()},
        decided_by=decided_by,
        counted=one.counted,
        dropped_high=one.dropped_high,
        dropped_low=one.dropped_low,
        requested_microwon=one.candidate.requested_microwon,
    )


def exact(text: str) -> Fraction:
    """A stored fraction, read back."""
    return Fraction(text)


def decimal_text(value: Fraction, decimals: int) -> str:
    """For people only, half away from zero. Order is decided by the exact value."""
    scale: int = 10**decimals
    doubled = abs(value) * scale * 2
    scaled = (doubled.numerator // doubled.denominator + 1) // 2
    sign = "-" if value < 0 and scaled else ""
    whole, rest = divmod(scaled, scale)
    return f"{sign}{whole}.{rest:0{decimals}d}" if decimals else f"{sign}{whole}"
