"""GPU support: submission against raw REST, reconciliation, and the planner beside its peer.

python -m bench compute        JSON to bench/results/compute.json and compute_planner.json
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = ROOT / "bench" / "results" / "compute.json"
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # also as `python bench/compute.py`

from bench import compute_engine, compute_planner  # noqa: E402  after the path


def main() -> int:
    """Worst of both: 0 when every gate held."""
    found = compute_engine.measured()
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps(found, indent=2) + "\n")
    return max(0 if compute_engine.held(found) else 1, compute_planner.main())


if __name__ == "__main__":
    sys.exit(main())
