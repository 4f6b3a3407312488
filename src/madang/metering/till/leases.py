"""Leases: granting one (P7), taking one back (P9, then P7 of what is in flight)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import OperationalError, connection, transaction
from psycopg.errors import LockNotAvailable

from madang.core.ids import uuid7
from madang.ledger import postings
from madang.ledger import queries as ledger
from madang.ledger.errors import Overdrawn
from madang.ledger.holds.models import HoldState
from madang.ledger.types import Stamp, Terms
from madang.metering.errors import (
    BalanceInsufficient,
    TeamLimitReached,
    VoucherExpired,
    VoucherSuspended,
)
from madang.metering.teams.models import Team
from madang.metering.teams.queries import SpentUpto, left_microwon, spent_upto
from madang.metering.till.models import UNRESOLVED, Lease, LeaseState, WorkerEpoch
from madang.metering.vouchers.models import Voucher, VoucherState
from madang.metering.vouchers.queries import locked, state_at, terms_of
from madang.parties.actor import system_actor

TILL = system_actor("till")
UNAVAILABLE = "gateway.ledger.unavailable"
LOCK_WAIT_MS_MAX = 2_000
SHARE_MAX = 4
"""A lease takes at most one part in four of what is left, so that leases shrink with it."""


@dataclass(frozen=True, slots=True)
class Granted:
    """A lease, and the spendable supply that stays with the ledger after it."""

    hold: UUID
    amount_microwon: int
    spendable_microwon: int


@dataclass(frozen=True, slots=True)
class Denied:
    """Why not, and what is left and held."""

    code: str
    spendable_microwon: int
    held_microwon: int


def lease_size(*, need: int, like: int, spendable: int) -> int:
    """How much of `spendable` (at least `need`) a lease takes: never less than the need."""
    assert need <= spendable, "the caller has looked"
    return max(need, min(like, spendable // SHARE_MAX))


def _stamp(hold: UUID, what: str, at: datetime) -> Stamp:
    return Stamp(f"lease:{hold}:{what}", TILL.id, at, "lease", str(hold))


@dataclass(frozen=True, slots=True)
class Wish:
    """What a worker asks for: at least `need`, rather `like`, for the keys of one team."""

    voucher: UUID
    supplier: UUID
    need: int
    like: int
    team: UUID | None = None


def grant_lease(epoch: WorkerEpoch, wish: Wish, *, at: datetime) -> Granted | Denied:
    """P7 and the lease's row, or why not. Locks the voucher, and waits for it only so long:
    other vouchers must not wait for one whose statement is being made.

    A team's lease fits what its limit leaves after its charges and its open leases: all of
    these move under the voucher's lock, so the limit holds as exactly as the balance does.

    A fenced worker gets nothing more. One that dies right now may still: what is granted to a
    closed epoch is found and resolved by orphaned().
    """
    try:
        with transaction.atomic():
            _limit_lock_wait()
            return _grant(epoch, wish, at)
    except OperationalError as err:
        if not isinstance(err.__cause__, LockNotAvailable):
            raise
        return Denied(UNAVAILABLE, 0, 0)


def _limit_lock_wait() -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SET LOCAL lock_timeout = {LOCK_WAIT_MS_MAX}")


def _grant(epoch: WorkerEpoch, wish: Wish, at: datetime) -> Granted | Denied:
    if not WorkerEpoch.objects.filter(pk=epoch.pk, fenced_at=None, closed_at=None).exists():
        return Denied(UNAVAILABLE, 0, 0)
    found = Voucher.objects.filter(id=wish.voucher).first()
    if found is None:
        return Denied(VoucherExpired.code, 0, 0)
    voucher = locked(found)
    terms = terms_of(voucher, at)
    state = state_at(voucher, at)
    if state is not VoucherState.ACTIVE:
        is_coming = state in {VoucherState.PENDING, VoucherState.SUSPENDED}
        code = VoucherSuspended.code if is_coming else VoucherExpired.code
        return Denied(code, 0, held_supply(voucher.id))
    spendable = ledger.safe_lease(terms)
    if wish.need > spendable:
        left = ledger.spendable_supply(terms)
        return Denied(BalanceInsufficient.code, left, held_supply(voucher.id))
    team = _team_of(wish, voucher)
    spent = spent_upto(team) if team else None
    room = left_microwon(team, spent.microwon) if team and spent else spendable
    if wish.need > room:
        return Denied(TeamLimitReached.code, max(room, 0), held_supply(voucher.id))
    lease = Lease(
        hold=uuid7(), epoch=epoch, voucher=voucher, supplier_id=wish.supplier,
        amount_microwon=lease_size(
            need=wish.need, like=wish.like, spendable=min(spendable, room)
        ),
        granted_at=at, expires_at=voucher.expires_at,
    )  # fmt: skip
    _hold(lease, terms, team=team, spent=spent)
    left = ledger.spendable_supply(terms)
    stays = min(left, room - lease.amount_microwon) if team else left
    return Granted(lease.hold, lease.amount_microwon, stays)


def _team_of(wish: Wish, voucher: Voucher) -> Team | None:
    return Team.objects.get(pk=wish.team, voucher=voucher) if wish.team else None


def _hold(lease: Lease, terms: Terms, *, team: Team | None, spent: SpentUpto | None) -> Lease:
    """P7 and the row; a team's lease notes what its team had spent by then."""
    try:
        postings.hold(
            _stamp(lease.hold, "hold", lease.granted_at), terms, supplier=lease.supplier_id,
            hold_id=lease.hold, amount=lease.amount_microwon, expires_at=lease.expires_at,
        )  # fmt: skip
    except Overdrawn as err:
        raise AssertionError("a lease was sized beyond what is there") from err
    if team is not None and spent is not None:
        lease.team = team
        lease.team_spent_microwon = spent.microwon
        lease.team_charge_upto = spent.charge_no
    lease.save(force_insert=True)
    return lease


