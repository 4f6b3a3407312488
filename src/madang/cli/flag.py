"""`madang flag`: what joins of facts found, and what a person says of it."""

from __future__ import annotations

from dataclasses import asdict
from uuid import UUID

import click

from madang.cli.acting import actor_named, answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.installation import opened
from madang.core.clock import rfc3339
from madang.programme.flags.actions import decide_flag, find_flags
from madang.programme.flags.models import Flag
from madang.programme.flags.queries import flags_for

STATE = Text("이 상태의 것만", "Only those in this state")
REASON = Text("판단의 이유", "Why")


@command("list", ko="발견된 의심 사항을 보여 줍니다.", en="Show what was found.")
@click.option("--state", cls=Option, text=STATE, default="open", show_default=True)
@as_option
def list_(console: Console, state: str, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        rows = flags_for(actor_named(installation, as_)).filter(state=state)
        found = [_facts(row) for row in rows]
    return Answer({"flags": found}, [f"{one['id']}  {one['kind']}" for one in found])


@command("find", ko="지금 사실들을 맞추어 봅니다.", en="Join the facts now.")
@as_option
def find(console: Console, as_: str | None) -> Answer:
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        looked = find_flags(actor, at=installation.clock.now())
    told = Text(
        f"새로 발견 {looked.new}, 달라짐 {looked.changed}, 그대로 {looked.same}",
        f"{looked.new} new, {looked.changed} changed, {looked.same} as before",
    )
    return Answer(asdict(looked), [str(told)])


@command("clear", ko="문제 없다고 판단합니다.", en="Say that there is a good reason for it.")
@click.argument("flag_id", type=click.UUID)
@click.option("--reason", cls=Option, text=REASON, required=True)
@as_option
def clear(console: Console, flag_id: UUID, reason: str, as_: str | None) -> Answer:
    return _decide(console, flag_id, is_confirmed=False, reason=reason, as_=as_)


@command("confirm", ko="사실이라고 판단합니다.", en="Say that it is as it looks.")
@click.argument("flag_id", type=click.UUID)
@click.option("--reason", cls=Option, text=REASON, required=True)
@as_option
def confirm(console: Console, flag_id: UUID, reason: str, as_: str | None) -> Answer:
    return _decide(console, flag_id, is_confirmed=True, reason=reason, as_=as_)


def _decide(
    console: Console, flag_id: UUID, *, is_confirmed: bool, reason: str, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        row = decide_flag(
            answerable(installation, as_, what="flag"),
            flag_id,
            is_confirmed=is_confirmed,
            reason=reason,
            at=installation.clock.now(),
        )
        facts = _facts(row)
    return Answer(facts, [f"{facts['id']}  {facts['state']}"])


def _facts(row: Flag) -> dict[str, object]:
    return {
        "id": str(row.id),
        "kind": row.kind,
        "state": row.state,
        "organisations": sorted(firm.code for firm in row.organisations.all()),
        "evidence": row.evidence,
        "found_at": rfc3339(row.found_at),
        "changed_at": rfc3339(row.changed_at),
    }


flag = group("flag", list_, find, clear, confirm, ko="의심 사항", en="What looks odd.")
