"""Reading vouchers: who may see one, what state the clock gives it, what the ledger says."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Count, QuerySet

from madang.core.clock import rfc3339
from madang.core.errors import NotFound
from madang.ledger import queries as ledger
from madang.ledger.types import Position, Terms
from madang.metering.errors import (
    BalanceInsufficient,
    NotCovered,
    VoucherExpired,
    VoucherNotActive,
    VoucherSuspended,
)
from madang.metering.till.models import OpenCall
from madang.metering.usage.models import Outcome, Usage, UsageKind
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.parties.actor import Actor, Role

_LIVING = frozenset({VoucherState.PENDING, VoucherState.ACTIVE, VoucherState.SUSPENDED})
_ENDS_BY_CLOCK = frozenset({VoucherState.ACTIVE, VoucherState.SUSPENDED})


def vouchers_of(actor: Actor) -> QuerySet[Voucher]:
    """Every voucher that the actor may see."""
    rows = Voucher.objects.select_related("organisation").order_by("code")
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return rows
    if actor.has(Role.BENEFICIARY):
        return rows.filter(organisation__in=actor.organisations)
    return rows.none()


def voucher_for(actor: Actor, code: str) -> Voucher:
    """One voucher by its code. Raises NotFound also for what the actor may not see."""
    found = vouchers_of(actor).filter(code=code).first()
    if found is None:
        raise NotFound(noun="voucher")
    return found


def codes_of(identifiers: Iterable[UUID]) -> dict[UUID, str]:
    """The codes of vouchers whose ids the caller may know already."""
    rows = Voucher.objects.filter(id__in=list(identifiers))
    return dict(rows.values_list("id", "code"))


def locked(voucher: Voucher) -> Voucher:
    """The same voucher, read again under its row lock. Lock order: voucher, lease, account."""
    return (
        Voucher.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .get(pk=voucher.pk)
    )


def locked_in_order(vouchers: Iterable[UUID]) -> dict[UUID, Voucher]:
    """Many vouchers under their row locks, taken in the order of their ids."""
    rows = (
        Voucher.objects.select_for_update(of=("self",), no_key=True)
        .select_related("organisation")
        .filter(pk__in=list(vouchers))
        .order_by("pk")
    )
    return {row.id: row for row in rows}


def state_at(voucher: Voucher, at: datetime) -> VoucherState:
    """The state that the clock gives: expired from its last day's 24:00 on, job or no job."""
    state = VoucherState(voucher.state)
    if state in _ENDS_BY_CLOCK and at >= voucher.expires_at:
        return VoucherState.EXPIRED
    return state


def terms_of(voucher: Voucher, at: datetime) -> Terms:
    """What the ledger must know of a voucher to post on it."""
    return Terms(
        voucher=voucher.id,
        programme_year=voucher.programme_year,
        programme=voucher.programme,
        ratio=voucher.ratio,
        vat=voucher.vat,
        active=state_at(voucher, at) in _LIVING,
    )


def balance_insufficient(
    voucher: Voucher, *, needed_microwon: int, at: datetime
) -> BalanceInsufficient:
    """The 402 with its figures: what is left, what is held, what was asked for."""
    position = ledger.position(terms_of(voucher, at))
    return BalanceInsufficient(
        voucher=voucher.code,
        needed_microwon=needed_microwon,
        spendable_microwon=position.spendable_supply,
        held_microwon=position.held,
    )


def covers(patterns: Iterable[str], offering_code: str) -> bool:
    """True when a code is named, or matched by a pattern that ends in "*"."""
    return any(
        offering_code.startswith(pattern[:-1])
        if pattern.endswith("*")
        else offering_code == pattern
        for pattern in patterns
    )


def check_spendable(voucher: Voucher, at: datetime) -> None:
    """Raise unless the voucher may take a new hold now."""
    state = state_at(voucher, at)
    if state is VoucherState.SUSPENDED:
        raise VoucherSuspended(voucher=voucher.code)
    if state is VoucherState.EXPIRED:
        raise VoucherExpired(voucher=voucher.code)
    if state is not VoucherState.ACTIVE:
        raise VoucherNotActive(voucher=voucher.code, state=state.value)


def check_covers(voucher: Voucher, offering_code: str) -> None:
    if not covers(voucher.offerings, offering_code):
        raise NotCovered(voucher=voucher.code, offering=offering_code)


@dataclass(frozen=True, slots=True)
class CallCounts:
    """Calls of one voucher by how they ended; `unsettled` ones are still open."""

    committed: int
    unsettled: int
    estimated: int


def call_counts(voucher_id: UUID) -> CallCounts:
    """Committed (or adjusted), unsettled and estimated calls of a voucher."""
    rows = (
        Usage.objects.filter(voucher_id=voucher_id, kind=UsageKind.CALL)
        .values_list("outcome")
        .annotate(n=Count("no"))
    )
    by_outcome = dict(rows)
    return CallCounts(
        committed=by_outcome.get(Outcome.COMMITTED, 0) + by_outcome.get(Outcome.ADJUSTED, 0),
        unsettled=OpenCall.objects.filter(voucher_id=voucher_id, state="unsettled").count(),
        estimated=by_outcome.get(Outcome.ESTIMATED, 0),
    )


def voucher_report(actor: Actor, code: str, at: datetime) -> dict[str, object]:
    """The answer of `madang voucher show`, of the page and of the API."""
    voucher = voucher_for(actor, code)
    position = ledger.position(terms_of(voucher, at))
    counts = call_counts(voucher.id)
    return {
        "code": voucher.code,
        "state": state_at(voucher, at).value,
        "organisation": voucher.organisation.code,
        "programme": voucher.programme_code,
        "expires_at": rfc3339(voucher.expires_at),
        **_amounts(position),
        "calls": {
            "committed": counts.committed,
            "unsettled": counts.unsettled,
            "estimated": counts.estimated,
        },
    }


def _amounts(position: Position) -> dict[str, object]:
    return {
        "subsidy": {
            "limit_microwon": position.limit,
            "available_microwon": position.available,
            "held_microwon": position.held,
            "consumed_microwon": position.consumed,
            "expired_microwon": position.expired,
        },
        "deposit": {
            "paid_microwon": position.deposit_paid,
            "available_microwon": position.deposit_available,
            "held_microwon": position.deposit_held,
        },
        "supply": {
            "spendable_microwon": position.spendable_supply,
            "charged_microwon": position.charged_supply,
        },
        "vat_charged_microwon": position.vat_charged,
    }
