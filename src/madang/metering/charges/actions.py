"""Giving a charge back: before its statement (P10), or after settlement (P13a, P13b)."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.db.models import Max, Sum

from madang.ledger import postings
from madang.ledger.types import Stamp
from madang.metering.charges.models import Charge, ChargeKind, SettledRefund
from madang.metering.errors import RefundExists, RefundTooLarge
from madang.metering.invoices.actions import prepare_correction
from madang.metering.statements.models import StatementLine
from madang.metering.vouchers.models import Voucher
from madang.metering.vouchers.queries import locked, terms_of
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event


def _stamp(actor: Actor, refund: UUID, what: str, at: datetime) -> Stamp:
    return Stamp(f"refund:{refund}:{what}", actor.id, at, "refund", str(refund))


def is_settled(charge: Charge) -> bool:
    """True once a statement covers the charge. The caller holds the voucher's lock."""
    upto = StatementLine.objects.filter(
        voucher=charge.voucher_id, statement__supplier=charge.supplier_id
    ).aggregate(no=Max("charge_upto"))["no"]
    return charge.no <= (upto or 0)


def left_of(charge: Charge) -> int:
    """What of a charge was not given back yet. The caller holds the voucher's lock."""
    back = charge.refunded_by.aggregate(total=Sum("amount_microwon"))["total"] or 0
    agreed = charge.settled_refunds.aggregate(total=Sum("supply_microwon"))["total"] or 0
    return int(charge.amount_microwon - back - agreed)


@transaction.atomic
def refund_charge(
    actor: Actor,
    charge: Charge,
    *,
    refund: UUID,
    amount_microwon: int,
    at: datetime,
    reason: str = "",
) -> Charge | SettledRefund:
    """Give back part of a charge, or all of it. `refund` is the caller's id for this refund.

    Before the statement it is a refunding charge (P10) and spendable at once. Afterwards it is
    agreed with the supplier (P13a, whole won) and spendable only when collected. Locks the
    voucher. Raises RefundTooLarge, RefundExists.
    """
    actor.need(Role.OPERATOR)
    voucher = locked(charge.voucher)
    found = _found(refund, charge, amount_microwon)
    if found is not None:
        return found
    if amount_microwon > left_of(charge):
        raise RefundTooLarge(left_microwon=left_of(charge))
    make = _agree if is_settled(charge) else _give_back
    made = make(actor, charge, voucher, refund, amount_microwon, at)
    record_event(
        actor, "charge.refund", subject_type="charge", subject_id=str(charge.no), at=at,
        reason=reason, facts={"refund": str(refund), "amount_microwon": amount_microwon},
    )  # fmt: skip
    return made


def _found(refund: UUID, charge: Charge, amount_microwon: int) -> Charge | SettledRefund | None:
    agreed = SettledRefund.objects.filter(id=refund).first()
    given = Charge.objects.filter(refund=refund).first()
    if agreed is not None:
        same = agreed.charge_id == charge.no and agreed.supply_microwon == amount_microwon
    elif given is not None:
        same = given.refunds_id == charge.no and given.amount_microwon == amount_microwon
    else:
        return None
    if not same:
        raise RefundExists(refund=str(refund))
    return agreed or given


def _give_back(
    actor: Actor, charge: Charge, voucher: Voucher, refund: UUID, amount: int, at: datetime
) -> Charge:
    done = postings.refund(
        _stamp(actor, refund, "give", at), terms_of(voucher, at),
        supplier=charge.supplier_id, amount=amount,
    )  # fmt: skip
    assert done.posted.journal is not None, "a refund above 0 has a journal"
    return Charge.objects.create(
        kind=ChargeKind.REFUND, usage_id=charge.usage_id, refunds=charge, refund=refund,
        voucher=voucher, supplier_id=charge.supplier_id, amount_microwon=amount,
        journal=done.posted.journal, recorded_at=at,
    )  # fmt: skip


def _agree(
    actor: Actor, charge: Charge, voucher: Voucher, refund: UUID, amount: int, at: datetime
) -> SettledRefund:
    agreed = postings.agree_refund(
        _stamp(actor, refund, "agree", at), terms_of(voucher, at),
        supplier=charge.supplier_id, amount=amount,
    )  # fmt: skip
    made = SettledRefund.objects.create(
        id=refund, charge=charge, supply_microwon=amount,
        subsidy_microwon=agreed.parts.subsidy, own_microwon=agreed.parts.own,
        vat_microwon=agreed.parts.vat, agreed_at=at, agreed_by=actor.id,
    )  # fmt: skip
    prepare_correction(made, at=at)
    return made
