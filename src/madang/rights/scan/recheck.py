"""After a site changed its mind: new observations beside the old ones, and what they change.

Nothing of the scan is overwritten. Only records of sites with new observations meet their
sites again; everything else is re-decided by vector, for the law may have changed too.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from madang.core.clock import rfc3339
from madang.rights.errors import RegimeNotScanned
from madang.rights.facts import Act, request_from_json
from madang.rights.rules import Profile, RuleSet, load
from madang.rights.scan import sums
from madang.rights.scan.evidence import merkle
from madang.rights.scan.hold import held
from madang.rights.scan.join import Joined, decided, joined, write_dictionaries
from madang.rights.scan.judge import Judge, Vectors
from madang.rights.scan.later import LATER, PAGES, Later
from madang.rights.scan.revisits import settle
from madang.rights.scan.run import Tell, read_scan
from madang.rights.scan.sites import (
    RulesCache,
    SiteIndex,
    attempts_of,
    redirect_targets,
    redirected_to,
)
from madang.rights.scan.stage import Journal, StageTask, stage
from madang.rights.scan.tables import check_stage, words, write_table
from madang.rights.site import REDIRECTS_MAX

RECHECKS = "rechecks"
SLICE_ROWS = 50_000


@dataclass(frozen=True, slots=True)
class Scan:
    """A finished scan as it is read back."""

    folder: Path
    settings: Mapping[str, object]
    summary: Mapping[str, object]

    def judges(self, vectors: Vectors, as_of: date) -> list[Judge]:
        declared = self.settings["declared"]
        assert isinstance(declared, dict)
        facts = request_from_json(_stated(declared)).facts
        return [Judge(rules, facts, as_of, vectors) for rules in self.rule_sets()]

    def judge(self, vectors: Vectors, regime: str) -> Judge:
        """One regime of the scan as of its own day. Raises RegimeNotScanned."""
        judges = self.judges(vectors, self.as_of)
        found = next((j for j in judges if j.rules.regime == regime.lower()), None)
        if found is None:
            known = ", ".join(judge.rules.regime for judge in judges)
            raise RegimeNotScanned(regime=regime, known=known)
        return found

    def rule_sets(self) -> list[RuleSet]:
        regimes = self.settings["regimes"]
        assert isinstance(regimes, dict)
        profile = Profile(str(self.settings["profile"]))
        return [load(name, profile) for name in regimes]

    @property
    def as_of(self) -> date:
        return date.fromisoformat(str(self.settings["as_of"]))

    def records(self) -> list[Path]:
        return sorted((self.folder / "records").glob("*.parquet"))

    def rechecks(self) -> list[Path]:
        """Finished rechecks, the oldest first."""
        found = (self.folder / RECHECKS).glob("*/summary.json")
        return sorted(path.parent for path in found)


def _stated(declared: Mapping[str, object]) -> dict[str, object]:
    """Facts as written in scan.json, in the form that a facts file has."""
    skipped = ("reservation", "reserved_by", "robots", "licences")
    return {name: value for name, value in declared.items() if name not in skipped}


def open_scan(folder: Path) -> Scan:
    settings, summary = read_scan(folder)
    return Scan(folder, settings, summary)


def vectors_of(scan: Scan, newest: Path | None) -> Vectors:
    """All vectors known so far, with their numbers."""
    vectors = Vectors()
    table = pq.read_table((newest or scan.folder) / "vectors.parquet", use_threads=False)
    for text in table["signals"].to_pylist():
        vectors.number(text)
    return vectors


def recheck(
    folder: Path, inputs: Sequence[str], *, as_of: date, now: datetime, tell: Tell
) -> dict[str, object]:
    """Stage new observations, decide again, write what changed and what to exclude."""
    scan = open_scan(folder)
    with held(folder):
        return _recheck(scan, inputs, as_of, now, tell)


def _recheck(
    scan: Scan, inputs: Sequence[str], as_of: date, now: datetime, tell: Tell
) -> dict[str, object]:
    folder, before = scan.folder, scan.rechecks()
    for part in (folder, *before):
        check_stage(part)
    target = folder / RECHECKS / f"{len(before) + 1:04}"
    for name in ("stage", "evidence", "changed"):
        (target / name).mkdir(parents=True, exist_ok=True)
    lines = _stage(target, scan, inputs, tell)
    newest = before[-1] if before else None
    vectors = vectors_of(scan, newest)
    judges = scan.judges(vectors, as_of)
    known = len(vectors.all)
    again = Again(scan, [*before, target], vectors)
    totals: Counter[str] = Counter()
    excluded: list[str] = []
    for path in scan.records():
        _recheck_part(path, target, again, judges, totals, excluded)
    write_dictionaries(target, judges, vectors)
    (target / "exclude.txt").write_text("".join(f"{url}\n" for url in excluded), "utf-8")
    roots = [bytes.fromhex(str(line["root"])) for line in lines]
    previous = json.loads((newest / "summary.json").read_text()) if newest else scan.summary
    summary = {
        "recheck": target.name,
        "at": rfc3339(now),
        "as_of": as_of.isoformat(),
        "inputs": list(inputs),
        "sites_touched": len(again.origins),
        "vectors_new": len(vectors.all) - known,
        **{name: totals[name] for name in ("rows", "rows_touched", "rows_changed")},
        "excluded": len(excluded),
        "rules": {judge.rules.regime: judge.rules.sha256 for judge in judges},
        "evidence_root": merkle([bytes.fromhex(str(previous["evidence_root"])), *roots]).hex(),
    }
    sums.finish(target, summary)
    return summary


def _stage(
    target: Path, scan: Scan, inputs: Sequence[str], tell: Tell
) -> list[dict[str, object]]:
    """First pass over the new inputs, into the recheck's own folder; a kill begins it again."""
    for name in ("stage", "evidence", "changed"):
        for left in (target / name).iterdir():
            left.unlink()
    journal = Journal(target / "journal.jsonl")
    journal.path.unlink(missing_ok=True)
    lines = []
    for number, place in enumerate(inputs):
        own, fetch = str(scan.settings["own_token"]), str(scan.settings["fetch_token"])
        anchors = str(scan.settings.get("c2pa_anchors", ""))
        task = StageTask(str(target), number, place, 0, 0, "", own, fetch, anchors=anchors)
        for line in stage(task):
            journal.append(line)
            lines.append(line)
            tell("stage", line)
    return lines


