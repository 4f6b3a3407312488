"""Why one address got its verdicts, for a person who must defend or doubt them.

Everything is read back from stored evidence: which lines and elements spoke, which site files
were asked when and what they answered, how each protocol merged, which rule decided under which
law, what courts read otherwise, and what a person decided since.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path

import pyarrow.parquet as pq

from madang.core.clock import rfc3339, seoul_date
from madang.core.errors import Language
from madang.rights import texts
from madang.rights.decide import as_json
from madang.rights.derive import derive
from madang.rights.errors import UrlUnknown
from madang.rights.facts import Act
from madang.rights.protocols.matching import path_of
from madang.rights.rules import RuleSet
from madang.rights.scan import evidence
from madang.rights.scan.judge import Judge
from madang.rights.scan.later import LATER, PAGES
from madang.rights.scan.recheck import Scan, current_row, newest_vectors, open_scan
from madang.rights.scan.review import Decision, decisions_for
from madang.rights.scan.revisits import settle
from madang.rights.scan.sites import Attempt, SiteIndex, attempts_of, redirect_targets
from madang.rights.signals import parse_vector
from madang.rights.site import REDIRECTS_MAX, Kind, SiteRules
from madang.rights.verdict import Text, Verdict


@dataclass(frozen=True, slots=True)
class Clock:
    """The verdicts of one clock: when, which vector, what each regime says."""

    name: str
    day: date
    signals: str
    verdicts: Mapping[str, Mapping[Act, Verdict]]
    statements: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    url: str
    fetched_at: datetime
    agent: str
    place: str
    elements: Sequence[Sequence[object]]
    headers: Sequence[Sequence[str]]
    attempts: Sequence[Attempt]
    site_lines: Sequence[str]
    later: Sequence[tuple[datetime, str]]
    clocks: Sequence[Clock]
    release: Mapping[str, Mapping[str, str]]
    decisions: Sequence[Decision]
    evidence_root: str
    regimes: Mapping[str, RuleSet]

    def as_dict(self) -> dict[str, object]:
        return {
            "url": self.url,
            "fetched_at": rfc3339(self.fetched_at),
            "agent": self.agent,
            "record": self.place,
            "page": {"headers": list(self.headers), "elements": list(self.elements)},
            "site_files": [
                {
                    "url": a.url,
                    "asked_at": rfc3339(a.at),
                    "status": a.status,
                    "location": a.location,
                    "sha256": a.evidence.hex(),
                }
                for a in self.attempts
            ],
            "site_statements": list(self.site_lines),
            "seen_later": [
                {"at": rfc3339(at), "signals": signals} for at, signals in self.later
            ],
            "clocks": {
                clock.name: {
                    "law_of": clock.day.isoformat(),
                    "signals": clock.signals,
                    "statements": list(clock.statements),
                    "verdicts": {r: as_json(v) for r, v in clock.verdicts.items()},
                }
                for clock in self.clocks
            },
            "release": {regime: dict(acts) for regime, acts in self.release.items()},
            "decisions": [decision.as_dict() for decision in self.decisions],
            "evidence_root": self.evidence_root,
            "rules": {
                name: {
                    "title": r.head.title.en,
                    "title_ko": r.head.title.ko,
                    "status": r.status,
                }
                for name, r in self.regimes.items()
            },
        }


def explain(folder: Path, url: str, *, as_of: date | None = None) -> Explanation:
    """Rebuild the reasons for one address. Raises UrlUnknown."""
    scan = open_scan(folder)
    url, (row, newer) = _found(scan, url)
    latest = newer or row
    vectors = newest_vectors(scan)
    at = row["fetched_at"]
    assert isinstance(at, datetime)
    judges = scan.judges(vectors, as_of or scan.as_of)
    blob = json.loads(_page_evidence(scan, row))
    index = _index(scan, str(row["origin"]))
    attempts = _attempts(index, str(row["origin"]))
    crawl, now = int(str(row["vector_crawl"])), int(str(latest["vector_now"]))
    clocks = [
        _clock("as_of_crawl", seoul_date(at), vectors.all[crawl], crawl, judges),
        _clock("as_of_now", as_of or scan.as_of, vectors.all[now], now, judges),
    ]
    release = {
        judge.rules.regime: {
            act.value: str(latest[f"{judge.rules.regime}.{act}"]) for act in Act
        }
        for judge in judges
    }
    return Explanation(
        url=url,
        fetched_at=at,
        agent=str(row["agent"]),
        place=_place(scan, row),
        elements=blob["elements"],
        headers=blob["headers"],
        attempts=attempts,
        site_lines=_site_lines(scan, index, row),
        later=_later(scan, url, at),
        clocks=clocks,
        release=release,
        decisions=decisions_for(folder, vectors.all[now], str(row["origin"])),
        evidence_root=str(scan.summary["evidence_root"]),
        regimes={judge.rules.regime: judge.rules for judge in judges},
    )


Row = dict[str, object]


def _found(scan: Scan, url: str) -> tuple[str, tuple[Row, Row | None]]:
    """The record of an address, also when its scheme was left out. Raises UrlUnknown."""
    spellings = [url] if "://" in url else [f"https://{url}", f"http://{url}", url]
    for spelled in spellings:
        found = current_row(scan, spelled)
        if found is not None:
            return spelled, found
    raise UrlUnknown(url=url)


def _place(scan: Scan, row: Mapping[str, object]) -> str:
    inputs = scan.settings["inputs"]
    assert isinstance(inputs, list)
    number = int(str(row["input"]))
    name = inputs[number]["place"] if number < len(inputs) else "fetched"
    return f"{name} @ {row['offset']}"


def _page_evidence(scan: Scan, row: Mapping[str, object]) -> bytes:
    digest, pack = row["evidence"], row["pack"]
    assert isinstance(digest, bytes)
    content = evidence.find_in(scan.folder / "evidence" / f"{pack}.pack", digest) or b""
    return content if content.startswith(b"{") else evidence.SILENT


def _index(scan: Scan, origin: str) -> SiteIndex:
    """Attempts of every observation, for one site and where its redirects lead."""
    index = SiteIndex(scan.folder, ())
    paths = [
        (folder, path)
        for folder in (scan.folder, *scan.rechecks())
        for path in sorted((folder / "stage").glob("*.sites.parquet"))
    ]
    wanted = {origin}
    for _ in range(REDIRECTS_MAX):
        for _, path in paths:
            wanted |= redirect_targets(path, wanted)
    for folder, path in paths:
        index.add(folder, attempts_of(path, wanted))
    settle(index, paths)
    return index


def _attempts(index: SiteIndex, origin: str) -> list[Attempt]:
    found: list[Attempt] = []
    for kind in Kind:
        for moment in (None, *index.moments(origin)):
            found.extend(index.answer(origin, kind, moment).chain)
    return sorted(dict.fromkeys(found), key=lambda attempt: (attempt.at, attempt.url))


def _site_lines(scan: Scan, index: SiteIndex, row: Mapping[str, object]) -> list[str]:
    """What the site's files say about this path, in their own words."""
    origin = str(row["origin"])
    files = {kind: index.answer(origin, kind, None).file for kind in Kind}
    rules = SiteRules(
        files,
        own_token=str(scan.settings["own_token"]),
        fetch_token=str(row["agent"]),
        licences=index.licences_of(origin, None),
    )
    signals = rules.all_signals(path_of(str(row["url"])))
    return [f"{s.slot}={s.value} {s.raw} {s.note}".rstrip() for s in signals]


