"""The site files of a scan, found again by origin and time, with their redirect chains."""

from __future__ import annotations

import sys
import zlib
from collections import OrderedDict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urljoin, urlsplit

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from madang.rights.scan import evidence
from madang.rights.scan.addresses import spelled
from madang.rights.scan.records import EPOCH
from madang.rights.site import (
    NOT_ASKED,
    PATH_OF,
    REDIRECTS_MAX,
    REQUIRED,
    Kind,
    SiteFile,
    SiteRules,
    State,
    state_of,
)

CURRENT_FOR_US = 24 * 3600 * 1_000_000  # RFC 9309 2.4: a cached file is not used longer
RULES_HELD_MAX = 256
MOMENTS_HELD_MAX = 20_000
SMALL_BYTES_MAX = 4096
CONTENTS_HELD_MAX = 1024
CONTENT_HELD_BYTES_MAX = 48 * 1024 * 1024
PARSED_BYTES_PER_BYTE = 24  # of a file with nothing but short rules with stars
LICENCES_MAX = 8


class Attempt(NamedTuple):
    """One request for one site file, as it was answered."""

    url: str
    kind: str
    at_us: int
    status: int
    location: str
    is_cut: bool
    evidence: bytes
    pack: str
    place: int
    claim: str = ""  # of a revisit whose original is not known (yet), or of a lost answer

    @property
    def at(self) -> datetime:
        return EPOCH + timedelta(microseconds=self.at_us)


@dataclass(frozen=True, slots=True)
class Answer:
    """The final file of a redirect chain, and the chain itself."""

    file: SiteFile
    chain: tuple[Attempt, ...]


PACK = Attempt._fields.index("pack")
NEVER = Answer(NOT_ASKED, ())
LOST_REQUIRED, LOST_OTHER = SiteFile(State.UNESTABLISHED), SiteFile(State.UNKNOWN)
LOST = "lost"  # the claim of an answer that was given and that nobody knows
ALWAYS = -1 << 62  # before any instant
_FILE_PATHS = tuple(PATH_OF.values())


# Below which everybody may have a name: of the last two labels all of Korea is `co.kr`.
_SECOND_LEVELS = frozenset(
    (
        *("ac", "biz", "co", "com", "ed", "edu", "es", "go", "gob", "gouv", "gov", "govt"),
        *("gv", "hs", "in", "info", "kg", "lg", "ltd", "me", "mil", "ms", "ne", "net", "nhs"),
        *("nic", "nom", "or", "org", "pe", "plc", "pro", "re", "sc", "sch", "web"),
        *("busan", "chungbuk", "chungnam", "daegu", "daejeon", "gangwon", "gwangju"),
        *("gyeongbuk", "gyeonggi", "gyeongnam", "incheon", "jeju", "jeonbuk", "jeonnam"),
        *("seoul", "ulsan"),
    )
)
_PLATFORMS = frozenset(
    (
        *("blogspot.com", "cafe24.com", "creatorlink.net", "egloos.com", "github.io"),
        *("gitlab.io", "imweb.me", "modoo.at", "netlify.app", "pages.dev", "tistory.com"),
        *("tumblr.com", "vercel.app", "weebly.com", "wixsite.com", "wordpress.com"),
    )
)


def domain_of(host: str) -> str:
    """What one owner has, as far as its name tells."""
    labels = host.rsplit(".", 3)[-3:]
    if len(labels) < 3:
        return host
    second, top = labels[1:]
    is_public = len(top) == 2 and second in _SECOND_LEVELS
    if is_public or f"{second}.{top}" in _PLATFORMS:
        return ".".join(labels)
    return f"{second}.{top}"


def bucket_of(origin: str, buckets: int) -> int:
    """Hosts of one domain stay together, so that redirects between them are followed."""
    if buckets == 1:
        return 0
    domain = domain_of(urlsplit(origin).hostname or "")
    return zlib.crc32(domain.encode("utf-8", "surrogatepass")) % buckets