class Again:
    """Sites with new observations, and pages that were fetched anew."""

    def __init__(self, scan: Scan, folders: Sequence[Path], vectors: Vectors) -> None:
        self.scan, self.vectors = scan, vectors
        self.origins: set[str] = set()
        self.urls, self.of_urls = set[str](), set[str]()
        for folder in folders:
            for path in sorted((folder / "stage").glob("*.sites.parquet")):
                self.origins.update(
                    pq.read_table(path, columns=["origin"])["origin"].to_pylist()
                )
            for kind in (PAGES, LATER):
                for path in sorted((folder / "stage").glob(f"*.{kind}.parquet")):
                    table = pq.read_table(path, columns=["url", "origin"], use_threads=False)
                    self.urls.update(table["url"].to_pylist())
                    self.of_urls.update(words(table["origin"]))
        self._cache = self._sites(folders)
        self._origins = pa.array(sorted(self.origins), pa.string())
        self._urls = pa.array(sorted(self.urls), pa.string())
        self._later = Later([scan.folder, *folders])

    def _sites(self, folders: Sequence[Path]) -> RulesCache:
        """Attempts of touched sites, and of the sites that their redirects lead to."""
        index = SiteIndex(self.scan.folder, ())
        paths = [
            (folder, path)
            for folder in (self.scan.folder, *folders)
            for path in sorted((folder / "stage").glob("*.sites.parquet"))
        ]
        self.origins |= redirected_to(self.origins, [path for _, path in paths])
        wanted = self.origins | self.of_urls
        for _ in range(REDIRECTS_MAX):
            known = len(wanted)
            for _, path in paths:
                wanted |= redirect_targets(path, wanted)
            if len(wanted) == known:
                break
        for folder, path in paths:
            index.add(folder, attempts_of(path, wanted))
        settle(index, paths)
        return RulesCache(index, str(self.scan.settings["own_token"]))

    def touched(self, table: pa.Table) -> pa.Array:
        origins = pc.is_in(table["origin"].cast(pa.string()), value_set=self._origins)
        return pc.or_(origins, pc.is_in(table["url"], value_set=self._urls))

    def joined(self, table: pa.Table) -> Joined:
        """Touched rows with their new vectors, by both clocks: what is told now of the time
        of the crawl counts, too."""
        return joined(table, self._cache, self.vectors, self._later)