def held_supply(voucher_id: UUID) -> int:
    """The supply that open leases of a voucher still hold."""
    holds = Lease.objects.filter(voucher=voucher_id).filter(state__in=UNRESOLVED)
    return sum(left_in_holds(list(holds.values_list("hold", flat=True))).values())


def left_in_holds(holds: list[UUID]) -> dict[UUID, int]:
    """What each hold still holds; 0 once it is resolved."""
    rows = HoldState.objects.filter(hold_id__in=holds)
    return {
        row.hold_id: 0 if row.resolution else int(row.amount - row.captured) for row in rows
    }


def latest_of(lease: Lease) -> Lease:
    """The lease that now stands for this one."""
    while lease.replaced_by is not None:
        lease = lease.replaced_by
    return lease


@transaction.atomic
def return_lease(
    hold: UUID, *, in_flight: int, at: datetime, epoch: WorkerEpoch | None = None
) -> int:
    """Resolve a lease (P9), and hold anew what its open calls still need (P7).

    Every record of the lease that is on file is shipped by now: the caller has seen to it.
    Returning one again changes nothing. On a voucher that is no longer active a lease with
    open calls stays as it is until they end. Locks the voucher, then the lease. Answers what
    came free.
    """
    found = Lease.objects.filter(hold=hold).select_related("voucher", "epoch").first()
    if found is None or (epoch is not None and found.epoch_id != epoch.epoch):
        return 0
    voucher = locked(found.voucher)
    lease = latest_of(Lease.objects.select_related("epoch").get(hold=hold))
    lease = Lease.objects.select_for_update(of=("self",), no_key=True).get(pk=lease.pk)
    if lease.state == LeaseState.RESOLVED:
        return 0
    if in_flight == 0:
        return _resolve(lease, terms_of(voucher, at), at)
    if lease.state == LeaseState.DRAINING:
        return 0
    return _replace(lease, voucher, in_flight, at)


def _resolve(lease: Lease, terms: Terms, at: datetime) -> int:
    done = postings.resolve(
        _stamp(lease.hold, "resolve", at), terms, hold_id=lease.hold, kind="void"
    )
    lease.state, lease.resolved_at = LeaseState.RESOLVED, at
    lease.save(update_fields=["state", "resolved_at"])
    return done.parts.supply


def _replace(lease: Lease, voucher: Voucher, in_flight: int, at: datetime) -> int:
    """What is in flight gets a hold of its own; the rest comes free."""
    terms = terms_of(voucher, at)
    left = left_in_holds([lease.hold])[lease.hold]
    if not terms.active or in_flight >= left:
        lease.state = LeaseState.DRAINING
        lease.save(update_fields=["state"])
        return 0
    freed = _resolve(lease, terms, at)
    following = Lease(
        hold=uuid7(), epoch=lease.epoch, voucher=voucher, supplier_id=lease.supplier_id,
        amount_microwon=in_flight, granted_at=at, expires_at=voucher.expires_at,
        state=LeaseState.DRAINING,
    )  # fmt: skip
    spent = spent_upto(lease.team) if lease.team else None
    lease.replaced_by = _hold(following, terms, team=lease.team, spent=spent)
    lease.save(update_fields=["replaced_by"])
    return freed - in_flight


def open_leases(epoch: WorkerEpoch) -> list[Lease]:
    """Leases of an epoch that are not resolved, in the order of their holds."""
    rows = Lease.objects.filter(epoch=epoch).filter(state__in=UNRESOLVED)
    return list(rows.order_by("hold"))


def recallable(voucher_id: UUID) -> list[tuple[int, UUID]]:
    """Epoch and hold of every lease of a voucher that a worker may still reserve from."""
    rows = Lease.objects.filter(voucher=voucher_id, state=LeaseState.OPEN)
    return list(rows.order_by("hold").values_list("epoch_id", "hold"))


def recallable_by(epochs: list[int]) -> list[tuple[int, UUID]]:
    """The same for every lease of some epochs."""
    rows = Lease.objects.filter(epoch__in=epochs, state=LeaseState.OPEN)
    return list(rows.order_by("hold").values_list("epoch_id", "hold"))


def orphaned() -> list[Lease]:
    """Leases that a closed epoch left open: granted in the moment in which its worker died."""
    rows = Lease.objects.filter(state=LeaseState.OPEN, epoch__power_lost=False)
    return list(rows.exclude(epoch__closed_at=None).order_by("hold"))
