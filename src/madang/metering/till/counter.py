"""The counter: what the till answers to workers and commands."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Coroutine
from pathlib import Path
from typing import TypeVar
from uuid import UUID

from madang.core.clock import Clock
from madang.metering.errors import BalanceInsufficient, TeamLimitReached
from madang.metering.till import idempotency, leases
from madang.metering.till.bulletin import Bulletin
from madang.metering.till.desk import DatabaseAway, Desk
from madang.metering.till.epochs import UnknownProcess, attached_epoch, open_epoch
from madang.metering.till.leases import UNAVAILABLE, Denied, Granted
from madang.metering.till.models import WorkerEpoch
from madang.metering.till.recalls import Recalls
from madang.metering.till.session import Session
from madang.metering.till.settings import Backoff, TillSettings
from madang.metering.till.settling import return_unnamed, take_back
from madang.metering.till.shipper import Shipper
from madang.wire import WIRE_VERSION
from madang.wire.messages import (
    Flush,
    Flushed,
    FromTill,
    Hello,
    IdemAnswer,
    IdemClaim,
    LeaseDenied,
    LeaseGranted,
    LeaseReturned,
    LeaseWanted,
    ReplayStored,
    ToTill,
    Welcome,
)

SHORT = frozenset({BalanceInsufficient.code, TeamLimitReached.code})
"""What idle leases that come back may help."""
FENCED = 0
"""No epoch has this number: a worker that is welcomed with it must stop and start anew."""

log = logging.getLogger("madang.till")

Answer = TypeVar("Answer")


class Counter:
    """All sessions, and what goes between them and the ledger.

    `front` answers workers, `back` ships journals; a lease is taken back only after the back
    office has shipped what its worker had written by then.
    """

    def __init__(
        self,
        *,
        front: Desk,
        back: Desk,
        shipper: Shipper,
        bulletin: Bulletin,
        clock: Clock,
        settings: TillSettings,
        host: UUID,
        journal_dir: Path,
    ) -> None:
        self._front, self._back = front, back
        self._shipper = shipper
        self._bulletin = bulletin
        self._clock = clock
        self._settings = settings
        self._host = host
        self._journal_dir = journal_dir
        self._sessions: dict[int, Session] = {}
        self._recalls = Recalls(self._sessions, front, wait_s_max=settings.recall_s_max)
        self._returns: dict[UUID, tuple[WorkerEpoch, LeaseReturned]] = {}
        self._replays: dict[UUID, ReplayStored] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.granted_total = self.denied_total = self.returned_total = 0

    # Sessions ------------------------------------------------------------------------

    async def handle(self, session: Session, message: ToTill) -> None:
        """Answer one message. While the database is away: say so, or keep it for later."""
        epoch = session.epoch
        match message:
            case Hello():
                await self._hello(session, message)
            case Flush():
                self._spawn(self._flush(session, message))
            case _ if epoch is None:
                log.warning("till.message.before_hello")
                session.drop()
            case LeaseWanted():
                await self._wanted(session, epoch, message)
            case LeaseReturned():
                self._returns[message.hold] = epoch, message
                with contextlib.suppress(DatabaseAway):
                    await self._take_back(message.hold)
            case IdemClaim():
                await self._claim(session, epoch, message)
            case ReplayStored():
                self._keep_replay(message)
                with contextlib.suppress(DatabaseAway):
                    await self._store(message.call)

    def closed(self, session: Session) -> None:
        epoch = session.epoch
        if epoch is not None and self._sessions.get(epoch.epoch) is session:
            del self._sessions[epoch.epoch]

    def tell_all(self, message: FromTill) -> None:
        for session in list(self._sessions.values()):
            session.tell(message)

    def drop_all(self) -> None:
        for task in list(self._tasks):
            task.cancel()
        for session in list(self._sessions.values()):
            session.drop()

    @property
    def workers(self) -> int:
        return len(self._sessions)

    @property
    def returns_waiting(self) -> int:
        return len(self._returns)

    @property
    def replays_waiting(self) -> int:
        return len(self._replays)

    def _spawn(self, work: Coroutine[None, None, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("till.task.failed", exc_info=task.exception())

    async def _patiently(self, work: Coroutine[None, None, Answer]) -> Answer | None:
        """One try; None while the database is away."""
        try:
            return await work
        except DatabaseAway:
            return None

    # Hello ---------------------------------------------------------------------------

    async def _hello(self, session: Session, message: Hello) -> None:
        if message.wire_version != WIRE_VERSION:
            log.error("till.wire.version worker=%d", message.wire_version)
            session.drop()
            return
        backoff = Backoff(self._settings.ship_every_s, self._settings.backoff_s_max)
        while session.is_open:
            try:
                await self._welcome(session, message)
            except DatabaseAway:
                backoff.grow()
                await asyncio.sleep(backoff.pause_s)
            except UnknownProcess as err:
                log.warning("till.hello.refused why=%s", err)
                session.drop()
            else:
                return

    async def _welcome(self, session: Session, message: Hello) -> None:
        """Give an epoch, or take the worker's own back; then the whole snapshot."""
        who = {"worker": message.worker, "pid": session.worker_pid}
        if message.epoch:
            epoch = await self._front.do(attached_epoch, self._host, epoch=message.epoch, **who)
        else:
            epoch = await self._front.do(open_epoch, self._host, at=self._clock.now(), **who)
        if epoch is None:
            session.tell(Welcome(FENCED, str(self._journal_dir)))
            return
        self._fence_others(epoch)
        await self._back.do(self._shipper.watch, epoch)
        if message.epoch:
            await self._return_unnamed(epoch, message.holds)
        snapshot = await self._bulletin.whole()
        session.epoch = epoch
        self._sessions[epoch.epoch] = session
        session.tell(Welcome(epoch.epoch, str(self._journal_dir)))
        session.tell(snapshot)

    def _fence_others(self, epoch: WorkerEpoch) -> None:
        """An older life of the same worker must stop at once, if it still hears us."""
        for session in list(self._sessions.values()):
            other = session.epoch
            if other and other.worker == epoch.worker and other.epoch < epoch.epoch:
                session.tell(Welcome(FENCED, str(self._journal_dir)))
                self.closed(session)
                session.epoch = None

    async def _return_unnamed(self, epoch: WorkerEpoch, holds: list[UUID]) -> None:
        """Leases that the worker does not name were granted or returned in a lost message.

        What is open on them, only a journal that was read to its end can say.
        """
        at = self._clock.now()
        await self._back.do(self._shipper.ship_epoch, epoch.epoch, at=at)
        if epoch.epoch in self._shipper.damaged:
            return
        await self._front.do(return_unnamed, epoch, named=frozenset(holds), at=at)

    # Leases --------------------------------------------------------------------------

    async def _wanted(self, session: Session, epoch: WorkerEpoch, message: LeaseWanted) -> None:
        found = await self._grant(epoch, message)
        if isinstance(found, Denied) and found.code in SHORT:
            self._spawn(self._grant_after_recall(session, epoch, message))
        else:
            self._tell_lease(session, message, found)

    async def _grant_after_recall(
        self, session: Session, epoch: WorkerEpoch, message: LeaseWanted
    ) -> None:
        """Near exhaustion: what other leases do not use comes back before anybody hears 402."""
        with contextlib.suppress(DatabaseAway):
            await self._recalls.of_voucher(message.voucher)
        self._tell_lease(session, message, await self._grant(epoch, message))

    async def _grant(self, epoch: WorkerEpoch, message: LeaseWanted) -> Granted | Denied:
        if epoch.epoch in self._shipper.damaged:
            return Denied(UNAVAILABLE, 0, 0)
        wish = leases.Wish(
            message.voucher, message.supplier, message.need_microwon, message.like_microwon,
            message.team,
        )  # fmt: skip
        work = self._front.do(leases.grant_lease, epoch, wish, at=self._clock.now())
        return await self._patiently(work) or Denied(UNAVAILABLE, 0, 0)

    def _tell_lease(
        self, session: Session, message: LeaseWanted, found: Granted | Denied
    ) -> None:
        if isinstance(found, Granted):
            self.granted_total += 1
            session.tell(
                LeaseGranted(
                    message.request, found.hold, found.amount_microwon,
                    found.spendable_microwon,
                )
            )  # fmt: skip
        else:
            self.denied_total += 1
            session.tell(
                LeaseDenied(
                    message.request, found.code, found.spendable_microwon, found.held_microwon
                )
            )

    async def _take_back(self, hold: UUID) -> None:
        """P9, once the journal is shipped up to where the worker stood. Raises DatabaseAway."""
        if hold not in self._returns:
            return
        epoch, message = self._returns[hold]
        at = self._clock.now()
        is_shipped = await self._back.do(
            self._shipper.ship_upto, epoch.epoch, message.seq_next, at=at
        )
        if not is_shipped:
            return
        await self._front.do(
            take_back, epoch, hold, in_flight=message.in_flight_microwon, at=at
        )
        if self._returns.get(hold) == (epoch, message):
            del self._returns[hold]
        self.returned_total += 1
        self._recalls.came_back(hold)

    async def retry(self) -> None:
        """What could not be done while the database was away. Raises DatabaseAway."""
        for hold in list(self._returns):
            await self._take_back(hold)
        for call in list(self._replays):
            await self._store(call)

    # Idempotency ---------------------------------------------------------------------

    async def _claim(self, session: Session, epoch: WorkerEpoch, message: IdemClaim) -> None:
        """No answer while the database is away: the worker stops waiting by itself."""
        work = self._front.do(
            idempotency.claim, epoch, key_no=message.key_no, idem_sha256=message.idem_sha256,
            body_sha256=message.body_sha256, call=message.call, at=self._clock.now(),
        )  # fmt: skip
        found = await self._patiently(work)
        if found is not None:
            session.tell(IdemAnswer(message.request, found.outcome, found.call, found.replay))

    def _keep_replay(self, message: ReplayStored) -> None:
        """Past the limit only the fact that the call ended is kept, not its answer."""
        is_full = len(self._replays) >= self._settings.replays_waiting_max
        self._replays[message.call] = _without_replay(message) if is_full else message

    async def _store(self, call: UUID) -> None:
        message = self._replays[call]
        await self._front.do(
            idempotency.store_replay, call, replay=message.replay, free=message.free
        )
        self._replays.pop(call, None)

    # Flush ---------------------------------------------------------------------------

    async def _flush(self, session: Session, message: Flush) -> None:
        """Post everything that is on file, after a recall if asked; then say how much."""
        before = self._shipper.calls_total
        try:
            async with asyncio.timeout(self._settings.flush_s_max):
                if message.recall:
                    await self._recalls.of_everybody()
                await self._back.do(self._shipper.look_after, at=self._clock.now())
                await self._back.do(self._shipper.ship_new, at=self._clock.now())
                await self.retry()
        except (DatabaseAway, TimeoutError):
            session.drop()
        else:
            session.tell(Flushed(message.request, self._shipper.calls_total - before))


def _without_replay(message: ReplayStored) -> ReplayStored:
    return ReplayStored(message.call, b"", message.free)
