"""A gateway worker without a gateway: says hello, takes leases, writes a journal.

In a test it runs in the test's own process; where it must die, in one of its own, driven line
by line over its standard input (`python -m fake_worker SOCKET`).
"""

from __future__ import annotations

import json
import os
import socket
import sys
import time
from collections import deque
from pathlib import Path
from uuid import UUID

from madang.core.ids import uuid7
from madang.wire import WIRE_VERSION
from madang.wire.journal import SegmentName
from madang.wire.messages import (
    Flush,
    Flushed,
    Frames,
    Hello,
    IdemAnswer,
    IdemClaim,
    LeaseDenied,
    LeaseGranted,
    LeaseReturned,
    LeaseWanted,
    Recall,
    ReplayStored,
    Snapshot,
    Welcome,
    frame,
    from_till,
)
from madang.wire.record import RecordFlag, RecordKind, pack

WAIT_S_MAX = 60.0
NONE = bytes(16)
SEGMENT_BYTES = 1 << 20


class Line:
    """A line to the till."""

    def __init__(self, path: Path) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        self._socket.settimeout(WAIT_S_MAX)
        deadline = time.monotonic() + WAIT_S_MAX
        while True:
            try:
                self._socket.connect(str(path))
                break
            except (FileNotFoundError, ConnectionRefusedError):
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.01)
        self._frames = Frames()
        self._heard = deque()

    def say(self, message) -> None:
        self._socket.sendall(frame(message))

    def say_bytes(self, data: bytes) -> None:
        self._socket.sendall(data)

    def hear(self, kind, *, wait_s_max: float = WAIT_S_MAX):
        """The next message of a kind; others are kept for whoever asks for them."""
        deadline = time.monotonic() + wait_s_max
        while True:
            for message in self._heard:
                if isinstance(message, kind):
                    self._heard.remove(message)
                    return message
            self._socket.settimeout(max(deadline - time.monotonic(), 0.001))
            try:
                data = self._socket.recv(1 << 20)
            except ConnectionResetError:
                data = b""
            if not data:
                raise ConnectionError("the till closed the line")
            self._heard.extend(from_till.decode(body) for body in self._frames.feed(data))

    def close(self) -> None:
        self._socket.close()


class Worker:
    """One life of a worker: one epoch, one journal."""

    def __init__(self, socket_path: Path, *, number: int = 0) -> None:
        self.number = number
        self.socket_path = socket_path
        self.seq = 0
        self.segment = 0
        self.offset = 0
        self.requests = 0
        self.fd = -1
        self.line = Line(socket_path)
        self.epoch = 0
        self.snapshot = self.hello()

    def hello(self, holds: list[UUID] | None = None) -> Snapshot:
        self.line.say(
            Hello(self.number, os.getpid(), "boot", self.epoch, WIRE_VERSION, holds or [])
        )
        welcome = self.line.hear(Welcome)
        if welcome.epoch != self.epoch:
            self.epoch, self.journal_dir = welcome.epoch, Path(welcome.journal_dir)
            if not self.epoch:
                raise ConnectionError("fenced")
            self._open_segment()
        return self.line.hear(Snapshot)

    def reconnect(self, holds: list[UUID]) -> Snapshot:
        self.line.close()
        self.line = Line(self.socket_path)
        return self.hello(holds)

    def close(self) -> None:
        self.line.close()
        if self.fd >= 0:
            os.close(self.fd)
            self.fd = -1

    # Leases --------------------------------------------------------------------------

    def want(self, voucher: UUID, supplier: UUID, need: int, like: int = 0, team=None):
        """A LeaseGranted or a LeaseDenied."""
        self.requests += 1
        self.line.say(LeaseWanted(self.requests, voucher, supplier, need, like or need, team))
        return self.line.hear((LeaseGranted, LeaseDenied))

    def lease(self, voucher: UUID, supplier: UUID, need: int, like: int = 0) -> UUID:
        told = self.want(voucher, supplier, need, like)
        assert isinstance(told, LeaseGranted), told
        return told.hold

    def give_back(self, hold: UUID, *, in_flight: int = 0) -> None:
        self.line.say(LeaseReturned(hold, self.seq, in_flight))

    def recalled(self) -> UUID:
        return self.line.hear(Recall).hold

    # Idempotency ---------------------------------------------------------------------

    def claim(self, name: bytes, body: bytes, call: UUID, key_no: int = 1) -> IdemAnswer:
        self.requests += 1
        message = IdemClaim(self.requests, key_no, name.ljust(32), body.ljust(32), call)
        self.line.say(message)
        return self.line.hear(IdemAnswer)

    def store(self, call: UUID, replay: bytes, *, free: bool = False) -> None:
        self.line.say(ReplayStored(call, replay, free))

    # Journal -------------------------------------------------------------------------

    def _open_segment(self) -> None:
        if self.fd >= 0:
            os.close(self.fd)
        name = SegmentName(self.number, self.epoch, self.segment).file_name
        fresh = self.journal_dir / f"{name}.next"
        self.fd = os.open(fresh, os.O_CREAT | os.O_RDWR, 0o600)
        os.posix_fallocate(self.fd, 0, SEGMENT_BYTES)
        os.rename(fresh, self.journal_dir / name)
        self.offset = 0

    def write(
        self,
        kind: RecordKind,
        call: UUID,
        *,
        voucher: UUID,
        hold: UUID,
        price_set: int,
        est: int,
        cost: int = 0,
        token_in: int = 0,
        token_out: int = 0,
        flags: RecordFlag = RecordFlag.NONE,
    ) -> None:
        data = pack(
            self.seq, self.epoch, kind, flags, 1, call.bytes, voucher.bytes, hold.bytes,
            price_set, est, cost, token_in, 0, 0, token_out, time.time_ns() // 1000, 1, 0, 0,
        )  # fmt: skip
        self._append(data)

    def roll(self) -> None:
        """Close the segment in good order and begin the next one."""
        self.end()
        self.segment += 1
        self._open_segment()

    def end(self) -> None:
        zeros = (0,) * 11
        self._append(pack(self.seq, self.epoch, RecordKind.END, 0, 0, NONE, NONE, NONE, *zeros))

    def _append(self, data: bytes) -> None:
        os.pwrite(self.fd, data, self.offset)
        self.offset += len(data)
        self.seq += 1

    def tear(self, data: bytes = b"\x07" * 100) -> None:
        """Half a record, as a crash in the middle of a write leaves it."""
        os.pwrite(self.fd, data, self.offset)

    def flush(self, *, recall: bool = False) -> int:
        self.line.say(Flush(1, recall))
        return self.line.hear(Flushed).calls