def _later(scan: Scan, url: str, since: datetime) -> list[tuple[datetime, str]]:
    """What was seen of a page after its record, in the scan or in a recheck."""
    found = set[tuple[datetime, str]]()
    for folder in (scan.folder, *scan.rechecks()):
        for kind in (PAGES, LATER):
            for path in sorted((folder / "stage").glob(f"*.{kind}.parquet")):
                columns = ["fetched_at", "signals"]
                table = pq.read_table(path, columns=columns, filters=[("url", "=", url)])
                found |= {(row["fetched_at"], row["signals"]) for row in table.to_pylist()}
    return sorted((at, signals) for at, signals in found if at > since)


def _clock(name: str, day: date, text: str, number: int, judges: Sequence[Judge]) -> Clock:
    verdicts = {
        judge.rules.regime: {
            act: replace(verdict, as_of=day)
            for act, verdict in judge.verdicts(number, day).items()
        }
        for judge in judges
    }
    derived = derive(parse_vector(text), judges[0].declared)
    statements = tuple(f"{s.protocol}: {s.value}" for s in derived.statements)
    return Clock(name, day, text, verdicts, statements)


# --- for a reader ----------------------------------------------------------------------------

WORDS = {
    "fetched": Text(ko="수집", en="fetched"),
    "record": Text(ko="기록", en="record"),
    "page": Text(ko="페이지가 말한 것", en="What the page says"),
    "silent": Text(ko="  (말한 것이 없습니다)", en="  (it says nothing)"),
    "site": Text(ko="사이트 파일 조회", en="Site files asked for"),
    "site_says": Text(
        ko="사이트가 이 경로에 대해 말한 것", en="What the site says about this path"
    ),
    "later": Text(ko="그 뒤에 다시 본 것", en="Seen again later"),
    "as_of_crawl": Text(ko="수집 당시의 법과 신호", en="Law and signals as of the crawl"),
    "as_of_now": Text(ko="현재의 법과 신호", en="Law and signals as of now"),
    "statements": Text(ko="프로토콜별", en="by protocol"),
    "regimes": Text(ko="법 체계", en="Regimes"),
    "same": Text(ko="수집 당시와 같습니다", en="the same as then"),
    "draft": Text(ko="초안", en="draft"),
    "reviewed": Text(ko="검토됨", en="reviewed"),
    "citation": Text(ko="근거", en="citation"),
    "duty": Text(ko="의무", en="duty"),
    "reading": Text(ko="다른 해석", en="competing reading"),
    "switch": Text(ko="미해결 쟁점의 설정", en="policy switch of an unsettled point"),
    "question": Text(ko="사람에게 묻습니다", en="a person must say"),
    "unsettled": Text(ko="뒤집을 수 있는 것", en="what could unsettle this"),
    "release": Text(ko="새 배포에 쓸 판정", en="Verdict for a new release"),
    "decision": Text(ko="사람의 결정", en="Decisions by a person"),
    "root": Text(ko="증거 뿌리", en="Evidence root"),
    "notice": Text(
        ko="이 설명은 법률 자문이 아닙니다. '초안'인 규칙은 변호사가 서명하지 않았습니다.",
        en="This is not legal advice; no lawyer has signed the rules that say 'draft'.",
    ),
}


