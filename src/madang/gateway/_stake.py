"""What a call has at stake: the money it took from a lease, and its records in the journal.

Money that was taken is settled exactly once, in the same breath in which the terminal record
is made: `commit` or `void`. Every record of a call names its hold, its bound and its prices.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from madang.gateway._usage import NO_TOKENS, Tokens
from madang.wire.record import OtherUnit, RecordFlag, RecordKind

if TYPE_CHECKING:
    from madang.gateway._catalogue import Holder, Route
    from madang.gateway._lease import Lease
    from madang.gateway._worker import Worker

Callback = Callable[[], None]
_BORNE, _ABOVE = int(RecordFlag.PROGRAMME_BORNE), int(RecordFlag.ABOVE_BOUND)
_ONE_REQUEST = int(OtherUnit.REQUEST)
_COMMIT = RecordKind.COMMIT
"""Looked up once: the members of an enumeration cost more than the work on them."""


class Stake:
    """The money side of one call."""

    __slots__ = (
        "_call", "_est", "_holder", "_journal", "_lease", "_route", "_worker", "attempt",
        "charge", "flags",
    )  # fmt: skip

    def __init__(
        self, worker: Worker, holder: Holder, route: Route, call: bytes, flags: int
    ) -> None:
        self._worker = worker
        self._journal = worker.journal
        self._holder = holder
        self._route = route
        self._call = call
        self._lease: Lease | None = None
        self._est = 0
        self.attempt = 1
        self.charge = 0
        self.flags = flags

    def take(self, lease: Lease, est_microwon: int) -> None:
        """The call's bound was taken from this lease."""
        self._lease, self._est = lease, est_microwon

    def record(
        self,
        kind: RecordKind,
        *,
        tokens: Tokens = NO_TOKENS,
        requests: int = 0,
        then: Callback | None = None,
    ) -> None:
        """Make one record; `then` runs when it is on file (on disk, for a strict product)."""
        lease, holder, route = self._lease, self._holder, self._route
        assert lease is not None  # every record of a call names its hold
        fields = (
            kind, self.flags, self.attempt, self._call, holder.voucher_id, lease.hold,
            route.price_set, self._est, self.charge, tokens.input, tokens.cached,
            tokens.cache_write, tokens.output, self._worker.clock_us(), holder.key.no,
            requests, _ONE_REQUEST if requests else 0,
        )  # fmt: skip
        self._journal.append(fields, then, durable=route.offering.strict)

    def commit(self, tokens: Tokens, then: Callback, *, is_request: bool) -> None:
        """Fix quantities and charge, record them, settle.

        The voucher never pays more than was reserved; what a supplier reports beyond it is
        on record, flagged, for the supplier to dispute.
        """
        tariff = self._route.tariff
        requests = 1 if is_request and tariff.has_request else 0
        tokens = tariff.sold(tokens)
        price = tariff.charge_microwon(tokens, requests)
        if price > self._est:
            self.flags |= _ABOVE
        self.charge = 0 if self.flags & _BORNE else min(price, self._est)
        self.record(_COMMIT, tokens=tokens, requests=requests, then=then)
        self._settle()
        self._worker.counters.count(self.flags, self.charge, tokens)

    def void(self, then: Callback) -> None:
        """Nothing sent, or refused unbilled: the money is free again."""
        self.record(RecordKind.VOID, then=then)
        self._settle()
        self._worker.counters.voided += 1

    def _settle(self) -> None:
        lease, self._lease = self._lease, None
        assert lease is not None  # settled exactly once
        self._route.purse.settle(lease, self._est, self.charge)
