"""`madang refund`: give a charge back, in part or whole."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Literal
from uuid import UUID

import click
from django.db.models import QuerySet

from madang.cli.acting import answerable, as_option
from madang.cli.amounts import won
from madang.cli.console import Answer, Console, Option, Text, command, group
from madang.cli.errors import NounUnknown
from madang.cli.installation import opened
from madang.cli.shipping import shipped
from madang.core.ids import uuid7
from madang.metering.charges.actions import left_of, refund_charge
from madang.metering.charges.collecting import collect_refund, left_to_collect
from madang.metering.charges.models import Charge, SettledRefund
from madang.metering.charges.queries import charges_of, settled_refunds_of
from madang.metering.charges.writing_off import (
    propose_write_off,
    refuse_write_off,
    revive_refund,
    write_off_refund,
)
from madang.parties.actor import Actor


@command("create", ko="차감을 환불합니다.", en="Give back a charge, or part of it.")
@click.option(
    "--charge",
    cls=Option,
    text=Text("차감 번호 또는 호출 id", "Charge number, or call id"),
    required=True,
)
@click.option(
    "--amount-microwon",
    cls=Option,
    text=Text("금액 (기본: 남은 전부)", "Amount (default: all that is left)"),
    type=click.IntRange(1),
)
@click.option(
    "--id",
    "refund_id",
    cls=Option,
    text=Text("환불 id: 같은 id는 한 번만 처리", "Id of this refund: done once"),
    type=click.UUID,
)
@click.option("--reason", cls=Option, text=Text("사유", "Reason"), default="")
@as_option
def create(
    console: Console,
    charge: str,
    amount_microwon: int | None,
    refund_id: UUID | None,
    reason: str,
    as_: str | None,
) -> Answer:
    with opened(console.data) as installation, shipped(installation):
        actor = answerable(installation, as_, what="refund")
        row = _charge(charges_of(actor).filter(kind="charge"), charge)
        identifier = refund_id or uuid7()
        amount = left_of(row) if amount_microwon is None else amount_microwon
        made = refund_charge(
            actor,
            row,
            refund=identifier,
            amount_microwon=amount,
            at=installation.clock.now(),
            reason=reason,
        )
    after = isinstance(made, SettledRefund)
    data = {
        "id": str(identifier),
        "charge": row.no,
        "amount_microwon": amount,
        "state": "agreed" if after else "refunded",
    }
    return Answer(data, [won(amount)])


def _charge(rows: QuerySet[Charge], reference: str) -> Charge:
    """By its number, or by the call that it priced."""
    if reference.isdigit():
        found = rows.filter(no=int(reference)).first()
    else:
        try:
            found = rows.filter(usage__call=UUID(reference)).first()
        except ValueError:
            found = None
    if found is None:
        raise NounUnknown(noun="charge", reference=reference)
    return found


@command(
    "collect", ko="합의된 환불을 회수합니다.", en="Collect a refund agreed after settlement."
)
@click.argument("refund_id", metavar="ID", type=click.UUID)
@click.option(
    "--by",
    cls=Option,
    text=Text("상계(offset) 또는 현금(cash)", "offset or cash"),
    type=click.Choice(["offset", "cash"]),
    default="offset",
    show_default=True,
)
@click.option(
    "--amount-microwon",
    cls=Option,
    text=Text("회차 금액 (기본: 남은 전부)", "Instalment (default: all that is left)"),
    type=click.IntRange(1),
)
@click.option(
    "--id",
    "collection_id",
    cls=Option,
    text=Text("회수 id: 같은 id는 한 번만 처리", "Id of this collection: done once"),
    type=click.UUID,
)
@as_option
def collect(
    console: Console,
    refund_id: UUID,
    by: Literal["offset", "cash"],
    amount_microwon: int | None,
    collection_id: UUID | None,
    as_: str | None,
) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="refund")
        row = SettledRefund.objects.filter(id=refund_id, charge__in=charges_of(actor)).first()
        if row is None:
            raise NounUnknown(noun="refund", reference=str(refund_id))
        done = collect_refund(
            actor,
            row,
            by=by,
            at=installation.clock.now(),
            amount_microwon=amount_microwon,
            collection=collection_id,
        )
        left = left_to_collect(done).total
    data = {"id": str(refund_id), "state": done.state, "left_microwon": left}
    return Answer(data, [f"{done.state}: {won(left)}"])


REFUND_ID = click.argument("refund_id", metavar="ID", type=click.UUID)
WHY = click.option("--reason", cls=Option, text=Text("사유", "Reason"), required=True)


def _loss_step(
    console: Console,
    as_: str | None,
    refund_id: UUID,
    step: Callable[[Actor, SettledRefund, datetime], SettledRefund],
) -> Answer:
    with opened(console.data) as installation:
        actor = answerable(installation, as_, what="refund")
        row = settled_refunds_of(actor).filter(id=refund_id).first()
        if row is None:
            raise NounUnknown(noun="refund", reference=str(refund_id))
        done = step(actor, row, installation.clock.now())
        left = left_to_collect(done).total
    data = {"id": str(refund_id), "state": done.state, "left_microwon": left}
    return Answer(data, [f"{done.state}: {won(left)}"])


@command(
    "propose-write-off",
    ko="받을 수 없는 환불의 결손 처리를 제안합니다.",
    en="Propose to write off a refund that will not come.",
)
@REFUND_ID
@click.option(
    "--ground",
    cls=Option,
    text=Text("파산(bankrupt) 또는 회수 불능(uncollectable)", "bankrupt or uncollectable"),
    type=click.Choice(["bankrupt", "uncollectable"]),
    required=True,
)
@click.option(
    "--document",
    cls=Option,
    text=Text("이를 보여 주는 문서 id", "Id of the document that shows it"),
    type=click.UUID,
    required=True,
)
@WHY
@as_option
def propose(
    console: Console,
    refund_id: UUID,
    ground: str,
    document: UUID,
    reason: str,
    as_: str | None,
) -> Answer:
    return _loss_step(
        console,
        as_,
        refund_id,
        lambda actor, row, at: propose_write_off(
            actor, row, ground=ground, document=document, reason=reason, at=at
        ),
    )


@command(
    "write-off",
    ko="다른 사람이 결손 처리를 결정합니다.",
    en="Write off a refund: a second person decides.",
)
@REFUND_ID
@as_option
def write_off(console: Console, refund_id: UUID, as_: str | None) -> Answer:
    return _loss_step(
        console, as_, refund_id, lambda actor, row, at: write_off_refund(actor, row, at=at)
    )


@command(
    "refuse-write-off", ko="결손 처리 제안을 반려합니다.", en="Refuse a proposed write-off."
)
@REFUND_ID
@WHY
@as_option
def refuse(console: Console, refund_id: UUID, reason: str, as_: str | None) -> Answer:
    return _loss_step(
        console,
        as_,
        refund_id,
        lambda actor, row, at: refuse_write_off(actor, row, reason=reason, at=at),
    )


@command(
    "revive",
    ko="결손을 취소하고 다시 회수합니다.",
    en="Take a write-off back: the supplier pays after all.",
)
@REFUND_ID
@WHY
@as_option
def revive(console: Console, refund_id: UUID, reason: str, as_: str | None) -> Answer:
    return _loss_step(
        console,
        as_,
        refund_id,
        lambda actor, row, at: revive_refund(actor, row, reason=reason, at=at),
    )


refund = group(
    "refund", create, collect, propose, write_off, refuse, revive, ko="환불", en="Refunds."
)
