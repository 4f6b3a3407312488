"""One gateway worker: callers in front, suppliers behind, the till at its side.

It knows which path is what, checks who calls and whether they may, and hands each call to a
`Call`. Everything it holds lives on one event loop; a sweep a few times a second ends what
has waited too long.
"""

from __future__ import annotations

import asyncio
import random
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import unquote
from uuid import UUID

import msgspec

from madang.core.clock import Clock
from madang.core.errors import MadangError
from madang.core.ids import Uuid7
from madang.gateway import _heads
from madang.gateway._bounds import bound_of
from madang.gateway._call import Call
from madang.gateway._catalogue import BEARER, Catalogue, Holder, Route
from madang.gateway._dialects import CHAT, DIALECTS, Dialect, facts_of
from madang.gateway._http import Connection, Request
from madang.gateway._idempotency import NAME_BYTES_MAX, Claim, Claims
from madang.gateway._journal import Journal
from madang.gateway._lease import Lease, LeaseBook
from madang.gateway._log import log
from madang.gateway._metrics import Counters, render
from madang.gateway._pool import Pool, Pools
from madang.gateway._rate import RateBoard
from madang.gateway._request import Ask
from madang.gateway._till import Till
from madang.gateway.errors import (
    LedgerUnavailable,
    ModelUnknown,
    RateExceeded,
    RequestMalformed,
)
from madang.gateway.settings import Settings
from madang.wire import WIRE_VERSION
from madang.wire.messages import (
    FromTill,
    Hello,
    IdemAnswer,
    LeaseDenied,
    LeaseGranted,
    LeaseReturned,
    LeaseWanted,
    Recall,
    Snapshot,
    Welcome,
)
from madang.wire.record import NO_UUID, RecordFlag, RecordKind

SWEEP_S = 0.25
MODELS = b"/v1/models"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)
_NONE = NO_UUID.bytes


