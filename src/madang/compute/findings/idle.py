"""Idle cards: found, noticed, noticed again, and then what is left goes back.

The engine's allocation stays the only measure of a charge; utilisation is only what a finding
rests on. Who holds the grant can object until the published time is over; a person decides.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.compute.errors import DecisionInvalid, ObjectionLate
from madang.compute.findings.measuring import utilisation_of
from madang.compute.findings.models import IdleCase
from madang.compute.findings.workflow import IDLE
from madang.compute.grants.actions import withdraw_grant
from madang.compute.grants.models import Grant, GrantState
from madang.compute.grants.queries import LIVING, locked_grant, standing_of
from madang.compute.policy import ComputePolicy, policy_at
from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.parties.actor import Actor, Role
from madang.parties.errors import FactInvalid
from madang.parties.models import Person
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of, people_holding

OPEN = ("found", "noticed", "noticed_again")
UNDECIDED = (*OPEN, "objected")


def advance_idle(actor: Actor, *, at: datetime) -> int:
    """Find new cases and move those whose time has come; how many moved."""
    policy = policy_at(at)
    moved = _lapse(actor, at)
    for grant in Grant.objects.filter(state=GrantState.OPEN, ends_at__gt=at):
        measured = utilisation_of(grant, policy, at)
        if measured is not None:
            moved += _advance(actor, grant.id, measured, policy, at)
    return moved


@transaction.atomic
def _lapse(actor: Actor, at: datetime) -> int:
    """A grant that is over, or was taken back for another reason, has no idle cards: nobody is
    asked about them any more."""
    rows = IdleCase.objects.select_for_update(of=("self",), no_key=True)
    over = rows.filter(state__in=UNDECIDED).exclude(grant__state__in=LIVING)
    for case in (found := list(over.order_by("id"))):
        _close(actor, case, "lapse", at)
    return len(found)


@transaction.atomic
def _advance(
    actor: Actor, grant_id: UUID, permille: int, policy: ComputePolicy, at: datetime
) -> bool:
    grant = Grant.objects.select_for_update(no_key=True).get(pk=grant_id)
    cases = IdleCase.objects.select_for_update(no_key=True)
    case = cases.filter(grant=grant, state__in=UNDECIDED).first()
    if permille >= policy.idle_permille_max:
        if case is None or case.state == "objected":
            return False
        _close(actor, case, "clear", at)
        return True
    if case is None and _rests(grant, policy, at):
        return False
    if case is None:
        case = IdleCase.objects.create(grant=grant, permille=permille, next_at=at, found_at=at)
    if case.state not in OPEN or at < case.next_at:
        return False
    _next_step(actor, grant, case, permille, policy, at)
    return True


def _rests(grant: Grant, policy: ComputePolicy, at: datetime) -> bool:
    """An objection was upheld not long ago: the same is not asked again at once."""
    upheld = IdleCase.objects.filter(grant=grant, state="upheld")
    return upheld.filter(closed_at__gt=at - policy.idle_upheld).exists()


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
    """이의제기: the clock of the case stops until a person decides. A notice that came late can
    be answered until what it announces. Raises ObjectionLate, and FactInvalid for one that
    says nothing."""
    case = _locked(case_id)
    actor.need_at(Role.BENEFICIARY, case.grant.organisation_id)
    if not text.strip():
        raise FactInvalid(field="text", reason="empty")
    if at >= max(case.found_at + policy_at(at).idle_objection, case.next_at):
        raise ObjectionLate
    IDLE.move(case, "object", actor, at=at)
    case.objection = text
    case.save(update_fields=["objection"])
    _send(people_holding(Role.OPERATOR), case, "compute.idle.objected", at)
    return case


@transaction.atomic
def decide_objection(
    actor: Actor, case_id: UUID, *, upheld: bool, reason: str, at: datetime
) -> IdleCase:
    """A person decides: the grant stays as it is, or its idle cards go back. Raises
    DecisionInvalid without a reason."""
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise DecisionInvalid(reason="a reason is needed")
    case = _locked(case_id)
    case.answer, case.decided_by = reason, actor.id
    case.save(update_fields=["answer", "decided_by"])
    if upheld:
        _close(actor, case, "uphold", at)
        _tell(case.grant, case, "compute.idle.upheld", at)
        return case
    reclaim(actor, case.grant, case, at)
    return case


def _locked(case_id: UUID) -> IdleCase:
    """With its grant, which is locked first, as by who advances it."""
    grant_id = IdleCase.objects.filter(pk=case_id).values_list("grant_id", flat=True).first()
    if grant_id is None:
        raise NotFound(noun="idle_case")
    grant = locked_grant(grant_id)
    found = IdleCase.objects.select_for_update(no_key=True).get(pk=case_id)
    found.grant = grant
    return found


def _close(actor: Actor, case: IdleCase, step: str, at: datetime) -> None:
    case.closed_at = at
    case.save(update_fields=["closed_at"])
    IDLE.move(case, step, actor, at=at)


def _tell(grant: Grant, case: IdleCase, kind: str, at: datetime) -> None:
    _send(members_of(grant.organisation_id, Role.BENEFICIARY), case, kind, at)


def _send(people: Iterable[Person], case: IdleCase, kind: str, at: datetime) -> None:
    send_notice(
        people,
        kind,
        subject_type="idle_case",
        subject_id=case.id,
        at=at,
        facts={
            "grant": case.grant.code,
            "permille": case.permille,
            "next_at": rfc3339(case.next_at),
            "gpu_seconds": case.reclaimed_gpu_seconds,
            "reason": case.answer,
        },
    )
