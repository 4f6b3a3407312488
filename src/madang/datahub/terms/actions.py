"""Agreeing in writing what is built: a text, two signatures over its digest, amendments."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotAllowed, NotFound
from madang.datahub.comments.queries import refuse_open_rounds
from madang.datahub.errors import ProposalInvalid, SignatureOther
from madang.datahub.plan.models import BuildProject
from madang.datahub.quality.targets import targets_from
from madang.datahub.terms.models import BuildTerms
from madang.datahub.terms.queries import open_terms, terms_in_force
from madang.datahub.terms.steps import (
    BuildStep,
    steps_data,
    steps_from,
    stored_steps,
    text_digest,
    volume_of,
)
from madang.datahub.terms.workflow import BUILD_TERMS
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.canonical import Json
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.programme.milestones.actions import Step, agree_milestones, plan_milestones


@transaction.atomic
def propose_terms(
    actor: Actor, project: BuildProject, *, targets: str, steps: Json, reason: str = "",
    at: datetime,
) -> BuildTerms:  # fmt: skip
    """The first text of a project, or an amendment with its reason, by either side.

    An amendment changes targets, volumes and days of steps that were not delivered; what is
    paid, the programme's own amendments change. Raises ProposalInvalid, TransitionNotAllowed.
    """
    _need_side(actor, project)
    total = project.award.amount_microwon if project.award is not None else 0
    made = steps_from(steps, targets_from(targets), total_microwon=total)
    before = terms_in_force(project)
    if open_terms(project) is not None:
        raise TransitionNotAllowed(noun="build_terms", transition="propose", state="proposed")
    if before is not None:
        _check_amendment(project, before, made, reason)
    row = BuildTerms.objects.create(
        project=project,
        number=project.terms.count() + 1,
        targets=targets,
        steps=steps_data(made),
        reason=reason,
        sha256=text_digest(targets, made),
        proposed_by=actor.id,
        proposed_at=at,
    )
    record_event(
        actor, "build_terms.propose", subject_type="build_terms", subject_id=row.id, at=at,
        facts={"number": row.number, "sha256": row.sha256},
    )  # fmt: skip
    return row


def _check_amendment(
    project: BuildProject, before: BuildTerms, steps: tuple[BuildStep, ...], reason: str
) -> None:
    held = stored_steps(before.steps)
    done = project.deliveries.filter(state="accepted").count()
    fixed = [(one.name_ko, one.name_en, one.amount_microwon) for one in held]
    wrong = {
        "an amendment needs a reason": not reason.strip(),
        "names and amounts are the programme's": fixed
        != [(one.name_ko, one.name_en, one.amount_microwon) for one in steps],
        "a step that was accepted stays as it is": held[:done] != steps[:done],
    }
    for why, is_so in wrong.items():
        if is_so:
            raise ProposalInvalid(field="steps", reason=why)


@transaction.atomic
def offer_terms(actor: Actor, identifier: UUID, *, sha256: str, at: datetime) -> BuildTerms:
    """The agency signs. The first text waits until public comment is over and answered.

    Raises RoundsOpen, SignatureOther. Its steps become the award's milestones. Takes the lock.
    """
    actor.need(Role.OPERATOR)
    row = _locked(identifier, sha256)
    proposal = row.project.proposal
    if row.number == 1 and proposal is not None:
        refuse_open_rounds(proposal, at)
    row.agency_by, row.agency_at = actor.id, at
    row.save(update_fields=["agency_by", "agency_at"])
    BUILD_TERMS.move(row, "offer", actor, at=at, facts={"sha256": sha256})
    if row.number == 1 and row.project.award_id is not None:
        plan_milestones(actor, row.project.award_id, _milestones(row), at=at)
    return row


@transaction.atomic
def sign_terms(actor: Actor, identifier: UUID, *, sha256: str, at: datetime) -> BuildTerms:
    """The builder signs: the text is in force, and the one before it is not any more.

    Raises FourEyes, SignatureOther. Takes the lock.
    """
    row = _locked(identifier, sha256)
    _need_builder(actor, row.project)
    need_four_eyes(actor, row.agency_by)
    before = terms_in_force(row.project)
    if before is not None and row.state == "offered":
        BUILD_TERMS.move(before, "supersede", actor, at=at)
    row.builder_by, row.builder_at = actor.id, at
    row.save(update_fields=["builder_by", "builder_at"])
    BUILD_TERMS.move(row, "sign", actor, at=at, facts={"sha256": sha256})
    _carry_over(row)
    if row.number == 1 and row.project.award_id is not None:
        agree_milestones(actor, row.project.award_id, at=at)
    return row


@transaction.atomic
def withdraw_terms(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> BuildTerms:
    """Either side takes back what is not signed by both; what is in force stays in force."""
    row = _locked(identifier, None)
    _need_side(actor, row.project)
    BUILD_TERMS.move(row, "withdraw", actor, at=at, reason=reason)
    return row


def _carry_over(row: BuildTerms) -> None:
    """The project's own columns are those of the text in force."""
    project, volume = row.project, volume_of(targets_from(row.targets))
    project.unit, project.promised = volume.unit, volume.promised
    project.due_on = stored_steps(row.steps)[-1].due_on
    project.save(update_fields=["unit", "promised", "due_on"])


def _milestones(row: BuildTerms) -> list[Step]:
    return [
        Step(one.name_ko, one.name_en, one.due_on, one.amount_microwon)
        for one in stored_steps(row.steps)
    ]


def _need_side(actor: Actor, project: BuildProject) -> None:
    if not actor.has(Role.OPERATOR):
        _need_builder(actor, project)


def _need_builder(actor: Actor, project: BuildProject) -> None:
    if actor.acts_as(Role.BENEFICIARY, project.organisation_id) and not actor.is_system:
        return
    if actor.is_system:
        raise NotAllowed
    actor.need_at(Role.BUILDER, project.organisation_id)


def _locked(identifier: UUID, sha256: str | None) -> BuildTerms:
    """The project's lock first: one text at a time."""
    found = BuildTerms.objects.filter(pk=identifier).values_list("project_id", flat=True)
    if BuildProject.objects.select_for_update().filter(pk__in=found).first() is None:
        raise NotFound
    rows = BuildTerms.objects.select_for_update(of=("self",))
    row = rows.select_related("project__award", "project__proposal__demand__survey").get(
        pk=identifier
    )
    if sha256 is not None and sha256 != row.sha256:
        raise SignatureOther
    return row
