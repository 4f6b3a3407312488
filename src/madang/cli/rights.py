"""`madang rights`: decide, scan, recheck, explain, review, card. Needs no platform."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import date
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Text, command, group, language
from madang.cli.rights_demo import demo
from madang.cli.rights_laws import laws
from madang.cli.rights_options import (
    FILE,
    FOLDER,
    NEW_FILE,
    SCAN,
    as_of_option,
    declaration_option,
    known_urls,
    option,
    profile_option,
    purpose_option,
    regime_option,
)
from madang.cli.rights_review import clock_of, review_group
from madang.core.clock import SystemClock, seoul_date
from madang.core.errors import WrongUsage
from madang.rights import card, sample, texts
from madang.rights.agents import OWN_TOKEN
from madang.rights.decide import as_json, decide
from madang.rights.derive import OBSERVED, declaration_from
from madang.rights.errors import FactsMalformed
from madang.rights.facts import Purpose, law_day, request_from_json
from madang.rights.rules import Profile, load
from madang.rights.scan.audit import verify
from madang.rights.scan.explain import explain
from madang.rights.scan.explain import lines as explain_lines
from madang.rights.scan.fetch import fetch, origins_of
from madang.rights.scan.hold import NOWHERE, named
from madang.rights.scan.recheck import recheck
from madang.rights.scan.run import HEAD_BYTES, Settings, Work, read_scan, scan


def _today(console: Console) -> date:
    return seoul_date(clock_of(console).now())


def _say(kind: texts.Kind, code: str) -> str:
    text = texts.text_of(kind, code)
    return text.ko if language.get() == "ko" else text.en


def _short(verdict: str) -> str:
    """A verdict's name: its code, and in Korean its word."""
    return texts.word_of(verdict).ko if language.get() == "ko" else verdict


@command(
    "decide", ko="사실 파일 하나를 판정합니다.", en="Decide one file of facts.", has_data=False
)
@click.argument("facts", type=FILE)
@regime_option()
@as_of_option
@profile_option
def decide_(
    console: Console, facts: Path, regime: str | None, as_of: str | None, profile: str
) -> Answer:
    try:
        document = json.loads(facts.read_bytes())
    except ValueError as err:
        raise FactsMalformed(file=str(facts), field=facts.name, reason="not JSON") from err
    request = request_from_json(document)
    name = regime or request.regime
    if name is None:
        raise WrongUsage(reason="no regime: name one in the file or with --regime")
    day = law_day(as_of) if as_of else request.as_of or _today(console)
    verdicts = decide(request.facts, load(name, Profile(profile)), day)
    lines = [
        f"{_say('act', act)}: {_say('outcome', v.verdict)} "
        f"({'; '.join(_say('reason', code) for code in v.reasons)}) [{v.citations[0]}]"
        for act, v in verdicts.items()
    ]
    return Answer(as_json(verdicts), lines)


@command(
    "scan", ko="웹 아카이브를 검사합니다.", en="Scan archives, tables or lists.", has_data=False
)
@click.argument("inputs", nargs=-1, required=True)
@regime_option("names", multiple=True, required=True)
@purpose_option
@option(
    "--out",
    ko="결과 폴더",
    en="Folder of the scan.",
    type=FOLDER,
    required=True,
)
@as_of_option
@declaration_option
@profile_option
@option(
    "--own-token",
    ko="우리 봇의 이름",
    en="Our own product token.",
    default=OWN_TOKEN,
    show_default=True,
)
@option(
    "--fetch-token",
    ko="수집한 봇의 이름 (아카이브에 없을 때)",
    en="Who fetched, when the archive does not say.",
    default="",
)
@option(
    "--workers",
    ko="처리 프로세스 수",
    en="Processes of this machine.",
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
)
@option(
    "--trust-anchors",
    ko="서명을 믿을 C2PA 인증 기관 (PEM)",
    en="Authorities whose C2PA signatures count (PEM).",
    type=FILE,
)
@option(
    "--head-only",
    ko="각 페이지의 앞부분만 읽어 유보만 가려냅니다",
    en="Triage: read the beginning of each page, find refusals only.",
    is_flag=True,
)
@option(
    "--cluster",
    ko="Dask 스케줄러 주소 (tcp://…)",
    en="Address of a Dask scheduler (tcp://…).",
    default="",
)
def scan_(
    console: Console,
    inputs: tuple[str, ...],
    names: tuple[str, ...],
    purpose: str,
    out: Path,
    as_of: str | None,
    declaration: Path | None,
    profile: str,
    own_token: str,
    fetch_token: str,
    workers: int,
    trust_anchors: Path | None,
    cluster: str,
    *,
    head_only: bool,
) -> Answer:
    declared = OBSERVED if declaration is None else declaration_from(declaration)
    settings = Settings(
        inputs=inputs,
        regimes=_regimes(names),
        profile=Profile(profile),
        declared=replace(declared, purpose=Purpose(purpose)),
        as_of=law_day(as_of) if as_of else _settled_day(console, out),
        own_token=own_token,
        fetch_token=fetch_token,
        anchors=trust_anchors.read_text(encoding="ascii") if trust_anchors else "",
        head_bytes=HEAD_BYTES if head_only else 0,
    )
    now = clock_of(console).now()
    work = Work(workers=workers, cluster=cluster)
    summary = scan(out, settings, now=now, work=work, tell=_teller(console))
    return Answer({"out": str(out), **summary}, _summary_lines(summary))


