"""Percentiles, intervals and LoadGen's early stopping, each from the raw numbers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400
CONFIDENCE = 0.99  # of early stopping, as LoadGen has it
NEGLIGIBLE, STRIDE = 1e-18, 4096
SIGNLESS = np.int64((1 << 63) - 1)
STUDENT_975 = (
    *(12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228),
    *(2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086),
    *(2.080, 2.074, 2.069, 2.064, 2.060, 2.056, 2.052, 2.048, 2.045, 2.042),
)


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its 95 % interval, and how that was found."""

    value: float
    low: float
    high: float
    method: str

    def as_dict(self) -> dict[str, object]:
        return {"value": self.value, "low": self.low, "high": self.high, "method": self.method}


def percentile(values: NDArray[np.float64], share: float) -> float:
    """LoadGen's: the value at place floor(share * count) of the sorted list."""
    place = min(len(values) - 1, int(len(values) * share))
    return float(np.partition(values, place)[place])


def t_interval(values: Sequence[float]) -> Figure:
    """Mean over repetitions with Student's interval; needs two."""
    n = len(values)
    mean = math.fsum(values) / n
    spread = math.sqrt(math.fsum((one - mean) ** 2 for one in values) / (n - 1))
    degrees = n - 1
    factor = STUDENT_975[degrees - 1] if degrees <= len(STUDENT_975) else 1.96
    half = factor * spread / math.sqrt(n)
    return Figure(mean, mean - half, mean + half, f"t, {n} repetitions")


def block_interval(blocks: Sequence[NDArray[np.float64]], share: float, seed: int) -> Figure:
    """A percentile over all; its interval resamples whole repetitions: they are the blocks.

    Each block is sorted once; a resample is how often it took each block.
    """
    stream = np.random.RandomState(seed)  # frozen streams: the same numbers for ever
    taken = np.zeros((RESAMPLES + 1, len(blocks)), dtype=np.int64)
    taken[RESAMPLES] = 1
    for i in range(RESAMPLES):
        np.add.at(taken[i], stream.randint(0, len(blocks), len(blocks)), 1)
    found = percentiles([np.sort(one) for one in blocks], taken, share)
    low, high = (percentile(found[:-1], one) for one in (0.025, 0.975))
    return Figure(float(found[-1]), low, high, f"block bootstrap, {RESAMPLES} resamples")


def percentiles(
    blocks: Sequence[NDArray[np.float64]], taken: NDArray[np.int64], share: float
) -> NDArray[np.float64]:
    """What `percentile` gives for each row of `taken`: so many copies of each sorted block,
    joined. Halves the range of values, 64 times, for all rows at once; no number is made up.
    """
    totals = taken @ np.array([len(one) for one in blocks])
    places = np.minimum(totals - 1, (totals * share).astype(np.int64))
    ordered = [_ordered(one) for one in blocks]
    low = np.full(len(taken), min(int(one[0]) for one in ordered if len(one)))
    high = np.full(len(taken), max(int(one[-1]) for one in ordered if len(one)))
    while (low < high).any():
        middle = (low & high) + ((low ^ high) >> 1)  # their mean, whatever their signs
        below = sum(
            copies * np.searchsorted(one, middle, "right")
            for one, copies in zip(ordered, taken.T, strict=True)
        )
        enough = below > places
        low, high = np.where(enough, low, middle + 1), np.where(enough, middle, high)
    return np.where(low < 0, low ^ SIGNLESS, low).view(np.float64)


def _ordered(values: NDArray[np.float64]) -> NDArray[np.int64]:
    """Whole numbers in the order of the floats that they are."""
    bits = (np.asarray(values, dtype=np.float64) + 0.0).view(np.int64)
    return np.where(bits < 0, bits ^ SIGNLESS, bits)


def chance_of_at_most(t: int, n: int, late: float) -> float:
    """Binomial: at most `t` late queries of `n` when each is late with probability `late`.

    Summed downwards from `t`, each term from the one before, until none counts any more: so
    `t` is at most the mean, n * late, above which the first term is not the greatest.
    """
    log_choose = math.lgamma(n + 1) - math.lgamma(t + 1) - math.lgamma(n - t + 1)
    last = math.exp(log_choose + t * math.log(late) + (n - t) * math.log1p(-late))
    terms, step = [last], (1 - late) / late
    while t > 0 and len(terms) * terms[-1] > NEGLIGIBLE * terms[0]:
        places = np.arange(t, max(0, t - STRIDE), -1, dtype=np.float64)
        following = terms[-1] * np.cumprod(places / (n - places + 1) * step)
        terms.extend(following.tolist())
        t -= len(places)
    return math.fsum(terms)


def early_stopping_met(late: int, queries: int, share: float) -> bool:
    """Whether so few late queries of so many prove the percentile, at 99 %."""
    if late >= queries or late > queries * (1 - share):  # not even the plain percentile holds
        return False
    return chance_of_at_most(late, queries, 1 - share) <= 1 - CONFIDENCE


def early_stopping_estimate(values: NDArray[np.float64], share: float) -> float | None:
    """An upper bound of the percentile at 99 %: the t-th largest, t as large as is proved."""
    n = len(values)
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if early_stopping_met(middle, n, share):
            low = middle
        else:
            high = middle - 1
    if low < 1:
        return None
    return float(np.partition(values, n - low)[n - low])
