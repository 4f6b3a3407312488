"""Our own model of a limited bandwidth: each fold is one phase of a double buffer.

While the array works on one fold, memory brings the operands of the next and takes the outputs
of the one before. A phase lasts the longer of its cycles and its words over the bandwidth; the
first load and the last store overlap with nothing. Words are spread evenly over the folds.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from math import ceil


@dataclass(frozen=True, slots=True)
class Phases:
    cycles: int
    stalls: int
    first_load: int
    last_store: int
    bound: str


def phases(
    *, cycles: int, folds: int, words_read: int, words_written: int, words_a_cycle: Fraction
) -> Phases:
    """Cycles of a layer with `words_a_cycle` from and to memory; stalls are what it adds."""
    one_load = Fraction(words_read, folds) / words_a_cycle
    one_store = Fraction(words_written, folds) / words_a_cycle
    work = Fraction(cycles, folds)
    # phase 0 loads, phases 1..F compute while the next loads and the one before is stored
    inner = max(work, one_load + one_store) * max(0, folds - 2)
    ends = max(work, one_load) + max(work, one_store) if folds > 1 else work
    first, last = ceil(one_load), ceil(one_store)
    total = ceil(first + inner + ends + last)
    bound = "memory" if one_load + one_store > work else "compute"
    return Phases(total, total - cycles, first, last, bound)
