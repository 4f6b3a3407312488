"""GPU support: the planner's simulator beside its peer, and a nation's day.

python -m bench compute        JSON to bench/results/compute_planner.json
"""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT), str(ROOT / "src")]  # also as `python bench/compute.py`

from bench import compute_planner  # noqa: E402  after the path


def main() -> int:
    return compute_planner.main()


if __name__ == "__main__":
    sys.exit(main())
