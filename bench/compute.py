"""GPU support: submission against raw REST, reconciliation, what chaos leaves unexplained, how
soon wrong books are found, and the planner beside its peer.

python -m bench compute        JSON to bench/results/compute.json and compute_planner.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "compute.json"
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # also as `python bench/compute.py`

from bench import (  # noqa: E402  after the path
    compute_books,
    compute_engine,
    compute_found,
    compute_planner,
)


def main() -> int:
    """Worst of both: 0 when every gate held."""
    found = compute_engine.measured()
    found |= (books := compute_books.measured())
    found["wrong_books"] = wrong = compute_found.found()
    print("  wrong books", wrong, flush=True)
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    is_held = compute_engine.held(found) and compute_found.held(wrong)
    is_held = compute_books.held(books) and is_held
    return max(0 if is_held else 1, compute_planner.main())


if __name__ == "__main__":
    sys.exit(main())
