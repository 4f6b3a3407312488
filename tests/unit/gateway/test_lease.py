"""Leases against a model: no two calls take the same money, nothing is lost on the way."""

from __future__ import annotations

import os
import random
from uuid import UUID

import pytest

from madang.gateway._lease import LeaseBook
from madang.gateway.errors import LedgerUnavailable
from madang.wire.messages import LeaseDenied, LeaseGranted, LeaseReturned, LeaseWanted

COUNT = int(os.environ.get("MADANG_TEST_COUNT", "10000"))
VOUCHER, SUPPLIER = UUID(int=1), UUID(int=2)


class Till:
    """The other side, and the journal in between, in a few lines."""

    def __init__(self, money: int) -> None:
        self.has_till = True
        self.money = money
        self.sent: list = []
        self.amounts: dict[bytes, int] = {}
        self.on_file: list = []
        self.book = LeaseBook(self, 0.0)

    def to_till(self, message) -> bool:
        if self.has_till:
            self.sent.append(message)
        return self.has_till

    def when_on_file(self, then) -> None:
        self.on_file.append(then)

    def lease_began(self, lease) -> None:
        self.amounts[lease.hold] = lease.amount

    def lease_stopped(self, lease, then) -> None:
        message = LeaseReturned(UUID(bytes=lease.hold), 1, lease.in_flight)
        self.on_file.append(lambda: then(message))

    def write(self) -> None:
        waiting, self.on_file = self.on_file, []
        for then in waiting:
            then()

    def answer(self, costs: dict[bytes, int]) -> None:
        """Answer everything that was sent, as a ledger would."""
        sent, self.sent = self.sent, []
        for message in sent:
            if isinstance(message, LeaseReturned):
                hold = message.hold.bytes
                left = self.amounts[hold] - costs.get(hold, 0) - message.in_flight_microwon
                self.money += left
                self.amounts[hold] -= left
            elif isinstance(message, LeaseWanted):
                self._lend(message)

    def _lend(self, wanted: LeaseWanted) -> None:
        amount = min(wanted.like_microwon, self.money)
        if amount < wanted.need_microwon:
            told = LeaseDenied(wanted.request, "voucher.balance.insufficient", self.money, 0)
            self.book.denied(told)
            return
        self.money -= amount
        hold = UUID(int=len(self.amounts) + 10)
        self.book.granted(LeaseGranted(wanted.request, hold, amount, self.money))


class Call:
    def __init__(self, full: int, least: int) -> None:
        self.full_microwon, self.least_microwon = full, least
        self.lease = None
        self.est = 0
        self.error = None

    def reserved(self, lease) -> None:
        self.lease, self.est = lease, min(self.full_microwon, lease.free)
        lease.free -= self.est
        lease.in_flight += self.est

    def refused(self, error) -> None:
        self.error = error


def start(till: Till, purse, call: Call) -> None:
    call.lease = purse.take(call.full_microwon)
    if call.lease is None:
        purse.wait(call)
    else:
        call.est = call.full_microwon


