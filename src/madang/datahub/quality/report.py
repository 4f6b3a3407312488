"""The report of a check: the same files and targets always give the same bytes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass

import msgspec

from madang.datahub.quality import measures
from madang.datahub.quality.files import Files
from madang.datahub.quality.measures import Finding
from madang.datahub.quality.spread import Job, findings_on
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


def check(files: Files, targets: Targets, *, digest: str, cluster: str = "") -> Report:
    """Measure every target, here or on a Dask cluster: the report is the same.

    Raises CheckImpossible for files that cannot be measured.
    """
    jobs = list(jobs_of(targets))
    if cluster:
        findings = tuple(findings_on(cluster, files, jobs))
    else:
        findings = tuple(measure(files, target) for measure, target in jobs)
    return Report(digest, targets_digest(targets), findings)


def targets_digest(targets: Targets) -> str:
    return digest_of(msgspec.to_builtins(targets))


def jobs_of(targets: Targets) -> Iterator[Job]:
    """The sections that the file has, each with its measure, in the order of the report."""
    for section, measure in MEASURES:
        target = getattr(targets, section)
        if target is not None:
            yield measure, target


MEASURES: tuple[tuple[str, Callable[..., Finding]], ...] = (
    ("tables", measures.schema),
    ("completeness", measures.completeness),
    ("uniqueness", measures.uniqueness),
    ("balance", measures.balance),
    ("agreement", measures.agreement),
    ("near_duplicates", measures.near_duplicates),
    ("leakage", measures.leakage),
    ("media", measures.media),
    ("personal", measures.personal),
)
