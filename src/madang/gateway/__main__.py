"""`python -m madang.gateway`: one worker."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from madang.gateway import Settings, serve


def main(argv: list[str] | None = None) -> int:
    """Read the options and serve."""
    parser = argparse.ArgumentParser(prog="madang-gateway", description=__doc__)
    parser.add_argument("--data", type=Path, required=True, help="the data folder")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=8080)
    parser.add_argument("--worker", type=int, default=0)
    parser.add_argument("--till", type=Path, default=None, help="the till's socket")
    given = parser.parse_args(argv)
    return serve(
        Settings(
            data_dir=given.data,
            host=given.host,
            port=given.port,
            worker=given.worker,
            till_socket=given.till,
        ),
        on_ready=_announce,
    )


def _announce(port: int) -> None:
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
