"""Entering programmes, and raising or lowering a year's budget."""

from __future__ import annotations

from datetime import date, datetime

from django.db import transaction
from django.db.models import Sum

from madang.core.money import Ratio, is_whole_won
from madang.ledger import postings
from madang.ledger.errors import Overdrawn
from madang.ledger.types import Stamp
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event
from madang.parties.policies.queries import current_policy
from madang.programme.approvals import approved_by
from madang.programme.calls.ratios import least_of, need_least
from madang.programme.errors import (
    AmountInvalid,
    PeriodInvalid,
    YearExists,
)
from madang.programme.money import committed
from madang.programme.years.models import BudgetChange, Programme, ProgrammeYear

FROZEN = ("ratio_numerator", "ratio_denominator", "vat_numerator", "vat_denominator")
"""What later calls and vouchers have taken over."""


@transaction.atomic
def declare_programme(
    actor: Actor,
    *,
    code: str,
    name_ko: str,
    name_en: str,
    year: int,
    starts_on: date,
    ends_on: date,
    subsidy_ratio: Ratio,
    vat_rate: Ratio,
    budget_microwon: int,
    approver: Actor | None = None,
    at: datetime,
) -> Declared[ProgrammeYear]:
    """Make the programme and this year so; a difference of budget is posted (P1 and P2).

    A higher budget needs a second person. Raises BudgetCommitted, YearExists.
    """
    actor.need(Role.OPERATOR)
    if ends_on < starts_on:
        raise PeriodInvalid(field="ends_on", reason="before starts_on")
    if not _is_held(code, year, subsidy_ratio):
        least = least_of(current_policy("money", at))
        need_least(subsidy_ratio, least, field="subsidy_ratio")
    programme, named = _programme(actor, code, name_ko, name_en, at)
    terms: dict[str, object] = {
        "starts_on": starts_on,
        "ends_on": ends_on,
        "ratio_numerator": subsidy_ratio.as_fraction().numerator,
        "ratio_denominator": subsidy_ratio.as_fraction().denominator,
        "vat_numerator": vat_rate.as_fraction().numerator,
        "vat_denominator": vat_rate.as_fraction().denominator,
    }
    row, outcome = _year(actor, programme, year, terms, at)
    moved = set_budget(actor, row, budget_microwon=budget_microwon, approver=approver, at=at)
    if outcome is Outcome.UNCHANGED and (moved or named is not Outcome.UNCHANGED):
        outcome = Outcome.CHANGED
    return Declared(row, outcome)


@transaction.atomic
def set_budget(
    actor: Actor,
    year: ProgrammeYear,
    *,
    budget_microwon: int,
    approver: Actor | None = None,
    at: datetime,
) -> bool:
    """Post the difference to the budget decided so far; False when there is none.

    Takes the year's lock. Raising is P1 and P2; lowering takes back only what is unallotted.
    """
    if budget_microwon < 0 or not is_whole_won(budget_microwon):
        raise AmountInvalid(field="budget_won")
    row = ProgrammeYear.objects.select_for_update().get(pk=year.pk)
    difference = budget_microwon - decided_budget_microwon(row)
    if difference == 0:
        return False
    actor.need(Role.OPERATOR)
    approved = approved_by(actor, approver) if difference > 0 else actor.id
    change = BudgetChange.objects.create(
        programme_year=row,
        difference_microwon=difference,
        declared_by=actor.id,
        approved_by=approved,
        at=at,
    )
    _post(actor, change, at)
    record_event(
        actor,
        "programme.budget",
        subject_type="programme_year",
        subject_id=row.id,
        at=at,
        facts={"difference_microwon": difference, "approved_by": approved},
    )
    return True


def decided_budget_microwon(year: ProgrammeYear) -> int:
    """The sum of all decisions, before anything was returned to the funder."""
    found = year.budget_changes.aggregate(total=Sum("difference_microwon"))
    return int(found["total"] or 0)


def _post(actor: Actor, change: BudgetChange, at: datetime) -> None:
    year, amount = change.programme_year_id, abs(change.difference_microwon)
    budget, cash = (
        Stamp(f"budget:{change.id}:{book}", actor.id, at, "budget_change", str(change.id))
        for book in ("budget", "cash")
    )
    if change.difference_microwon > 0:
        postings.appropriate(budget, programme_year=year, amount=amount)
        postings.receive_grant(cash, programme_year=year, amount=amount)
        return
    try:
        postings.reduce_appropriation(budget, programme_year=year, amount=amount)
    except Overdrawn as err:
        raise committed(err) from err
    postings.return_grant(cash, programme_year=year, amount=amount)


def _programme(
    actor: Actor, code: str, name_ko: str, name_en: str, at: datetime
) -> tuple[Programme, Outcome]:
    names = {"name_ko": name_ko, "name_en": name_en}
    row = Programme.objects.select_for_update().filter(code=code).first()
    if row is None:
        row = Programme.objects.create(code=code, created_at=at, **names)
        _record(actor, "programme.create", "programme", row, at)
        return row, Outcome.CREATED
    fields = changed_fields(row, names)
    if not fields:
        return row, Outcome.UNCHANGED
    row.save(update_fields=fields)
    _record(actor, "programme.change", "programme", row, at)
    return row, Outcome.CHANGED


def _year(
    actor: Actor, programme: Programme, year: int, terms: dict[str, object], at: datetime
) -> tuple[ProgrammeYear, Outcome]:
    row = (
        ProgrammeYear.objects.select_for_update().filter(programme=programme, year=year).first()
    )
    if row is None:
        row = ProgrammeYear(programme=programme, year=year, created_at=at, **terms)
        row.save(force_insert=True)
        _record(actor, "programme_year.create", "programme_year", row, at)
        return row, Outcome.CREATED
    fields = changed_fields(row, terms)
    if not fields:
        return row, Outcome.UNCHANGED
    held = next((field for field in fields if field in FROZEN), None)
    if held is not None and row.calls.exists():
        raise YearExists(field=held)
    row.save(update_fields=fields)
    _record(actor, "programme_year.change", "programme_year", row, at)
    return row, Outcome.CHANGED


def _is_held(code: str, year: int, ratio: Ratio) -> bool:
    """True when the year has this ratio already, whatever the floor was then."""
    row = ProgrammeYear.objects.filter(programme__code=code, year=year).first()
    return row is not None and row.ratio.as_fraction() == ratio.as_fraction()


def _record(
    actor: Actor, action: str, noun: str, row: Programme | ProgrammeYear, at: datetime
) -> None:
    record_event(actor, action, subject_type=noun, subject_id=row.id, at=at)
