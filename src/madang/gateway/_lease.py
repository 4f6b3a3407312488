"""Leases: money that the till has lent to this worker, by voucher and supplier.

A take is one comparison and one subtraction with nothing awaited in between, so two calls can
never take the same money. `free` falls by a call's bound when it is reserved and rises by what
the call did not use when it ends.

When no lease covers a call, the call waits while the till is asked for as much as the call
may cost. If that is refused, what this worker holds idle goes back and the till is asked once
more for at least one token's worth: then the call is clamped to what fits, or refused.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Protocol
from uuid import UUID

from madang.core.errors import MadangError
from madang.gateway.errors import (
    BalanceInsufficient,
    LedgerUnavailable,
    TeamLimitReached,
    VoucherExpired,
    VoucherSuspended,
)
from madang.wire.messages import LeaseDenied, LeaseGranted, LeaseReturned, LeaseWanted

SHORT: dict[str, type[BalanceInsufficient | TeamLimitReached]] = {
    error.code: error for error in (BalanceInsufficient, TeamLimitReached)
}
"""Not enough money: what lies idle in other leases may help."""
LEASE_S = 2.0
CALLS_MIN = 4
"""A lease is for two seconds of spending, and for a few calls before anything is known."""
PREFETCH_REST_S = 1.0
PREFETCH_PAUSE_S = 1.0
WAITERS_MAX = 10_000
NOT_SENT = 2**63
_WAITS_FOR_FILE = -1


class Waiter(Protocol):
    """A call that waits for money."""

    @property
    def full_microwon(self) -> int: ...

    @property
    def least_microwon(self) -> int: ...

    def reserved(self, lease: Lease) -> None:
        """The lease has at least `least_microwon` free; take from it now."""

    def refused(self, error: MadangError) -> None: ...


class Book(Protocol):
    """What leases need of their worker: the journal, and the till when it is there."""

    @property
    def has_till(self) -> bool: ...

    def lease_began(self, lease: Lease) -> None: ...

    def lease_stopped(self, lease: Lease, then: Callable[[LeaseReturned], None]) -> None:
        """Record the stop; when it is on file, call `then` with the message for the till."""

    def to_till(self, message: LeaseWanted | LeaseReturned) -> bool:
        """Send; False when the till is not there."""

    def when_on_file(self, then: Callable[[], None]) -> None:
        """Call `then` once everything recorded so far is on file."""


class Lease:
    """One hold of the ledger, in use by this worker."""

    __slots__ = ("amount", "free", "hold", "in_flight", "is_stopped", "purse", "used_at")

    def __init__(self, purse: Purse, hold: UUID, amount: int, now: float) -> None:
        self.purse = purse
        self.hold = hold.bytes
        self.amount = amount
        self.free = amount
        self.in_flight = 0
        self.used_at = now
        self.is_stopped = False


@dataclass(frozen=True, slots=True)
class LeaseStatistics:
    purses: int
    leases: int
    free_microwon: int
    in_flight_microwon: int
    waiting: int
    granted: int
    denied: int
    returned: int


class Account:
    """What is known of one voucher's spendable supply: what the till said last, and since."""

    __slots__ = ("_returns", "_told_microwon", "purses")

    def __init__(self) -> None:
        self.purses: list[Purse] = []
        self._told_microwon = 0
        self._returns: list[Returned] = []

    def told(self, request: int, spendable_microwon: int) -> None:
        """The till's figure as of a request. It knows of what went back before that request."""
        self._returns = [one for one in self._returns if one.before_request > request]
        self._told_microwon = spendable_microwon

    def returning(self, amount_microwon: int) -> Returned:
        """Money on its way back: spendable, though the till may not know of it yet."""
        one = Returned(amount_microwon)
        self._returns.append(one)
        return one

    @property
    def spendable_microwon(self) -> int:
        if not self._returns:
            return self._told_microwon
        return self._told_microwon + sum(one.amount_microwon for one in self._returns)


