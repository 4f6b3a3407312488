"""Agreement with three parsers that nobody here wrote, on generated files.

MADANG_ROBOTS_FILES sets the count; 10,000 with MADANG_TEST_LONG=1, fewer otherwise.
MADANG_RIGHTS_SEEDS names other seeds, as in 1,2,3.
"""

from __future__ import annotations

import os

import pytest
import rights_agreement
import rights_robots_files

LONG = os.environ.get("MADANG_TEST_LONG") == "1"
COUNT = int(os.environ.get("MADANG_ROBOTS_FILES", "10000" if LONG else "2000"))
SEEDS = [int(s) for s in os.environ.get("MADANG_RIGHTS_SEEDS", "9309").split(",")]


@pytest.mark.parametrize("seed", SEEDS)
def test_robots_engine_agrees_with_google_and_every_other_difference_is_explained(seed, capsys):
    cases = rights_robots_files.cases(seed=seed, count=COUNT)
    counts, unexplained = rights_agreement.compare(cases)
    with capsys.disabled():
        print(f"\nrobots agreement on {COUNT} files, seed {seed}:")
        for peer, reasons in counts.items():
            print(f"  {peer}: {COUNT - reasons.total()} agree; {dict(reasons)}")
    assert not counts["google"], counts["google"]
    assert not unexplained, unexplained[:3]
