"""Near-duplicates: MinHash over five-letter pieces finds candidates, true overlap decides."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import numpy.typing as npt

PIECE, PERMUTATIONS, BAND = 5, 64, 4
BUCKET_MAX = 64
"""A bucket of more rows is compared in a row of neighbours, not each with each."""

_PRIME = (1 << 31) - 1
_SEED = 20260101
Pieces = npt.NDArray[np.uint64]


def pieces_of(text: str) -> Pieces:
    """The text's five-letter pieces as numbers, each once; spaces count as one."""
    plain = " ".join(text.split())
    found = {
        zlib.crc32(plain[at : at + PIECE].encode()) & _PRIME
        for at in range(max(1, len(plain) - PIECE + 1))
    }
    return np.array(sorted(found), dtype=np.uint64)


def similar_pairs(texts: Sequence[str], similarity_permille: int) -> list[tuple[int, int]]:
    """Pairs of places whose pieces overlap at least so much, in order."""
    sets = [pieces_of(text) for text in texts]
    return sorted(
        pair for pair in _candidates(sets) if _overlap(sets, pair) >= similarity_permille
    )


def _overlap(sets: Sequence[Pieces], pair: tuple[int, int]) -> int:
    one, other = sets[pair[0]], sets[pair[1]]
    both = len(np.intersect1d(one, other, assume_unique=True))
    return both * 1000 // (len(one) + len(other) - both)


def _candidates(sets: Sequence[Pieces]) -> set[tuple[int, int]]:
    if not sets:
        return set()
    rng = np.random.default_rng(_SEED)
    factors = rng.integers(1, _PRIME, PERMUTATIONS, dtype=np.uint64)[:, None]
    offsets = rng.integers(0, _PRIME, PERMUTATIONS, dtype=np.uint64)[:, None]
    signatures = [((factors * one + offsets) % _PRIME).min(axis=1) for one in sets]
    found: set[tuple[int, int]] = set()
    for start in range(0, PERMUTATIONS, BAND):
        buckets: dict[bytes, list[int]] = {}
        for place, signature in enumerate(signatures):
            buckets.setdefault(signature[start : start + BAND].tobytes(), []).append(place)
        for places in buckets.values():
            found |= _pairs(places)
    return found


def _pairs(places: Sequence[int]) -> set[tuple[int, int]]:
    if len(places) > BUCKET_MAX:
        return set(pairwise(places))
    return {(a, b) for at, a in enumerate(places) for b in places[at + 1 :]}
