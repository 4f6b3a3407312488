"""The traces that come with the planner, and how to open them. Sources: README.md."""

from __future__ import annotations

import csv
import gzip
import io
from importlib import resources

Row = dict[str, str]


def _opened(folder: str, name: str) -> str:
    path = resources.files(__name__).joinpath(folder, name)
    raw = path.read_bytes()
    return (gzip.decompress(raw) if name.endswith(".gz") else raw).decode("utf-8")


def muri_text(name: str) -> str:
    return _opened("muri", name)


def muri_rows(name: str) -> list[Row]:
    """Rows of `trace1`…`trace4`, `testbed_trace` or `testbed_result_SRTF`, `_SRSF`."""
    return list(csv.DictReader(io.StringIO(_opened("muri", f"{name}.csv.gz"))))


def philly_runtimes_s() -> list[float]:
    """83,154 run times of jobs of the Philly cluster, in seconds, sorted."""
    return [float(line) for line in _opened("philly", "philly_runtime.csv.gz").split()[1:]]


def acme_summary() -> list[Row]:
    """Averages of five GPU clusters."""
    return list(csv.DictReader(io.StringIO(_opened("acme", "cluster_summary.csv"))))


def rounds_text() -> str:
    """Published results of award rounds."""
    return resources.files(__name__).joinpath("rounds.toml").read_text(encoding="utf-8")
