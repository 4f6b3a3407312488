"""A till for tests: the real wire on a real Unix socket, a ledger of one number a voucher.

It is an oracle: it shares no code with the gateway but the wire, reads the gateway's journal
for itself, and notes every breach of the contract in `breaches`.
"""

from __future__ import annotations

import asyncio
import hashlib
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID, uuid4

from gateway_parts.loop import LoopThread
from madang.wire import messages as m
from madang.wire.journal import SegmentName, read_all, segments
from madang.wire.record import Record, RecordKind


@dataclass
class Hold:
    """One lease as the ledger sees it."""

    voucher: UUID
    supplier: UUID
    amount: int
    worker: int
    given_back: int = 0
    is_stopped: bool = False
    is_over: bool = False


@dataclass
class Worker:
    number: int
    epoch: int
    writer: asyncio.StreamWriter
    holds: set[UUID] = field(default_factory=set)


class FakeTill:
    """Runs in a thread of its own. Public methods may be called from any thread."""

    def __init__(self, folder: Path) -> None:
        self.socket = folder / "till.sock"
        self.journal_dir = folder / "journal"
        self.journal_dir.mkdir(parents=True, exist_ok=True)
        self.spendable: dict[UUID, int] = {}
        self.holds: dict[UUID, Hold] = {}
        self.keys: dict[int, m.Key] = {}
        self.vouchers: dict[UUID, m.Voucher] = {}
        self.offerings: dict[int, m.Offering] = {}
        self.claims: dict[tuple[int, bytes], dict] = {}
        self.breaches: list[str] = []
        self.received: list[object] = []
        self.is_mute = False  # reads, and answers no wish for money
        self.lease_max = 2**62
        self._version = 0
        self._epoch = 0
        self._workers: list[Worker] = []
        self._thread = LoopThread()
        self._server: asyncio.Server | None = None
        self.open()

    # For tests -----------------------------------------------------------------------

    def open(self) -> None:
        self._run(self._open())

    def close(self) -> None:
        """Drop the line: the ledger cannot be reached."""
        self._run(self._close())

    def stop(self) -> None:
        self.close()
        self._thread.stop()

    def add_offering(self, code: str, upstream: str, **changes) -> m.Offering:
        number = len(self.offerings) + 1
        prices = changes.pop("prices", {"token.in": "1400000000", "token.out": "4200000000"})
        supplier = changes.pop("supplier", UUID(int=1))
        price_set = m.PriceSet(no=number * 100, prices=prices, kinds=[], valid_from_us=0,
                               valid_until_us=0)  # fmt: skip
        facts = {
            "no": number, "id": uuid4(), "code": code, "supplier": supplier, "listed": True,
            "upstream": upstream, "upstream_model": "mock", "upstream_key": "",
            "allow_private": True, "context_tokens_max": 2048, "abort_policy": "drain",
            "uses": ["chat"], "strict": False, "price_sets": [price_set],
            "overhead_tokens_max": 16,
        }  # fmt: skip
        offering = m.Offering(**(facts | changes))
        self.offerings[offering.no] = offering
        self.push(offerings=[offering])
        return offering

    def add_voucher(self, microwon: int, secret: str, **changes) -> m.Voucher:
        rpm_max = changes.pop("rpm_max", 0)
        facts = {
            "id": uuid4(), "code": f"v-{secret}", "state": "active",
            "expires_at_us": 2**62, "organisation_kind": "sme", "offerings": ["nuri/*"],
        }  # fmt: skip
        voucher = m.Voucher(**(facts | changes))
        self.vouchers[voucher.id] = voucher
        self.spendable[voucher.id] = microwon
        number = len(self.keys) + 1
        sha256 = hashlib.sha256(secret.encode()).digest()
        key = m.Key(
            no=number, sha256=sha256, voucher=voucher.id, rpm_max=rpm_max, revoked=False
        )
        self.keys[key.no] = key
        self.push(vouchers=[voucher], keys=[key])
        return voucher

    def push(self, **rows) -> None:
        """Send a partial snapshot to every worker."""
        self._version += 1
        parts = {"keys": [], "vouchers": [], "offerings": []} | rows
        message = m.Snapshot(version=self._version, complete=False, **parts)
        self._run(self._tell_all(message))

    def recall_all(self) -> None:
        async def tell() -> None:
            for worker in self._workers:
                for hold in list(worker.holds):
                    worker.writer.write(m.frame(m.Recall(hold)))

        self._run(tell())

    def records(self, worker: int | None = None) -> list[Record]:
        """Everything on file now, in the order of writing."""
        found = []
        all_segments = segments(self.journal_dir)
        for place, (name, path) in enumerate(all_segments):
            if worker is not None and name.worker != worker:
                continue
            is_last = _is_last(all_segments, place, name)
            found += [record for _, record in read_all(path, is_last=is_last)]
        return found

    def charged(self, voucher: UUID) -> int:
        return sum(
            record.cost_microwon
            for record in self.records()
            if record.kind is RecordKind.COMMIT and record.voucher == voucher
        )

    # The socket ----------------------------------------------------------------------

    def _run(self, coroutine) -> None:
        self._thread.run(coroutine)

    async def _open(self) -> None:
        self.socket.unlink(missing_ok=True)
        self._server = await asyncio.start_unix_server(self._serve, str(self.socket))

    async def _close(self) -> None:
        if self._server is not None:
            self._server.close()
        for worker in self._workers:
            worker.writer.close()
        self._workers = []
        self.socket.unlink(missing_ok=True)

    async def _tell_all(self, message) -> None:
        for worker in self._workers:
            worker.writer.write(m.frame(message))

    async def _serve(self, reader, writer) -> None:
        frames, worker = m.Frames(), None
        try:
            while data := await reader.read(65536):
                for body in frames.feed(data):
                    message = m.to_till.decode(body)
                    self.received.append(message)
                    worker = self._told(worker, message, writer) or worker
        except ConnectionError:
            pass
        except Exception as err:  # noqa: BLE001  told by the test
            self.breaches.append(f"the till broke: {err!r}")
        finally:
            self._workers = [one for one in self._workers if one is not worker]
            writer.close()

    def _told(self, worker, message, writer):
        if isinstance(message, m.Hello):
            return self._hello(message, writer)
        if isinstance(message, m.LeaseWanted):
            self._lend(worker, message)
        elif isinstance(message, m.LeaseReturned):
            self._take_back(worker, message)
        elif isinstance(message, m.IdemClaim):
            self._claim(worker, message)
        elif isinstance(message, m.ReplayStored):
            self._store(message)
        return None

    def _hello(self, told: m.Hello, writer) -> Worker:
        epoch = told.epoch
        if not epoch:
            self._epoch += 1
            epoch = self._epoch
        worker = Worker(told.worker, epoch, writer, set(told.holds))
        self._workers.append(worker)
        for hold_id, hold in self.holds.items():
            mine = told.epoch and hold.worker == told.worker and not hold.is_over
            if mine and hold_id not in told.holds:
                self._resolve(hold_id, hold, in_flight=0)
        writer.write(m.frame(m.Welcome(epoch=epoch, journal_dir=str(self.journal_dir))))
        everything = m.Snapshot(
            version=self._version,
            complete=True,
            keys=list(self.keys.values()),
            vouchers=list(self.vouchers.values()),
            offerings=list(self.offerings.values()),
        )
        writer.write(m.frame(everything))
        return worker

    # The ledger ----------------------------------------------------------------------

    def _lend(self, worker: Worker, told: m.LeaseWanted) -> None:
        if self.is_mute:
            return
        if not 0 <= told.need_microwon <= told.like_microwon:
            self.breaches.append(f"a strange wish: {told}")
        spendable = self.spendable.get(told.voucher, 0)
        amount = min(
            max(told.need_microwon, min(told.like_microwon, self.lease_max)), spendable
        )
        if amount < told.need_microwon or amount == 0:
            held = sum(
                hold.amount - hold.given_back
                for hold in self.holds.values()
                if hold.voucher == told.voucher and not hold.is_over
            )
            denied = m.LeaseDenied(
                told.request, "voucher.balance.insufficient", spendable, held
            )
            worker.writer.write(m.frame(denied))
            return
        self.spendable[told.voucher] = spendable - amount
        hold_id = uuid4()
        self.holds[hold_id] = Hold(told.voucher, told.supplier, amount, worker.number)
        worker.holds.add(hold_id)
        granted = m.LeaseGranted(told.request, hold_id, amount, spendable - amount)
        worker.writer.write(m.frame(granted))

    def _take_back(self, worker: Worker, told: m.LeaseReturned) -> None:
        hold = self.holds.get(told.hold)
        if hold is None or hold.is_over:
            self.breaches.append(f"a return of no hold: {told}")
            return
        mine = [r for r in self.records(worker.number) if r.epoch == worker.epoch]
        if not mine or mine[-1].seq < told.seq_next - 1:
            self.breaches.append(f"records below {told.seq_next} are not on file")
        open_est = in_flight_of([r for r in mine if r.seq < told.seq_next], told.hold)
        if open_est != told.in_flight_microwon:
            self.breaches.append(
                f"in flight {open_est} on file, {told.in_flight_microwon} told"
            )
        self._resolve(told.hold, hold, in_flight=told.in_flight_microwon, records=mine)
        if not told.in_flight_microwon:
            worker.holds.discard(told.hold)

    def _resolve(self, hold_id: UUID, hold: Hold, *, in_flight: int, records=None) -> None:
        cost = sum(
            record.cost_microwon
            for record in records or self.records(hold.worker)
            if record.kind is RecordKind.COMMIT and record.hold == hold_id
        )
        free = hold.amount - cost - in_flight - hold.given_back
        if in_flight and hold.is_stopped:
            self.breaches.append("a second return with something in flight")
        if free < 0:
            if not in_flight:
                self.breaches.append(f"a lease was overspent by {-free}")
            free = 0
        hold.given_back += free
        hold.is_stopped = True
        hold.is_over = not in_flight
        self.spendable[hold.voucher] += free

    # Idempotency ---------------------------------------------------------------------

    def _claim(self, worker: Worker, told: m.IdemClaim) -> None:
        name = (told.key_no, told.idem_sha256)
        claim = self.claims.get(name)
        outcome, replay, call = "fresh", b"", told.call
        if claim is None:
            self.claims[name] = {"call": told.call, "body": told.body_sha256, "replay": None}
        else:
            call = claim["call"]
            if claim["body"] != told.body_sha256:
                outcome = "body_differs"
            elif claim["replay"] is None:
                outcome = "in_flight"
            else:
                outcome, replay = "done", claim["replay"]
        answer = m.IdemAnswer(told.request, outcome, call, replay)
        worker.writer.write(m.frame(answer))

    def _store(self, told: m.ReplayStored) -> None:
        for name, claim in list(self.claims.items()):
            if claim["call"] == told.call:
                if told.free:
                    del self.claims[name]
                else:
                    claim["replay"] = told.replay


def _is_last(all_segments, place: int, name: SegmentName) -> bool:
    following = all_segments[place + 1][0] if place + 1 < len(all_segments) else None
    return following is None or (following.worker, following.epoch) != (name.worker, name.epoch)


def in_flight_of(records: list[Record], hold: UUID) -> int:
    """Σ est of the calls of a hold that have no terminal record."""
    open_calls: dict[UUID, int] = {}
    for record in records:
        if record.hold != hold:
            continue
        if record.kind in {RecordKind.INTENT, RecordKind.SENT}:
            open_calls[record.call] = record.est_microwon
        elif record.kind in {RecordKind.COMMIT, RecordKind.VOID}:
            open_calls.pop(record.call, None)
    return sum(open_calls.values())
