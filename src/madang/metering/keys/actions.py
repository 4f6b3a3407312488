"""Making and revoking keys. A secret is shown once and kept as a digest."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from madang.core.clock import is_test_mode
from madang.metering.access import need_operator_or_beneficiary
from madang.metering.errors import KeyExists, SecretOnlyInTest
from madang.metering.keys.models import Key
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import Actor, Role
from madang.parties.events.actions import record_event

SECRET_PREFIX = "mdg_"
_RANDOM_BYTES = 30  # 240 bits
_PREFIX_CHARACTERS = 8


@dataclass(frozen=True, slots=True)
class NewKey:
    """A key with its secret, which exists nowhere else. `is_new` False: it was there."""

    key: Key
    secret: str
    is_new: bool


def random_secret() -> str:
    return SECRET_PREFIX + secrets.token_urlsafe(_RANDOM_BYTES)


def sha256_of(secret: str) -> bytes:
    return hashlib.sha256(secret.encode()).digest()


@transaction.atomic
def create_key(
    actor: Actor,
    voucher: Voucher,
    *,
    rpm_max: int,
    at: datetime,
    secret: str | None = None,
    make_secret: Callable[[], str] = random_secret,
) -> NewKey:
    """A new key for a voucher. Operators, and the beneficiary's own people, may make one.

    A given `secret` is for test mode only; giving it again finds the same key. Raises
    SecretOnlyInTest, KeyExists.
    """
    need_operator_or_beneficiary(actor, voucher.organisation_id)
    if secret is not None and not is_test_mode():
        raise SecretOnlyInTest
    shown = secret if secret is not None else make_secret()
    key, is_new = Key.objects.get_or_create(
        sha256=sha256_of(shown),
        defaults={
            "voucher": voucher,
            "prefix": shown[:_PREFIX_CHARACTERS],
            "rpm_max": rpm_max,
            "created_by": actor.id,
            "created_at": at,
        },
    )
    if key.voucher_id != voucher.id:
        raise KeyExists
    if is_new:
        _tell(actor, key, "key.create", at=at)
    return NewKey(key, shown, is_new)


@transaction.atomic
def set_rate(actor: Actor, key: Key, *, rpm_max: int, at: datetime) -> Key:
    """Change how many requests a minute a key may make. Locks the key."""
    actor.need(Role.OPERATOR)
    key = Key.objects.select_for_update(no_key=True).get(pk=key.pk)
    if key.rpm_max != rpm_max:
        key.rpm_max = rpm_max
        key.save(update_fields=["rpm_max"])
        _tell(actor, key, "key.set_rate", at=at)
    return key


@transaction.atomic
def revoke_key(actor: Actor, key: Key, *, at: datetime, reason: str = "") -> Key:
    """End a key for good: gateways refuse it within a second. Locks the key."""
    need_operator_or_beneficiary(actor, key.voucher.organisation_id)
    key = Key.objects.select_for_update(of=("self",), no_key=True).get(pk=key.pk)
    if key.revoked_at is None:
        key.revoked_at = at
        key.save(update_fields=["revoked_at"])
        _tell(actor, key, "key.revoke", at=at, reason=reason)
    return key


def _tell(actor: Actor, key: Key, action: str, *, at: datetime, reason: str = "") -> None:
    record_event(
        actor, action, subject_type="key", subject_id=str(key.no), at=at, reason=reason,
        facts={"voucher": str(key.voucher_id), "rpm_max": key.rpm_max},
    )  # fmt: skip
