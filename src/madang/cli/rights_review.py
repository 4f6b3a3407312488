"""`madang rights review`: what only a person can say."""

from __future__ import annotations

from pathlib import Path

import click

from madang.cli.console import Answer, Console, Text, command, group
from madang.cli.rights_options import SCAN, act_option, option, regime_option
from madang.core.clock import Clock, SystemClock, clock_for, is_test_mode
from madang.rights import texts
from madang.rights.facts import Act
from madang.rights.scan import review
from madang.rights.scan.hold import held


def clock_of(console: Console) -> Clock:
    """The machine's clock, or the movable one of test mode."""
    return clock_for(console.data) if is_test_mode() else SystemClock()


@command("list", ko="검토를 기다리는 묶음", en="Groups that wait for a person.", has_data=False)
@click.argument("folder", type=SCAN)
@regime_option(required=True)
@act_option
def review_list(console: Console, folder: Path, regime: str, act: str) -> Answer:
    groups = review.queue(folder, regime, Act(act))
    lines = []
    for group_ in groups:
        question = Text(group_.question_ko, group_.question)
        lines.append(f"{group_.id}  {group_.count:>7}  {group_.origin}  {question}")
    if groups:
        example = f"madang rights review decide {folder} {groups[0].id} --regime {regime}"
        lines.append(
            str(Text("결정하려면: ", "To decide: "))
            + f"{example} --verdict … --by … --reason …"
        )
    else:
        lines.append(str(Text("기다리는 묶음이 없습니다.", "No group waits.")))
    data = {
        "groups": [group_.as_dict() for group_ in groups],
        "records": sum(group_.count for group_ in groups),
    }
    return Answer(data, lines)


@command(
    "decide", ko="사람의 결정을 기록합니다.", en="Record a person's decision.", has_data=False
)
@click.argument("folder", type=SCAN)
@click.argument("group_name", metavar="GROUP")
@regime_option(required=True)
@act_option
@option(
    "--verdict",
    ko="결정: allowed, reserved, no_basis",
    en="The decision: allowed, reserved, no_basis.",
    required=True,
)
@option("--by", ko="결정하는 사람", en="The person who decides.", required=True)
@option("--reason", ko="결정의 이유", en="Why.", required=True)
@option(
    "--all-hosts",
    ko="같은 신호의 모든 호스트에 적용",
    en="For this vector on every host.",
    is_flag=True,
)
def review_decide(
    console: Console,
    folder: Path,
    group_name: str,
    regime: str,
    act: str,
    verdict: str,
    by: str,
    reason: str,
    *,
    all_hosts: bool,
) -> Answer:
    with held(folder):  # decisions are a chain: one at a time
        decision = review.decide_group(
            folder,
            group_name,
            regime=regime,
            act=Act(act),
            verdict=verdict,
            by=by,
            reason=reason,
            all_hosts=all_hosts,
            now=clock_of(console).now(),
        )
    return Answer(decision.as_dict(), [decision.line()])


@command("release", ko="배포에 쓸 판정표", en="Verdicts to release with.", has_data=False)
@click.argument("folder", type=SCAN)
@regime_option(required=True)
@act_option
def review_release(console: Console, folder: Path, regime: str, act: str) -> Answer:
    found = review.release(folder, regime, Act(act))
    verdicts = found["verdicts"]
    assert isinstance(verdicts, dict)
    lines = [f"{count:>9,}  {_word(verdict)}" for verdict, count in sorted(verdicts.items())]
    return Answer(found, lines)


def _word(verdict: str) -> str:
    word = texts.word_of(verdict)
    return str(Text(word.ko, word.en))


@command(
    "adopt",
    ko="다른 검사에서 내린 결정을 가져옵니다.",
    en="Take over decisions that persons made on another scan, with their names and dates.",
    has_data=False,
)
@click.argument("folder", type=SCAN)
@click.argument("other", type=SCAN)
def review_adopt(console: Console, folder: Path, other: Path) -> Answer:
    with held(folder):
        taken = review.adopt(folder, other)
    data = {"adopted": [decision.as_dict() for decision in taken]}
    return Answer(data, [decision.line() for decision in taken])


review_group = group(
    "review",
    review_list,
    review_decide,
    review_release,
    review_adopt,
    ko="사람의 검토",
    en="What only a person can say.",
)