def _recheck_part(
    path: Path,
    target: Path,
    again: Again,
    judges: Sequence[Judge],
    totals: Counter[str],
    excluded: list[str],
) -> None:
    table = pq.read_table(path, use_threads=False)
    mask = again.touched(table)
    crawl, now = (
        np.asarray(table[name].to_numpy(), dtype=np.int32).copy()
        for name in ("vector_crawl", "vector_now")
    )
    flags = np.asarray(mask.to_numpy(zero_copy_only=False), dtype=bool)
    if flags.any():
        made = again.joined(table.filter(mask))
        crawl[flags], now[flags] = made.crawl, made.now
    chunk = Joined(table, crawl.tolist(), now.tolist())
    fresh, _, _ = decided(chunk, judges)
    changed = pa.array(np.zeros(table.num_rows, dtype=bool))
    for judge in judges:
        for act in Act:
            name = f"{judge.rules.regime}.{act}"
            differ = pc.not_equal(_words(table[name]), _words(fresh[name]))
            changed = pc.or_(changed, differ)
            fresh = fresh.append_column(f"{name}.before", table[name])
    totals["rows"] += table.num_rows
    totals["rows_touched"] += int(flags.sum())
    count = pc.sum(changed).as_py() or 0
    totals["rows_changed"] += count
    if count:
        kept = fresh.filter(changed)
        write_table(kept, target / "changed" / path.name)
        excluded.extend(_no_longer_allowed(kept, judges))


def _words(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Verdicts as plain text: two dictionaries may number the same words differently."""
    return column.cast(pa.string())


def _no_longer_allowed(table: pa.Table, judges: Sequence[Judge]) -> list[str]:
    """Addresses that some regime allowed to train on before and no longer does."""
    urls: list[str] = []
    for judge in judges:
        name = f"{judge.rules.regime}.{Act.TRAIN}"
        before = pc.equal(table[f"{name}.before"].cast(pa.string()), "allowed")
        after = pc.not_equal(table[name].cast(pa.string()), "allowed")
        urls += table.filter(pc.and_(before, after))["url"].to_pylist()
    return list(dict.fromkeys(urls))


def current_row(
    scan: Scan, url: str
) -> tuple[dict[str, object], dict[str, object] | None] | None:
    """A record as scanned, and as the newest recheck that changed it left it."""
    found = _row_in(scan.records(), url)
    if found is None:
        return None
    for folder in reversed(scan.rechecks()):
        newer = _row_in(sorted((folder / "changed").glob("*.parquet")), url)
        if newer is not None:
            return found, newer
    return found, None


def _row_in(paths: Sequence[Path], url: str) -> dict[str, object] | None:
    for path in paths:
        rows = pq.read_table(path, filters=[("url", "=", url)], use_threads=False).to_pylist()
        if rows:
            last: dict[str, object] = rows[-1]
            return last
    return None


def newest_vectors(scan: Scan) -> Vectors:
    before = scan.rechecks()
    return vectors_of(scan, before[-1] if before else None)