def _regimes(names: tuple[str, ...]) -> tuple[str, ...]:
    """Repeated options, or several names with commas between them."""
    words = [word.strip() for name in names for word in name.split(",") if word.strip()]
    return tuple(dict.fromkeys(load(word).regime for word in words))


def _settled_day(console: Console, out: Path) -> date:
    """The day a scan was begun with, so that resuming it tomorrow is the same scan."""
    try:
        document = json.loads((out / "scan.json").read_bytes())
        return date.fromisoformat(document["as_of"])
    except (OSError, ValueError, KeyError):
        return _today(console)


def _teller(console: Console) -> Callable[[str, Mapping[str, object]], None]:
    def tell(step: str, line: Mapping[str, object]) -> None:
        if step == "stage":
            console.progress(
                ko=f"입력 {line['input']} 조각 {line['chunk']}: {_counted(line['counts'])}",
                en=f"input {line['input']} chunk {line['chunk']}: {_counted(line['counts'])}",
            )
        else:
            console.progress(ko=f"판정한 행 {line['rows']}", en=f"rows decided {line['rows']}")

    return tell


COUNTED = {
    "records": Text("기록", "records"),
    "pages": Text("페이지", "pages"),
    "site_files": Text("사이트 파일", "site files"),
    "not_content": Text("내용 없는 응답", "answers without content"),
    "other": Text("요청 등 그 밖의 기록", "requests and the like"),
    "unreadable": Text("읽지 못한 기록", "unreadable"),
    "unreadable_rows": Text("읽지 못하여 검토로 넘긴 행", "unreadable rows for review"),
    "cut": Text("잘린 기록", "cut short"),
    "revisits": Text(
        "본문이 다른 기록에 있는 재방문", "revisits whose body another record has"
    ),
}


def _counted(counts: object) -> str:
    assert isinstance(counts, Mapping)
    return ", ".join(f"{COUNTED[n]} {counts[n]}" for n in COUNTED if n in counts)


def _summary_lines(summary: Mapping[str, object]) -> list[str]:
    verdicts = summary["verdicts"]
    assert isinstance(verdicts, dict)
    lines = [f"{Text('행', 'rows')} {summary['rows']}; {_counted(summary['counts'])}"]
    for regime, acts in verdicts.items():
        for act, counts in acts.items():
            parts = ", ".join(f"{_short(name)} {count}" for name, count in counts.items())
            lines.append(f"{regime} {_say('act', act)}: {parts}")
    missing = summary["not_asked"]
    assert isinstance(missing, dict)
    for kind, count in missing.items():
        if count:
            text = Text(
                f"{count}행: {kind} 파일을 조회한 기록이 없어 침묵을 확인할 수 없습니다 "
                "(rights fetch).",
                f"{count} rows: {kind} was never asked for, silence is not established "
                "(rights fetch).",
            )
            lines.append(str(text))
    empty = summary.get("empty_inputs")
    assert isinstance(empty, list | None)
    for place in empty or ():
        lines.append(
            str(
                Text(
                    f"입력 {place}에는 기록이 하나도 없습니다.",
                    f"The input {place} has no record at all.",
                )
            )
        )
    unknown = summary.get("unknown_answers", 0)
    if unknown:
        text = Text(
            f"사이트 파일의 답 {unknown}건은 내용을 알 수 없어 검토로 넘깁니다.",
            f"{unknown} answers of site files are unknown and wait for review.",
        )
        lines.append(str(text))
    return [*lines, f"{Text('증거 뿌리', 'evidence root')} {summary['evidence_root']}"]


@command(
    "sample", ko="연습용 아카이브를 만듭니다.", en="Write a generated archive.", has_data=False
)
@click.argument("out", type=NEW_FILE)
@option(
    "--pages",
    ko="페이지 수",
    en="How many pages.",
    type=click.IntRange(1, 10_000_000),
    default=500,
    show_default=True,
)
@option(
    "--hosts",
    ko="호스트 수",
    en="How many hosts.",
    type=click.IntRange(1, 1_000_000),
    default=48,
    show_default=True,
)
@option(
    "--page-bytes",
    ko="페이지 크기 (바이트)",
    en="Size of a page in bytes.",
    type=click.IntRange(1000, 1_000_000),
    default=20_000,
)
@option(
    "--seed",
    ko="난수 씨앗",
    en="Seed of the generator.",
    type=int,
    default=1,
    show_default=True,
)
def sample_(
    console: Console, out: Path, pages: int, hosts: int, page_bytes: int, seed: int
) -> Answer:
    with named(out, *NOWHERE):
        truth = sample.write(out, sample.Plan(pages, hosts, page_bytes=page_bytes, seed=seed))
    return Answer({"file": str(out), "pages": len(truth)}, [f"{out}: {len(truth)}"])


