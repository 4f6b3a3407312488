"""Pages meet the files of their sites; rows and dictionaries are written.

Sites are taken in buckets, so that memory does not grow with their number; vectors are
numbered over all buckets.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import date
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from madang.rights.facts import Act
from madang.rights.protocols.matching import path_of
from madang.rights.rules import RuleSet
from madang.rights.scan.judge import CODE_OF, OUTCOMES, SITE_FAILED, Judge, Vectors
from madang.rights.scan.later import Later
from madang.rights.scan.revisits import settle
from madang.rights.scan.sites import ALWAYS, RulesCache, SiteIndex, bucket_of, load_attempts
from madang.rights.scan.stage import ERROR_SLOT
from madang.rights.scan.tables import ANSWERS, DECISIONS, Rows, instants, words, write_table
from madang.rights.signals import Vector
from madang.rights.site import REQUIRED, SiteRules, State

if TYPE_CHECKING:
    from madang.rights.scan.recheck import Scan
    from madang.rights.scan.run import Settings

ATTEMPTS_PER_BUCKET = 100_000
OCTETS_PER_BUCKET = 24_000_000
ROWS_PER_BUCKET = 1_000_000
KEPT = (
    *("url", "origin", "fetched_at", "input", "offset", "length", "agent", "signals"),
    *("evidence", "pack"),
)
OUTCOME_WORDS = pa.array([outcome.value for outcome in OUTCOMES])
Tell = Callable[[str, Mapping[str, object]], None]


def join(
    folder: Path, rule_sets: Sequence[RuleSet], settings: Settings, tell: Tell
) -> dict[str, object]:
    """Write records, vectors and verdicts; returns counts per regime, act and verdict."""
    vectors = Vectors()
    judges = [Judge(rules, settings.declared, settings.as_of, vectors) for rules in rule_sets]
    return _join(folder, folder, judges, vectors, settings.own_token, tell)


def join_with(folder: Path, target: Path, scan: Scan) -> dict[str, object]:
    """The same for a finished scan, into another folder: to compare."""
    (target / "records").mkdir()
    vectors = Vectors()
    judges = scan.judges(vectors, scan.as_of)
    own = str(scan.settings["own_token"])
    return _join(folder, target, judges, vectors, own, lambda *_: None)


def _join(
    folder: Path,
    target: Path,
    judges: Sequence[Judge],
    vectors: Vectors,
    own_token: str,
    tell: Tell,
) -> dict[str, object]:
    totals: Counter[tuple[str, str, str]] = Counter()
    rows = differing = 0
    seen: Counter[int] = Counter()
    for old in (target / "records").iterdir():
        old.unlink()  # half of a join that was killed: it is made again from the stage
    unknown: list[int] = []
    for name, chunk in _chunks(folder, own_token, vectors, unknown):
        table, counts, differ = decided(chunk, judges)
        write_table(table, target / "records" / f"{name}.parquet")
        totals.update(counts)
        seen.update(chunk.now.tolist())
        rows += table.num_rows
        differing += differ
        tell("join", {"rows": rows})
    write_dictionaries(target, judges, vectors)
    return {
        "rows": rows,
        "vectors": len(vectors.all),
        "clocks_differ": differing,
        "not_asked": _not_asked(seen, vectors),
        "unknown_answers": sum(unknown),
        "verdicts": _nested(totals),
    }


def _not_asked(seen: Counter[int], vectors: Vectors) -> dict[str, int]:
    """Rows whose site was never asked for a file that must be asked for."""
    return {
        kind.value: sum(
            count
            for number, count in seen.items()
            if f"site/{kind}@file={State.NOT_ASKED}" in vectors.all[number]
        )
        for kind in REQUIRED
    }


def _nested(totals: Counter[tuple[str, str, str]]) -> dict[str, dict[str, dict[str, int]]]:
    found: dict[str, dict[str, dict[str, int]]] = {}
    for (regime, act, verdict), count in sorted(totals.items()):
        found.setdefault(regime, {}).setdefault(act, {})[verdict] = count
    return found


def write_dictionaries(folder: Path, judges: Sequence[Judge], vectors: Vectors) -> None:
    """Vectors, which answer each got, and what the answers say."""
    decisions, answers = Rows(DECISIONS), Rows(ANSWERS)
    for judge in judges:
        judge.tables(decisions, answers)
    write_table(vectors.table(), folder / "vectors.parquet")
    decisions.write(folder / "decisions.parquet")
    answers.write(folder / "answers.parquet")


class Joined:
    """Rows of one chunk with their two vectors."""

    def __init__(self, table: pa.Table, crawl: list[int], now: list[int]) -> None:
        self.table = table
        self.crawl = np.asarray(crawl, dtype=np.int32)
        self.now = np.asarray(now, dtype=np.int32)


def _chunks(
    folder: Path, own_token: str, vectors: Vectors, unknown: list[int]
) -> Iterator[tuple[str, Joined]]:
    """Rows of each bucket; how many of its sites' answers nobody knows goes to a list."""
    sites = sorted((folder / "stage").glob("*.sites.parquet"))
    pages = sorted((folder / "stage").glob("*.pages.parquet"))
    buckets = max(_buckets(sites), 1 + _rows_of(pages) // ROWS_PER_BUCKET)
    for bucket in range(buckets):
        index = SiteIndex(folder, load_attempts(sites, bucket, buckets))
        unknown.append(settle(index, [(folder, path) for path in sites]))
        cache = RulesCache(index, own_token)
        mask = partial(_of_bucket, bucket, buckets) if buckets > 1 else None
        later = Later([folder], mask)
        for path in pages:
            table = pq.read_table(path, use_threads=False)
            if mask is not None:
                table = table.filter(mask(table))
            if table.num_rows:
                name = f"{path.name.partition('.')[0]}-{bucket:03}"
                yield name, joined(table, cache, vectors, later)


def _of_bucket(bucket: int, buckets: int, rows: pa.Table | pa.RecordBatch) -> pa.Array:
    mask = [bucket_of(o, buckets) == bucket for o in rows.column("origin").to_pylist()]
    return pa.array(mask, pa.bool_())


def _rows_of(paths: Sequence[Path]) -> int:
    return sum(pq.read_metadata(path).num_rows for path in paths)


def _buckets(sites: Sequence[Path]) -> int:
    """So many that the answers of one are few, and short altogether."""
    attempts = octets = 0
    for path in sites:
        read = pq.read_metadata(path)
        attempts += read.num_rows
        groups = (read.row_group(number) for number in range(read.num_row_groups))
        octets += sum(group.total_byte_size for group in groups)
    return 1 + max(attempts // ATTEMPTS_PER_BUCKET, octets // OCTETS_PER_BUCKET)


def joined(table: pa.Table, cache: RulesCache, vectors: Vectors, later: Later) -> Joined:
    """The two vectors of each row: with the site as of the crawl, and both as last seen."""
    crawl, now = [0] * table.num_rows, [0] * table.num_rows
    urls, at = table["url"].to_pylist(), instants(table["fetched_at"])
    origins, agents, pages = (words(table[name]) for name in ("origin", "agent", "signals"))
    site = Site(cache)
    for row in sorted(range(table.num_rows), key=origins.__getitem__):  # a site at a time
        page = pages[row]
        if page.startswith(ERROR_SLOT):
            crawl[row] = now[row] = vectors.joined(page, ())
            continue
        then, today = site.vectors(origins[row], at[row], agents[row], urls[row])
        found = crawl[row] = vectors.joined(page, then)
        last = later.text(urls[row], at[row], page) if later else page
        is_same = today is then and last is page
        now[row] = found if is_same else _today(vectors, last, today)
    return Joined(table, crawl, now)


def _today(vectors: Vectors, page: str, site: Vector) -> int:
    return vectors.joined(page, () if page.startswith(ERROR_SLOT) else site)


class Site:
    """The rules of the site whose rows are at hand."""

    def __init__(self, cache: RulesCache) -> None:
        self._cache = cache
        self._origin = self._agent = ""
        self._since = ALWAYS
        self._today: SiteRules | None = None

    def vectors(self, origin: str, at: int, agent: str, url: str) -> tuple[Vector, Vector]:
        """What a site said then and says now; what cannot be evaluated is for a person."""
        try:
            today = self._today
            if today is None or origin != self._origin or agent != self._agent:
                today, self._since = self._cache.today(origin, agent)
                self._origin, self._agent, self._today = origin, agent, today
            path = path_of(url)
            if at >= self._since:
                said = today.vector_for(path)
                return said, said
            then = self._cache.rules(origin, at, agent)
            return then.vector_for(path), today.vector_for(path)
        except (ValueError, RecursionError, OverflowError, MemoryError):
            return SITE_FAILED, SITE_FAILED


def decided(
    chunk: Joined, judges: Sequence[Judge]
) -> tuple[pa.Table, Counter[tuple[str, str, str]], int]:
    """The rows with their verdict columns. Each distinct combination is decided once."""
    unique, inverse = _combinations(chunk)
    columns = {name: chunk.table[name] for name in KEPT}
    columns["vector_crawl"] = pa.array(chunk.crawl)
    columns["vector_now"] = pa.array(chunk.now)
    counts: Counter[tuple[str, str, str]] = Counter()
    differ = np.zeros(chunk.table.num_rows, dtype=bool)
    for judge in judges:
        matrices = _matrices(judge, unique)
        differ |= (matrices[1] != matrices[2]).any(axis=1)[inverse]
        for clock, matrix in zip(("", ".crawl", ".now"), matrices, strict=True):
            for column, act in enumerate(Act):
                codes = matrix[:, column][inverse]
                name = f"{judge.rules.regime}.{act}{clock}"
                columns[name] = pa.DictionaryArray.from_arrays(pa.array(codes), OUTCOME_WORDS)
                if not clock:
                    _count(counts, judge.rules.regime, act, codes)
    columns["clocks_differ"] = pa.array(differ)
    return pa.table(columns), counts, int(differ.sum())


# Korea has kept UTC+9 without summer time since 1988: a day in Seoul is plain arithmetic.
SEOUL_OFFSET_US = 9 * 3600 * 1_000_000
DAY_US = 86_400 * 1_000_000
EPOCH_ORDINAL = date(1970, 1, 1).toordinal()
DAY_BITS, VECTOR_BITS = 22, 20


def _combinations(chunk: Joined) -> tuple[list[tuple[int, int, date]], NDArray[np.intp]]:
    """Distinct (vector of the crawl, vector of now, day of the crawl), and each row's."""
    instants = chunk.table["fetched_at"].cast(pa.int64()).to_numpy()
    days = (instants + SEOUL_OFFSET_US) // DAY_US + EPOCH_ORDINAL
    crawl, now = chunk.crawl.astype(np.int64), chunk.now.astype(np.int64)
    assert crawl.size == 0 or max(crawl.max(), now.max()) < 1 << VECTOR_BITS
    days = np.clip(days, 1, date.max.toordinal())
    keys = (crawl << (DAY_BITS + VECTOR_BITS)) | (now << DAY_BITS) | days
    unique, inverse = np.unique(keys, return_inverse=True)
    mask = (1 << VECTOR_BITS) - 1
    made = [
        (
            key >> (DAY_BITS + VECTOR_BITS),
            (key >> DAY_BITS) & mask,
            date.fromordinal(key & ((1 << DAY_BITS) - 1)),
        )
        for key in unique.tolist()
    ]
    return made, inverse


def _matrices(
    judge: Judge, unique: Sequence[tuple[int, int, date]]
) -> tuple[NDArray[np.int8], NDArray[np.int8], NDArray[np.int8]]:
    """Outcomes per distinct combination: for a release, as of the crawl, as of now."""
    shape = (len(unique), len(Act))
    made = np.empty(shape, np.int8), np.empty(shape, np.int8), np.empty(shape, np.int8)
    for row, (crawl, now, day) in enumerate(unique):
        made[0][row] = judge.release(crawl, now, day)
        made[1][row] = [CODE_OF[v.verdict] for v in judge.verdicts(crawl, day).values()]
        made[2][row] = [CODE_OF[v.verdict] for v in judge.verdicts(now, judge.as_of).values()]
    return made


def _count(
    counts: Counter[tuple[str, str, str]], regime: str, act: Act, codes: NDArray[np.int8]
) -> None:
    values, numbers = np.unique(codes, return_counts=True)
    for code, number in zip(values.tolist(), numbers.tolist(), strict=True):
        counts[regime, act.value, OUTCOMES[code].value] += number
