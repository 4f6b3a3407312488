"""Who reads which case, and what is still owed on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q, QuerySet, Sum

from madang.core.errors import NotFound
from madang.ledger.queries import sum_of_vouchers
from madang.metering.charges.models import Charge
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor
from madang.parties.events.models import Event
from madang.parties.events.queries import reasons_about
from madang.parties.models import Supplier
from madang.programme.awards.models import Award
from madang.programme.cases.law import TEN_WON
from madang.programme.cases.models import CaseInstalment, CaseState, CaseWay, ClawbackCase
from madang.programme.money import balance_microwon

OWED = (CaseState.RECEIVABLE, CaseState.INSTALMENT)
QUIET = (CaseState.SUSPECTED, CaseState.DROPPED)
"""What the debtor is not told of."""
TOLD = ("case.call_hearing", "case.decide", "case.plan", "case.drop")
"""Steps whose words are for the debtor: what is alleged, what was decided and why."""
WITHIN = ("case.open", "case.investigate", "case.propose_write_off")
"""Steps whose words stay in the house."""


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


def suppliers_of(award: Award) -> QuerySet[Supplier]:
    """Who sells or sold under the award: its own supplier, and every one that was charged."""
    sold = Charge.objects.filter(voucher=award.voucher_id).order_by().values("supplier")
    is_one = Q(pk=award.supplier_id) | Q(pk__in=sold)
    return Supplier.objects.filter(is_one).order_by("code")


def reasons_for(actor: Actor, row: ClawbackCase) -> QuerySet[Event]:
    """The words of each step: all for operators and auditors, for the debtor its own."""
    return reasons_about("case", row.id, (*TOLD, *WITHIN) if actor.sees_everything else TOLD)


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


def settled_microwon(row: ClawbackCase) -> int:
    """The most that the case can take back now: what statements took of the voucher's subsidy
    and no refund asks back, or what the award was paid by milestones."""
    if row.voucher_id is None:
        return balance_microwon("B500", award=row.award_id)
    vouchers = Voucher.objects.filter(pk=row.voucher_id).values_list("pk", flat=True)
    consumed, accrued, pending = (
        sum_of_vouchers(code, vouchers) for code in ("B500", "2300S", "2410S")
    )
    return consumed - accrued - pending


def next_payment(row: ClawbackCase) -> datetime | None:
    """When to pay next: the first instalment that what came in does not cover."""
    for one, paid in instalments_of(row):
        if paid < one.amount_microwon:
            return one.due_at
    return row.pay_due_at


def instalments_of(row: ClawbackCase) -> list[tuple[CaseInstalment, int]]:
    """Each part of the plan with what of it came in: money pays the earliest first.

    The plan was made over what was owed then, so what came before it pays none of its parts.
    """
    rows = list(row.instalments.order_by("number"))
    dropped = row.moves.filter(way=CaseWay.WRITE_OFF).aggregate(
        sum=Sum(F("principal_microwon") + F("surcharge_microwon"), default=0)
    )["sum"]
    left = sum(one.amount_microwon for one in rows) - money_of(row).owed - dropped
    found = []
    for one in rows:
        paid = min(left, one.amount_microwon)
        left -= paid
        found.append((one, paid))
    return found


def owed_to_treasury(rows: QuerySet[ClawbackCase]) -> QuerySet[ClawbackCase]:
    """Cases of which something came in that is not remitted yet, from ten won on."""
    amount = F("moves__principal_microwon") + F("moves__surcharge_microwon")
    came = Sum(amount, filter=Q(moves__way__in=[CaseWay.CASH, CaseWay.SET_OFF]), default=0)
    gone = Sum(amount, filter=Q(moves__way=CaseWay.REMIT), default=0)
    return rows.annotate(unremitted=came - gone).filter(unremitted__gte=TEN_WON)


def is_all_set_off(row: ClawbackCase) -> bool:
    return not row.moves.exclude(way__in=[CaseWay.SET_OFF, CaseWay.REMIT]).exists()
