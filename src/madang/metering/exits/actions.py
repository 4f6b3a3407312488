"""A supplier leaves in mid-voucher: nothing new is sold, what was earned is settled.

Money that is not used stays in the vouchers, for other suppliers or for its return. Calls in
flight end and are charged. A bankrupt one is paid nothing until somebody looks: its payouts
are on hold, and what it owes is set off before anything else.
"""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from madang.metering.access import need_operator_or_supplier
from madang.metering.errors import SupplierGone
from madang.metering.exits.models import ExitKind, SupplierExit
from madang.metering.exits.queries import open_exit
from madang.metering.offerings.actions import suspend_offering
from madang.metering.offerings.models import OfferingState
from madang.metering.payout_holds.actions import HoldTerms, lift_payout_hold, place_payout_hold
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import covers
from madang.parties.actor import Actor, Role
from madang.parties.errors import TransitionNotAllowed
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier
from madang.parties.notices.actions import send_notice
from madang.parties.people.queries import members_of


@transaction.atomic
def withdraw_supplier(
    actor: Actor, supplier: Supplier, *, kind: str, reason: str, at: datetime
) -> SupplierExit:
    """공급 중단: every product leaves the market. Locks the supplier. Raises SupplierGone.

    A supplier may say of itself that it withdraws; that one is bankrupt, an operator enters.
    """
    if ExitKind(kind) is ExitKind.WITHDRAWN:
        need_operator_or_supplier(actor, supplier.id)
    else:
        actor.need(Role.OPERATOR)
    supplier = Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    held = open_exit(supplier)
    if held is not None:
        raise SupplierGone(supplier=supplier.code, kind=held.kind)
    row = SupplierExit.objects.create(
        supplier=supplier, kind=ExitKind(kind), at=at, decided_by=actor.id
    )
    record_event(
        actor, f"supplier.{kind}", subject_type="supplier", subject_id=supplier.id, at=at,
        reason=reason, facts={"exit": str(row.id)},
    )  # fmt: skip
    codes = [offering.code for offering in supplier.offerings.order_by("no")]
    for offering in supplier.offerings.filter(state=OfferingState.LISTED).order_by("no"):
        suspend_offering(actor, offering, at=at, reason=reason)
    if row.kind == ExitKind.BANKRUPT:
        terms = HoldTerms("bankrupt", supplier=supplier)
        row.hold = place_payout_hold(actor, terms, reason=reason, at=at).id
        row.save(update_fields=["hold"])
    _tell_beneficiaries(supplier, codes, at)
    _tell_supplier(supplier, "metering.supplier.stopped", at)
    return row


@transaction.atomic
def readmit_supplier(
    actor: Actor, supplier: Supplier, *, reason: str, at: datetime
) -> SupplierExit:
    """The exit is over: an operator may list products again. Prices stay as they were."""
    actor.need(Role.OPERATOR)
    Supplier.objects.select_for_update(no_key=True).get(pk=supplier.pk)
    row = open_exit(supplier)
    if row is None:
        raise TransitionNotAllowed(noun="supplier", transition="readmit", state="selling")
    row.ended_at = at
    row.save(update_fields=["ended_at"])
    if row.hold is not None:
        lift_payout_hold(actor, row.hold, reason=reason, at=at)
    record_event(
        actor, "supplier.readmit", subject_type="supplier", subject_id=supplier.id, at=at,
        reason=reason, facts={"exit": str(row.id)},
    )  # fmt: skip
    _tell_supplier(supplier, "metering.supplier.readmitted", at)
    return row


def _tell_supplier(supplier: Supplier, kind: str, at: datetime) -> None:
    """Also of what it did itself: the notice is its proof."""
    send_notice(
        members_of(supplier.organisation_id, Role.SUPPLIER), kind,
        subject_type="supplier", subject_id=supplier.id, at=at,
        facts={"supplier": supplier.code},
    )  # fmt: skip


def _tell_beneficiaries(supplier: Supplier, codes: list[str], at: datetime) -> None:
    """Everybody whose voucher could buy there learns that it cannot any more."""
    rows = Voucher.objects.filter(
        state__in=[VoucherState.ACTIVE, VoucherState.SUSPENDED], expires_at__gt=at
    )
    for voucher in rows.order_by("id"):
        if any(covers(voucher.offerings, code) for code in codes):
            send_notice(
                members_of(voucher.organisation_id, Role.BENEFICIARY),
                "metering.supplier.gone",
                subject_type="voucher",
                subject_id=voucher.id,
                at=at,
                facts={"voucher": voucher.code, "supplier": supplier.code},
            )