@command(
    "fetch",
    ko="사이트 파일을 조회하여 아카이브로 남깁니다 (공개 주소만).",
    en="Ask sites for their files and keep the answers as an archive; public addresses only.",
    has_data=False,
)
@click.argument("folder", type=SCAN)
@option(
    "--out",
    ko="아카이브 파일 (.warc.gz)",
    en="The archive to write (.warc.gz).",
    type=NEW_FILE,
    required=True,
)
def fetch_(console: Console, folder: Path, out: Path) -> Answer:
    read_scan(folder)
    with named(out, *NOWHERE):
        counts = fetch(origins_of(folder), out, SystemClock())
    text = Text(
        f"사이트 {counts['origins']}곳, 응답 {counts['answers']}건을 {out}에 남겼습니다.",
        f"{counts['origins']} sites, {counts['answers']} answers kept in {out}.",
    )
    return Answer({"file": str(out), **counts}, [str(text)])


@command(
    "recheck",
    ko="사이트 파일을 다시 본 결과로 다시 판정합니다.",
    en="Decide again after new observations; nothing is overwritten.",
    has_data=False,
)
@click.argument("folder", type=SCAN)
@click.argument("inputs", nargs=-1)
@as_of_option
def recheck_(
    console: Console, folder: Path, inputs: tuple[str, ...], as_of: str | None
) -> Answer:
    day = law_day(as_of) if as_of else _today(console)
    now = clock_of(console).now()
    summary = recheck(folder, inputs, as_of=day, now=now, tell=_teller(console))
    changed, excluded = summary["rows_changed"], summary["excluded"]
    text = Text(
        f"바뀐 기록 {changed}, 배포에서 뺄 기록 {excluded}",
        f"{changed} records changed, {excluded} to exclude from releases",
    )
    return Answer(summary, [str(text)])


@command(
    "explain",
    ko="한 주소의 판정 이유",
    en="Why one address got its verdicts: explain [FOLDER] URL.",
    has_data=False,
)
@click.argument(
    "words", nargs=-1, required=True, metavar="[FOLDER] URL", shell_complete=known_urls
)
@option(
    "--out",
    ko="검사 결과 폴더 (없으면 현재 폴더)",
    en="Folder of the scan (else the present one).",
    type=SCAN,
)
@option("--at", "as_of", ko="법의 기준일", en="Day of the law.")
def explain_(
    console: Console, words: tuple[str, ...], out: Path | None, as_of: str | None
) -> Answer:
    if len(words) > 2:
        raise WrongUsage(reason="one folder and one address")
    folder = Path(words[0]) if len(words) == 2 else out or Path()
    found = explain(folder, words[-1], as_of=law_day(as_of) if as_of else None)
    return Answer(found.as_dict(), list(explain_lines(found, language.get())))


@command(
    "card", ko="데이터셋 카드의 권리 요약", en="The rights summary for a card.", has_data=False
)
@click.argument("folder", type=SCAN)
@regime_option(required=True)
@option("--name", ko="데이터셋 이름", en="Name of the data set.", required=True)
@option(
    "--contact",
    ko="이의를 받을 주소",
    en="Where objections go.",
    required=True,
)
def card_(console: Console, folder: Path, regime: str, name: str, contact: str) -> Answer:
    made = card.make(folder, regime, name=name, contact=contact, now=clock_of(console).now())
    with named(folder):
        files = [str(path) for path in card.write(made, folder)]
    text = made.markdown(language.get())
    return Answer({**made.as_dict(), "files": files}, text.splitlines())


@command(
    "verify",
    ko="증거와 표를 대조합니다.",
    en="Check evidence, rows and verdicts.",
    has_data=False,
)
@click.argument("folder", type=SCAN)
@option(
    "--rebuild",
    ko="모든 파생 표를 다시 만들어 대조",
    en="Make all derived tables anew and compare.",
    is_flag=True,
)
def verify_(console: Console, folder: Path, *, rebuild: bool) -> Answer:
    found = verify(folder, rebuild=rebuild)
    text = Text(
        f"파일 {found['files']}개, 증거 {found['blobs']}건, 행 {found['rows']}건, "
        f"결정 {found['decisions']}건이 맞습니다.",
        f"{found['files']} files, {found['blobs']} pieces of evidence, {found['rows']} rows "
        f"and {found['decisions']} decisions hold.",
    )
    return Answer(found, [str(text)])


rights = group(
    "rights",
    decide_,
    laws,
    scan_,
    fetch_,
    recheck_,
    explain_,
    review_group,
    card_,
    verify_,
    sample_,
    demo,
    ko="학습 이용 권리 판정",
    en="Rights to train on data.",
)
