"""`madang policy`: the versions of a policy document, and a new one."""

from __future__ import annotations

import tomllib
from pathlib import Path

import click

from madang.cli.acting import answerable, as_option
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.durations import parse_instant
from madang.cli.installation import opened
from madang.core.clock import rfc3339
from madang.core.errors import Malformed
from madang.parties.models import PolicyVersion
from madang.parties.policies.actions import declare_policy
from madang.parties.policies.queries import current_policy, policy_history

VALID_FROM = Text("이 시각부터 유효 (기본: 지금)", "From when it holds (default: now)")


@command("show", ko="지금 유효한 정책을 보여 줍니다.", en="Show the policy that holds now.")
@click.argument("kind")
def show(console: Console, kind: str) -> Answer:
    with opened(console.data) as installation:
        held = current_policy(kind, installation.clock.now())
        versions = [_facts(row) for row in policy_history(kind)]
    found = {"kind": kind, "version": held.version, "data": held.data, "versions": versions}
    lines = [f"{kind} {held.version}", *(f"  {n} = {v}" for n, v in held.data.items())]
    return Answer(found, lines)


@command(
    "change",
    ko="TOML 파일의 값으로 새 정책 버전을 만듭니다. 이미 승인된 공고에는 영향이 없습니다.",
    en="Make a new version with the values of a TOML file. Approved calls keep their own.",
)
@click.argument("kind")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--valid-from", cls=Option, text=VALID_FROM, default=None)
@as_option
def change(
    console: Console, kind: str, file: Path, valid_from: str | None, as_: str | None
) -> Answer:
    with opened(console.data) as installation:
        at = installation.clock.now()
        declared = declare_policy(
            answerable(installation, as_, what="policy"),
            kind=kind,
            changes=_read(file),
            valid_from=parse_instant(valid_from) if valid_from else at,
            at=at,
        )
    facts = {"kind": kind, "outcome": declared.outcome.value, **_facts(declared.row)}
    return Answer(facts, [f"{kind} {declared.row.version}: {declared.outcome.value}"])


def _read(file: Path) -> dict[str, int | str | bool | list[str]]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as err:
        raise Malformed(reason=str(err), file=file.name) from err


def _facts(row: PolicyVersion) -> dict[str, int | str]:
    return {
        "version": row.version,
        "valid_from": rfc3339(row.valid_from),
        "sha256": row.sha256,
    }


policy = group("policy", show, change, ko="정책", en="Versions of policy.")
