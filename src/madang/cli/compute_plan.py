"""`madang compute plan|backtest`: capacity of a round. Needs no platform."""

from __future__ import annotations

from collections.abc import Sequence

from madang.cli.console import Answer, Console, Text, command
from madang.compute.planner.published import Line, lines


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


@command(
    "backtest",
    ko="예측을 공표된 수치와 비교합니다.",
    en="Compare forecasts with published figures.",
    has_data=False,
)
def backtest(console: Console) -> Answer:
    console.progress(ko="공표된 실행을 재현합니다.", en="Replaying published runs.")
    found = lines()
    missed = [one for one in found if not one.held]
    data = {"lines": [one.as_dict() for one in found], "missed": len(missed)}
    words = Text(
        f"{len(found)}개 가운데 {len(missed)}개가 허용 오차를 벗어났습니다.",
        f"{len(missed)} of {len(found)} figures are outside what is allowed.",
    )
    return Answer(data, [*_table(found), str(words)], exit_code=1 if missed else 0)
