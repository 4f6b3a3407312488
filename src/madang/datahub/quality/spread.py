"""A check on many machines: each measure with its files is one task of a Dask cluster.

Workers need this package and nothing else: no database, no store. What comes back is put
together in the order of the report, so where it ran cannot be told from its bytes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from msgspec import Struct

from madang.datahub.errors import CheckImpossible
from madang.datahub.quality.files import Files, matching
from madang.datahub.quality.measures import Finding

Measure = Callable[[Files, Struct], Finding]
Job = tuple[Measure, Struct]


@dataclass(frozen=True, slots=True)
class Handed:
    """Files as a task carries them."""

    bytes_of: dict[str, bytes]

    def names(self) -> Iterable[str]:
        return self.bytes_of

    def read(self, path: str) -> bytes:
        return self.bytes_of[path]


def findings_on(cluster: str, files: Files, jobs: Sequence[Job]) -> Iterator[Finding]:
    """Findings in the order of the jobs. Raises CheckImpossible."""
    import distributed  # noqa: PLC0415  optional: only with --cluster

    with distributed.Client(cluster, set_as_default=False) as client:  # type: ignore[no-untyped-call]  # Dask has none
        running = [
            client.submit(_measured, measure, _handed(files, target), target, pure=False)
            for measure, target in jobs
        ]
        for future in running:
            done = future.result()
            if not isinstance(done, Finding):
                raise CheckImpossible(file=done[0], reason=done[1])
            yield done


def _measured(measure: Measure, files: Handed, target: Struct) -> Finding | tuple[str, str]:
    """On a worker. A refusal travels as its facts: an error of ours does not pickle."""
    try:
        return measure(files, target)
    except CheckImpossible as err:
        return str(err.fields["file"]), str(err.fields["reason"])


def _handed(files: Files, target: Struct) -> Handed:
    """What the target's patterns take."""
    splits = getattr(target, "splits", None)
    patterns = list(splits.values()) if splits else [str(getattr(target, "files", ""))]
    names = {name for pattern in patterns for name in matching(files, pattern)}
    return Handed({name: files.read(name) for name in sorted(names)})
