"""Goals and the projects that are to meet them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import date, datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import seoul_date
from madang.core.errors import NotAllowed, NotFound
from madang.datahub.commits.queries import commit_at
from madang.datahub.errors import CheckMissing, DeliveryShort, GoalInvalid, GoalOpen
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.plan.queries import half_year_of, opened_for
from madang.datahub.plan.workflow import BUILD_GOAL, BUILD_PROJECT
from madang.datahub.quality.queries import standing_check
from madang.datahub.sets.models import DataSet, Field
from madang.datahub.versions.actions import commit_digest
from madang.parties.actor import Actor, Role
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.programme.awards.models import Award

HALF_YEAR = re.compile(r"^20[0-9]{2}H[12]$")


@dataclass(frozen=True, slots=True)
class GoalFacts:
    """`field` empty: over all fields, since the beginning."""

    code: str
    field: str
    half_year: str
    target: int
    published: int | None = None
    source: str = ""


@dataclass(frozen=True, slots=True)
class ProjectTerms:
    """What a builder promises: so many of a unit by a day."""

    code: str
    unit: str
    promised: int
    due_on: date


@transaction.atomic
def declare_goal(actor: Actor, facts: GoalFacts, *, at: datetime) -> Declared[BuildGoal]:
    """Set a goal, or change it in the open: the change is a state of its own and an event."""
    actor.need(Role.OPERATOR)
    if not HALF_YEAR.match(facts.half_year) or facts.field not in ("", *Field.values):
        raise GoalInvalid(code=facts.code)
    wanted = asdict(facts)
    row, is_new = BuildGoal.objects.select_for_update().get_or_create(
        code=facts.code, defaults={**wanted, "set_by": actor.id, "set_at": at}
    )
    if is_new:
        BUILD_GOAL.move(row, "agree", actor, at=at, facts={"target": row.target})
        return Declared(row, Outcome.CREATED)
    fields = changed_fields(row, wanted)
    if not fields:
        return Declared(row, Outcome.UNCHANGED)
    row.save(update_fields=fields)
    BUILD_GOAL.move(row, "change", actor, at=at, facts={"target": row.target})
    return Declared(row, Outcome.CHANGED)


@transaction.atomic
def settle_goal(actor: Actor, code: str, *, at: datetime) -> BuildGoal:
    """Met or missed, as the releases say once the half-year is over. Nobody types it in.

    Raises GoalOpen before the half-year's end. Takes the goal's lock.
    """
    actor.need(Role.OPERATOR)
    row = BuildGoal.objects.select_for_update().filter(code=code).first()
    if row is None:
        raise NotFound
    if half_year_of(seoul_date(at)) <= row.half_year:
        raise GoalOpen(code=code, half_year=row.half_year)
    opened = opened_for(row)
    step = "meet" if opened >= row.target else "miss"
    BUILD_GOAL.move(row, step, actor, at=at, facts={"target": row.target, "opened": opened})
    return row


@transaction.atomic
def contract_project(
    actor: Actor,
    goal: BuildGoal,
    organisation: Organisation,
    terms: ProjectTerms,
    *,
    data_set: DataSet | None = None,
    award: Award | None = None,
    at: datetime,
) -> BuildProject:
    """A builder takes on one kind under a goal. An award must be the builder's own."""
    actor.need(Role.OPERATOR)
    if award is not None and award.organisation_id != organisation.pk:
        raise NotAllowed
    row = BuildProject.objects.create(
        **asdict(terms),
        goal=goal,
        organisation=organisation,
        data_set=data_set,
        award=award,
        contracted_by=actor.id,
        contracted_at=at,
    )
    record_event(
        actor,
        "build_project.contract",
        subject_type="build_project",
        subject_id=row.id,
        at=at,
        facts={"goal": goal.code, "promised": row.promised},
    )
    return row


@transaction.atomic
def move_project(
    actor: Actor, identifier: UUID, *, step: str, delivered: int | None = None, at: datetime
) -> BuildProject:
    """One step of the work. Accepting needs all that was promised, in a set that passed.

    Raises CheckMissing, DeliveryShort. Takes the project's lock.
    """
    rows = BuildProject.objects.select_for_update(of=("self",)).select_related("data_set")
    row = rows.filter(pk=identifier).first()
    if row is None:
        raise NotFound
    if not actor.has(Role.OPERATOR):
        actor.need_at(Role.BUILDER, row.organisation_id)
    if step == "deliver" and delivered is not None:
        row.delivered = delivered
        row.save(update_fields=["delivered"])
    if step == "accept":
        _check_delivery(row)
    BUILD_PROJECT.move(row, step, actor, at=at, facts={"delivered": row.delivered})
    return row


def _check_delivery(row: BuildProject) -> None:
    if row.delivered < row.promised:
        raise DeliveryShort(promised=row.promised, delivered=row.delivered)
    digest = commit_digest(commit_at(row.data_set, "main")) if row.data_set else ""
    if standing_check(digest) is None:
        raise CheckMissing(digest=digest or "–")
