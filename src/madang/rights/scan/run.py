"""One scan from beginning to end: settings, both passes, what is left when it is killed."""

from __future__ import annotations

import gc
import hashlib
import json
import os
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date, datetime
from multiprocessing import get_context
from pathlib import Path

from madang.core.clock import rfc3339
from madang.rights.agents import OWN_TOKEN, agents
from madang.rights.errors import (
    ClusterUnreachable,
    InputUnreadable,
    LibraryMissing,
    ScanDiffers,
    ScanMissing,
)
from madang.rights.facts import Facts
from madang.rights.rules import Profile, RuleSet, load
from madang.rights.scan import sums
from madang.rights.scan.archives import object_identity
from madang.rights.scan.evidence import merkle
from madang.rights.scan.hold import held
from madang.rights.scan.join import join
from madang.rights.scan.stage import CHUNK_RECORDS, Journal, StageTask, stage
from madang.rights.scan.tables import check_stage, write_json

FORMAT = 1
HEAD_BYTES = 16 * 1024
GARBAGE_SEARCHED_AFTER = 50_000
USUAL_SEARCH = gc.get_threshold()
Tell = Callable[[str, Mapping[str, object]], None]


@dataclass(frozen=True, slots=True)
class Settings:
    """What makes one scan that scan; a folder never mixes two."""

    inputs: tuple[str, ...]
    regimes: tuple[str, ...]
    profile: Profile
    declared: Facts
    as_of: date
    own_token: str = OWN_TOKEN
    fetch_token: str = ""
    chunk_records: int = CHUNK_RECORDS
    anchors: str = ""
    head_bytes: int = 0

    def rule_sets(self) -> list[RuleSet]:
        """In one order, however they were named: who makes the tables anew knows no other."""
        return [load(name, self.profile) for name in sorted(self.regimes)]

    def document(self) -> dict[str, object]:
        return {
            "format": FORMAT,
            "inputs": [{"place": place, **_identity(place)} for place in self.inputs],
            "regimes": {rules.regime: rules.sha256 for rules in self.rule_sets()},
            "profile": self.profile.value,
            "declared": {k: _plain(v) for k, v in asdict(self.declared).items()},
            "as_of": self.as_of.isoformat(),
            "own_token": self.own_token,
            "fetch_token": self.fetch_token,
            "agents": {"version": agents().version, "sha256": agents().sha256},
            **({"c2pa_anchors": self.anchors} if self.anchors else {}),
            **({"head_bytes": self.head_bytes} if self.head_bytes else {}),
        }


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else str(value)


def _identity(place: str) -> dict[str, object]:
    """Size and digest of the first bytes: enough to notice another file of the same name."""
    if place.startswith("s3://"):
        return object_identity(place)
    try:
        with Path(place).open("rb") as file:
            head = file.read(1 << 16)
            return {
                "bytes": os.fstat(file.fileno()).st_size,
                "head_sha256": hashlib.sha256(head).hexdigest(),
            }
    except OSError as err:
        raise InputUnreadable(file=place, reason=err.strerror or "not readable") from err


@dataclass(frozen=True, slots=True)
class Work:
    """How the first pass is spread: processes of this machine, or a cluster."""

    workers: int = 1
    cluster: str = ""


def scan(
    folder: Path, settings: Settings, *, now: datetime, work: Work, tell: Tell
) -> dict[str, object]:
    """Run or resume a scan; returns its summary. Running a finished scan changes nothing."""
    wanted = settings.document()  # refuses before anything is written
    with held(folder):
        return _run(folder, settings, wanted, now, work, tell)


def _run(
    folder: Path,
    settings: Settings,
    wanted: Mapping[str, object],
    now: datetime,
    work: Work,
    tell: Tell,
) -> dict[str, object]:
    document = _settle(folder, wanted, now)
    done = folder / "summary.json"
    if done.exists():
        found: dict[str, object] = json.loads(done.read_text(encoding="utf-8"))
        return found
    with what_was_before_is_no_garbage():
        summary = _scanned(folder, settings, document, work, tell)
    sums.finish(folder, summary)
    return summary


@contextmanager
def what_was_before_is_no_garbage() -> Iterator[None]:
    """Laws, modules and the like outlive a scan: its searches for garbage leave them out.

    Rows make no circles, so that one search in fifty thousand new things is enough.
    """
    gc.freeze()
    gc.set_threshold(GARBAGE_SEARCHED_AFTER, *USUAL_SEARCH[1:])
    try:
        yield
    finally:
        gc.set_threshold(*USUAL_SEARCH)
        gc.unfreeze()


def _scanned(
    folder: Path,
    settings: Settings,
    document: Mapping[str, object],
    work: Work,
    tell: Tell,
) -> dict[str, object]:
    """Both passes, from what the journal does not have yet."""
    journal = Journal(folder / "journal.jsonl")
    journal.repair()
    lines = journal.lines()
    check_stage(folder)
    for line in _first_pass(folder, settings, lines, work):
        journal.append(line)
        lines.append(line)
        tell("stage", line)
    lines.sort(key=_place)
    counts = _counts(lines)
    joined = join(folder, settings.rule_sets(), settings, tell)
    return {
        "scan": document["id"],
        "counts": dict(counts),
        "empty_inputs": _empty(settings, lines),
        "evidence_root": merkle([bytes.fromhex(str(line["root"])) for line in lines]).hex(),
        **joined,
    }