class SiteIndex:
    """Attempts of one bucket of origins, by address and in order of time."""

    def __init__(self, folder: Path, attempts: Iterable[Attempt]) -> None:
        self._by_url: dict[str, list[Attempt]] = {}
        self._licences: dict[str, set[str]] = {}
        self._moments: dict[str, tuple[int, ...]] = {}
        self._packs = evidence.Packs()
        self._files: dict[tuple[object, ...], SiteFile] = {}
        self.claimed: list[Attempt] = []
        self.add(folder, attempts)

    def add(self, folder: Path, attempts: Iterable[Attempt]) -> None:
        """Take in the attempts of a scan or of one of its rechecks."""
        places: dict[str, str] = {}
        for found in attempts:
            place = places.get(found.pack)
            if place is None:
                place = sys.intern(str(folder / "evidence" / f"{found.pack}.pack"))
                places[found.pack] = place
            attempt = Attempt._make((*found[:PACK], place, *found[PACK + 1 :]))
            if attempt.claim:
                self.claimed.append(attempt)
            else:
                self._put(attempt)
        self._sort()

    def put_claimed(self, attempts: Iterable[Attempt]) -> None:
        """Take in revisits, as far as their originals were found (see `revisits.settle`)."""
        self.claimed = []
        for attempt in attempts:
            self._put(attempt)
        self._sort()

    def _put(self, attempt: Attempt) -> None:
        by_url = self._by_url
        known = by_url.get(attempt.url)
        if known is None:
            by_url[attempt.url] = [attempt]
        else:
            known.append(attempt)
        if attempt.kind == "rsl":
            of = self._licences.setdefault(_origin(attempt.url), set())
            if len(of) <= LICENCES_MAX:
                of.add(attempt.url)

    def _sort(self) -> None:
        self._moments.clear()
        for rows in self._by_url.values():
            if len(rows) > 1:
                rows.sort(key=lambda attempt: attempt.at_us)
                _doubt_ties(rows)

    def attempts_of(self, url: str) -> list[Attempt]:
        return self._by_url.get(url, [])

    def answer(self, origin: str, kind: Kind, at: int | None) -> Answer:
        """The file as it stood at an instant, or as last seen when `at` is None."""
        url = origin + PATH_OF[kind]
        if url not in self._by_url:
            return NEVER
        chain: list[Attempt] = []
        for _ in range(REDIRECTS_MAX + 1):
            attempt = _at(self._by_url.get(url, ()), at)
            if attempt is None:
                state = State.UNESTABLISHED if chain else State.NOT_ASKED
                return Answer(SiteFile(state) if chain else NOT_ASKED, tuple(chain))
            chain.append(attempt)
            if not (300 <= attempt.status < 400 and attempt.location):
                return Answer(self._file(attempt, kind), tuple(chain))
            url = _target(url, attempt.location)
        return Answer(SiteFile(State.UNESTABLISHED), tuple(chain))

    def file(self, origin: str, kind: Kind, at: int | None) -> SiteFile:
        """The same without its chain."""
        attempts = self._by_url.get(origin + PATH_OF[kind])
        return NOT_ASKED if attempts is None else self._file_of(origin, attempts, kind, at)

    def _file_of(
        self, origin: str, attempts: Sequence[Attempt], kind: Kind, at: int | None
    ) -> SiteFile:
        last = attempts[-1]
        is_redirect = 300 <= last.status < 400 and last.location
        if is_redirect or not (at is None or last.at_us <= at):
            found = self.answer(origin, kind, at).file
        else:
            found = self._file(last, kind)
        if found.state is State.UNESTABLISHED and kind not in REQUIRED:
            return LOST_OTHER if self._was_there(attempts, kind, at) else found
        return found

    def _was_there(self, attempts: Sequence[Attempt], kind: Kind, at: int | None) -> bool:
        """Whether a file that need not be there was read once, and a later answer hides it."""
        before = (one for one in attempts if at is None or one.at_us <= at)
        return any(self._file(one, kind).state is State.PRESENT for one in before)

    def files(self, origin: str, at: int | None) -> dict[Kind, SiteFile]:
        """Every file of a site that was asked for."""
        found: dict[Kind, SiteFile] = {}
        by_url = self._by_url
        for kind, path in PATH_OF.items():
            attempts = by_url.get(origin + path)
            if attempts is not None:
                found[kind] = self._file_of(origin, attempts, kind, at)
        return found

    def _file(self, attempt: Attempt, kind: Kind) -> SiteFile:
        if attempt.claim:
            return LOST_REQUIRED if kind in REQUIRED else LOST_OTHER
        key = (attempt.evidence, attempt.status, attempt.is_cut, kind is Kind.ROBOTS)
        known = self._files.get(key)
        if known is None:
            content = self.content(attempt)
            state = state_of(attempt.status, kind, content)
            kept = content if state is State.PRESENT else b""
            known = SiteFile(state, kept, attempt.evidence.hex(), attempt.is_cut)
            if len(kept) <= SMALL_BYTES_MAX:
                if len(self._files) >= CONTENTS_HELD_MAX:
                    self._files.clear()
                self._files[key] = known
        return known

    def content(self, attempt: Attempt) -> bytes:
        if attempt.claim:
            return b""
        return self._packs.read(attempt.pack, attempt.place, attempt.evidence)

    def licences_of(self, origin: str, at: int | None) -> Mapping[str, bytes]:
        """Licence documents as they stood at an instant; one that nobody can read, the empty
        one, when there are more than are taken in."""
        urls = self._licences.get(origin)
        if not urls:
            return {}
        if len(urls) > LICENCES_MAX:
            return {"": b""}
        found = ((url, _at(self._by_url[url], at)) for url in sorted(urls))
        return {url: self.content(a) for url, a in found if a and _is_there(a)}

    def moments(self, origin: str) -> tuple[int, ...]:
        """Instants at which what this site says was asked, wherever redirects led, for choosing
        what was current."""
        known = self._moments.get(origin)
        if known is None:
            if len(self._moments) >= MOMENTS_HELD_MAX:
                self._moments.clear()
            urls = [origin + path for path in _FILE_PATHS]
            if origin in self._licences:
                urls.extend(self._licences[origin])
            found = self._instants(urls)
            known = self._moments[origin] = tuple(sorted(found))
        return known

    def _instants(self, urls: Iterable[str]) -> set[int]:
        found, asked = set[int](), set[str]()
        by_url = self._by_url
        for _ in range(REDIRECTS_MAX + 1):
            targets: set[str] = set()
            for url in urls:
                for attempt in by_url.get(url, ()):
                    found.add(attempt.at_us)
                    if attempt.location:
                        targets.add(_target(url, attempt.location))
            if not targets:  # most files answer where they were asked for
                break
            asked.update(urls)
            urls = targets - asked
        return found


