"""`madang apply`: make it so, in one transaction, and say what changed.

Outside test mode a declaration that makes money is proposed by one person and approved by
another: `madang apply FILE --as PERSON`, then `madang apply approve DIGEST --as OTHER`.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import click
from django.db import transaction

from madang.cli.acting import ORIGIN, actor_named, as_option
from madang.cli.console import Answer, Console, Text, command
from madang.cli.declarations import pending
from madang.cli.declarations.applying import Applied, Applier
from madang.cli.declarations.errors import PersonNeeded
from madang.cli.declarations.reader import Declaration, read, read_source
from madang.cli.installation import Installation, opened
from madang.core.clock import is_test_mode
from madang.core.errors import WrongUsage
from madang.parties.actor import Actor, Role, need_four_eyes, system_actor
from madang.parties.declaring import Outcome
from madang.parties.people.queries import actor_for, person_by_id

APPROVE = "approve"
REHEARSAL = Actor("rehearsal", frozenset({Role.OPERATOR}), origin=ORIGIN)
"""Stands where the second person will stand, to find out whether one is needed: whatever it
approves is taken back."""
LABELS = {
    Outcome.CREATED: Text("생성", "created"),
    Outcome.CHANGED: Text("변경", "changed"),
    Outcome.UNCHANGED: Text("그대로", "unchanged"),
}


@command("apply", ko="선언 파일을 적용합니다.", en="Apply declaration files, all or nothing.")
@click.argument("words", metavar="FILE.toml… | approve DIGEST", nargs=-1, required=True)
@as_option
def apply(console: Console, words: tuple[str, ...], as_: str | None) -> Answer:
    if words[0] == APPROVE:
        return _approve(console, words[1:], as_)
    sources = [read_source(Path(word)) for word in words]
    declarations = read(sources)
    with opened(console.data) as installation:
        actor = actor_named(installation, as_)
        stand_in = system_actor(ORIGIN) if is_test_mode() else REHEARSAL
        approver = None if is_test_mode() and actor.is_system else stand_in
        applied = _run(installation, actor, approver, declarations, is_final=is_test_mode())
        if not applied.money or is_test_mode():
            return _answer(applied)
        if as_ is None:
            raise PersonNeeded(what=", ".join(applied.money))
        actor.need(Role.OPERATOR)
        with transaction.atomic():
            digest = pending.propose(
                installation.data, sources, actor, at=installation.clock.now()
            )
    return _proposed(applied, digest, as_)


def _run(
    installation: Installation,
    actor: Actor,
    approver: Actor | None,
    declarations: Sequence[Declaration],
    *,
    is_final: bool,
) -> Applied:
    """Apply all, or nothing. Unless final, what would make money is taken back at the end."""
    with transaction.atomic():
        applied = Applier(actor, approver, installation.clock.now()).run(declarations)
        if applied.money and not is_final:
            transaction.set_rollback(True)
    return applied


def _approve(console: Console, words: tuple[str, ...], as_: str | None) -> Answer:
    if len(words) != 1:
        raise WrongUsage(reason="apply approve DIGEST --as PERSON")
    if as_ is None:
        raise PersonNeeded(what=words[0])
    with opened(console.data) as installation:
        at = installation.clock.now()
        approver = actor_named(installation, as_)
        approver.need(Role.OPERATOR)
        digest, sources = pending.waiting(installation.data, words[0])
        maker = pending.proposer_of(digest)
        need_four_eyes(approver, maker)
        proposer = actor_for(person_by_id(maker), at=at, origin=approver.origin)
        with transaction.atomic():
            applied = _run(installation, proposer, approver, read(sources), is_final=True)
            pending.settle(installation.data, digest, approver, at=at)
    return _answer(applied)


def _answer(applied: Applied) -> Answer:
    lines = [f"{LABELS[kind]}: {name}" for kind in LABELS for name in applied.names[kind]]
    lines += [f"{Text('키', 'key')} {one.voucher}: {one.secret}" for one in applied.keys]
    return Answer(applied.as_data(), lines)


def _proposed(applied: Applied, digest: str, as_: str) -> Answer:
    """Nothing is there yet, so nothing is called created, and no key is shown."""
    would: dict[str, object] = {
        f"would_be_{outcome.value}": names for outcome, names in applied.names.items()
    }
    data: dict[str, object] = {
        **Applied().as_data(),
        "pending": {"digest": digest, "by": as_, "money": applied.money, **would},
    }
    how = f"madang apply approve {digest[:16]} --as …"
    ko, en = f"승인 대기: {how}", f"Waits for another person's approval: {how}"
    return Answer(data, [str(Text(ko, en))])
