"""`python -m bench NAME` runs one benchmark, `python -m bench` all of them.

A benchmark is a file beside this one with a `main` that returns its exit code: 0 when every
gate held. The exit code here is the worst of them.
"""

from __future__ import annotations

import ast
import runpy
import sys
from collections.abc import Iterator
from pathlib import Path

HERE = Path(__file__).parent


def names() -> Iterator[str]:
    for path in sorted(HERE.glob("*.py")):
        if path.stem != "__main__":
            tree = ast.parse(path.read_text(encoding="utf-8"))
            if any(
                isinstance(one, ast.FunctionDef) and one.name == "main" for one in tree.body
            ):
                yield path.stem


def run(name: str) -> int:
    print(f"· {name}", flush=True)
    try:
        runpy.run_module(f"bench.{name}", run_name="__main__", alter_sys=True)
    except SystemExit as left:
        return left.code if isinstance(left.code, int) else int(left.code is not None)
    return 0


def main() -> int:
    known = list(names())
    wanted = sys.argv[1:] or known
    unknown = [name for name in wanted if name not in known]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(known)}")
        return 2
    sys.argv[1:] = []
    return max(run(name) for name in wanted)


if __name__ == "__main__":
    sys.exit(main())