class Returned:
    """One return: `before_request` is the first request that was sent after it."""

    __slots__ = ("amount_microwon", "before_request")

    def __init__(self, amount_microwon: int) -> None:
        self.amount_microwon = amount_microwon
        self.before_request = NOT_SENT


class Purse:
    """The leases of one voucher for one supplier, and the calls that wait for more.

    A team of the voucher has purses of its own: what was lent for it, nobody else spends.
    """

    def __init__(
        self,
        book: LeaseBook,
        account: Account,
        voucher: UUID,
        supplier: UUID,
        team: UUID | None,
    ) -> None:
        self.voucher = voucher
        self.supplier = supplier
        self.team = team
        self.account = account
        self.leases: list[Lease] = []
        self.waiters: deque[Waiter] = deque()
        self._book = book
        self._pending = 0  # the request that is with the till
        self._asked_at = 0.0
        self._is_second_try = False
        self._charged = 0  # since the last sweep
        self._prefetch_after = 0.0
        self._rate = 0  # micro-won a second, moving average
        account.purses.append(self)

    # The hot path --------------------------------------------------------------------

    def take(self, est_microwon: int) -> Lease | None:
        """Reserve from one lease, or nothing. No other code runs in between."""
        for lease in self.leases:
            if lease.free >= est_microwon:
                lease.free -= est_microwon
                lease.in_flight += est_microwon
                lease.used_at = self._book.now
                return lease
        return None

    def settle(self, lease: Lease, est_microwon: int, cost_microwon: int) -> None:
        """A call has its terminal record: what it did not use is free again."""
        assert 0 <= cost_microwon <= est_microwon <= lease.in_flight  # C1
        lease.in_flight -= est_microwon
        lease.free += est_microwon - cost_microwon
        lease.used_at = self._book.now
        self._charged += cost_microwon
        if lease.is_stopped:
            if lease.in_flight == 0:
                self._book.give_back(lease)
        elif self.waiters:
            self.serve()
        elif not self._pending and lease.free < est_microwon + self._rate * PREFETCH_REST_S:
            self._prefetch(est_microwon)

    @property
    def available_microwon(self) -> int:
        """Spendable supply left with the ledger, plus what our leases of it have free."""
        return self.account.spendable_microwon + self.free_microwon

    @property
    def free_microwon(self) -> int:
        total = 0
        for lease in self.leases:
            total += lease.free
        return total

    # Waiting -------------------------------------------------------------------------

    def wait(self, call: Waiter) -> None:
        """Queue a call that no lease covers."""
        if len(self.waiters) >= WAITERS_MAX:
            call.refused(LedgerUnavailable())
            return
        self.waiters.append(call)
        if not self._pending:
            self._ask_for_first()

    def forget(self, call: Waiter) -> None:
        """The caller of a waiting call has left."""
        if call in self.waiters:
            self._is_second_try = self._is_second_try and call is not self.waiters[0]
            self.waiters.remove(call)

    def serve(self) -> None:
        """Give to those who wait, in their order, as long as a lease covers the first."""
        while self.waiters:
            call = self.waiters[0]
            lease = next((one for one in self.leases if one.free >= call.full_microwon), None)
            if lease is None:
                if not self._pending:
                    self._ask_for_first()
                return
            self._pop().reserved(lease)

    def _pop(self) -> Waiter:
        self._is_second_try = False
        return self.waiters.popleft()

    def _ask_for_first(self) -> None:
        first = self.waiters[0]
        if self._is_second_try:
            self._ask(need=first.least_microwon, like=first.full_microwon)
        else:
            queued = sum(call.full_microwon for call in self.waiters)
            self._ask(need=first.full_microwon, like=CALLS_MIN * queued + self._rate * LEASE_S)

    def _ask(self, need: int, like: float) -> None:
        request = self._book.ask(self, need, max(int(like), need))
        if request:
            self._pending, self._asked_at = request, self._book.now
        else:
            self.refuse_all(LedgerUnavailable())

    def _prefetch(self, need: int) -> None:
        """Ask before it runs out, so that calls need not wait; never twice a second in vain."""
        if self._book.now >= self._prefetch_after and self._book.has_till:
            self._prefetch_after = self._book.now + PREFETCH_PAUSE_S
            self._ask(need=need, like=CALLS_MIN * need + self._rate * LEASE_S)

    def granted(self, request: int, lease: Lease) -> None:
        if request == self._pending:
            self._pending = 0
        self.leases.append(lease)
        if self._is_second_try and self.waiters:
            self._clamp_first()
        self.serve()

    def _clamp_first(self) -> bool:
        """Let the first who waits have the largest lease, if it is worth a token at least."""
        largest = max(self.leases, key=lambda one: one.free, default=None)
        if largest is None or largest.free < self.waiters[0].least_microwon:
            return False
        self._pop().reserved(largest)
        return True

    def denied(self, request: int, told: LeaseDenied) -> None:
        if request == self._pending:
            self._pending = 0
        if not self.waiters:
            return
        if told.code not in SHORT:
            self.refuse_all(_error_of(told.code))
            return
        first = self.waiters[0]
        idle = [lease for lease in self.leases if lease.free]
        reachable = told.spendable_microwon + self.free_microwon
        if self._is_second_try or reachable < first.least_microwon:
            if not self._clamp_first():
                self._refuse_first(told)
            self.serve()
            return
        self._is_second_try, self._pending = True, _WAITS_FOR_FILE
        for lease in idle:
            self._book.stop(lease)
        self._book.after_returns(self._ask_again)

    def _refuse_first(self, told: LeaseDenied) -> None:
        call = self._pop()
        call.refused(
            SHORT[told.code](
                available_microwon=told.spendable_microwon + self.free_microwon,
                held_microwon=told.held_microwon,
                needed_microwon=call.least_microwon,
            )
        )

    def _ask_again(self) -> None:
        self._pending = 0
        if self.waiters:
            self._ask_for_first()

    def refuse_all(self, error: MadangError) -> None:
        self._is_second_try = False
        waiting, self.waiters = self.waiters, deque()
        for call in waiting:
            call.refused(error)

    # Once in a while -----------------------------------------------------------------

    def sweep(self, now: float, elapsed_s: float, wait_s_max: float, idle_s_max: float) -> None:
        """Move the average on, give up on a silent till, give back what lies idle."""
        self._rate = int((self._rate + self._charged / elapsed_s) / 2)
        self._charged = 0
        if self._pending > 0 and now - self._asked_at > wait_s_max:
            self._pending = 0
            self.refuse_all(LedgerUnavailable())
        for lease in list(self.leases):
            if lease.in_flight == 0 and now - lease.used_at > idle_s_max:
                self._book.stop(lease)

    def till_lost(self) -> None:
        self._pending = min(self._pending, 0)
        self.refuse_all(LedgerUnavailable())


