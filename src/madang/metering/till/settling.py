"""Calls of unknown outcome: settled by a supplier's statement, by hand, or by the deadline."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Sum

from madang.core.units import Unit
from madang.metering.errors import CallNotUnsettled
from madang.metering.policy import policy_at
from madang.metering.till.leases import latest_of, open_leases, return_lease
from madang.metering.till.models import CallState, Lease, OpenCall, WorkerEpoch
from madang.metering.till.posting import EndedCall, post_calls
from madang.metering.till.rows import UsageRow, quantities_text
from madang.metering.till.tariffs import Tariffs
from madang.metering.usage.models import Outcome
from madang.metering.vouchers.actions import vouchers_by_id
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event
from madang.wire.pricing import charge_microwon


@transaction.atomic
def settle_unsettled(
    actor: Actor,
    call: UUID,
    *,
    quantities: Mapping[Unit, int],
    at: datetime,
    reason: str = "",
) -> None:
    """Fix what a call of unknown outcome used: {} when it cost nothing.

    Charged at most from what is still held for the call; the rest is the supplier's dispute.
    Locks the voucher. Raises CallNotUnsettled.
    """
    actor.need(Role.OPERATOR)
    found = OpenCall.objects.filter(call=call, state=CallState.UNSETTLED).first()
    if found is None:
        raise CallNotUnsettled(call=str(call))
    vouchers = vouchers_by_id([found.voucher_id])
    rows = OpenCall.objects.select_for_update(no_key=True).filter(call=call)
    found = rows.filter(state=CallState.UNSETTLED).first()
    if found is None:
        raise CallNotUnsettled(call=str(call))
    ended = _ended(found, quantities, at)
    post_calls([ended], vouchers, batch=f"settle:{call}", at=at)
    found.delete()
    record_event(
        actor, "call.settle", subject_type="call", subject_id=call, at=at, reason=reason,
        facts={"charge_microwon": ended.cost_microwon, "est_microwon": found.est_microwon},
    )  # fmt: skip
    _release_if_last(found.hold, at)


def _ended(found: OpenCall, quantities: Mapping[Unit, int], at: datetime) -> EndedCall:
    tariff = Tariffs().get(found.price_set_id)
    assert tariff is not None, "an open call names a price set"
    priced = charge_microwon(quantities, tariff.prices)
    cost = min(priced, found.est_microwon)
    row = UsageRow(
        call=found.call, voucher=found.voucher_id, supplier=tariff.supplier,
        offering=tariff.offering, price_set=found.price_set_id, key_no=found.key_no,
        quantities=quantities, outcome=Outcome.ADJUSTED, flags=found.flags, priced=priced,
        disputed=priced - cost, programme=0, started_at=found.started_at, ended_at=at,
        evidence=hashlib.sha256(quantities_text(quantities).encode()).hexdigest(),
    )  # fmt: skip
    return EndedCall(row, cost, found.hold)


def open_est(lease: Lease) -> int:
    """What calls that are still open may cost on a lease, under any of its names."""
    names = _names_of(lease)
    total = OpenCall.objects.filter(hold__in=names).aggregate(est=Sum("est_microwon"))["est"]
    return int(total or 0)


def take_back(epoch: WorkerEpoch, hold: UUID, *, in_flight: int, at: datetime) -> int:
    """What a worker gives back; what calls of unknown outcome may cost stays held for them."""
    lease = Lease.objects.filter(hold=hold, epoch=epoch).first()
    if lease is None:
        return 0
    waiting = OpenCall.objects.filter(
        hold__in=_names_of(latest_of(lease)), state=CallState.UNSETTLED
    ).aggregate(est=Sum("est_microwon"))["est"]
    return return_lease(hold, in_flight=in_flight + int(waiting or 0), at=at, epoch=epoch)


def return_unnamed(epoch: WorkerEpoch, *, named: frozenset[UUID], at: datetime) -> int:
    """Take back the leases of an epoch that its worker does not name; how many.

    The caller has shipped the epoch's journal to its end: what calls are open on such a lease
    is known, and stays held.
    """
    gone = [lease for lease in open_leases(epoch) if not named.intersection(_names_of(lease))]
    for lease in gone:
        return_lease(lease.hold, in_flight=open_est(lease), at=at)
    return len(gone)


@transaction.atomic
def reconcile_epoch(actor: Actor, epoch: WorkerEpoch, *, at: datetime, reason: str) -> int:
    """The supplier's statement shows what a power loss hid: the rest of its leases is free.

    Calls of unknown outcome keep their own reservation until they are settled. Answers how
    many leases were dealt with.
    """
    actor.need(Role.OPERATOR)
    epoch = WorkerEpoch.objects.select_for_update(no_key=True).get(pk=epoch.pk)
    assert epoch.power_lost, "only a power loss leaves something to reconcile"
    done = return_unnamed(epoch, named=frozenset(), at=at)
    epoch.power_lost = False
    epoch.save(update_fields=["power_lost"])
    record_event(
        actor, "till.reconcile", subject_type="epoch", subject_id=str(epoch.epoch), at=at,
        reason=reason, facts={"leases": done},
    )  # fmt: skip
    return done


def _names_of(lease: Lease) -> list[UUID]:
    """The holds that records of a lease may name: its own and those it replaced."""
    names = [lease.hold]
    before = Lease.objects.filter(replaced_by=lease).first()
    while before is not None:
        names.append(before.hold)
        before = Lease.objects.filter(replaced_by=before).first()
    return names


def _release_if_last(hold: UUID, at: datetime) -> None:
    """The last open call of a dead worker's lease has ended: the lease is over."""
    found = Lease.objects.filter(hold=hold).select_related("epoch").first()
    if found is None or found.epoch.closed_at is None or found.epoch.power_lost:
        return
    if open_est(latest_of(found)) == 0:
        return_lease(hold, in_flight=0, at=at)


def settle_overdue(actor: Actor, *, at: datetime) -> int:
    """Settle by policy what has waited past the deadline; how many. One transaction each."""
    policy = policy_at(at)
    due = OpenCall.objects.filter(
        state=CallState.UNSETTLED, started_at__lte=at - policy.unsettled_after
    )
    settled = 0
    for found in due.order_by("call"):
        seen = found.quantities if policy.unsettled_charge == "observed" else {}
        quantities = {Unit(unit): int(n) for unit, n in seen.items()}
        settle_unsettled(actor, found.call, quantities=quantities, at=at)
        settled += 1
    return settled