class Worker:
    """The state of one worker. `on_fenced` is called when it must not go on."""

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        settings: Settings,
        clock: Clock,
        *,
        boot_id: str,
        pid: int,
        on_fenced: Callable[[], None],
    ) -> None:
        self.settings = settings
        self.limits = settings.limits
        self.now = loop.time
        noise = random.Random(secrets.randbits(256))  # noqa: S311  ids are no secrets
        self.next_id = Uuid7(random_bits=noise.getrandbits).next_int
        self.counters = Counters()
        self.calls: set[Call] = set()
        self.connections: set[Connection] = set()
        self.is_stopping = False
        self._loop = loop
        self._clock = clock
        self._boot_id = boot_id
        self._pid = pid
        self._on_fenced = on_fenced
        self._journal: Journal | None = None
        self._swept_at = self.now()
        self._turn = -1.0
        self._clock_us = 0
        self.till = Till(settings.till_path, self)
        self.leases = LeaseBook(self, self.now())
        self.pools = Pools(loop, self.limits)
        self.claims = Claims(self.till.send)
        self.rates = RateBoard(settings.data_dir / "run", settings.worker)
        self.catalogue = Catalogue(
            secrets_dir=settings.data_dir / "secrets",
            purse=self.leases.purse,
            board=self.rates,
            key_cache_max=self.limits.key_cache_max,
        )

    @property
    def journal(self) -> Journal:
        assert self._journal is not None  # no call is admitted before Welcome
        return self._journal

    def clock_us(self) -> int:
        """Microseconds of Unix time. The loop's own time stands still within a turn (and for a
        millisecond at most): as long as it does, the clock is not read again."""
        turn = self.now()
        if turn != self._turn:
            self._turn = turn
            self._clock_us = (self._clock.now() - _EPOCH) // _MICROSECOND
        return self._clock_us

    # Requests ------------------------------------------------------------------------

    def handle(self, connection: Connection, request: Request) -> None:
        """Answer a whole request, now or through a Call."""
        path = request.path.partition(b"?")[0]
        dialect = DIALECTS.get(path)
        try:
            if dialect is not None and request.method == b"POST":
                self._begin(connection, request, dialect, path)
            else:
                connection.finish(self._page(request, path))
        except MadangError as error:
            connection.finish(self.error_bytes(request, error))

    def _begin(
        self, connection: Connection, request: Request, dialect: Dialect, path: bytes
    ) -> None:
        self._check_ready()
        now_us = self.clock_us()
        holder = self._holder(request)
        if not holder.may_spend(now_us):
            self.catalogue.check_voucher(holder, now_us)
        ask = dialect.read(request.body)
        route = self.catalogue.route(holder, ask.model, now_us)
        if not route.tariff.sells(output=ask.has_output):
            raise ModelUnknown(model=ask.model)
        if holder.key.rpm_max:
            self._check_rate(holder, now_us)
        offering = route.offering
        bound = bound_of(
            ask,
            route.tariff,
            context_tokens_max=offering.context_tokens_max,
            overhead_tokens=offering.overhead_tokens_max,
        )
        call = Call(self, connection, request, holder, route, dialect, ask, bound)
        connection.reply = call
        self.calls.add(call)
        if b"idempotency-key" in request.headers:
            self._claim(call, holder, request, ask, path)
        else:
            call.start()

    def _check_ready(self) -> None:
        if self._journal is None or self._journal.failed or not self.catalogue.is_complete:
            raise LedgerUnavailable
        if self.is_stopping:
            raise LedgerUnavailable

    def _holder(self, request: Request) -> Holder:
        headers = request.headers
        return self.catalogue.holder(
            headers.get(b"authorization") or headers.get(b"x-api-key") or b""
        )

    def _check_rate(self, holder: Holder, now_us: int) -> None:
        now_s = now_us / 1e6
        if not holder.rate.admit(now_s, holder.key.rpm_max):
            raise RateExceeded(
                rpm_max=holder.key.rpm_max, retry_after_s=holder.rate.retry_after_s(now_s)
            )

    def _claim(
        self, call: Call, holder: Holder, request: Request, ask: Ask, path: bytes
    ) -> None:
        name = request.headers[b"idempotency-key"]
        if not 0 < len(name) <= NAME_BYTES_MAX:
            call.refused(RequestMalformed(reason="the Idempotency-Key is empty or too long"))
            return
        call.claim = Claim(
            call,
            UUID(call.name),
            secret=_secret_of(request),
            is_stream=ask.stream,
            send=self.till.send,
            bytes_max=self.limits.replay_bytes_max,
            asked_at=self.now(),
        )
        call.claiming()
        self.claims.ask(call.claim, holder.key.no, name, path, request.body)

    def may_send_body(self, request: Request) -> MadangError | None:
        """For a caller that waits with its body: would it be refused whatever it sends?"""
        try:
            self._check_ready()
            holder = self._holder(request)
            self.catalogue.check_voucher(holder, self.clock_us())
        except MadangError as error:
            return error
        return None

    def _page(self, request: Request, path: bytes) -> bytes:
        """Everything that is not a call."""
        if request.method == b"HEAD":
            request.keep_alive = False  # no reader may take the body for the next answer
        if request.method != b"GET":
            if path in DIALECTS:
                raise RequestMalformed(reason="use POST here")
            raise ModelUnknown(model=path.decode("ascii", "replace"))
        if path == b"/healthz":
            return self._health(request)
        if path == b"/metrics":
            text = render(self.settings.worker, self.counters, self._gauges())
            return _heads.text(request, text)
        if path == MODELS or path.startswith(MODELS + b"/"):
            return self._models(request, path)
        if path in DIALECTS:
            raise RequestMalformed(reason="use POST here")
        raise ModelUnknown(model=path.decode("ascii", "replace"))

    def _models(self, request: Request, path: bytes) -> bytes:
        self._check_catalogue()
        offerings = self.catalogue.models(self._holder(request))
        if path == MODELS:
            return _heads.models(request, offerings)
        wanted = unquote(path[len(MODELS) + 1 :].decode("ascii", "replace"))
        for offering in offerings:
            if offering.code == wanted:
                return _heads.model(request, offering)
        raise ModelUnknown(model=wanted)

    def _check_catalogue(self) -> None:
        if not self.catalogue.is_complete:
            raise LedgerUnavailable

    # For calls -----------------------------------------------------------------------

    def pool_of(self, route: Route) -> Pool:
        pool = route.pool
        if pool is None:
            offering = route.offering
            pool = self.pools.pool(route.target.origin, offering.connections_max)
            route.pool = pool
        return pool

    def error_bytes(self, request: Request, error: MadangError, call: str = "") -> bytes:
        self.counters.refuse(error.code)
        dialect = DIALECTS.get(request.path.partition(b"?")[0], CHAT)
        body = dialect.error_body(error, facts_of(error, call))
        return _heads.error(request, error, body, call)

    # The till ------------------------------------------------------------------------

    def hello(self) -> Hello:
        return Hello(
            worker=self.settings.worker,
            pid=self._pid,
            boot_id=self._boot_id,
            epoch=self._journal.epoch if self._journal else 0,
            wire_version=WIRE_VERSION,
            holds=self.leases.holds,
        )

    def told(self, message: FromTill) -> None:
        """A message from the till."""
        if isinstance(message, LeaseGranted):
            self.leases.granted(message)
        elif isinstance(message, LeaseDenied):
            self.leases.denied(message)
        elif isinstance(message, Recall):
            self.leases.recall(message.hold)
        elif isinstance(message, IdemAnswer):
            self.claims.answered(message)
        elif isinstance(message, Snapshot):
            stopped = self.catalogue.apply(message)
            for voucher in stopped.vouchers:
                self.leases.stop_all(voucher)
            for team in stopped.teams:
                self.leases.stop_team(team)
        elif isinstance(message, Welcome):
            self._welcomed(message)

    def _welcomed(self, told: Welcome) -> None:
        if self._journal is None:
            self._open_journal(told)
        elif told.epoch != self._journal.epoch:
            log("error", "till.fenced", worker=self.settings.worker, epoch=told.epoch)
            self._on_fenced()

    def _open_journal(self, told: Welcome) -> None:
        """A worker that cannot write is of no use: let the supervisor try again later."""
        try:
            self._journal = Journal(
                self._loop,
                Path(told.journal_dir),
                worker=self.settings.worker,
                epoch=told.epoch,
                segment_bytes=self.settings.segment_bytes,
                sync_interval_s=self.settings.sync_interval_s,
                on_failure=self._journal_failed,
            )
        except OSError as err:
            log("error", "journal.open.failed", worker=self.settings.worker, why=str(err))
            self._on_fenced()
        else:
            log("info", "till.welcomed", worker=self.settings.worker, epoch=told.epoch)

    def till_lost(self) -> None:
        self.leases.till_lost()
        self.claims.till_lost()

    def _journal_failed(self, reason: str) -> None:
        log("error", "journal.failed", worker=self.settings.worker, why=reason)
        calls, self.calls = self.calls, set()
        for call in calls:
            call.journal_failed()

    # For leases ----------------------------------------------------------------------

    @property
    def has_till(self) -> bool:
        return self.till.is_connected

    def to_till(self, message: LeaseWanted | LeaseReturned) -> bool:
        return self.till.send(message)

    def when_on_file(self, then: Callable[[], None]) -> None:
        self.journal.when_on_file(then)

    def lease_began(self, lease: Lease) -> None:
        self._record_lease(lease, lease.amount, None)

    def lease_stopped(self, lease: Lease, then: Callable[[LeaseReturned], None]) -> None:
        in_flight = lease.in_flight
        seq_next = self.journal.seq_next + 1
        message = LeaseReturned(UUID(bytes=lease.hold), seq_next, in_flight)
        self._record_lease(lease, 0, lambda: then(message))

    def _record_lease(self, lease: Lease, amount: int, then: Callable[[], None] | None) -> None:
        fields = (
            RecordKind.LEASE, RecordFlag.NONE, 0, _NONE, lease.purse.voucher.bytes, lease.hold,
            0, amount, 0, 0, 0, 0, 0, self.clock_us(), 0, 0, 0,
        )  # fmt: skip
        self.journal.append(fields, then)

    # Time ----------------------------------------------------------------------------

    def sweep(self) -> None:
        """End what has waited too long; called a few times a second."""
        now, limits = self.now(), self.limits
        elapsed_s, self._swept_at = max(now - self._swept_at, 0.001), now
        self.leases.now = now
        for connection in list(self.connections):
            connection.sweep(now)
        for call in list(self.calls):
            call.sweep(now)
        self.pools.sweep(now)
        self.rates.refresh()
        self.claims.sweep(now, limits.till_wait_s_max)
        if self._journal is not None and not self._journal.failed:
            self.leases.sweep(
                elapsed_s,
                limits.till_wait_s_max,
                limits.lease_idle_s_max,
                has_till=self.has_till,
            )

    @property
    def is_quiet(self) -> bool:
        """No call goes on, and no caller has bytes to come."""
        return not self.calls and not any(
            connection.transport.get_write_buffer_size() for connection in self.connections
        )

    async def close(self) -> None:
        """What is still open is cut, leases go back, the journal gets its END."""
        for call in list(self.calls):
            call.cut()
        for connection in list(self.connections):
            connection.transport.abort()
        await self.pools.close()
        if self._journal is not None and not self._journal.failed:
            self.leases.stop_all()
            await self._journal.close()
        self.rates.close()

    # How are you? --------------------------------------------------------------------

    def _health(self, request: Request) -> bytes:
        state = "ok"
        if self._journal is None or not self.catalogue.is_complete:
            state = "starting"
        elif self._journal.failed:
            state = "failed"
        elif self.is_stopping:
            state = "stopping"
        elif not self.has_till:
            state = "degraded"  # held leases are still spent
        body = msgspec.json.encode(
            {
                "status": state,
                "worker": self.settings.worker,
                "epoch": self._journal.epoch if self._journal else 0,
                "till": self.has_till,
                "snapshot": self.catalogue.version,
            }
        )
        return _heads.health(request, body, is_well=state in {"ok", "degraded"})

    def _gauges(self) -> dict[str, int]:
        leases, pools = self.leases.statistics(), self.pools.statistics()
        gauges = {
            "up_time_s": int(time.process_time()),
            "connections": len(self.connections),
            "calls_open": len(self.calls),
            "till_connected": int(self.has_till),
            "leases": leases.leases,
            "lease_free_microwon": leases.free_microwon,
            "lease_in_flight_microwon": leases.in_flight_microwon,
            "lease_waiting_calls": leases.waiting,
            "upstream_open": pools.open,
            "upstream_idle": pools.idle,
            "upstream_waiting_calls": pools.waiting,
        }
        if self._journal is not None:
            journal = self._journal.statistics()
            gauges |= {
                "journal_records": journal.records,
                "journal_syncs": journal.syncs,
                "journal_failed": int(bool(journal.failed)),
            }
        return gauges


def _secret_of(request: Request) -> bytes:
    given = request.headers.get(b"authorization") or request.headers.get(b"x-api-key") or b""
    if given[: len(BEARER)].lower() == BEARER:
        return given[len(BEARER) :].strip()
    return given
