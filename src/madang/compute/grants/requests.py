"""The auto-approval lane: small grants without a call, by a published rule and in a published
time. What the rule does not settle, a person decides before `due_at`; what happens when nobody
did is policy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet

from madang.compute.classes.models import GpuClass
from madang.compute.errors import AboveAutoApproval, CapacityNotOpen, DecisionInvalid
from madang.compute.grants.actions import GrantTerms, check_cards, give_grant
from madang.compute.grants.models import GpuRequest, Grant, GrantState
from madang.compute.grants.queries import LIVING
from madang.compute.grants.workflow import REQUEST
from madang.compute.policy import ComputePolicy, policy_at
from madang.compute.sites.queries import cards_open
from madang.core.clock import rfc3339, seoul_date, seoul_day_starts
from madang.core.errors import NotFound, Refused
from madang.parties.actor import Actor, Role, need_four_eyes, system_actor
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of, people_holding

WAITING = ("submitted", "overdue")
BY_POLICY = "policy"


@dataclass(frozen=True, slots=True)
class RequestTerms:
    gpu_seconds: int
    cards_max: int
    days: int
    purpose: str


def requests_of(actor: Actor) -> QuerySet[GpuRequest]:
    """Every request that the actor may see, newest first."""
    rows = GpuRequest.objects.select_related("organisation", "gpu_class__site", "grant")
    rows = rows.order_by("-at", "-id")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.BENEFICIARY):
        return rows.filter(organisation__in=actor.organisations)
    return rows.none()


def request_for(actor: Actor, identifier: UUID) -> GpuRequest:
    """One request. Raises NotFound also for what the actor may not see."""
    found = requests_of(actor).filter(pk=identifier).first()
    if found is None:
        raise NotFound(noun="request")
    return found


def request_report(row: GpuRequest) -> dict[str, object]:
    """The answer of the commands and of the API."""
    return {
        "id": str(row.id),
        "state": row.state,
        "organisation": row.organisation.code,
        "gpu_class": row.gpu_class.code,
        "gpu_seconds": row.gpu_seconds,
        "cards_max": row.cards_max,
        "days": row.days,
        "purpose": row.purpose,
        "grant": row.grant.code if row.grant else None,
        "asked_at": rfc3339(row.at),
        "due_at": rfc3339(row.due_at),
        "decided_at": rfc3339(row.decided_at) if row.decided_at else None,
        "reason": row.reason,
    }


@transaction.atomic
def request_gpu_time(
    actor: Actor, organisation: Organisation, gpu_class: GpuClass, terms: RequestTerms, *,
    at: datetime,
) -> GpuRequest:  # fmt: skip
    """Under the threshold the grant is there at once, free of charge within the published
    policy; a request that is not clear-cut waits for a person. Raises AboveAutoApproval, and
    what check_cards does: nobody could approve it."""
    actor.need_at(Role.BENEFICIARY, organisation.id)
    policy = policy_at(at)
    _check(terms, policy)
    check_cards(gpu_class, terms.cards_max)
    Organisation.objects.select_for_update(no_key=True).get(pk=organisation.pk)
    is_second = _has_one_already(organisation, gpu_class, at)
    row = GpuRequest.objects.create(
        organisation=organisation, gpu_class=gpu_class, gpu_seconds=terms.gpu_seconds,
        cards_max=terms.cards_max, days=terms.days, purpose=terms.purpose,
        due_at=at + policy.auto_decide, by=actor.id, at=at,
    )  # fmt: skip
    record_event(
        actor, "gpu_request.submit", subject_type="gpu_request", subject_id=row.id, at=at,
        after=row.state,
    )  # fmt: skip
    if is_second:
        _tell_operators(row, "compute.request.waiting", at)
    else:
        _approve(system_actor(actor.origin), row, approved=BY_POLICY, reason="", at=at)
    return row


def _check(terms: RequestTerms, policy: ComputePolicy) -> None:
    limits = {
        "gpu_seconds": (terms.gpu_seconds, policy.auto_gpu_seconds_max),
        "cards_max": (terms.cards_max, policy.auto_cards_max),
        "days": (terms.days, policy.auto_days_max),
    }
    for field, (asked, most) in limits.items():
        if asked > most:
            raise AboveAutoApproval(field=field, max=most)


def _has_one_already(organisation: Organisation, gpu_class: GpuClass, at: datetime) -> bool:
    """A second grant of the class, or a second request, is a person's decision: no slicing of
    a large one, and no way round what was frozen or taken back before its last day."""
    grants = Grant.objects.filter(
        organisation=organisation, gpu_class=gpu_class, ends_at__gt=at,
        state__in=[*LIVING, GrantState.WITHDRAWN],
    )  # fmt: skip
    waiting = GpuRequest.objects.filter(
        organisation=organisation, gpu_class=gpu_class, state__in=WAITING
    )
    return grants.exists() or waiting.exists()


@transaction.atomic
def approve_request(
    actor: Actor, identifier: UUID, *, reason: str = "", at: datetime
) -> GpuRequest:
    """A person says yes: the grant begins today. Refused as any grant may be (its class, the
    share of one organisation); the request then still waits."""
    actor.need(Role.OPERATOR)
    row = _locked(identifier)
    need_four_eyes(actor, row.by)
    _approve(actor, row, approved=actor.id, reason=reason, at=at)
    return row


@transaction.atomic
def refuse_request(actor: Actor, identifier: UUID, *, reason: str, at: datetime) -> GpuRequest:
    """A person says no, and why. Raises DecisionInvalid without a reason."""
    actor.need(Role.OPERATOR)
    if not reason.strip():
        raise DecisionInvalid(reason="a reason is needed")
    row = _locked(identifier)
    _refuse(actor, row, reason, at)
    return row


def _locked(identifier: UUID) -> GpuRequest:
    rows = GpuRequest.objects.select_for_update(of=("self",), no_key=True)
    found = rows.select_related("organisation", "gpu_class__site").filter(pk=identifier).first()
    if found is None:
        raise NotFound(noun="request")
    return found


def _approve(
    actor: Actor, row: GpuRequest, *, approved: str, reason: str, at: datetime
) -> None:
    """Give what was asked for, from today on. The row is new, or locked by the caller. Raises
    CapacityNotOpen: cards that open after its last day are of no use."""
    REQUEST.move(row, "approve", actor, at=at, reason=reason)
    today = seoul_date(at)
    ends_on = today + timedelta(days=row.days - 1)
    opens = cards_open(row.gpu_class, seoul_day_starts(ends_on))
    if opens < row.cards_max:
        raise CapacityNotOpen(gpu_class=row.gpu_class.code, open=opens)
    terms = GrantTerms(
        code=f"r-{row.id.hex[-12:]}",
        gpu_seconds=row.gpu_seconds,
        cards_max=row.cards_max,
        starts_on=today,
        ends_on=ends_on,
        tranches=("1/1",),
    )
    row.grant = give_grant(
        actor, row.organisation, row.gpu_class, None, terms, approved=approved, at=at
    )
    _note(row, approved, reason, at)


def _refuse(actor: Actor, row: GpuRequest, reason: str, at: datetime) -> None:
    REQUEST.move(row, "refuse", actor, at=at, reason=reason)
    _note(row, actor.id, reason, at)
    _tell_asker(row, "compute.request.refused", at)


def _note(row: GpuRequest, by: str, reason: str, at: datetime) -> None:
    row.decided_by, row.decided_at, row.reason = by, at, reason
    row.save(update_fields=["grant", "decided_by", "decided_at", "reason"])


def lapse_requests(actor: Actor, *, at: datetime) -> int:
    """Requests that nobody decided in the published time, each in its own transaction."""
    late = GpuRequest.objects.filter(state="submitted", due_at__lte=at).order_by("due_at")
    return sum(_lapse(actor, one, at) for one in list(late.values_list("id", flat=True)))


def _lapse(actor: Actor, identifier: UUID, at: datetime) -> bool:
    """By policy: approved or refused in silence, or brought before the operators again. What
    cannot be given in silence (a share, a class) is brought before them, too."""
    answer = policy_at(at).auto_when_late
    try:
        with transaction.atomic():
            return _answer(actor, identifier, answer, at)
    except Refused:
        with transaction.atomic():
            return _answer(actor, identifier, "escalate", at)


def _answer(actor: Actor, identifier: UUID, answer: str, at: datetime) -> bool:
    row = _locked(identifier)
    if row.state != "submitted":
        return False
    if answer == "approve":
        _approve(actor, row, approved=BY_POLICY, reason="", at=at)
    elif answer == "refuse":
        _refuse(actor, row, "", at)
    else:
        REQUEST.move(row, "escalate", actor, at=at)
        _tell_operators(row, "compute.request.overdue", at)
        _tell_asker(row, "compute.request.late", at)
    return True


def _tell_operators(row: GpuRequest, kind: str, at: datetime) -> None:
    send_notice(
        people_holding(Role.OPERATOR), kind, subject_type="gpu_request", subject_id=row.id,
        at=at, facts=_facts(row),
    )  # fmt: skip


def _tell_asker(row: GpuRequest, kind: str, at: datetime) -> None:
    send_notice(
        members_of(row.organisation_id, Role.BENEFICIARY), kind, subject_type="gpu_request",
        subject_id=row.id, at=at, facts=_facts(row),
    )  # fmt: skip


def _facts(row: GpuRequest) -> dict[str, str | int | None]:
    return {
        "gpu_class": row.gpu_class.code, "gpu_seconds": row.gpu_seconds,
        "due_at": rfc3339(row.due_at), "reason": row.reason,
    }  # fmt: skip
