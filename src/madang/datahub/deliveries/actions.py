"""Handing in a step of a project, looking at it, accepting it, paying for it.

Locks: the project first, then the delivery; the programme takes the award's after them.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotAllowed, NotFound, Words
from madang.datahub.commits.models import Commit
from madang.datahub.commits.queries import commit_at
from madang.datahub.deliveries.models import Delivery, SampleOpinion
from madang.datahub.deliveries.queries import SAMPLE_ROWS, delivery_for, due_of
from madang.datahub.deliveries.workflow import DELIVERY
from madang.datahub.errors import CheckMissing, ProposalInvalid, StepNotDue, TermsMissing
from madang.datahub.plan.actions import locked_project
from madang.datahub.plan.models import BuildProject
from madang.datahub.plan.workflow import BUILD_PROJECT
from madang.datahub.quality.actions import run_check
from madang.datahub.quality.models import QualityCheck
from madang.datahub.quality.queries import standing_check
from madang.datahub.quality.report import targets_digest
from madang.datahub.quality.targets import targets_from
from madang.datahub.terms.queries import terms_in_force
from madang.datahub.terms.steps import step_targets
from madang.datahub.versions.actions import commit_digest
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.canonical import canonical_bytes
from madang.parties.documents.actions import store_document
from madang.parties.documents.store import default_store
from madang.parties.errors import TransitionNotAllowed
from madang.programme.milestones.actions import (
    accept_milestone,
    return_milestone,
    submit_milestone,
)
from madang.programme.milestones.models import Milestone

REASON_MISSING = Words("a return needs one", "반려에는 사유가 필요합니다")
MORE_THAN_SAMPLE = Words(
    "more wrong rows than rows looked at, or more than the sample holds",
    "오류 행이 확인한 행보다 많거나, 표본의 행 수를 넘습니다",
)


@transaction.atomic
def hand_in(
    actor: Actor, project_id: UUID, *, step: int, revision: str = "main", at: datetime
) -> Delivery:
    """The builder hands in a commit for the step that is due; it is measured at once.

    What falls short may be handed in, and is never accepted. Raises TermsMissing, StepNotDue,
    CheckImpossible, RefUnknown.
    """
    project = locked_project(project_id)
    actor.need_at(Role.BUILDER, project.organisation_id)
    due, terms = due_of(project), terms_in_force(project)
    if terms is None or project.data_set is None:
        raise TermsMissing
    if due is None or due.number != step:
        raise StepNotDue(step=step, due=due.number if due else 0)
    commit = commit_at(project.data_set, revision)
    check = _measured(actor, commit, step_targets(terms.targets, due.step), at)
    BUILD_PROJECT.move(project, "deliver", actor, at=at, facts={"digest": check.digest})
    row = Delivery.objects.create(
        project=project,
        number=project.deliveries.count() + 1,
        step=step,
        terms=terms,
        commit=commit,
        digest=check.digest,
        quality_check=check,
        volume=_counted(check),
        milestone=_milestone(project, step),
        handed_in_by=actor.id,
        handed_in_at=at,
    )
    if row.milestone is not None:
        _hand_in_evidence(actor, row, row.milestone, at)
    return row


def _measured(actor: Actor, commit: Commit, targets: str, at: datetime) -> QualityCheck:
    """The check that stands already for these bytes and targets, else one that is run now."""
    wanted = targets_digest(targets_from(targets))
    standing = standing_check(commit_digest(commit), wanted)
    return standing or run_check(actor, commit, targets=targets, at=at)


def _counted(check: QualityCheck) -> int:
    found = [one for one in check.report["findings"] if one["code"] == "completeness"]
    return int(found[0]["result"])


def _milestone(project: BuildProject, step: int) -> Milestone | None:
    if project.award_id is None:
        return None
    return Milestone.objects.get(award=project.award_id, number=step)


def _hand_in_evidence(actor: Actor, row: Delivery, milestone: Milestone, at: datetime) -> None:
    """The report itself is the milestone's document."""
    document = store_document(
        actor,
        chunks=[canonical_bytes(row.quality_check.report)],
        file_name=f"quality-{row.digest[:12]}.txt",
        media_type="text/plain",
        organisation=row.project.organisation_id,
        store=default_store(),
        at=at,
    )
    submit_milestone(actor, milestone.id, evidence=[document.id], at=at)


@transaction.atomic
def accept_delivery(actor: Actor, identifier: UUID, *, at: datetime) -> Delivery:
    """인수: with a check of this digest and the agreed targets that passed, or was waived.

    Its milestone is accepted with it (P24). Raises CheckMissing, FourEyes.
    """
    actor.need(Role.OPERATOR)
    row = _locked(identifier)
    need_four_eyes(actor, row.handed_in_by)
    wanted = row.quality_check.targets_digest
    if standing_check(row.digest, wanted) is None:
        raise CheckMissing(digest=row.digest)
    _decide(actor, row, "accept", "", at)
    if row.milestone_id is not None:
        accept_milestone(actor, row.milestone_id, at=at)
    project = row.project
    project.delivered = row.volume
    project.save(update_fields=["delivered"])
    step = "accept" if due_of(project) is None else "go_on"
    BUILD_PROJECT.move(project, step, actor, at=at, facts={"delivered": row.volume})
    return row


@transaction.atomic
def return_delivery(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> Delivery:
    """반려: the builder mends and hands in again; nothing is paid."""
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise ProposalInvalid(field="reason", reason=REASON_MISSING)
    row = _locked(identifier)
    _decide(actor, row, "return", reason, at)
    if row.milestone_id is not None:
        return_milestone(actor, row.milestone_id, reason=reason, at=at)
    BUILD_PROJECT.move(row.project, "return", actor, at=at, reason=reason)
    return row


@transaction.atomic
def give_opinion(
    actor: Actor, identifier: UUID, *, wrong: int, rows: int, comment: str = "", at: datetime
) -> SampleOpinion:
    """An expert's count over the drawn sample: once, and never of one's own organisation's."""
    actor.need(Role.REVIEWER)
    row = delivery_for(actor, identifier)
    if actor.acts_for(row.project.organisation_id):
        raise NotAllowed
    if not 0 <= wrong <= rows <= SAMPLE_ROWS:
        raise ProposalInvalid(field="wrong", reason=MORE_THAN_SAMPLE)
    if row.state != "handed_in":
        raise TransitionNotAllowed(noun="delivery", transition="look", state=row.state)
    made, _ = SampleOpinion.objects.get_or_create(
        delivery=row, reviewer=actor.id,
        defaults={
            "seed": row.digest, "rows": rows, "wrong": wrong,
            "comment": comment.strip()[:1000], "at": at,
        },
    )  # fmt: skip
    return made


def _decide(actor: Actor, row: Delivery, step: str, reason: str, at: datetime) -> None:
    DELIVERY.move(row, step, actor, at=at, reason=reason, facts={"digest": row.digest})
    row.decided_by, row.decided_at, row.reason = actor.id, at, reason
    row.save(update_fields=["decided_by", "decided_at", "reason"])


def _locked(identifier: UUID) -> Delivery:
    found = Delivery.objects.filter(pk=identifier).values_list("project_id", flat=True).first()
    if found is None:
        raise NotFound
    project = locked_project(found)
    rows = Delivery.objects.select_for_update(of=("self",)).select_related("quality_check")
    row = rows.get(pk=identifier)
    row.project = project
    return row
