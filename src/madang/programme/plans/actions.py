"""Entering plans, and saying that a goal is reached."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.core.money import is_whole_won
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.documents.queries import document_for
from madang.parties.events.actions import record_event
from madang.parties.models import OrganisationKind
from madang.parties.organisations.queries import organisation_by_code
from madang.programme.errors import (
    AmountInvalid,
    LineTaken,
    NotAMinistry,
    PeriodInvalid,
    ProgrammeUnknown,
)
from madang.programme.plans.models import BudgetLine, Goal, GoalState, Plan
from madang.programme.plans.workflow import GOAL
from madang.programme.years.models import Programme


@dataclass(frozen=True, slots=True)
class LineTerms:
    """One ministry's part; `ministry` is a public organisation's code. None: of one year."""

    year: int
    programme: str
    ministry: str
    planned_microwon: int
    through: int | None = None


@dataclass(frozen=True, slots=True)
class GoalTerms:
    code: str
    name_ko: str
    name_en: str
    due_on: date


@transaction.atomic
def declare_plan(
    actor: Actor,
    *,
    code: str,
    name_ko: str,
    name_en: str,
    source: str,
    lines: Sequence[LineTerms],
    goals: Sequence[GoalTerms] = (),
    at: datetime,
) -> Declared[Plan]:
    """Make the plan so. What a declaration leaves out stays: silence unsays no promise.

    Raises AmountInvalid, LineTaken, NotAMinistry, ProgrammeUnknown.
    """
    actor.need(Role.OPERATOR)
    names: dict[str, object] = {"name_ko": name_ko, "name_en": name_en, "source": source}
    plan = Plan.objects.select_for_update().filter(code=code).first()
    if plan is None:
        plan = Plan.objects.create(
            code=code, name_ko=name_ko, name_en=name_en, source=source, created_at=at
        )
        outcome = Outcome.CREATED
    else:
        fields = changed_fields(plan, names)
        plan.save(update_fields=fields)
        outcome = Outcome.CHANGED if fields else Outcome.UNCHANGED
    changes = [_line(plan, terms) for terms in lines] + [_goal(plan, one) for one in goals]
    if outcome is Outcome.UNCHANGED and any(changes):
        outcome = Outcome.CHANGED
    if outcome is not Outcome.UNCHANGED:
        total = sum(plan.lines.values_list("planned_microwon", flat=True))
        _record(actor, f"plan.{outcome.value}", plan.id, at, planned_microwon=total)
    return Declared(plan, outcome)


def _line(plan: Plan, terms: LineTerms) -> bool:
    """True when it was made or changed."""
    if terms.planned_microwon < 0 or not is_whole_won(terms.planned_microwon):
        raise AmountInvalid(field="planned_won")
    programme = Programme.objects.filter(code=terms.programme).first()
    if programme is None:
        raise ProgrammeUnknown(programme=terms.programme)
    ministry = organisation_by_code(terms.ministry)
    if ministry.kind != OrganisationKind.PUBLIC:
        raise NotAMinistry(organisation=ministry.code)
    through = terms.through or terms.year
    if through < terms.year:
        raise PeriodInvalid(field="through", reason="before year")
    lines = BudgetLine.objects.filter(programme=programme)
    crossing = lines.filter(year__lte=through, through__gte=terms.year)
    row = crossing.filter(plan=plan, year=terms.year).first()
    others = crossing.exclude(pk=row.pk) if row else crossing
    taken = others.select_related("plan").first()
    if taken is not None:
        raise LineTaken(programme=programme.code, year=taken.year, plan=taken.plan.code)
    wanted: dict[str, object] = {
        "ministry_id": ministry.id,
        "through": through,
        "planned_microwon": terms.planned_microwon,
    }
    if row is None:
        BudgetLine(plan=plan, programme=programme, year=terms.year, **wanted).save()
        return True
    fields = changed_fields(row, wanted)
    row.save(update_fields=fields)
    return bool(fields)


def _goal(plan: Plan, terms: GoalTerms) -> bool:
    row, is_new = Goal.objects.get_or_create(
        plan=plan,
        code=terms.code,
        defaults={
            "name_ko": terms.name_ko,
            "name_en": terms.name_en,
            "due_on": terms.due_on,
        },
    )
    wanted = {"name_ko": terms.name_ko, "name_en": terms.name_en, "due_on": terms.due_on}
    fields = changed_fields(row, wanted)
    row.save(update_fields=fields)
    return is_new or bool(fields)


@transaction.atomic
def report_goal(actor: Actor, goal_id: UUID, *, evidence: UUID, at: datetime) -> Goal:
    """달성 보고: with the document that shows it."""
    actor.need(Role.OPERATOR)
    row = _locked(goal_id)
    document = document_for(actor, evidence)
    GOAL.move(row, "report", actor, at=at, facts={"sha256": document.sha256})
    row.evidence, row.reported_by = document, actor.id
    row.save(update_fields=["evidence", "reported_by"])
    return row


@transaction.atomic
def confirm_goal(actor: Actor, goal_id: UUID, *, at: datetime) -> Goal:
    """달성 확인: by somebody other than who reported it. Raises FourEyes."""
    row = _locked(goal_id)
    GOAL.move(row, "confirm", actor, at=at)
    row.reached_at = at
    row.save(update_fields=["reached_at"])
    return row


@transaction.atomic
def reject_goal(actor: Actor, goal_id: UUID, *, reason: str, at: datetime) -> Goal:
    """반려: the document does not show it; the goal is open again."""
    row = _locked(goal_id)
    GOAL.move(row, "reject", actor, at=at, reason=reason)
    return row


def _locked(goal_id: UUID) -> Goal:
    row = Goal.objects.select_for_update().filter(pk=goal_id).first()
    if row is None:
        raise NotFound
    assert row.state in GoalState.values
    return row


def _record(actor: Actor, action: str, plan: UUID, at: datetime, **facts: int) -> None:
    record_event(actor, action, subject_type="plan", subject_id=plan, at=at, facts={**facts})
