"""The report of a check: the same files and targets always give the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import msgspec

from madang.datahub.quality import measures
from madang.datahub.quality.files import Files
from madang.datahub.quality.measures import Finding
from madang.datahub.quality.targets import Targets
from madang.parties.canonical import Json, digest_of

REPORT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Report:
    """What was found in the files of one digest."""

    digest: str
    targets_digest: str
    findings: tuple[Finding, ...]

    @property
    def is_passed(self) -> bool:
        return all(one.is_met for one in self.findings)

    def as_data(self) -> dict[str, Json]:
        return {
            "version": REPORT_VERSION,
            "digest": self.digest,
            "targets": self.targets_digest,
            "passed": self.is_passed,
            "findings": [asdict(one) for one in self.findings],
        }

    @property
    def report_digest(self) -> str:
        return digest_of(self.as_data())


def check(files: Files, targets: Targets, *, digest: str) -> Report:
    """Measure every target. Raises CheckImpossible for files that cannot be measured."""
    return Report(digest, targets_digest(targets), tuple(_findings(files, targets)))


def targets_digest(targets: Targets) -> str:
    return digest_of(msgspec.to_builtins(targets))


def _findings(files: Files, targets: Targets) -> Iterator[Finding]:
    if targets.tables is not None:
        yield measures.schema(files, targets.tables)
    if targets.completeness is not None:
        yield measures.completeness(files, targets.completeness)
    if targets.uniqueness is not None:
        yield measures.uniqueness(files, targets.uniqueness)
    if targets.balance is not None:
        yield measures.balance(files, targets.balance)
    if targets.agreement is not None:
        yield measures.agreement(files, targets.agreement)
    if targets.near_duplicates is not None:
        yield measures.near_duplicates(files, targets.near_duplicates)
    if targets.leakage is not None:
        yield measures.leakage(files, targets.leakage)
    if targets.media is not None:
        yield measures.media(files, targets.media)
    if targets.personal is not None:
        yield measures.personal(files, targets.personal)
