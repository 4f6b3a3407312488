"""kill -9 of the till at any moment: every call is charged exactly once.

A worker keeps writing while tills are killed and started over it. The worker's own count is
the truth that the books must meet to the micro-won.
"""

from __future__ import annotations

import os
import random
import shutil
import threading
import time

import pytest
from books import check_books, trial_balance
from metering_market import position
from till_rig import wait_until

from madang.core.clock import SystemClock
from madang.metering.till.models import JournalOffset, Lease, WorkerEpoch
from madang.metering.till.recovery import ship_leftovers
from madang.metering.till.shipping import ship_batch
from madang.metering.till.tariffs import Tariffs
from madang.metering.usage.models import Usage
from madang.wire.record import RECORD_BYTES, RecordFlag, unpack

KILLS = int(os.environ.get("MADANG_TILL_KILLS", "4"))
CALLS_BETWEEN_KILLS = 3000
EST = 200_000
SEED = 20260302


class Writer(threading.Thread):
    """Writes calls without a pause, and counts what they cost."""

    def __init__(self, customer, hold, calls_max: int) -> None:
        super().__init__(daemon=True)
        self.customer, self.hold, self.calls_max = customer, hold, calls_max
        self.calls = self.charged = self.disputed = 0
        self.rng = random.Random(SEED)

    def run(self) -> None:
        while self.calls < self.calls_max:
            self._one()
            if self.calls % 500 == 0:
                self.customer.worker.roll()

    def _one(self) -> None:
        call = self.customer.open(self.hold, EST)
        token_in, token_out = self.rng.randint(0, 60), self.rng.randint(0, 40)
        priced = self.customer.cost(token_in, token_out)
        cost = min(priced, EST)
        self.customer.commit(
            call, self.hold, EST, token_in=token_in, token_out=token_out, cost=cost,
            flags=RecordFlag.ABOVE_BOUND if priced > EST else RecordFlag.NONE,
        )  # fmt: skip
        self.calls += 1
        self.charged += cost
        self.disputed += priced - cost


def test_tills_killed_while_shipping_charge_every_call_exactly_once(rig) -> None:
    voucher, model = rig.market.voucher(), rig.market.model()
    calls_max = CALLS_BETWEEN_KILLS * (KILLS + 1)
    customer = rig.customer(rig.worker(), voucher, model)
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST * calls_max)
    writer = Writer(customer, hold, calls_max)
    writer.start()
    rng = random.Random(SEED)

    for _ in range(KILLS):
        before = Usage.objects.count()
        wait_until(lambda seen=before: Usage.objects.count() > seen, what="a shipment")
        time.sleep(rng.random() / 10)  # anywhere in the next batch
        rig.kill()
        rig.start()
    writer.join()
    customer.worker.reconnect([hold])
    rig.flush()

    assert Usage.objects.count() == writer.calls == calls_max
    assert position(voucher).charged_supply == writer.charged
    check_books()
    customer.worker.give_back(hold)
    rig.flush()
    assert (position(voucher).held, position(voucher).deposit_held) == (0, 0)


@pytest.fixture
def shipped(rig):
    """A stopped till, and a worker's journal of several segments that is all in the books."""
    voucher, model = rig.market.voucher(), rig.market.model()
    customer = rig.customer(rig.worker(), voucher, model)
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST * 1000)
    rig.stop()
    for _ in range(4):
        for _ in range(25):
            customer.call(hold, EST)
        customer.void(customer.open(hold, EST), hold, EST)
        customer.worker.roll()
    customer.open(hold, EST)
    copies = rig.data / "copies"
    shutil.copytree(rig.data / "journal", copies)
    ship_leftovers(rig.data)
    return customer.worker.epoch, copies


def test_replay_of_any_journal_any_number_of_times_changes_nothing(rig, shipped) -> None:
    """C6: offsets forgotten, files back from their copies, in any order, again and again."""
    number, copies = shipped
    epoch = WorkerEpoch.objects.get(epoch=number)
    before, rows = trial_balance(), Usage.objects.count()
    assert rows == 4 * 26
    rng = random.Random(SEED)

    for _ in range(12):
        JournalOffset.objects.filter(epoch=epoch).delete()
        segment = rng.randrange(4)
        seq = _first_seq(copies, segment)
        JournalOffset.objects.create(epoch=epoch, segment=segment, seq_next=seq)
        ship_batch(epoch, copies, Tariffs(), is_live=True, at=SystemClock().now())
        assert trial_balance() == before
        assert Usage.objects.count() == rows

    JournalOffset.objects.filter(epoch=epoch).delete()
    for path in copies.glob("*.journal"):
        shutil.copy(path, rig.data / "journal" / path.name)
    ship_leftovers(rig.data)
    assert (trial_balance(), Usage.objects.count()) == (before, rows)
    check_books()


def _first_seq(copies, segment: int) -> int:
    path = next(copies.glob(f"*-s{segment:06d}.journal"))
    return unpack(path.read_bytes()[:RECORD_BYTES]).seq


def test_workers_on_one_voucher_never_spend_more_than_it_has(rig) -> None:
    """C1 under concurrency: four workers, each as greedy as can be, until all are refused."""
    voucher = rig.market.voucher(subsidy_won=40, deposit_won=100)
    model = rig.market.model()
    spendable = position(voucher).spendable_supply
    greedy = [Greedy(rig, number, voucher, model) for number in range(4)]
    for one in greedy:
        one.start()
    for one in greedy:
        one.join()
    rig.flush()

    spent = sum(one.spent for one in greedy)
    assert position(voucher).charged_supply == spent
    assert spendable - 98_000 * 5 < spent <= spendable
    assert not Lease.objects.exclude(state="resolved").exists()
    check_books()


class Greedy(threading.Thread):
    """A worker that takes a lease, spends it, and asks again until it is refused."""

    def __init__(self, rig, number: int, voucher, model) -> None:
        super().__init__(daemon=True)
        self.worker = rig.worker(number)
        self.customer = rig.customer(self.worker, voucher, model)
        self.spent = 0

    def run(self) -> None:
        customer = self.customer
        while True:
            told = self.worker.want(customer.voucher, customer.supplier, 98_000, 3_000_000)
            if not hasattr(told, "hold"):
                return
            for _ in range(told.amount_microwon // 98_000):
                self.spent += customer.call(told.hold, 98_000)
            self.worker.give_back(told.hold)
