"""Looking for flags, and what people decide about them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.canonical import digest_of
from madang.parties.events.actions import record_event
from madang.parties.models import Organisation
from madang.parties.policies.queries import current_policy
from madang.programme.calls.models import Call, CallState
from madang.programme.errors import ReasonMissing
from madang.programme.flags.applications import find_in_call
from madang.programme.flags.digests import account_digest
from madang.programme.flags.found import Found
from madang.programme.flags.models import Contact, Flag, FlagState
from madang.programme.flags.money import find_in_vouchers
from madang.programme.flags.workflow import FLAG

WATCHED_CALLS = (CallState.APPROVED, CallState.REVIEWING, CallState.DECIDED)
WATCHED_VOUCHERS = ("active", "suspended", "expired")


@dataclass(frozen=True, slots=True)
class Looked:
    """How many flags are new, how many have other evidence than before."""

    new: int
    changed: int
    same: int


def record_contact(
    actor: Actor, organisation: Organisation, *, address: str, bank_account: str, at: datetime
) -> bool:
    """Where the organisation sits and is paid; True when that is news. Empty says nothing."""
    actor.need(Role.OPERATOR)
    row, _ = Contact.objects.get_or_create(organisation=organisation)
    wanted = {"address": address, "account_digest": account_digest(bank_account)}
    fields = [name for name, value in wanted.items() if value and getattr(row, name) != value]
    for name in fields:
        setattr(row, name, wanted[name])
    if not fields:
        return False
    row.save(update_fields=fields)
    record_event(
        actor,
        "organisation.contact",
        subject_type="organisation",
        subject_id=organisation.id,
        at=at,
        facts={"fields": ",".join(sorted(fields))},
    )
    return True


def find_flags(actor: Actor, *, at: datetime) -> Looked:
    """Join everything that is watched, now. Safe to do again: the same finding is one row.

    A flag that was cleared opens again when its evidence has grown into another one.
    """
    actor.need(Role.OPERATOR)
    outcomes = [_keep(actor, found, at) for found in _everything(at)]
    return Looked(outcomes.count("new"), outcomes.count("changed"), outcomes.count("same"))


def _everything(at: datetime) -> Iterator[Found]:
    policy = current_policy("flags", at)
    for call in Call.objects.filter(state__in=WATCHED_CALLS, is_hidden=False).order_by("id"):
        yield from find_in_call(call, policy)
    vouchers = Voucher.objects.filter(state__in=WATCHED_VOUCHERS).select_related("organisation")
    yield from find_in_vouchers(list(vouchers.order_by("id")), policy, at)


@transaction.atomic
def _keep(actor: Actor, found: Found, at: datetime) -> str:
    evidence = dict(found.evidence)
    sha256 = digest_of(evidence)
    row, is_new = Flag.objects.get_or_create(
        key=found.key,
        defaults={
            "kind": found.kind,
            "evidence": evidence,
            "evidence_sha256": sha256,
            "found_at": at,
            "changed_at": at,
        },
    )
    if is_new:
        row.organisations.set(Organisation.objects.filter(id__in=found.organisations))
        _record(actor, "flag.find", row, at)
        return "new"
    row = Flag.objects.select_for_update().get(pk=row.pk)
    if row.evidence_sha256 == sha256:
        return "same"
    row.evidence, row.evidence_sha256, row.changed_at = evidence, sha256, at
    row.save(update_fields=["evidence", "evidence_sha256", "changed_at"])
    row.organisations.set(Organisation.objects.filter(id__in=found.organisations))
    _record(actor, "flag.change", row, at)
    if row.state == FlagState.CLEARED:
        FLAG.move(row, "reopen", actor, at=at)
    return "changed"


@transaction.atomic
def decide_flag(
    actor: Actor, flag_id: UUID, *, is_confirmed: bool, reason: str, at: datetime
) -> Flag:
    """A person says what it is, and why. What follows from it is a step of its own."""
    if not reason.strip():
        raise ReasonMissing
    row = Flag.objects.select_for_update().filter(pk=flag_id).first()
    if row is None:
        raise NotFound
    step = "confirm" if is_confirmed else "clear"
    FLAG.move(row, step, actor, at=at, reason=reason, facts={"evidence": row.evidence_sha256})
    row.decided_by, row.decided_at = actor.id, at
    row.save(update_fields=["decided_by", "decided_at"])
    return row


def _record(actor: Actor, action: str, row: Flag, at: datetime) -> None:
    record_event(
        actor,
        action,
        subject_type="flag",
        subject_id=row.id,
        at=at,
        facts={"kind": row.kind, "evidence": row.evidence_sha256},
    )
