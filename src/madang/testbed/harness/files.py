"""The files of a report's folder, and what both its maker and its reader do with them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from madang.testbed.errors import LogMalformed

REPORT, PUBLIC_KEY = "report.json", "key.pub.pem"
SPEC, PREDICTION, FROZEN = "spec.toml", "prediction.json", "frozen.json"
MEASURED = "measured.json"
HARNESS = "harness"
"""Among the digests of what is tested: the programs that measure and judge."""


def read_table(path: Path) -> dict[str, object]:
    """One of our own small files. It may come from a machine that is not ours."""
    try:
        found = json.loads(path.read_bytes())
    except (OSError, ValueError, RecursionError) as err:
        raise LogMalformed(file=path.name, reason="no JSON") from err
    if not isinstance(found, dict):
        raise LogMalformed(file=path.name, reason="no table")
    return found


def sha256_of(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def compared(
    predicted: Mapping[str, object], judged: Mapping[str, object]
) -> dict[str, object]:
    """The prediction beside the measured figure of the same name."""
    figures = judged["figures"]
    assert isinstance(figures, dict)
    measured = figures.get(predicted["figure"])
    told = dict(predicted)
    if measured and measured["value"]:
        value = predicted["value"]
        assert isinstance(value, float)
        told["measured"] = measured["value"]
        told["error"] = value / measured["value"] - 1
    return told
