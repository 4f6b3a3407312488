"""Goals and the projects that are to meet them."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.clock import seoul_date
from madang.core.errors import NotAllowed, NotFound
from madang.datahub.errors import GoalInvalid, GoalOpen
from madang.datahub.plan.models import BuildGoal, BuildProject
from madang.datahub.plan.queries import half_year_of, opened_for
from madang.datahub.plan.workflow import BUILD_GOAL, BUILD_PROJECT
from madang.datahub.proposals.models import Proposal
from madang.datahub.quality.targets import targets_from
from madang.datahub.sets.actions import create_data_set
from madang.datahub.sets.models import DataSet, Field
from madang.datahub.terms.actions import propose_terms
from madang.datahub.terms.steps import steps_from, volume_of
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.canonical import Json
from madang.parties.declaring import Declared, Outcome, changed_fields
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.programme.awards.models import Award

WORK_STEPS = ("collect", "refine", "label", "inspect", "fail", "terminate")
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
    """What a builder promises: a file of targets, and steps with days, volumes and amounts."""

    code: str
    targets: str
    steps: Json


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
    """A builder takes on one kind under a goal. An award must be the builder's own.

    The text of the goals is proposed with it; nothing is delivered before both sides signed.
    """
    actor.need(Role.OPERATOR)
    if award is not None and award.organisation_id != organisation.pk:
        raise NotAllowed
    return _contract(actor, goal, organisation, terms, data_set, award, None, at)


def contract_proposal(
    actor: Actor, award: Award, proposal: Proposal, *, at: datetime
) -> BuildProject:
    """The project of a proposal whose award is in force. The port calls it, in its transaction.

    Its data set is private until a version is released.
    """
    assert award.application is not None, award.pk
    organisation, platform = award.organisation, system_actor(actor.origin)
    code = f"{organisation.code}/{proposal.name}"
    data_set = DataSet.objects.filter(code=code, organisation=organisation).first()
    if data_set is None:
        data_set = create_data_set(platform, code=code, at=at)
    facts = {
        "field": proposal.demand.field, "licence": proposal.licence,
        "name_ko": proposal.title_ko, "name_en": proposal.title_en,
    }  # fmt: skip
    data_set.save(update_fields=changed_fields(data_set, facts))
    terms = ProjectTerms(
        f"b-{award.application.receipt_no}".lower(), proposal.targets, proposal.steps
    )
    goal = award.call.build_offer.goal
    return _contract(platform, goal, organisation, terms, data_set, award, proposal, at)


def _contract(
    actor: Actor,
    goal: BuildGoal,
    organisation: Organisation,
    terms: ProjectTerms,
    data_set: DataSet | None,
    award: Award | None,
    proposal: Proposal | None,
    at: datetime,
) -> BuildProject:
    targets = targets_from(terms.targets)
    volume = volume_of(targets)
    total = award.amount_microwon if award is not None else 0
    steps = steps_from(terms.steps, targets, total_microwon=total)
    row = BuildProject.objects.create(
        code=terms.code,
        goal=goal,
        organisation=organisation,
        data_set=data_set,
        award=award,
        proposal=proposal,
        unit=volume.unit,
        promised=volume.promised,
        due_on=steps[-1].due_on,
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
    propose_terms(actor, row, targets=terms.targets, steps=terms.steps, at=at)
    return row


@transaction.atomic
def move_project(
    actor: Actor, identifier: UUID, *, step: str, reason: str = "", at: datetime
) -> BuildProject:
    """One step of the work: collect, refine, label, inspect, or its end: fail, terminate.

    Handing in and accepting are deliveries, whose volume is measured. Takes the lock.
    """
    row = locked_project(identifier)
    if not actor.has(Role.OPERATOR):
        actor.need_at(Role.BUILDER, row.organisation_id)
    if step not in WORK_STEPS:
        raise TransitionNotAllowed(noun="build_project", transition=step, state=row.state)
    BUILD_PROJECT.move(row, step, actor, at=at, reason=reason)
    return row


def locked_project(identifier: UUID) -> BuildProject:
    """Under its lock; rights are checked by who asks."""
    rows = BuildProject.objects.select_for_update(of=("self",))
    row = rows.select_related("data_set", "award", "goal").filter(pk=identifier).first()
    if row is None:
        raise NotFound
    return row
