"""`madang compute plan|backtest`: capacity of a round. Needs no platform."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from datetime import date
from pathlib import Path
from typing import TypeVar, cast

import click

from madang.cli.console import Answer, Console, Option, Text, command, language
from madang.compute.planner import (
    afterwards,
    applications,
    coverage,
    model,
    plan,
    report,
    site_file,
    traces,
)
from madang.compute.planner.forecast import Policy
from madang.compute.planner.published import Line, lines
from madang.core.errors import WrongUsage

F = TypeVar("F", bound=Callable[..., object])
FILE = click.Path(dir_okay=False, path_type=Path)
FOLDER = click.Path(file_okay=False, path_type=Path)
POLICIES = click.Choice(["dedicated", "pooled", "floor-borrow"])
HOURS = {"m": 1 / 60, "h": 1.0, "d": 24.0}


def option(*names: str, ko: str, en: str, **attributes: object) -> Callable[[F], F]:
    """An option that says in both languages what it does."""
    return click.option(*names, cls=Option, text=Text(ko, en), **attributes)


def hours_of(text: str) -> float:
    """`4h`, `30m`, `2d`, or a bare number of hours."""
    scale = HOURS.get(text[-1:])
    try:
        value = float(text[:-1]) * scale if scale else float(text)
    except ValueError as err:
        raise WrongUsage(reason=f"{text!r} is not a time like 4h, 30m or 2d") from err
    if not 0 <= value < float("inf"):
        raise WrongUsage(reason=f"{text!r} is not a time like 4h, 30m or 2d")
    return value


def take_up_of(text: str) -> tuple[float, float]:
    """`0.7-1.0`, or one share."""
    try:
        shares = [float(part) for part in text.split("-")]
    except ValueError as err:
        raise WrongUsage(reason=f"{text!r} is not a share like 0.7-1.0") from err
    if not 0 < shares[0] <= shares[-1] <= 1 or len(shares) > 2:
        raise WrongUsage(reason=f"{text!r} is not a share like 0.7-1.0")
    return shares[0], shares[-1]


def _model(jobs: Path | None, take_up: str) -> model.JobModel:
    shares = take_up_of(take_up)
    if jobs is None:
        return model.philly_model(shares)
    return model.fit(traces.load(jobs), jobs.name, shares)


def _site(console: Console, name: str) -> site_file.SiteFile:
    """A file, or a site of the platform."""
    if name.endswith(".toml") or Path(name).is_file():
        return site_file.load(Path(name))
    from madang.cli.compute_site import declared_site  # only this needs the platform

    return declared_site(console.data, name)


@command(
    "plan",
    ko="다음 회차에 필요한 카드 수를 계획합니다.",
    en="How many cards the next round needs, and what waits follow.",
)
@option(
    "--applications",
    "applied",
    type=FILE,
    required=True,
    ko="신청 목록 (CSV, TOML, JSON)",
    en="The applications: CSV, TOML or JSON",
)
@option(
    "--site",
    required=True,
    ko="시설 파일 (.toml) 또는 선언된 시설의 코드",
    en="The site: a .toml file, or the code of a declared one",
)
@option(
    "--policy",
    type=POLICIES,
    default="pooled",
    ko="전용, 공동 사용, 보장분과 차용",
    en="Own cards, a pool, or floors with borrowing",
)
@option("--p95-wait", default="4h", ko="95 % 대기 목표", en="Target for 95 % of waits: 4h, 30m")
@option(
    "--usable",
    type=click.FloatRange(0, 1),
    default=0.95,
    ko="쓸 수 있어야 하는 시간의 비율",
    en="Share of the time that must be usable",
)
@option(
    "--jobs",
    type=FILE,
    ko="작업 기록 (sacct, SWF, Philly, PAI, Muri); 없으면 Philly",
    en="Past jobs: sacct, SWF, Philly, PAI or Muri; Philly when absent",
)
@option(
    "--take-up", default="0.7-1.0", ko="예산 사용 비율", en="Share of budgets that is wanted"
)
@option("--seeds", type=click.IntRange(3, 200), default=10, ko="추출 횟수", en="How many draws")
@option("--seed", type=click.IntRange(0), default=1, ko="난수 씨앗", en="Seed of the draws")
@option("--out", type=FOLDER, ko="보고서와 그림 폴더", en="Folder for reports and pictures")
def plan_(
    console: Console,
    applied: Path,
    site: str,
    policy: str,
    p95_wait: str,
    usable: float,
    jobs: Path | None,
    take_up: str,
    seeds: int,
    seed: int,
    out: Path | None,
) -> Answer:
    if out is not None:
        report.usable(out)
    there = _site(console, site)
    found = plan.make(
        applications.load(applied, there.teraflops_per_card),
        there,
        cast("Policy", policy),
        _model(jobs, take_up),
        target=plan.Target(hours_of(p95_wait), usable),
        seeds=seeds,
        seed=seed,
        tell=lambda ko, en: console.progress(ko=ko, en=en),
    )
    data = report.as_dict(found)
    text = report.markdown(found, language.get()).splitlines()
    if out is not None:
        data["files"] = [str(path) for path in report.write(found, out)]
    return Answer(data, text)


def _table(found: Sequence[Line]) -> list[str]:
    words = ("항목", "계산", "공표", "오차"), ("figure", "ours", "published", "error")
    head = [str(Text(ko, en)) for ko, en in zip(*words, strict=True)]
    rows = [f"{head[0]:56} {head[1]:>18} {head[2]:>18} {head[3]:>12}"]
    for one in found:
        name = f"{one.group} {one.name} {one.figure}"
        mark = "" if one.held else f"  ! > {one.allowed_percent} %"
        rows.append(
            f"{name:56} {one.ours:18,.1f} {one.theirs:18,.1f} {one.error_percent:+11.5f} %"
            + mark
        )
    return rows


def _actual(console: Console, forecast: Path, table: Path | None, site: str) -> Answer:
    """What came: of a file, or of the ledger of this platform."""
    if table is not None:
        return _afterwards(forecast, afterwards.actual_in(table))
    from madang.cli.compute_site import used_at  # only this needs the platform

    first, last = afterwards.period_of(forecast)
    return _afterwards(forecast, used_at(console.data, site, first, last), last)


FIGURES = {
    "used_card_hours": ("쓴 카드·시간", "card-hours used"),
    "p95_wait_h": ("P95 대기(시간)", "P95 wait (h)"),
}
HEAD = (
    ("항목", "낮음", "중앙값", "높음", "실제"),
    ("figure", "low", "middle", "high", "what came"),
)


def _afterwards(forecast: Path, actual: afterwards.Actual, last: date | None = None) -> Answer:
    found = afterwards.compare(forecast, actual)
    named, *heads = (str(Text(ko, en)) for ko, en in zip(*HEAD, strict=True))
    rows = [f"{named:18}" + "".join(f"{one:>14}" for one in heads)]
    for one in found:
        values = (one.low, one.middle, one.high, one.actual)
        mark = "" if one.inside else "  !"
        rows.append(
            f"{Text(*FIGURES[one.figure])!s:18}" + "".join(f"{n:14,.1f}" for n in values) + mark
        )
    missed = sum(not one.inside for one in found)
    inside = len(found) - missed
    words = Text(
        f"{len(found)}개 가운데 {inside}개가 예측의 80 % 구간에 들었습니다.",
        f"{inside} of {len(found)} figures are inside the forecast's 80 % interval.",
    )
    rows.append(str(words))
    running = last is not None and actual.told_on is not None and actual.told_on <= last
    if running:
        so_far = Text(
            f"회차는 {last}에 끝납니다. 실제는 {actual.told_on}까지이며, 예측은 기간 "
            "전체입니다.",
            f"The round ends on {last}: what came is that until {actual.told_on}, the forecast "
            "that of all its days.",
        )
        rows.append(str(so_far))
    lines = [one.as_dict() for one in found]
    told_on = actual.told_on.isoformat() if actual.told_on else None
    data = {"lines": lines, "missed": missed, "running": running, "told_on": told_on}
    return Answer(data, rows)


COVERAGE = (
    ("항목", "비교 수", "추출만", "넓힌 구간"),
    ("figure", "checks", "draws alone", "stretched"),
)


def _covered(figure: str) -> str:
    """`mean`, `p95`, or `p95` and the cards of a class."""
    name, _, cards = figure.partition(" ")
    if name == "mean":
        return str(Text("평균 대기", "mean wait"))
    wait = Text("P95 대기", "P95 wait")
    return str(Text(f"{wait}, 카드 {cards}", f"{wait}, {cards} cards") if cards else wait)


def _coverage(console: Console, seeds: int) -> Answer:
    hidden = console.as_json or not sys.stderr.isatty()
    total = len(coverage.CLUSTERS) * seeds
    with click.progressbar(length=total, file=sys.stderr, hidden=hidden) as bar:
        found = coverage.coverage(seeds, lambda done, total: bar.update(1))
    words = Text(
        "예측의 80 % 구간에 든 실제 값의 비율 (목표 70–90 %, 벗어나면 !)",
        "Share of what came inside the forecast's 80 % interval (aim: 70 to 90 %, else !)",
    )
    named, *heads = (str(Text(ko, en)) for ko, en in zip(*COVERAGE, strict=True))
    rows = [str(words), f"{named:24}" + "".join(f"{one:>14}" for one in heads)]
    rows += [
        f"{_covered(one.figure):24}{one.checks:14}{one.plain:14.1%}{one.stretched:14.1%}"
        + ("" if one.held else "  !")
        for one in found
    ]
    lines = [{**asdict(one), "held": one.held} for one in found]
    return Answer({"coverage": lines, "missed": sum(not one.held for one in found)}, rows)


@command(
    "backtest",
    ko="예측을 공표된 수치나 실제 사용과 비교합니다.",
    en="Compare forecasts with published figures, or with what came.",
)
@option("--forecast", type=FILE, ko="예전 계획 (plan.json)", en="An earlier plan, plan.json")
@option(
    "--actual",
    type=FILE,
    ko="실제 사용 (sacct 또는 원장 내보내기)",
    en="What came: sacct or a ledger export",
)
@option(
    "--ledger",
    default="",
    ko="원장에서 읽을 센터의 코드",
    en="A site of this platform, whose ledger says what came",
)
@option(
    "--coverage",
    "intervals",
    is_flag=True,
    ko="예측 구간이 맞는지 확인",
    en="Whether forecast intervals hold: four clusters, many stretches",
)
@option(
    "--seeds", type=click.IntRange(2, 200), default=20, ko="추출 횟수", en="Stretches a cluster"
)
def backtest(
    console: Console,
    forecast: Path | None,
    actual: Path | None,
    ledger: str,
    intervals: bool,
    seeds: int,
) -> Answer:
    if (forecast is None) == bool(actual or ledger) or (actual and ledger):
        reason = "--forecast goes together with one of --actual and --ledger"
        raise WrongUsage(reason=reason)
    if forecast is not None:
        return _actual(console, forecast, actual, ledger)
    if intervals:
        return _coverage(console, seeds)
    console.progress(ko="공표된 실행을 재현합니다.", en="Replaying published runs.")
    found = lines()
    missed = [one for one in found if not one.held]
    data = {"lines": [one.as_dict() for one in found], "missed": len(missed)}
    words = Text(
        f"{len(found)}개 가운데 {len(missed)}개가 허용 오차를 벗어났습니다.",
        f"{len(missed)} of {len(found)} figures are outside what is allowed.",
    )
    return Answer(data, [*_table(found), str(words)], exit_code=1 if missed else 0)