def _in(language: Language, text: Text) -> str:
    return text.ko if language == "ko" else text.en


def lines(found: Explanation, language: Language) -> Iterator[str]:
    """The explanation as text, for a lawyer."""

    def word(name: str) -> str:
        return _in(language, WORDS[name])

    yield found.url
    yield f"{word('fetched')} {rfc3339(found.fetched_at)} ({found.agent})"
    yield f"{word('record')} {found.place}"
    yield f"\n{word('page')}"
    yield from (f"  {name}: {value}" for name, value in found.headers)
    yield from (f"  {element[0]} = {element[1]}  {element[2]}" for element in found.elements)
    if not found.headers and not found.elements:
        yield word("silent")
    yield f"\n{word('site')}"
    for attempt in found.attempts:
        arrow = f" → {attempt.location}" if attempt.location else ""
        yield f"  {rfc3339(attempt.at)} {attempt.url} {attempt.status}{arrow}"
    yield f"\n{word('site_says')}"
    yield from (f"  {line}" for line in found.site_lines)
    if found.later:
        yield f"\n{word('later')}"
        yield from (f"  {rfc3339(at)} {said or '-'}" for at, said in found.later)
    yield f"\n{word('regimes')}"
    for name, rules in found.regimes.items():
        yield f"  {name}: {_in(language, rules.head.title)} ({word(rules.status)})"
    crawl, now = found.clocks
    yield from _clock_lines(crawl, language)
    if _says_the_same(crawl, now):
        yield f"\n{word(now.name)} ({now.day}): {word('same')}"
    else:
        yield from _clock_lines(now, language)
    yield f"\n{word('release')}"
    for regime, acts in found.release.items():
        for act, verdict in acts.items():
            said = _in(language, texts.text_of("outcome", verdict))
            yield f"  {regime} {_in(language, texts.text_of('act', act))}: {said}"
    if found.decisions:
        yield f"\n{word('decision')}"
        yield from (f"  {decision.line()}" for decision in found.decisions)
    yield f"\n{word('root')} {found.evidence_root}"
    yield word("notice")


