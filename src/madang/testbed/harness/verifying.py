"""A report checked by a stranger: the signature, the files, and every figure again. Offline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from madang.core.errors import MadangError
from madang.testbed.errors import FileMissing, LogMalformed
from madang.testbed.harness import signing
from madang.testbed.harness.files import (
    FROZEN,
    PREDICTION,
    SPEC,
    compared,
    read_table,
    sha256_of,
)
from madang.testbed.harness.judging import REFERENCE, judge
from madang.testbed.harness.power import figures_from
from madang.testbed.harness.spec import spec_from

FIGURES = ("figures", "accuracy", "repetitions", "comparable")
FILES_MAX = 100_000
JOBS = "runs/*/job.json"
BOUND = {
    "spec_sha256": SPEC,
    "prediction_sha256": PREDICTION,
    "reference_sha256": REFERENCE,
}


@dataclass(slots=True)
class Checked:
    """What was looked at, and every fault. `files` is None where only the report is there."""

    faults: list[str] = field(default_factory=list)
    report: dict[str, object] = field(default_factory=dict)
    files: int | None = None
    recomputed: bool = False

    @property
    def ok(self) -> bool:
        return not self.faults

    def as_dict(self) -> dict[str, object]:
        known = ("device", "maker", "scenario", "profile", "verdict", "comparable", "figures")
        return {
            "ok": self.ok,
            "faults": self.faults,
            "files_checked": self.files,
            "recomputed": self.recomputed,
            **{name: self.report[name] for name in known if name in self.report},
        }


def verify(path: Path, key: Ed25519PublicKey) -> Checked:
    """Nothing of a report is believed before its signature holds."""
    if not path.is_file():
        raise FileMissing(what="report", file=str(path))
    checked = Checked()
    try:
        payload = signing.opened(path.read_bytes(), key)
    except signing.Broken as err:
        checked.faults.append(err.reason)
        return checked
    statement = json.loads(payload)
    if statement.get("predicateType") != signing.PREDICATE_TYPE:
        checked.faults.append("the statement is no report of a test-bed")
        return checked
    checked.report = statement["predicate"]
    digests = {one["name"]: one["digest"]["sha256"] for one in statement["subject"]}
    if (path.parent / SPEC).exists():
        _files(checked, path.parent, digests)
        if checked.ok:
            _bound(checked, path.parent)
            _again(checked, path.parent)
    return checked


def _files(checked: Checked, root: Path, digests: Mapping[str, str]) -> None:
    """Every signed file as it was signed."""
    for name, digest in list(digests.items())[:FILES_MAX]:
        place = root / name
        if PurePosixPath(name).is_absolute() or ".." in PurePosixPath(name).parts:
            checked.faults.append(f"{name}: outside the report's folder")
        elif not place.is_file():
            checked.faults.append(f"{name}: is missing")
        elif sha256_of(place) != digest:
            checked.faults.append(f"{name}: was changed")
    checked.files = len(digests)


def _bound(checked: Checked, root: Path) -> None:
    """What was frozen names specification, prediction and reference; each run names it."""
    try:
        frozen = read_table(root / FROZEN)
        jobs = [(path, read_table(path)) for path in sorted(root.glob(JOBS))]
    except LogMalformed as err:
        checked.faults.append(f"{err.fields['file']}: cannot be read")
        return
    for key, name in BOUND.items():
        place = root / name
        if key in frozen and not (place.is_file() and frozen[key] == sha256_of(place)):
            checked.faults.append(f"{name}: is not the one that was frozen")
    wanted = sha256_of(root / FROZEN)
    for path, job in jobs:
        if job.get("frozen_sha256") != wanted:
            checked.faults.append(f"{path.relative_to(root)}: ran under something else")


def _again(checked: Checked, root: Path) -> None:
    """Every figure from the raw logs, and where the report says another."""
    report = checked.report
    try:
        spec = spec_from((root / SPEC).read_bytes(), root)
        judged = json.loads(signing.canonical(judge(spec, root)))
        predicted = json.loads((root / PREDICTION).read_bytes())
    except (MadangError, OSError, ValueError) as err:
        checked.faults.append(f"the figures cannot be worked out again: {err}")
        return
    for name in FIGURES:
        if report[name] != judged[name]:
            checked.faults.append(f"{name}: the raw logs give another value")
    if judged["verdict"] == "failed" and report["verdict"] != "failed":
        checked.faults.append("verdict: the raw logs give failed")
    if "model" in report and report["model"] != spec.model:
        checked.faults.append("model: the specification names another")
    recorded = predicted.pop("recorded_at")
    runs = report["runs"]
    assert isinstance(runs, list)
    if recorded > runs[0]["began_at"]:
        checked.faults.append("prediction: was recorded after the first run")
    if report["prediction"] != compared(predicted, judged):
        checked.faults.append("prediction: the raw logs give another error")
    _power_again(checked, root, judged)
    checked.recomputed = True


def _power_again(checked: Checked, root: Path, judged: Mapping[str, object]) -> None:
    power, runs = checked.report["power"], checked.report["runs"]
    assert isinstance(power, dict)
    assert isinstance(runs, list)
    if "watts_mean" in power:
        spans = [(one["began_at"], one["ended_at"]) for one in runs[1:]]
        again = figures_from(root, spans, judged)
        if any(power.get(name) != value for name, value in again.items()):
            checked.faults.append("power: the readings give another value")