class Customer:
    """Calls of one voucher on one product, priced as the product says."""

    def __init__(self, worker: Worker, voucher: UUID, supplier: UUID, offering: str) -> None:
        self.worker = worker
        self.voucher = voucher
        self.supplier = supplier
        found = next(one for one in worker.snapshot.offerings if one.code == offering)
        prices = found.price_sets[-1]
        self.price_set = prices.no
        self.price_in = int(prices.prices["token.in"])
        self.price_out = int(prices.prices["token.out"])

    def cost(self, token_in: int, token_out: int) -> int:
        return -(-(token_in * self.price_in + token_out * self.price_out) // 1_000_000)

    def open(
        self, hold: UUID, est: int, *, sent: bool = True, call: UUID | None = None
    ) -> UUID:
        call = call or uuid7()
        kind = RecordKind.SENT if sent else RecordKind.INTENT
        self._write(kind, call, hold, est)
        return call

    def commit(
        self,
        call: UUID,
        hold: UUID,
        est: int,
        *,
        token_in: int = 10,
        token_out: int = 20,
        flags: RecordFlag = RecordFlag.NONE,
        cost: int | None = None,
    ) -> int:
        cost = self.cost(token_in, token_out) if cost is None else cost
        self._write(
            RecordKind.COMMIT, call, hold, est, cost=cost, token_in=token_in,
            token_out=token_out, flags=flags,
        )  # fmt: skip
        return cost

    def progress(self, call: UUID, hold: UUID, est: int, token_in: int, token_out: int) -> None:
        self._write(
            RecordKind.PROGRESS, call, hold, est, token_in=token_in, token_out=token_out
        )

    def void(self, call: UUID, hold: UUID, est: int) -> None:
        self._write(RecordKind.VOID, call, hold, est)

    def call(self, hold: UUID, est: int, **usage) -> int:
        """A whole call; what it cost."""
        return self.commit(self.open(hold, est), hold, est, **usage)

    def _write(self, kind: RecordKind, call: UUID, hold: UUID, est: int, **rest) -> None:
        self.worker.write(
            kind, call, voucher=self.voucher, hold=hold, price_set=self.price_set, est=est,
            **rest,
        )  # fmt: skip


def main(socket_path: str, number: str) -> None:
    """Drive a customer over standard input: one JSON list a line, one JSON answer a line."""
    worker = Worker(Path(socket_path), number=int(number))
    customer = None
    _answer(worker.epoch)
    for line in sys.stdin:
        what, *given = json.loads(line)
        given = [_value(one) for one in given]
        if what == "customer":
            customer = Customer(worker, *given)
            _answer(None)
        elif what in {"lease", "tear", "roll", "end", "give_back"}:
            _answer(_call(worker, what, given))
        else:
            _answer(_call(customer, what, given))


def _call(target: object, what: str, given: list):
    options = given.pop() if given and isinstance(given[-1], dict) else {}
    return getattr(target, what)(*given, **options)


def _value(one: object):
    if isinstance(one, dict):
        return {name: _value(value) for name, value in one.items()}
    return UUID(one[5:]) if str(one).startswith("uuid:") else one


def _answer(value: object) -> None:
    text = f"uuid:{value}" if isinstance(value, UUID) else value
    sys.stdout.write(json.dumps(text) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
