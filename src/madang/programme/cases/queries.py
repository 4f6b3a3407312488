"""Who reads which case, and what is still owed on it."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.db.models import QuerySet

from madang.core.errors import NotFound
from madang.parties.actor import Actor
from madang.programme.cases.models import CaseState, CaseWay, ClawbackCase
from madang.programme.money import balance_microwon

QUIET = (CaseState.SUSPECTED, CaseState.DROPPED)
"""What the debtor is not told of."""


def cases_for(actor: Actor) -> QuerySet[ClawbackCase]:
    """All for operators and auditors; the debtor's own people from the investigation on."""
    rows = ClawbackCase.objects.select_related(
        "award__call__programme_year__programme", "voucher", "debtor", "supplier", "flag"
    ).order_by("-opened_at", "-id")
    if actor.sees_everything:
        return rows
    return rows.filter(debtor__in=actor.organisations).exclude(state__in=QUIET)


def case_for(actor: Actor, identifier: UUID) -> ClawbackCase:
    row = cases_for(actor).filter(id=identifier).first()
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True)
class CaseMoney:
    """What the ledger says of a case: still owed by the debtor, still owed to the treasury."""

    principal_owed: int
    surcharge_owed: int
    to_remit: int

    @property
    def owed(self) -> int:
        return self.principal_owed + self.surcharge_owed


def money_of(row: ClawbackCase) -> CaseMoney:
    principal = balance_microwon("1300", case=row.id)
    surcharge = balance_microwon("1310", case=row.id)
    due = balance_microwon("2520", case=row.id) + balance_microwon("2530", case=row.id)
    return CaseMoney(principal, surcharge, due - principal - surcharge)


def is_all_set_off(row: ClawbackCase) -> bool:
    return not row.moves.exclude(way__in=[CaseWay.SET_OFF, CaseWay.REMIT]).exists()
