"""Roll-over 이월: the next year of a programme, with what is carried over from this one."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.errors import AmountInvalid, BudgetCommitted, YearNotReady
from madang.programme.money import balance_microwon
from madang.programme.years.actions import (
    decided_budget_microwon,
    declare_programme,
    set_budget,
)
from madang.programme.years.closing import locked_year
from madang.programme.years.models import ProgrammeYear, RollOver, YearState
from madang.programme.years.workflow import ROLL_OVER

FEBRUARY, LEAP_DAY = 2, 29


@transaction.atomic
def propose_roll_over(
    actor: Actor, year_id: UUID, *, budget_microwon: int, carried_microwon: int, at: datetime
) -> RollOver:
    """One person proposes the next year's own budget, and what is carried over from this one.

    What is carried must be unallotted. Raises AmountInvalid, BudgetCommitted.
    """
    actor.need(Role.OPERATOR)
    row = locked_year(year_id)
    amounts = {"budget_microwon": budget_microwon, "carried_microwon": carried_microwon}
    for field, amount in amounts.items():
        if amount < 0 or not is_whole_won(amount):
            raise AmountInvalid(field=field)
    if row.state != YearState.OPEN and carried_microwon:
        raise TransitionNotAllowed(noun="year", transition="carry", state=row.state)
    free = balance_microwon("B200", programme_year=row.id)
    if carried_microwon > free:
        raise BudgetCommitted(needed_microwon=carried_microwon, available_microwon=free)
    made = RollOver.objects.create(
        from_year=row,
        budget_microwon=budget_microwon,
        carried_microwon=carried_microwon,
        proposed_by=actor.id,
        proposed_at=at,
    )
    record_event(
        actor, "roll_over.propose", subject_type="roll_over", subject_id=made.id, at=at,
        after=made.state, facts=amounts,
    )  # fmt: skip
    return made


@transaction.atomic
def approve_roll_over(
    actor: Actor, roll_over_id: UUID, *, proposer: Actor, at: datetime
) -> RollOver:
    """A second person decides: the old year's budget and cash shrink by what is carried (P1r,
    P2r), the new year begins with both (P1, P2) on the same terms, one year later."""
    row = _locked(roll_over_id)
    old = locked_year(row.from_year_id)
    ROLL_OVER.move(row, "approve", actor, at=at)
    if row.carried_microwon:
        left = decided_budget_microwon(old) - row.carried_microwon
        set_budget(proposer, old, budget_microwon=left, at=at)
    programme = old.programme
    made = declare_programme(
        proposer,
        code=programme.code,
        name_ko=programme.name_ko,
        name_en=programme.name_en,
        year=old.year + 1,
        starts_on=_a_year_later(old.starts_on),
        ends_on=_a_year_later(old.ends_on),
        subsidy_ratio=old.ratio,
        vat_rate=old.vat,
        budget_microwon=row.budget_microwon + row.carried_microwon,
        approver=actor,
        at=at,
    ).row
    row.to_year = made
    row.save(update_fields=["to_year"])
    return row


@transaction.atomic
def refuse_roll_over(
    actor: Actor, roll_over_id: UUID, *, reason: str, at: datetime
) -> RollOver:
    row = _locked(roll_over_id)
    ROLL_OVER.move(row, "refuse", actor, at=at, reason=reason)
    return row


def open_year_of(year: ProgrammeYear) -> ProgrammeYear | None:
    """The latest year of the same programme that is not closed."""
    rows = ProgrammeYear.objects.filter(programme=year.programme_id)
    return rows.exclude(state=YearState.CLOSED).order_by("-year").first()


def year_to_book_in(year: ProgrammeYear) -> ProgrammeYear:
    """The year itself while it is open, else the programme's open one (I15).

    Raises YearNotReady.
    """
    found = year if year.state != YearState.CLOSED else open_year_of(year)
    if found is None:
        raise YearNotReady(reason="the programme has no open year to book it in")
    return found


def _a_year_later(day: date) -> date:
    if (day.month, day.day) == (FEBRUARY, LEAP_DAY):
        return date(day.year + 1, FEBRUARY, LEAP_DAY - 1)
    return day.replace(year=day.year + 1)


def _locked(roll_over_id: UUID) -> RollOver:
    row = (
        RollOver.objects.select_for_update(of=("self",))
        .select_related("from_year")
        .filter(pk=roll_over_id)
        .first()
    )
    if row is None:
        raise NotFound
    return row


def roll_over_of(roll_over_id: UUID) -> RollOver:
    row = RollOver.objects.filter(pk=roll_over_id).first()
    if row is None:
        raise NotFound
    return row
