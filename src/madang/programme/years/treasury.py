"""Interest, and what leaves for the treasury: in tens of won, fractions with the next one."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.ledger import postings
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.parties.policies.queries import current_policy
from madang.programme.cases.law import without_fraction
from madang.programme.errors import AmountInvalid, NothingToRemit
from madang.programme.money import balance_microwon, stamp
from madang.programme.years.closing import locked_year
from madang.programme.years.models import TreasuryKind, TreasuryReturn
from madang.programme.years.workflow import TREASURY


@transaction.atomic
def record_interest(
    actor: Actor, year_id: UUID, *, amount_microwon: int, reference: str, at: datetime
) -> None:
    """P19 이자 on the subsidy account, under the bank's reference: booked once."""
    actor.need(Role.OPERATOR)
    row = locked_year(year_id)
    if amount_microwon <= 0 or not is_whole_won(amount_microwon):
        raise AmountInvalid(field="amount_microwon")
    done = postings.interest(
        stamp(actor, "interest", row.id, reference, at=at),
        programme_year=row.id,
        amount=amount_microwon,
    )
    if not done.replayed:
        record_event(
            actor, "treasury.interest", subject_type="programme_year", subject_id=row.id,
            at=at, facts={"amount_microwon": amount_microwon},
        )  # fmt: skip


@transaction.atomic
def prepare_interest(actor: Actor, year_id: UUID, *, at: datetime) -> TreasuryReturn:
    """이자 반납 준비: all that is held but what is below ten won. Raises NothingToRemit."""
    actor.need(Role.OPERATOR)
    row = locked_year(year_id)
    truncate = current_policy("law", at).flag("treasury_ten_won")
    held = balance_microwon("2510", programme_year=row.id)
    amount = without_fraction(held, truncate=truncate)
    if not amount:
        raise NothingToRemit
    return TreasuryReturn.objects.create(
        programme_year=row,
        kind=TreasuryKind.INTEREST,
        amount_microwon=amount,
        prepared_by=actor.id,
        prepared_at=at,
    )


@transaction.atomic
def remit_treasury(actor: Actor, return_id: UUID, *, at: datetime) -> TreasuryReturn:
    """반납 by a second person (P18, P19). `remitted_microwon` is what really left the bank."""
    found = TreasuryReturn.objects.filter(pk=return_id).values_list("programme_year", flat=True)
    year_id = found.first()
    if year_id is None:
        raise NotFound
    year = locked_year(year_id)
    row = TreasuryReturn.objects.select_for_update().get(pk=return_id)
    TREASURY.move(row, "remit", actor, at=at)
    posted = stamp(actor, "treasury", row.id, "remit", at=at)
    if row.kind == TreasuryKind.UNSPENT:
        truncate = current_policy("law", at).flag("treasury_ten_won")
        done = postings.remit_unspent(posted, programme_year=year.id, truncate=truncate)
        row.remitted_microwon = done.amount
    else:
        postings.remit_interest(posted, programme_year=year.id, amount=row.amount_microwon)
        row.remitted_microwon = row.amount_microwon
    row.remitted_at = at
    row.save(update_fields=["remitted_microwon", "remitted_at"])
    return row
