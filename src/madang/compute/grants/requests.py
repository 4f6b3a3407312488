"""The auto-approval lane: small grants without a call, by a published rule and in a published
time. What the rule does not settle, a person decides before `due_at`."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from madang.compute.classes.models import GpuClass
from madang.compute.errors import AboveAutoApproval
from madang.compute.grants.actions import GrantTerms, give_grant
from madang.compute.grants.models import GpuRequest, Grant, GrantState
from madang.compute.policy import ComputePolicy, policy_at
from madang.core.clock import seoul_date
from madang.parties.actor import Actor, Role, system_actor
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation


@dataclass(frozen=True, slots=True)
class RequestTerms:
    gpu_seconds: int
    cards_max: int
    days: int
    purpose: str


@transaction.atomic
def request_gpu_time(
    actor: Actor, organisation: Organisation, gpu_class: GpuClass, terms: RequestTerms, *,
    at: datetime,
) -> GpuRequest:  # fmt: skip
    """Under the threshold the grant is there at once, free of charge within the published
    policy; a request that is not clear-cut waits for a person. Raises AboveAutoApproval."""
    actor.need_at(Role.BENEFICIARY, organisation.id)
    policy = policy_at(at)
    _check(terms, policy)
    Organisation.objects.select_for_update().get(pk=organisation.pk)
    row = GpuRequest.objects.create(
        organisation=organisation, gpu_class=gpu_class, gpu_seconds=terms.gpu_seconds,
        cards_max=terms.cards_max, days=terms.days, purpose=terms.purpose,
        due_at=at + policy.auto_decide, by=actor.id, at=at,
    )  # fmt: skip
    if not _has_one_already(organisation, gpu_class, at):
        decide(system_actor(actor.origin), row, approved="policy", at=at)
    record_event(
        actor, "gpu_request.submit", subject_type="gpu_request", subject_id=row.id, at=at,
        after=row.state,
    )  # fmt: skip
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
    """A second grant of the class is a person's decision: no slicing of a large one."""
    rows = Grant.objects.filter(
        organisation=organisation, gpu_class=gpu_class, state=GrantState.OPEN, ends_at__gt=at
    )
    return rows.exists()


def decide(actor: Actor, row: GpuRequest, *, approved: str, at: datetime) -> Grant:
    """Give what was asked for, from today on."""
    today = seoul_date(at)
    terms = GrantTerms(
        code=f"r-{row.id.hex[-12:]}",
        gpu_seconds=row.gpu_seconds,
        cards_max=row.cards_max,
        starts_on=today,
        ends_on=today + timedelta(days=row.days - 1),
        tranches=("1/1",),
    )
    row.grant = give_grant(
        actor, row.organisation, row.gpu_class, None, terms, approved=approved, at=at
    )
    row.state = "approved"
    row.save(update_fields=["grant", "state"])
    return row.grant
