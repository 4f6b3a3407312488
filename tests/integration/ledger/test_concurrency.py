"""L3, L5, L6, L11 with real threads on a real server: each thread has its own connection."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from django.db import connection, transaction
from ledger_support.world import WON, World

from madang.ledger import errors, postings, queries
from madang.ledger.models import Hold, Journal
from madang.ledger.types import CaptureOrder

CLIENTS = 16
LONG = bool(os.environ.get("MADANG_TEST_LONG"))


def together(clients: int, work: Callable[[int], object]) -> list[object]:
    """Run `work(number)` in as many threads, all let go at the same instant."""
    gate = threading.Barrier(clients)

    def run(number: int) -> object:
        try:
            gate.wait(timeout=30)
            return work(number)
        finally:
            connection.close()

    with ThreadPoolExecutor(clients) as pool:
        return list(pool.map(run, range(clients)))


def outcome(call: Callable[[], object]) -> object:
    """What one posting of its own transaction ended in."""
    try:
        with transaction.atomic():
            return call()
    except errors.Refused as refusal:
        return type(refusal)


@pytest.fixture
def world(committed_db) -> World:
    with transaction.atomic():
        return World()


def test_inv_l3_fifty_ids_by_sixteen_clients_make_fifty_journals(world):
    keys = [f"key-{n}" for n in range(50)]
    before = Journal.objects.count()

    def work(number: int) -> Counter[bool]:
        seen: Counter[bool] = Counter()
        for turn in range(50):
            stamp = world.stamp(keys[(turn * 7 + number) % 50])
            posted = outcome(
                lambda stamp=stamp: world.post(
                    "interest", programme_year=world.year, amount=WON, stamp=stamp
                )
            )
            seen[posted.replayed] += 1
        return seen

    seen = sum(together(CLIENTS, work), Counter())
    assert Journal.objects.count() - before == 50
    assert seen == {False: 50, True: CLIENTS * 50 - 50}
    assert queries.verify().ok


def test_inv_l3_the_same_hold_by_many_clients_is_one_hold(world):
    hold_id, stamp = world.call, world.stamp("one-hold")
    answers = together(
        8, lambda _: outcome(lambda: world.hold(7 * WON, hold_id=hold_id, stamp=stamp))
    )
    assert Counter(a.posted.replayed for a in answers) == {False: 1, True: 7}
    assert len({a.posted.journal for a in answers}) == 1
    assert Hold.objects.count() == 1


def test_inv_l5_a_limit_is_never_broken_and_used_to_the_last(world):
    """Sixteen clients hold odd amounts until every one is refused."""

    def work(number: int) -> int:
        amount, refused, held = 30_011 * WON + number * 333_333, 0, 0
        while amount:
            answer = outcome(lambda amount=amount: world.hold(amount))
            if answer is errors.Overdrawn:
                refused += 1
                amount //= 7
            else:
                held += answer.parts.subsidy
        assert refused
        return held

    held = sum(together(CLIENTS, work))
    found = queries.position(world.terms)
    assert found.held == held
    assert found.available >= 0
    assert found.deposit_available >= 0
    assert found.held + found.available == found.limit
    assert found.deposit_held + found.deposit_available == found.deposit_paid
    assert found.spendable_supply <= 4
    assert queries.verify().ok


def test_inv_l6_of_two_captures_of_the_last_microwon_one_wins(world):
    for _ in range(10):
        with transaction.atomic():
            hold = world.lease(1)
        answers = together(2, lambda _, hold=hold: outcome(lambda: world.capture(hold, 1)))
        assert [a for a in answers if a is errors.HoldExceeded] == [errors.HoldExceeded]


def test_inv_l6_of_void_and_timeout_one_wins(world):
    for _ in range(10):
        with transaction.atomic():
            hold = world.lease(100)

        def end(number: int, hold=hold):
            kind = ("void", "expire")[number]
            return outcome(lambda: world.post("resolve", world.terms, hold_id=hold, kind=kind))

        answers = together(2, end)
        assert [a for a in answers if a is errors.HoldResolved] == [errors.HoldResolved]
    assert queries.position(world.terms).held == 0


def test_inv_l6_a_capture_lies_wholly_before_the_resolution_or_is_refused(world):
    for kind in ("void", "expire") * 6:
        with transaction.atomic():
            hold = world.lease(100)

        def act(number: int, hold=hold, kind=kind):
            if number:
                return outcome(
                    lambda: world.post("resolve", world.terms, hold_id=hold, kind=kind)
                )
            return outcome(lambda: world.capture(hold, 60))

        captured, resolved = together(2, act)
        if captured is errors.HoldResolved:
            assert resolved.parts.supply == 100
        else:
            assert (captured.parts.supply, resolved.parts.supply) == (60, 40)


def test_inv_l11_five_hundred_corrections_tried_twice_happen_once(world):
    count = 500 if LONG else 100
    journals = []
    for _ in range(count):
        with transaction.atomic():
            posted = world.post("interest", programme_year=world.year, amount=WON)
        journals.append(posted.journal)

    def work(number: int) -> list[object]:
        mine = journals[number % 10 :: 10]
        return [
            outcome(lambda j=j: world.post("correct", programme_year=world.year, journal=j))
            for j in mine
        ]

    answers = [a for answer in together(20, work) for a in answer]
    assert sum(a is errors.CorrectedAlready for a in answers) == count
    assert len(answers) == 2 * count
    assert queries.balance_of(f"2510|programme_year={world.year}") == 0


def test_inv_l11_a_refund_tried_by_many_happens_once(world):
    with transaction.atomic():
        world.capture(world.lease(1_000), 1_000)
    stamp = world.stamp("one-refund")

    def refund(_: int):
        return outcome(
            lambda: world.post(
                "refund", world.terms, supplier=world.supplier, amount=600, stamp=stamp
            )
        )

    assert Counter(a.posted.replayed for a in together(8, refund)) == {False: 1, True: 7}
    again = together(
        8,
        lambda _: outcome(
            lambda: world.post("refund", world.terms, supplier=world.supplier, amount=250)
        ),
    )
    assert sum(a is errors.RefundExceeded for a in again) == 7


def test_batches_over_the_same_vouchers_in_any_order_never_wait_in_a_circle(committed_db):
    with transaction.atomic():
        worlds = [World(limit_won=10_000, deposit_won=5_000) for _ in range(4)]
        leases = [w.lease(9_000 * WON) for w in worlds]

    def work(number: int) -> int:
        done = 0
        for turn in range(10):
            order = [(number + turn + n * (1 if number % 2 else 3)) % 4 for n in range(4)]
            batch = [
                CaptureOrder(
                    worlds[n].stamp(), worlds[n].terms, worlds[n].supplier, leases[n], 1_001
                )
                for n in order
            ]
            with transaction.atomic():
                done += len(postings.capture_many(batch))
        return done

    assert sum(together(8, work)) == 8 * 10 * 4
    for world in worlds:
        assert queries.position(world.terms).charged_supply == 80 * 1_001
    assert queries.verify().ok


def test_two_postings_that_wait_for_each_other_end_in_busy_not_in_harm(world):
    """Separate postings on two vouchers, in opposite order inside two transactions."""
    with transaction.atomic():
        other = World()
    pair = (world, other)
    met = threading.Barrier(2)

    def work(number: int) -> object:
        def both():
            pair[number].hold(WON)
            met.wait(timeout=30)
            return pair[1 - number].hold(WON)

        try:
            with transaction.atomic():
                return both()
        except errors.Busy as busy:
            return type(busy)

    answers = together(2, work)
    assert answers.count(errors.Busy) == 1
    assert queries.verify().ok
    assert {queries.position(w.terms).held for w in pair} == {WON * 7 // 10}


def test_a_limit_holds_for_awards_too(committed_db):
    with transaction.atomic():
        world = World(limit_won=0, deposit_won=0, budget_won=10)

    def work(number: int):
        return outcome(
            lambda: world.post(
                "award",
                programme_year=world.year,
                call=world.call,
                award=uuid4(),
                amount=3 * WON,
            )
        )

    assert together(8, work).count(errors.Overdrawn) == 5


def test_a_batch_with_an_id_that_is_on_file_for_something_else_is_refused_whole(world):
    with transaction.atomic():
        lease = world.lease(100)
        stamp = world.stamp("used-elsewhere")
        world.post("interest", programme_year=world.year, amount=WON, stamp=stamp)
        capture = CaptureOrder(world.stamp(), world.terms, world.supplier, lease, 1)
    again = CaptureOrder(stamp, world.terms, world.supplier, lease, 1)
    with pytest.raises(errors.ExistsWithDifferentKind), transaction.atomic():
        postings.capture_many([capture, again])
    assert queries.position(world.terms).charged_supply == 0


def test_one_hold_id_on_two_vouchers_at_once_is_one_hold(world):
    with transaction.atomic():
        other = World()
    pair, hold_id = (world, other), world.call
    answers = together(2, lambda n: outcome(lambda: pair[n].hold(WON, hold_id=hold_id)))
    assert answers.count(errors.HoldExists) == 1
    assert Hold.objects.count() == 1
    assert queries.verify().ok


def test_one_batch_id_on_two_vouchers_at_once_is_taken_once(world):
    with transaction.atomic():
        other = World()
        leases = [(w, w.lease(100)) for w in (world, other)]

    def work(number: int) -> object:
        w, lease = leases[number]
        orders = [
            CaptureOrder(w.stamp(f"batch-{n}"), w.terms, w.supplier, lease, 7) for n in (1, 2)
        ]
        return outcome(lambda: postings.capture_many(orders))

    answers = together(2, work)
    refused = [a for a in answers if isinstance(a, type)]
    assert len(refused) == 1
    assert issubclass(refused[0], errors.ExistsWithDifferent)
    assert queries.verify().ok