def _told(attempt: Attempt) -> tuple[int, bytes, str]:
    return attempt.status, attempt.evidence, attempt.claim


def _doubt_ties(rows: list[Attempt]) -> None:
    """Of two answers at one instant nobody knows which was given last."""
    for number in range(1, len(rows)):
        before, this = rows[number - 1], rows[number]
        is_tie = before.at_us == this.at_us
        if is_tie and _told(before) != _told(this):
            rows[number] = this._replace(status=0, location="", claim=LOST)


def _is_there(attempt: Attempt) -> bool:
    return bool(attempt.claim) or 200 <= attempt.status < 300


def _target(url: str, location: str) -> str:
    """Where a redirect leads; an address that is none leads nowhere."""
    try:
        return spelled(urljoin(url, location))
    except ValueError:
        return ""


def _at(attempts: Sequence[Attempt], at: int | None) -> Attempt | None:
    """The last attempt before an instant, else the first within the time a cache may live."""
    if not attempts or at is None:
        return attempts[-1] if attempts else None
    for attempt in reversed(attempts):
        if attempt.at_us <= at:
            return attempt
    return attempts[0] if attempts[0].at_us - at <= CURRENT_FOR_US else None


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


class RulesCache:
    """Parsed site files by their content, held up to a limit of count and bytes."""

    def __init__(self, index: SiteIndex, own_token: str) -> None:
        self._index, self._own = index, own_token
        self._held: OrderedDict[tuple[object, ...], tuple[SiteRules, int]] = OrderedDict()
        self._bytes = 0

    def today(self, origin: str, fetch_token: str) -> tuple[SiteRules, int]:
        """The rules as last seen, and since when they are also those as of an instant."""
        moments = self._index.moments(origin)
        last = moments[-1] if moments else None
        made = self._rules(origin, None, fetch_token, last)
        return made, ALWAYS if last is None else last

    def rules(self, origin: str, at: int | None, fetch_token: str) -> SiteRules:
        return self._rules(origin, at, fetch_token, self._moment(origin, at))

    def _rules(
        self, origin: str, at: int | None, fetch_token: str, moment: object
    ) -> SiteRules:
        """The rules of one moment, which stands for every instant that sees the same files."""
        key = (origin, moment, fetch_token)
        ready = self._held.get(key)
        if ready is not None:
            self._held.move_to_end(key)
            return ready[0]
        files = self._index.files(origin, at)
        licences = self._index.licences_of(origin, at)
        made = SiteRules(files, own_token=self._own, fetch_token=fetch_token, licences=licences)
        octets = sum([len(file.content) for file in files.values()])
        octets += sum(map(len, licences.values()))
        self._keep(key, made, PARSED_BYTES_PER_BYTE * octets + 4096)
        return made

    def _moment(self, origin: str, at: int | None) -> object:
        """Two instants between the same two attempts see the same files."""
        moments = self._index.moments(origin)
        if at is None or not moments:
            return moments[-1] if moments else None
        if at >= moments[-1]:
            return moments[-1]
        before = [moment for moment in moments if moment <= at]
        after = [m for m in moments if m > at and m - at <= CURRENT_FOR_US]
        return (tuple(before[-1:]), tuple(after))

    def _keep(self, key: tuple[object, ...], made: SiteRules, size: int) -> None:
        held = self._held
        held[key] = made, size
        self._bytes += size
        while held and (len(held) > RULES_HELD_MAX or self._bytes > CONTENT_HELD_BYTES_MAX):
            _, (_, oldest) = held.popitem(last=False)
            self._bytes -= oldest


