"""Looking at what was handed in: the signature at once, every figure by the worker."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from madang.core.errors import MadangError
from madang.testbed.errors import ReportUntrusted
from madang.testbed.harness import archive, signing
from madang.testbed.harness.files import REPORT
from madang.testbed.harness.verifying import verify

TEXT_MAX = 200
FAULTS_MAX = 50


@dataclass(frozen=True, slots=True)
class Found:
    """A report whose signature holds, and the key that it holds under."""

    envelope: bytes
    key: Ed25519PublicKey
    report: dict[str, object]

    @property
    def reported_at(self) -> datetime:
        return datetime.fromisoformat(str(self.report["reported_at"]))

    def words(self) -> dict[str, str]:
        """What a submission says about itself."""
        names = ("device", "model", "scenario", "profile", "verdict")
        return {name: str(self.report.get(name, ""))[:TEXT_MAX] for name in names}


def opened_report(path: Path) -> Found:
    """The signed report inside an archive. Raises ArchiveMalformed, KeyMalformed,
    ReportUntrusted."""
    envelope, pem = archive.envelope_and_key(path, bytes_max=signing.REPORT_BYTES_MAX)
    key = signing.public_key_from(pem)
    try:
        statement = json.loads(signing.opened(envelope, key))
    except signing.Broken as err:
        raise ReportUntrusted(reason=err.reason) from err
    report = statement.get("predicate") if isinstance(statement, dict) else None
    known = isinstance(statement, dict) and (
        statement.get("predicateType") == signing.PREDICATE_TYPE
    )
    if not known or not isinstance(report, dict):
        raise ReportUntrusted(reason="the statement is no report of a test-bed")
    return Found(envelope, key, report)


def faults_of(path: Path) -> list[str]:
    """Everything that is wrong with a report's folder; empty where every figure holds."""
    with tempfile.TemporaryDirectory(prefix="madang-testbed-") as scratch:
        try:
            found = opened_report(path)
            archive.unpack(path, Path(scratch))
            checked = verify(Path(scratch) / REPORT, found.key)
        except MadangError as err:
            return [err.sentence("en")]
        except (KeyError, TypeError, AttributeError, AssertionError, ValueError) as err:
            # a report of somebody else's making: signed, and yet of another shape
            return [f"the report has another shape: {type(err).__name__}"]
    if checked.ok and not checked.recomputed:
        return ["the raw logs are not there: no figure was worked out again"]
    return checked.faults[:FAULTS_MAX]