def test_money_is_conserved_through_any_run_of_calls():
    rng = random.Random(51)
    for _ in range(max(COUNT // 100, 20)):
        money = rng.randrange(1, 20_000)
        till = Till(money)
        purse = till.book.purse(VOUCHER, SUPPLIER)
        costs: dict[bytes, int] = {}
        running: list[Call] = []
        for step in range(120):
            till.book.now = step / 10
            act = rng.random()
            if act < 0.5:
                full = rng.randrange(1, 500)
                call = Call(full, rng.randrange(1, full + 1))
                running.append(call)
                start(till, purse, call)
            elif act < 0.8 and (busy := [c for c in running if c.lease]):
                call = rng.choice(busy)
                running.remove(call)
                cost = rng.randrange(call.est + 1)
                costs[call.lease.hold] = costs.get(call.lease.hold, 0) + cost
                purse.settle(call.lease, call.est, cost)
            elif act < 0.85:
                till.book.sweep(0.1, 5.0, 2.0, has_till=True)
            elif act < 0.87 and purse.leases:
                till.book.recall(UUID(bytes=purse.leases[0].hold))
            till.write()
            till.answer(costs)
            held = sum(till.amounts.values())
            assert till.money + held == money  # a captured won stays counted in its hold
            assert all(lease.free >= 0 for lease in purse.leases)
        purse.refuse_all(LedgerUnavailable())
        for call in [c for c in running if c.lease]:
            purse.settle(call.lease, call.est, 0)
        for _ in range(4):
            till.book.stop_all()
            till.write()
            till.answer(costs)
        assert till.money == money - sum(costs.values())
        assert till.book.statistics().leases == 0


def waiting_call(till: Till, full: int, least: int) -> Call:
    call = Call(full, least)
    start(till, till.book.purse(VOUCHER, SUPPLIER), call)
    for _ in range(4):
        till.write()
        till.answer({})
    return call


def test_a_call_beyond_the_money_gets_what_there_is():
    assert waiting_call(Till(100), 500, 10).est == 100


def test_a_call_that_cannot_have_its_least_is_refused_with_the_amounts():
    call = waiting_call(Till(100), 500, 101)
    assert call.error.code == "voucher.balance.insufficient"
    assert call.error.fields == {
        "available_microwon": 100,
        "held_microwon": 0,
        "needed_microwon": 101,
    }


def test_idle_leases_of_ones_own_do_not_stand_in_the_way():
    till = Till(100)
    purse = till.book.purse(VOUCHER, SUPPLIER)
    first = waiting_call(till, 20, 20)
    purse.settle(first.lease, 20, 0)
    assert waiting_call(till, 100, 100).est == 100


def test_without_a_till_leases_are_spent_and_then_it_is_503():
    till = Till(1000)
    purse = till.book.purse(VOUCHER, SUPPLIER)
    waiting_call(till, 100, 100)
    till.has_till = False
    till.book.till_lost()
    assert purse.take(100) is not None
    call = Call(10_000, 10_000)
    purse.wait(call)
    assert call.error.code == "gateway.ledger.unavailable"


def test_a_silent_till_is_given_up_after_its_time():
    till = Till(1000)
    call = Call(100, 100)
    start(till, till.book.purse(VOUCHER, SUPPLIER), call)
    till.book.now = 4.9
    till.book.sweep(0.1, 5.0, 2.0, has_till=True)
    assert call.error is None
    till.book.now = 5.1
    till.book.sweep(0.1, 5.0, 2.0, has_till=True)
    assert call.error.code == "gateway.ledger.unavailable"


@pytest.mark.parametrize("code", ["voucher.state.suspended", "voucher.state.expired"])
def test_a_refusal_of_another_kind_is_told_as_it_is(code):
    till = Till(1000)
    call = Call(100, 100)
    start(till, till.book.purse(VOUCHER, SUPPLIER), call)
    (wanted,) = till.sent
    till.book.denied(LeaseDenied(wanted.request, code, 0, 0))
    assert call.error.code == code


def test_available_supply_falls_by_exactly_what_is_charged():
    till = Till(10_000)
    purse = till.book.purse(VOUCHER, SUPPLIER)
    costs: dict[bytes, int] = {}
    rng, left = random.Random(52), 10_000
    for step in range(200):
        till.book.now = step / 10
        call = Call(50, 50)
        start(till, purse, call)
        till.write()
        till.answer(costs)
        cost = rng.randrange(40)
        costs[call.lease.hold] = costs.get(call.lease.hold, 0) + cost
        purse.settle(call.lease, call.est, cost)
        left -= cost
        assert purse.available_microwon == left
        if rng.random() < 0.2:
            till.book.stop_all()
            assert purse.available_microwon == left
        till.write()
        assert purse.available_microwon == left
        till.answer(costs)
        assert purse.available_microwon == left
        if left < 100:
            return
