"""What is due of clawback cases: for the debtor, and for each of the three who lead one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from django.urls import reverse
from django.utils.translation import gettext as _

from madang.parties.actor import Actor, Role
from madang.portal.due_rows import MoneyDue
from madang.portal.templatetags.madang import name
from madang.programme.cases.models import ClawbackCase
from madang.programme.cases.queries import OWED, cases_for, next_payment, owed_to_treasury


def cases_due(actor: Actor) -> Iterator[MoneyDue]:
    for case in cases_for(actor).filter(debtor__in=actor.organisations):
        if case.state == "investigating" and case.answered_at is None and case.hearing_due_at:
            yield _line(_("Answer the findings"), case, case.hearing_due_at)
        elif case.state in OWED:
            yield _line(_("Pay back"), case, next_payment(case))
    if actor.has(Role.OPERATOR):
        yield from _leading(actor)


def _leading(actor: Actor) -> Iterator[MoneyDue]:
    """A step is shown to whom it is open: nobody decides or books what he did before."""
    rows = cases_for(actor)
    for case in rows.filter(state="investigating", hearing_due_at__isnull=True):
        yield _line(_("Call the hearing"), case)
    for case in rows.filter(state="investigating", hearing_due_at__isnull=False):
        yield _line(_("End the hearing"), case, case.hearing_due_at)
    for case in rows.filter(state="heard").exclude(opened_by=actor.id):
        yield _line(_("Decide the case"), case)
    for case in rows.filter(state="decided").exclude(decided_by=actor.id):
        yield _line(_("Book and demand"), case)
    proposed = rows.filter(state__in=OWED).exclude(write_off_proposed_by="")
    for case in proposed.exclude(write_off_proposed_by=actor.id):
        yield _line(_("Decide the write-off"), case)
    for case in owed_to_treasury(rows):
        yield _line(_("Remit to the treasury"), case)


def _line(what: str, case: ClawbackCase, until: datetime | None = None) -> MoneyDue:
    return MoneyDue(what, name(case.debtor), reverse("case", args=[case.id]), until)