def _error_of(code: str) -> MadangError:
    for error in (VoucherSuspended, VoucherExpired):
        if code == error.code:
            return error()
    return LedgerUnavailable()


class LeaseBook:
    """All purses of a worker, and their talk with the till."""

    def __init__(self, book: Book, now: float) -> None:
        self.now = now
        self._book = book
        self._purses: dict[tuple[UUID, UUID, UUID | None], Purse] = {}
        self._accounts: dict[tuple[UUID, UUID | None], Account] = {}
        self._asking: dict[int, Purse] = {}
        self._by_hold: dict[bytes, Lease] = {}
        self._request = 0
        self._counts = [0, 0, 0]  # granted, denied, returned

    def purse(self, voucher: UUID, supplier: UUID, team: UUID | None = None) -> Purse:
        found = self._purses.get((voucher, supplier, team))
        if found is None:
            account = self._accounts.setdefault((voucher, team), Account())
            found = Purse(self, account, voucher, supplier, team)
            self._purses[voucher, supplier, team] = found
        return found

    def ask(self, purse: Purse, need: int, like: int) -> int:
        """Send LeaseWanted; its number, or 0 when the till is not there."""
        self._request += 1
        wanted = LeaseWanted(
            self._request, purse.voucher, purse.supplier, need, like, purse.team
        )
        if not self._book.to_till(wanted):
            return 0
        self._asking[self._request] = purse
        return self._request

    def granted(self, told: LeaseGranted) -> None:
        purse = self._asking.pop(told.request, None)
        if purse is None:
            return  # asked over an earlier connection: Hello will not name it, so it goes back
        self._counts[0] += 1
        lease = Lease(purse, told.hold, told.amount_microwon, self.now)
        self._by_hold[lease.hold] = lease
        purse.account.told(told.request, told.spendable_microwon)
        self._book.lease_began(lease)
        purse.granted(told.request, lease)

    def denied(self, told: LeaseDenied) -> None:
        purse = self._asking.pop(told.request, None)
        if purse is None:
            return
        self._counts[1] += 1
        if told.code in SHORT:
            purse.account.told(told.request, told.spendable_microwon)
        purse.denied(told.request, told)

    def recall(self, hold: UUID) -> None:
        lease = self._by_hold.get(hold.bytes)
        if lease is not None and not lease.is_stopped:
            self.stop(lease)

    def stop(self, lease: Lease) -> None:
        """Reserve nothing more from a lease; tell the till once that is on file."""
        lease.is_stopped = True
        lease.purse.leases.remove(lease)
        self._return(lease)

    def give_back(self, lease: Lease) -> None:
        """The last call of a stopped lease has ended."""
        self._return(lease)

    def _return(self, lease: Lease) -> None:
        if lease.in_flight == 0:
            self._by_hold.pop(lease.hold, None)
        self._counts[2] += 1
        returning = lease.purse.account.returning(lease.free)
        lease.free = 0

        def send(message: LeaseReturned) -> None:
            returning.before_request = self._request + 1
            self._book.to_till(message)

        self._book.lease_stopped(lease, send)

    def after_returns(self, then: Callable[[], None]) -> None:
        """Call `then` when the returns of this tick are on their way."""
        self._book.when_on_file(then)

    @property
    def has_till(self) -> bool:
        return self._book.has_till

    def stop_all(self, voucher: UUID | None = None) -> None:
        """Stop every lease, or those of one voucher."""
        for purse in self._purses.values():
            if voucher is None or purse.voucher == voucher:
                for lease in list(purse.leases):
                    self.stop(lease)

    def stop_team(self, team: UUID) -> None:
        """A team's limit went down: what it does not use goes back to be lent anew."""
        for purse in self._purses.values():
            if purse.team == team:
                for lease in list(purse.leases):
                    self.stop(lease)

    def till_lost(self) -> None:
        self._asking.clear()
        for purse in self._purses.values():
            purse.till_lost()

    @property
    def holds(self) -> list[UUID]:
        """What Hello names: leases in use, and stopped ones with calls still in flight."""
        return [UUID(bytes=hold) for hold in self._by_hold]

    def sweep(
        self, elapsed_s: float, wait_s_max: float, idle_s_max: float, *, has_till: bool
    ) -> None:
        idle = idle_s_max if has_till else float("inf")
        for purse in self._purses.values():
            purse.sweep(self.now, elapsed_s, wait_s_max, idle)

    def __iter__(self) -> Iterator[Purse]:
        return iter(self._purses.values())

    def statistics(self) -> LeaseStatistics:
        leases = list(self._by_hold.values())
        granted, denied, returned = self._counts
        return LeaseStatistics(
            purses=len(self._purses),
            leases=len(leases),
            free_microwon=sum(lease.free for lease in leases if not lease.is_stopped),
            in_flight_microwon=sum(lease.in_flight for lease in leases),
            waiting=sum(len(purse.waiters) for purse in self._purses.values()),
            granted=granted,
            denied=denied,
            returned=returned,
        )