def load_attempts(paths: Iterable[Path], bucket: int, buckets: int) -> Iterator[Attempt]:
    """Attempts of one bucket of sites."""
    for path in paths:
        for batch in pq.ParquetFile(path).iter_batches(batch_size=4096, use_threads=False):
            if buckets > 1:
                origins = batch.column("origin").to_pylist()
                mask = [bucket_of(origin, buckets) == bucket for origin in origins]
                batch = batch.filter(pa.array(mask, pa.bool_()))  # noqa: PLW2901  a part of it
            yield from _attempts(batch)


def attempts_of(path: Path, origins: set[str]) -> Iterator[Attempt]:
    """Attempts of some sites only."""
    table = pq.read_table(path, use_threads=False)
    wanted = pc.is_in(table["origin"], value_set=pa.array(sorted(origins), pa.string()))
    yield from _attempts(table.filter(wanted))


def redirect_targets(path: Path, origins: set[str]) -> set[str]:
    """Origins that some sites' files redirect to."""
    table = pq.read_table(path, columns=["origin", "url", "location"], use_threads=False)
    wanted = pc.and_(
        pc.is_in(table["origin"], value_set=pa.array(sorted(origins), pa.string())),
        pc.not_equal(table["location"], ""),
    )
    rows = table.filter(wanted).to_pylist()
    return {_origin(_target(row["url"], row["location"])) for row in rows}


def redirected_to(origins: set[str], paths: Sequence[Path]) -> set[str]:
    """Origins whose files are, wherever redirects led, files of some others."""
    by_target: dict[str, set[str]] = {}
    for path in paths:
        table = pq.read_table(path, columns=["origin", "url", "location"], use_threads=False)
        moved = table.filter(pc.not_equal(table["location"], ""))
        for row in moved.to_pylist():
            target = _origin(_target(row["url"], row["location"]))
            by_target.setdefault(target, set()).add(row["origin"])
    found, fresh = set[str](), set(origins)
    for _ in range(REDIRECTS_MAX):
        fresh = {one for origin in fresh for one in by_target.get(origin, ())} - found
        found |= fresh
    return found


COLUMNS = (
    *("url", "kind", "fetched_at", "status", "location", "is_cut", "evidence", "pack"),
    "place",
)


def _attempts(rows: pa.Table | pa.RecordBatch) -> Iterator[Attempt]:
    """Rows in the order of Attempt's fields."""
    columns = [
        (rows.column(name).cast(pa.int64()) if name == "fetched_at" else rows.column(name))
        for name in COLUMNS
    ]
    columns = [column.to_pylist() for column in columns]
    is_told = "claim" in rows.schema.names  # not in a scan that is older than it
    columns.append(rows.column("claim").to_pylist() if is_told else [""] * rows.num_rows)
    return map(Attempt._make, zip(*columns, strict=True))