def _says_the_same(one: Clock, other: Clock) -> bool:
    """Whether both clocks tell the same, the day apart."""
    told = [
        (
            clock.signals,
            [
                replace(v, as_of=one.day)
                for acts in clock.verdicts.values()
                for v in acts.values()
            ],
        )
        for clock in (one, other)
    ]
    return told[0] == told[1]


def _clock_lines(clock: Clock, language: Language) -> Iterator[str]:
    yield f"\n{_in(language, WORDS[clock.name])} ({clock.day})"
    said = ", ".join(clock.statements) or "-"
    yield f"  {_in(language, WORDS['statements'])}: {said}"
    for regime, verdicts in clock.verdicts.items():
        for acts, verdict in _alike(verdicts):
            outcome = _in(language, texts.text_of("outcome", verdict.verdict))
            names = ", ".join(_in(language, texts.text_of("act", act)) for act in acts)
            status = _in(language, WORDS[verdict.rules_status])
            yield f"  [{regime}, {status}] {names}: {outcome}"
            yield from _reason_lines(verdict, language)


def _alike(verdicts: Mapping[Act, Verdict]) -> list[tuple[list[Act], Verdict]]:
    """Acts with the same answer for the same reasons are told once."""
    found: list[tuple[list[Act], Verdict]] = []
    for act, verdict in verdicts.items():
        same = (acts for acts, known in found if replace(known, act=act) == verdict)
        told = next(same, None)
        if told is None:
            found.append(([act], verdict))
        else:
            told.append(act)
    return found


def _reason_lines(verdict: Verdict, language: Language) -> Iterator[str]:
    for code in verdict.reasons:
        if code.startswith("SWITCH:"):
            yield f"      ({_in(language, WORDS['switch'])}: {code.removeprefix('SWITCH:')})"
            continue
        yield f"      - {_in(language, texts.text_of('reason', code))} ({code})"
    yield f"      {_in(language, WORDS['citation'])}: {'; '.join(verdict.citations)}"
    for duty in verdict.duties:
        owed = _in(language, texts.text_of("duty", duty))
        yield f"      {_in(language, WORDS['duty'])}: {owed}"
    for reading in verdict.readings:
        holds, source = _in(language, reading.holds), reading.source
        label = _in(language, WORDS["reading"])
        outcome = _in(language, texts.text_of("outcome", reading.verdict)).partition(":")[0]
        yield f"      {label}: {holds} → {outcome} ({source})"
    if verdict.question is not None:
        yield f"      {_in(language, WORDS['question'])}: {_in(language, verdict.question)}"
    for point in verdict.unsettled_by:
        yield f"      {_in(language, WORDS['unsettled'])}: {_in(language, point)}"


def urls_of(scan: Scan, limit: int) -> list[str]:
    """Some addresses of a scan, for completion and examples."""
    found: list[str] = []
    for path in scan.records():
        found += pq.read_table(path, columns=["url"])["url"].to_pylist()[: limit - len(found)]
        if len(found) >= limit:
            break
    return found
