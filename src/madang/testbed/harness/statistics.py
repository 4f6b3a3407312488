"""Percentiles, intervals and LoadGen's early stopping, each from the raw numbers alone."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RESAMPLES = 400
CONFIDENCE = 0.99  # of early stopping, as LoadGen has it
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
    """A percentile over all; its interval resamples whole repetitions: they are the blocks."""
    stream = np.random.RandomState(seed)  # frozen streams: the same numbers for ever
    found = np.empty(RESAMPLES)
    for i in range(RESAMPLES):
        chosen = stream.randint(0, len(blocks), len(blocks))
        found[i] = percentile(np.concatenate([blocks[j] for j in chosen]), share)
    whole = percentile(np.concatenate(list(blocks)), share)
    low, high = (percentile(found, one) for one in (0.025, 0.975))
    return Figure(whole, low, high, f"block bootstrap, {RESAMPLES} resamples")


def _log_choose(n: int, k: int) -> float:
    return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)


def chance_of_at_most(t: int, n: int, late: float) -> float:
    """Binomial: at most `t` late queries of `n` when each is late with probability `late`."""
    terms = (
        math.exp(_log_choose(n, i) + i * math.log(late) + (n - i) * math.log1p(-late))
        for i in range(t + 1)
    )
    return math.fsum(terms)


def queries_needed(t: int, share: float) -> int:
    """The fewest queries at which `t` late ones still prove the percentile, at 99 %."""
    low, high = t + 1, t + 2
    while chance_of_at_most(t, high, 1 - share) > 1 - CONFIDENCE:
        low, high = high, high * 2
    while low < high:
        middle = (low + high) // 2
        if chance_of_at_most(t, middle, 1 - share) > 1 - CONFIDENCE:
            low = middle + 1
        else:
            high = middle
    return low


def early_stopping_met(late: int, queries: int, share: float) -> bool:
    """Whether so few late queries of so many prove the percentile."""
    if late > queries * (1 - share):  # not even the plain percentile holds
        return False
    return queries >= queries_needed(late, share)


def early_stopping_estimate(values: NDArray[np.float64], share: float) -> float | None:
    """An upper bound of the percentile at 99 %: the t-th largest, t as large as is proved."""
    n = len(values)
    low, high = 0, n
    while low < high:
        middle = (low + high + 1) // 2
        if middle < n and queries_needed(middle, share) <= n:
            low = middle
        else:
            high = middle - 1
    if low < 1:
        return None
    return float(np.partition(values, n - low)[n - low])
