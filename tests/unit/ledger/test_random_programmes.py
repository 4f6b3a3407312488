"""Thousands of random programmes through the postings of the product, over memory.

Goal: no admissible step is ever refused, no inadmissible one ever accepted, every account is
what a closed formula says, every identity holds, and at the end two bank accounts are empty.
Method: ledger_support.programmes; a failure names its seed. The count comes from
MADANG_TEST_PROGRAMMES.
"""

from __future__ import annotations

import os
from collections import Counter

from ledger_support.programmes import run_in_memory

LONG = "MADANG_TEST_LONG" in os.environ
COUNT = int(os.environ.get("MADANG_TEST_PROGRAMMES") or (5_000 if LONG else 120))
FIRST_SEED = int(os.environ.get("MADANG_TEST_SEED") or 0)


def test_inv_random_programmes_do_what_the_oracle_says():
    for seed in range(FIRST_SEED, FIRST_SEED + COUNT):
        run_in_memory(seed)


def test_random_programmes_reach_every_kind_of_posting():
    """A property test that stopped to post something would go on being green."""
    seen: Counter[str] = Counter()
    for seed in range(40):
        journals = run_in_memory(seed).into.journals
        seen.update(str(kept.draft.request.kind) for kept in journals)
    rare = {"P1r", "P2r"}  # lowering a budget: see the examples
    from madang.ledger.kinds import Kind

    assert {str(kind) for kind in Kind} - set(seen) - rare == set()
