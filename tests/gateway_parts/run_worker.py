"""A gateway worker whose limits tests may set: MADANG_TEST_LIMITS holds them as JSON."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path

from madang.gateway import Limits, Settings, serve


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--data", type=Path)
    parser.add_argument("--till", type=Path)
    parser.add_argument("--port", type=int)
    parser.add_argument("--worker", type=int)
    given = parser.parse_args()
    limits = json.loads(os.environ.get("MADANG_TEST_LIMITS", "{}"))
    settings = Settings(
        data_dir=given.data,
        port=given.port,
        worker=given.worker,
        till_socket=given.till,
        limits=Limits(**limits),
        segment_bytes=int(os.environ.get("MADANG_TEST_SEGMENT_BYTES", "16777216")),
    )
    return serve(settings, on_ready=lambda port: print(port, flush=True))


if __name__ == "__main__":
    sys.exit(main())