def _place(line: Mapping[str, object]) -> tuple[int, int]:
    return int(str(line["input"])), int(str(line["chunk"]))


def _empty(settings: Settings, lines: Iterable[Mapping[str, object]]) -> list[str]:
    """Inputs without one record: perhaps nothing was written there."""
    spoken = {line["input"] for line in lines if line["counts"]}
    return [place for at, place in enumerate(settings.inputs) if at not in spoken]


def _counts(lines: Iterable[Mapping[str, object]]) -> Counter[str]:
    total: Counter[str] = Counter()
    for line in lines:
        counts = line["counts"]
        assert isinstance(counts, dict)
        total.update(counts)
    parts = ("pages", "site_files", "not_content", "other", "unreadable")
    assert total["records"] == sum(total[name] for name in parts)
    return total


def _settle(folder: Path, wanted: Mapping[str, object], now: datetime) -> dict[str, object]:
    """Write what this scan is, or check that the folder holds the same one."""
    for name in ("stage", "evidence", "records"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    path = folder / "scan.json"
    if path.exists():
        found: dict[str, object] = json.loads(path.read_text(encoding="utf-8"))
        different = [key for key, value in wanted.items() if found.get(key) != value]
        if different:
            raise ScanDiffers(file=str(folder), reason=", ".join(different))
        return found
    digest = hashlib.sha256(json.dumps(wanted, sort_keys=True).encode()).hexdigest()
    document = {**wanted, "id": digest[:16], "started_at": rfc3339(now)}
    write_json(path, document)
    return document


def read_scan(folder: Path) -> tuple[dict[str, object], dict[str, object]]:
    """Settings and summary of a finished scan. Raises ScanMissing."""
    try:
        settings = json.loads((folder / "scan.json").read_text(encoding="utf-8"))
        summary = json.loads((folder / "summary.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as err:
        raise ScanMissing(file=str(folder)) from err
    return settings, summary


# --- the first pass --------------------------------------------------------------------------


def _first_pass(
    folder: Path, settings: Settings, lines: Sequence[Mapping[str, object]], work: Work
) -> Iterator[dict[str, object]]:
    tasks = list(_tasks(folder, settings, lines))
    _remove_unfinished(folder, lines)
    if work.cluster:
        yield from _on_cluster(tasks, work.cluster)
    elif work.workers > 1 and len(tasks) > 1:
        yield from _in_processes(tasks, work.workers)
    else:
        for task in tasks:
            yield from stage(task)


def _tasks(
    folder: Path, settings: Settings, lines: Sequence[Mapping[str, object]]
) -> Iterator[StageTask]:
    """What the journal does not have yet, each input from where it was left."""
    last = {int(str(line["input"])): line for line in sorted(lines, key=_place)}
    for number, place in enumerate(settings.inputs):
        line = last.get(number)
        if line is not None and line["next"] is None:
            continue
        yield StageTask(
            folder=str(folder.resolve()),
            number=number,
            place=place if place.startswith("s3://") else str(Path(place).resolve()),
            start=0 if line is None else int(str(line["next"])),
            first_chunk=0 if line is None else int(str(line["chunk"])) + 1,
            agent="" if line is None else str(line["agent"]),
            own_token=settings.own_token,
            fetch_token=settings.fetch_token,
            chunk_records=settings.chunk_records,
            skip=0 if line is None else int(str(line["skip"])),
            anchors=settings.anchors,
            head_bytes=settings.head_bytes,
        )


def _remove_unfinished(folder: Path, lines: Sequence[Mapping[str, object]]) -> None:
    """Files of chunks that have no line: a kill came between them and the journal."""
    finished = {f"{int(str(row['input'])):05}-{int(str(row['chunk'])):05}" for row in lines}
    for path in (*(folder / "stage").iterdir(), *(folder / "evidence").iterdir()):
        if path.name.partition(".")[0] not in finished:
            path.unlink()


def _in_processes(tasks: Sequence[StageTask], workers: int) -> Iterator[dict[str, object]]:
    """One process per input; lines come in as inputs finish, their order is restored later."""
    with ProcessPoolExecutor(workers, mp_context=get_context("spawn")) as pool:
        pending = [pool.submit(stage_all, task) for task in tasks]
        for future in as_completed(pending):
            yield from future.result()


def stage_all(task: StageTask) -> list[dict[str, object]]:
    """A whole input, for another process."""
    with what_was_before_is_no_garbage():
        return list(stage(task))


def _on_cluster(tasks: Sequence[StageTask], address: str) -> Iterator[dict[str, object]]:
    """The same on Dask; the folder must be on storage that all its hosts share."""
    try:
        import distributed  # noqa: PLC0415  optional: only with --cluster
    except ImportError as err:
        raise LibraryMissing(library="distributed") from err
    try:
        client = distributed.Client(address)  # type: ignore[no-untyped-call]  # Dask has none
    except (OSError, ValueError) as err:
        raise ClusterUnreachable(
            address=address, reason=str(err) or type(err).__name__
        ) from err
    with client:
        futures = client.map(stage_all, tasks, pure=False)
        for future in distributed.as_completed(futures):  # type: ignore[no-untyped-call]  # ditto
            yield from future.result()
