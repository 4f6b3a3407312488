"""Random lives of workers, vouchers and statements: the books are whole after every step.

Goal: C1, C2 and C6 for whatever order leases, calls, returns, deaths, refunds, settlements,
expiry and statements come in. Method: the till's own functions over a real journal on disk
and a real ledger, driven by a seeded generator that keeps its own account of every call; what
it expects is decided beforehand, so that an unexpected refusal fails as much as an unexpected
success. The seed is in the message of every failure.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta

import pytest
from books import check_whole, trial_balance
from fake_worker import Customer, Worker
from metering_market import OPERATOR, YEAR_END, position, won

from madang.core.clock import SystemClock
from madang.core.ids import uuid7
from madang.core.units import Unit
from madang.metering.charges.actions import is_settled, left_of, refund_charge
from madang.metering.charges.models import Charge
from madang.metering.statements.actions import close_statement
from madang.metering.till import snapshots
from madang.metering.till.epochs import open_epoch
from madang.metering.till.leases import Granted, Wish, grant_lease, return_lease
from madang.metering.till.models import JournalOffset, Lease, OpenCall, WorkerEpoch
from madang.metering.till.recovery import recover_epoch, ship_all
from madang.metering.till.settling import settle_unsettled
from madang.metering.till.tariffs import Tariffs
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import expire_due
from madang.parties.actor import system_actor

LIVES = int(os.environ.get("MADANG_RANDOM_LIVES", "6"))
STEPS = 60
EST = 300_000


class Paper(Worker):
    """A worker that writes its journal and has no till to talk to."""

    def __init__(self, epoch: WorkerEpoch, journal_dir, snapshot) -> None:
        self.number, self.epoch, self.journal_dir = epoch.worker, epoch.epoch, journal_dir
        self.snapshot = snapshot
        self.seq = self.segment = self.offset = 0
        self.fd = -1
        self.row = epoch
        self.open: dict = {}  # call → (customer, hold)
        self.leases: dict = {}  # hold → [customer, free]
        self.stopped: set = set()
        self._open_segment()

    def close(self) -> None:
        os.close(self.fd)


class Life:
    """One programme with two suppliers, two vouchers, two workers, and an account of it."""

    def __init__(self, market, folder, seed: int) -> None:
        self.rng = random.Random(seed)
        self.market, self.folder = market, folder
        self.host = uuid7()
        self.models = [market.model("nuri/chat"), market.model("kang/chat", token_out="3333")]
        self.vouchers = [
            market.voucher("v-a", subsidy_won=8, deposit_won=5, offerings=("*",)),
            market.voucher("v-b", subsidy_won=90, deposit_won=9, ratio="1/3", vat="7/100",
                           organisation="dul", offerings=("*",)),
        ]  # fmt: skip
        self.expected = dict.fromkeys((v.id for v in self.vouchers), 0)
        self.now = SystemClock().now()
        self.tariffs = Tariffs()
        self.workers = [self.born(number) for number in range(2)]
        self.refused = 0

    def born(self, number: int) -> Paper:
        row = open_epoch(self.host, worker=number, pid=os.getpid(), at=self.now)
        return Paper(row, self.folder, snapshots.complete().snapshot)

    def step(self) -> None:
        what = self.rng.choices(
            [self.lease, self.call, self.end, self.give_back, self.ship, self.die,
             self.settle, self.refund, self.state, self.replay],
            weights=[6, 14, 6, 4, 6, 3, 2, 2, 1, 2],
        )[0]  # fmt: skip
        what()

    def lease(self) -> None:
        worker = self.rng.choice(self.workers)
        voucher, model = self.rng.choice(self.vouchers), self.rng.choice(self.models)
        spendable = position(voucher, self.now).spendable_supply
        need = self.rng.choice((self.rng.randint(1, EST), EST * 10))
        wish = Wish(voucher.id, model.supplier_id, need, need * self.rng.randint(1, 4))
        told = grant_lease(worker.row, wish, at=self.now)
        if need <= spendable - 3:
            assert isinstance(told, Granted), (need, spendable, told)
        if need > spendable:
            assert not isinstance(told, Granted), (need, spendable)
        if isinstance(told, Granted):
            customer = Customer(worker, voucher.id, model.supplier_id, model.code)
            worker.leases[told.hold] = [customer, told.amount_microwon]

    def call(self) -> None:
        worker = self.rng.choice(self.workers)
        usable = [hold for hold in worker.leases if hold not in worker.stopped]
        if not usable:
            return
        hold = max(usable, key=lambda one: worker.leases[one][1])
        for _ in range(self.rng.randint(1, 4)):
            self.call_on(worker, hold)

    def call_on(self, worker: Paper, hold) -> None:
        customer, free = worker.leases[hold]
        est = self.rng.randint(1, EST)
        if est <= free:
            worker.leases[hold][1] -= est
            sent = self.rng.random() < 0.7
            worker.open[customer.open(hold, est, sent=sent)] = customer, hold, est, sent

    def end(self) -> None:
        worker = self.rng.choice(self.workers)
        for _ in range(self.rng.randint(0, len(worker.open))):
            self.end_any(worker)

    def end_any(self, worker: Paper) -> None:
        call = self.rng.choice(list(worker.open))
        customer, hold, est, _ = worker.open.pop(call)
        if self.rng.random() < 0.15:
            customer.void(call, hold, est)
            worker.leases[hold][1] += est
            return
        tokens = self.rng.randint(0, 40), self.rng.randint(0, 20)
        priced = customer.cost(*tokens)
        cost = min(priced, est)
        customer.commit(
            call, hold, est, token_in=tokens[0], token_out=tokens[1], cost=cost,
            flags=4 if priced > est else 0,
        )  # fmt: skip
        worker.leases[hold][1] += est - cost
        self.expected[customer.voucher] += cost

    def give_back(self) -> None:
        worker = self.rng.choice(self.workers)
        if not worker.leases:
            return
        hold = self.rng.choice(list(worker.leases))
        in_flight = sum(est for _, h, est, _ in worker.open.values() if h == hold)
        if hold in worker.stopped and in_flight:
            return
        self.ship_of(worker)
        return_lease(hold, in_flight=in_flight, at=self.now, epoch=worker.row)
        worker.stopped.add(hold)
        if not in_flight:
            del worker.leases[hold]

    def ship(self) -> None:
        worker = self.rng.choice(self.workers)
        if self.rng.random() < 0.2:
            worker.roll()
        self.ship_of(worker)

    def ship_of(self, worker: Paper) -> None:
        ship_all(worker.row, self.folder, self.tariffs, at=self.now)

    def replay(self) -> None:
        """A till that forgot how far it had read: nothing changes."""
        worker = self.rng.choice(self.workers)
        self.ship_of(worker)
        before = trial_balance(), Usage.objects.count()
        JournalOffset.objects.filter(epoch=worker.row).delete()
        self.ship_of(worker)
        assert (trial_balance(), Usage.objects.count()) == before

    def die(self) -> None:
        """The worker is gone; another takes its place. What was sent is unsettled."""
        number = self.rng.randrange(2)
        worker = self.workers[number]
        worker.tear()
        worker.close()
        WorkerEpoch.objects.filter(epoch=worker.epoch).update(started_ticks=1)
        worker.row.refresh_from_db()
        for _ in range(2):  # the second changes nothing
            recover_epoch(worker.row, self.folder, self.tariffs, at=self.now)
        unsettled = set(
            OpenCall.objects.filter(epoch=worker.row).values_list("call", flat=True)
        )
        assert unsettled == {call for call, (*_, sent) in worker.open.items() if sent}
        self.workers[number] = self.born(number)

    def settle(self) -> None:
        found = OpenCall.objects.filter(state="unsettled").order_by("call").first()
        if found is None:
            return
        tokens = self.rng.randint(0, 300)
        priced = tokens * 1400
        settle_unsettled(
            OPERATOR, found.call, quantities={Unit.TOKEN_IN: tokens} if tokens else {},
            at=self.now,
        )  # fmt: skip
        self.expected[found.voucher_id] += min(priced, found.est_microwon)

    def refund(self) -> None:
        charge = Charge.objects.filter(kind="charge").order_by("?").first()
        if charge is None or is_settled(charge) or not left_of(charge):
            return
        amount = self.rng.randint(1, left_of(charge))
        refund_charge(OPERATOR, charge, refund=uuid7(), amount_microwon=amount, at=self.now)
        self.expected[charge.voucher_id] -= amount

    def state(self) -> None:
        close_statement(OPERATOR, self.rng.choice(self.models).supplier, "2026-03", at=self.now)

    def finish(self) -> None:
        """All calls end, all leases come back, the vouchers expire: nothing is held."""
        for worker in self.workers:
            while worker.open:
                self.rng.random()
                self.end_one(worker)
            self.ship_of(worker)
            for hold in list(worker.leases):
                return_lease(hold, in_flight=0, at=self.now, epoch=worker.row)
        while OpenCall.objects.exists():
            self.settle()
        self.now = YEAR_END + timedelta(days=1)
        expire_due(system_actor("worker"), at=self.now)

    def end_one(self, worker: Paper) -> None:
        call, (customer, hold, est, _) = worker.open.popitem()
        customer.void(call, hold, est)


@pytest.mark.parametrize("seed", range(LIVES))
def test_books_are_whole_after_every_step_of_a_random_life(market, tmp_path, seed) -> None:
    life = Life(market, tmp_path, seed)
    try:
        for _ in range(STEPS):
            life.step()
            check_whole()
        life.finish()
        check_whole()
        for voucher in life.vouchers:
            found = position(voucher, life.now)
            assert found.charged_supply == life.expected[voucher.id]
            assert (found.held, found.deposit_held, found.available) == (0, 0, 0)
            assert found.limit == won({"v-a": 8, "v-b": 90}[voucher.code])
        assert not Lease.objects.exclude(state="resolved").exists()
    finally:
        for worker in life.workers:
            worker.close()
