"""`madang rights`: decide, scan, recheck, explain, review, card. Needs no platform."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Text, command, group, language
from madang.core.clock import SystemClock, clock_for, is_test_mode, seoul_date
from madang.core.errors import WrongUsage
from madang.rights import texts
from madang.rights.decide import as_json, decide
from madang.rights.errors import FactsMalformed
from madang.rights.facts import law_day, request_from_json
from madang.rights.rules import Profile, load, regimes

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
PROFILES = click.Choice([profile.value for profile in Profile])


def _today(console: Console) -> date:
    clock = clock_for(console.data) if is_test_mode() else SystemClock()
    return seoul_date(clock.now())


def _say(kind: texts.Kind, code: str) -> str:
    text = texts.text_of(kind, code)
    return text.ko if language.get() == "ko" else text.en


@command(
    "decide", ko="사실 파일 하나를 판정합니다.", en="Decide one file of facts.", has_data=False
)
@click.argument("facts", type=FILE)
@click.option("--regime", help="overrides the regime in the file")
@click.option("--as-of", "as_of", help="day of the law, YYYY-MM-DD or RFC 3339")
@click.option("--profile", type=PROFILES, default=Profile.DEFAULT.value)
def decide_(
    console: Console, facts: Path, regime: str | None, as_of: str | None, profile: str
) -> Answer:
    try:
        document = json.loads(facts.read_bytes())
    except ValueError as err:
        raise FactsMalformed(file=str(facts), field="", reason="not JSON") from err
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
    "laws",
    ko="규칙 파일과 확인 날짜",
    en="Rule files and when they were checked.",
    has_data=False,
)
@click.option("--as-of", "as_of", help="day to judge staleness by")
def laws(console: Console, as_of: str | None) -> Answer:
    day = law_day(as_of) if as_of else _today(console)
    rows = [(load(name).head, load(name).sha256) for name in regimes()]
    stale = [head.regime for head, _ in rows if head.is_stale(day)]
    data = {
        "stale": stale,
        "laws": [
            {
                "regime": head.regime,
                "kind": head.kind,
                "title": head.title.en,
                "title_ko": head.title.ko,
                "citation": head.citation,
                "in_force_from": head.in_force_from and head.in_force_from.isoformat(),
                "status": head.status,
                "reviewed_by": head.reviewed_by,
                "checked_on": head.checked_on.isoformat(),
                "unsettled_by": list(head.unsettled_by),
                "sha256": sha,
            }
            for head, sha in rows
        ],
    }
    lines = [
        f"{head.regime}  {Text(head.title.ko, head.title.en)}  {head.status} {head.checked_on}"
        for head, _ in rows
    ]
    return Answer(data, lines, exit_code=1 if stale else 0)


rights = group("rights", decide_, laws, ko="학습 이용 권리 판정", en="Rights to train on data.")
