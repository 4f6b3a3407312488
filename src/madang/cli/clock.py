"""`madang clock`: the movable clock of test mode. Every process of an installation reads it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import click

from madang.cli.console import Answer, Console, command, group
from madang.cli.durations import parse_duration, parse_instant
from madang.cli.errors import TestModeOnly
from madang.core.clock import CLOCK_FILE, OffsetClock, SystemClock, is_test_mode, rfc3339


def _clock(console: Console) -> OffsetClock:
    if not is_test_mode():
        raise TestModeOnly
    console.data.mkdir(parents=True, exist_ok=True)
    return OffsetClock(console.data / CLOCK_FILE)


def _answer(clock: OffsetClock) -> Answer:
    now = rfc3339(clock.now())
    offset_s = clock.offset // timedelta(seconds=1)
    return Answer({"now": now, "offset_s": offset_s}, [now])


@command("show", ko="현재 시각", en="The present time.")
def show(console: Console) -> Answer:
    if not is_test_mode():
        now = rfc3339(SystemClock().now())
        return Answer({"now": now, "offset_s": 0}, [now])
    return _answer(_clock(console))


@command("set", ko="시계를 맞춥니다 (시험 모드).", en="Set the clock (test mode only).")
@click.argument("instant", metavar="RFC3339")
def set_(console: Console, instant: str) -> Answer:
    clock = _clock(console)
    clock.set_offset(parse_instant(instant) - _machine_now())
    return _answer(clock)


@command(
    "advance",
    ko="시계를 앞으로 돌립니다 (시험 모드).",
    en="Move the clock on (test mode only).",
)
@click.argument("duration", metavar="DURATION")
def advance(console: Console, duration: str) -> Answer:
    """DURATION: 90s, 15m, 36h, 14d, or any chain of them, such as 1d12h."""
    clock = _clock(console)
    clock.set_offset(clock.offset + parse_duration(duration))
    return _answer(clock)


def _machine_now() -> datetime:
    return SystemClock().now().astimezone(UTC)


clock = group("clock", show, set_, advance, ko="시험용 시계", en="The clock of test mode.")
