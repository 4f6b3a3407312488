"""A supplier's bank account: entered by one person, verified by another."""

from __future__ import annotations

import hashlib
import re
from datetime import datetime
from uuid import UUID

from django.db import transaction

from madang.core.errors import NotFound
from madang.metering.access import need_operator_or_supplier
from madang.metering.errors import AccountMalformed
from madang.metering.payouts.models import SupplierAccount
from madang.parties.actor import Actor, Role, need_four_eyes
from madang.parties.events.actions import record_event
from madang.parties.models import Supplier

_NUMBER = re.compile(r"[0-9]{6,20}", re.ASCII)
LAST_DIGITS = 4


@transaction.atomic
def enter_account(
    actor: Actor, supplier: Supplier, *, bank: str, number: str, at: datetime
) -> SupplierAccount:
    """계좌 등록: by the supplier's people or an operator. The same again changes nothing."""
    need_operator_or_supplier(actor, supplier.id)
    digits = number.replace("-", "").strip()
    if not _NUMBER.fullmatch(digits):
        raise AccountMalformed
    row, is_new = SupplierAccount.objects.get_or_create(
        supplier=supplier,
        number_sha256=hashlib.sha256(f"{bank}:{digits}".encode()).hexdigest(),
        defaults={
            "bank": bank,
            "last_digits": digits[-LAST_DIGITS:],
            "entered_by": actor.id,
            "entered_at": at,
        },
    )
    if is_new:
        _tell(actor, row, "supplier_account.enter", at)
    return row


@transaction.atomic
def verify_account(actor: Actor, account_id: UUID, *, at: datetime) -> SupplierAccount:
    """계좌 확인: an operator who did not enter it has seen the bank's paper."""
    actor.need(Role.OPERATOR)
    row = SupplierAccount.objects.select_for_update().filter(pk=account_id).first()
    if row is None:
        raise NotFound
    need_four_eyes(actor, row.entered_by)
    if row.verified_at is None:
        row.verified_at, row.verified_by = at, actor.id
        row.save(update_fields=["verified_at", "verified_by"])
        _tell(actor, row, "supplier_account.verify", at)
    return row


def _tell(actor: Actor, row: SupplierAccount, action: str, at: datetime) -> None:
    record_event(
        actor, action, subject_type="supplier_account", subject_id=row.id, at=at,
        facts={"supplier": str(row.supplier_id)},
    )  # fmt: skip
