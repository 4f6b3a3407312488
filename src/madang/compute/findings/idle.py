"""Idle cards: found, noticed, noticed again, and then what is left goes back.

The engine's allocation stays the only measure of a charge; utilisation is only what a finding
rests on. Who holds the grant can object until the published time is over; a person decides.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Avg

from madang.compute.errors import ObjectionLate
from madang.compute.findings.models import IdleCase, UtilisationSample
from madang.compute.findings.workflow import IDLE
from madang.compute.grants.actions import withdraw_grant
from madang.compute.grants.models import Grant, GrantState
from madang.compute.grants.queries import standing_of
from madang.compute.jobs.models import Job
from madang.compute.policy import ComputePolicy, policy_at
from madang.core.clock import rfc3339
from madang.parties.actor import Actor, Role
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of

OPEN = ("found", "noticed", "noticed_again")


def record_utilisation(job: Job, *, permille: int, at: datetime) -> None:
    """What a site's monitoring, or a keeper, has seen of a running job's cards."""
    UtilisationSample.objects.create(job=job, permille=permille, at=at)


def utilisation_of(grant: Grant, policy: ComputePolicy, at: datetime) -> int | None:
    """Mean over the window, in thousandths. None: nobody has measured it."""
    rows = UtilisationSample.objects.filter(
        job__grant=grant, at__gt=at - policy.idle_window, at__lte=at
    )
    found = rows.aggregate(mean=Avg("permille"))["mean"]
    return None if found is None else round(found)


def advance_idle(actor: Actor, *, at: datetime) -> int:
    """Find new cases and move those whose time has come; how many moved."""
    policy = policy_at(at)
    moved = 0
    for grant in Grant.objects.filter(state=GrantState.OPEN, ends_at__gt=at):
        measured = utilisation_of(grant, policy, at)
        if measured is not None:
            moved += _advance(actor, grant.id, measured, policy, at)
    return moved


@transaction.atomic
def _advance(
    actor: Actor, grant_id: UUID, permille: int, policy: ComputePolicy, at: datetime
) -> bool:
    grant = Grant.objects.select_for_update().get(pk=grant_id)
    case = IdleCase.objects.filter(grant=grant, state__in=[*OPEN, "objected"]).first()
    if permille >= policy.idle_permille_max:
        if case is None or case.state == "objected":
            return False
        _close(actor, case, "clear", at)
        return True
    if case is None:
        case = IdleCase.objects.create(grant=grant, permille=permille, next_at=at, found_at=at)
    if case.state not in OPEN or at < case.next_at:
        return False
    _next_step(actor, grant, case, permille, policy, at)
    return True


def _next_step(
    actor: Actor,
    grant: Grant,
    case: IdleCase,
    permille: int,
    policy: ComputePolicy,
    at: datetime,
) -> None:
    case.permille = permille
    if case.state == "found":
        case.next_at = at + policy.idle_first_notice
        _move(actor, grant, case, "notice", "compute.idle.first", at)
    elif case.state == "noticed":
        case.next_at = at + policy.idle_second_notice
        _move(actor, grant, case, "notice_again", "compute.idle.second", at)
    else:
        reclaim(actor, grant, case, at)


def _move(
    actor: Actor, grant: Grant, case: IdleCase, step: str, notice: str, at: datetime
) -> None:
    case.save(update_fields=["permille", "next_at"])
    IDLE.move(case, step, actor, at=at)
    _tell(grant, case, notice, at)


def reclaim(actor: Actor, grant: Grant, case: IdleCase, at: datetime) -> None:
    """The grant is withdrawn; jobs that run are cancelled by the next poll."""
    case.reclaimed_gpu_seconds = standing_of(grant).available
    case.save(update_fields=["reclaimed_gpu_seconds"])
    withdraw_grant(actor, grant, reason="idle", at=at)
    _close(actor, case, "reclaim", at)
    _tell(grant, case, "compute.idle.reclaimed", at)


@transaction.atomic
def object_to(actor: Actor, case_id: UUID, *, text: str, at: datetime) -> IdleCase:
    """이의제기: the clock of the case stops until a person decides. Raises ObjectionLate."""
    case = IdleCase.objects.select_for_update().select_related("grant").get(pk=case_id)
    actor.need_at(Role.BENEFICIARY, case.grant.organisation_id)
    if at >= case.found_at + policy_at(at).idle_objection:
        raise ObjectionLate
    case.objection = text
    case.save(update_fields=["objection"])
    IDLE.move(case, "object", actor, at=at)
    return case


@transaction.atomic
def decide_objection(actor: Actor, case_id: UUID, *, upheld: bool, at: datetime) -> IdleCase:
    """A person decides: the grant stays as it is, or its idle cards go back."""
    actor.need(Role.OPERATOR)
    case = IdleCase.objects.select_for_update().select_related("grant").get(pk=case_id)
    if upheld:
        _close(actor, case, "uphold", at)
        return case
    reclaim(actor, case.grant, case, at)
    return case


def _close(actor: Actor, case: IdleCase, step: str, at: datetime) -> None:
    case.closed_at = at
    case.save(update_fields=["closed_at"])
    IDLE.move(case, step, actor, at=at)


def _tell(grant: Grant, case: IdleCase, kind: str, at: datetime) -> None:
    send_notice(
        members_of(grant.organisation_id, Role.BENEFICIARY),
        kind,
        subject_type="idle_case",
        subject_id=case.id,
        at=at,
        facts={
            "grant": grant.code,
            "permille": case.permille,
            "next_at": rfc3339(case.next_at),
            "gpu_seconds": case.reclaimed_gpu_seconds,
        },
    )
