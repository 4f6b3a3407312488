"""The till at work: leases, journals, snapshots, claims, over its real socket."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import transaction
from fake_worker import Line
from metering_market import AT, OPERATOR, balance, position, won
from till_rig import wait_until

from madang.core.clock import SystemClock
from madang.core.ids import uuid7
from madang.core.units import Unit
from madang.metering.charges.models import Charge
from madang.metering.keys.actions import create_key, revoke_key
from madang.metering.till.models import Lease, OpenCall, WorkerEpoch
from madang.metering.till.settling import settle_unsettled
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import suspend_voucher
from madang.metering.vouchers.queries import locked, voucher_report
from madang.wire.messages import LeaseDenied, LeaseGranted, LeaseWanted, Snapshot
from madang.wire.record import RecordFlag

EST = 1_000_000


@pytest.fixture
def shop(rig):
    """A voucher, a model, one worker that serves it."""
    voucher, model = rig.market.voucher(), rig.market.model()
    worker = rig.worker()
    return rig.customer(worker, voucher, model), voucher, model


def test_call_is_charged_what_it_used_and_the_rest_comes_back(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST, EST * 10)
    cost = customer.call(hold, EST)

    rig.flush()

    assert cost == 98_000  # 10 × 1,400 + 20 × 4,200 won per million
    assert position(voucher).charged_supply == cost
    assert position(voucher).held > 0
    customer.worker.give_back(hold)
    rig.flush()
    found = position(voucher)
    assert (found.held, found.deposit_held, found.charged_supply) == (0, 0, cost)
    assert voucher_report(OPERATOR, voucher.code, AT)["calls"]["committed"] == 1


def test_one_journal_for_each_lease_adds_up_to_its_charges(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST * 100)
    costs = [customer.call(hold, EST, token_in=n, token_out=n) for n in range(1, 51)]

    rig.flush()

    assert sum(costs) == position(voucher).charged_supply
    assert Charge.objects.count() == 50
    assert Charge.objects.values("journal").distinct().count() < 50


def test_void_costs_nothing_and_is_on_file(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST)
    customer.void(customer.open(hold, EST), hold, EST)

    rig.flush()

    assert Usage.objects.get().outcome == "voided"
    assert Charge.objects.count() == 0


def test_use_above_the_reservation_is_charged_up_to_it_and_the_rest_disputed(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST)
    call = customer.open(hold, EST)
    customer.commit(
        call, hold, EST, token_in=1000, token_out=0, cost=EST, flags=RecordFlag.ABOVE_BOUND
    )

    rig.flush()

    usage = Usage.objects.get()
    assert (usage.priced_microwon, usage.disputed_microwon) == (1_400_000, 400_000)
    assert position(voucher).charged_supply == EST
    assert balance("K300") == balance("K350") == 400_000


def test_what_the_programme_bears_is_not_the_vouchers(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST)
    flags = RecordFlag.PROGRAMME_BORNE | RecordFlag.ABORTED | RecordFlag.ESTIMATED
    customer.commit(customer.open(hold, EST), hold, EST, cost=0, flags=flags)

    rig.flush()

    assert position(voucher).charged_supply == 0
    assert balance("2300P") == balance("5200") == balance("B520") == 98_000
    assert Usage.objects.get().outcome == "estimated"


def test_what_the_programme_cannot_bear_is_disputed(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, won(2_000))
    flags = RecordFlag.PROGRAMME_BORNE | RecordFlag.ABORTED | RecordFlag.ESTIMATED
    call = customer.open(hold, won(2_000))
    customer.commit(call, hold, won(2_000), cost=0, flags=flags, token_in=1_000_000)

    rig.flush()

    assert (balance("2300P"), balance("K300")) == (0, 1_400_084_000)
    assert Usage.objects.get().disputed_microwon == 1_400_084_000


def test_commit_with_another_price_than_ours_waits_for_a_person(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST)
    customer.commit(customer.open(hold, EST), hold, EST, cost=1)

    rig.flush()

    assert OpenCall.objects.get().why == "price_differs"
    assert (position(voucher).charged_supply, Usage.objects.count()) == (0, 0)


def test_what_waits_for_a_person_stays_held_when_its_lease_comes_back(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST * 2)
    call = customer.open(hold, EST)
    customer.commit(call, hold, EST, cost=1)
    customer.worker.give_back(hold)
    rig.flush()
    found = position(voucher)
    assert found.held + found.deposit_held == 1_100_000  # of one million, with its tax

    settle_unsettled(OPERATOR, call, quantities={Unit.TOKEN_IN: 10}, at=SystemClock().now())

    assert position(voucher).charged_supply == 14_000


def test_voucher_whose_lock_is_taken_does_not_hold_up_the_others(rig) -> None:
    model = rig.market.model()
    busy, free = rig.market.voucher("v-busy"), rig.market.voucher("v-free")
    first, second = rig.worker(0), rig.worker(1)
    with transaction.atomic():
        locked(busy)
        denied = first.want(busy.id, model.supplier_id, EST)
    granted = second.want(free.id, model.supplier_id, EST)

    assert denied.code == "gateway.ledger.unavailable"
    assert isinstance(granted, LeaseGranted)


def test_lease_returned_with_calls_in_flight_frees_the_rest_at_once(rig, shop) -> None:
    customer, voucher, model = shop
    hold = customer.worker.lease(voucher.id, model.supplier_id, EST * 10)
    call = customer.open(hold, EST)
    customer.worker.give_back(hold, in_flight=EST)
    wait_until(
        lambda: Lease.objects.filter(replaced_by__isnull=False).exists(), what="a replacement"
    )
    found = position(voucher)
    assert found.held + found.deposit_held == 700_000 + 300_000 + 100_000

    customer.commit(call, hold, EST)
    customer.worker.give_back(hold)
    rig.flush()

    found = position(voucher)
    assert (found.held, found.deposit_held, found.charged_supply) == (0, 0, 98_000)


def test_last_money_goes_round_before_anybody_is_refused(rig) -> None:
    voucher, model = rig.market.voucher(subsidy_won=7, deposit_won=100), rig.market.model()
    first, second = rig.worker(0), rig.worker(1)
    hold = first.lease(voucher.id, model.supplier_id, won(9))
    second.line.say(LeaseWanted(1, voucher.id, model.supplier_id, won(5), won(5)))
    assert first.recalled() == hold
    first.give_back(hold)

    told = second.line.hear((LeaseGranted, LeaseDenied))

    assert isinstance(told, LeaseGranted)
    assert told.amount_microwon == won(5)


def test_refusal_after_a_recall_in_vain_says_what_is_left_and_held(rig) -> None:
    voucher, model = rig.market.voucher(subsidy_won=7, deposit_won=100), rig.market.model()
    first, second = rig.worker(0), rig.worker(1)
    first.lease(voucher.id, model.supplier_id, won(9))

    told = second.want(voucher.id, model.supplier_id, won(5))

    assert isinstance(told, LeaseDenied)
    assert told.code == "voucher.balance.insufficient"
    assert told.held_microwon == won(9)
    assert told.spendable_microwon == won(1)


def test_every_won_but_the_last_micro_won_can_be_spent(rig) -> None:
    """C5: leases of any size, down to the end."""
    voucher, model = rig.market.voucher(subsidy_won=7, deposit_won=100), rig.market.model()
    worker = rig.worker()
    spendable = position(voucher).spendable_supply
    customer = rig.customer(worker, voucher, model)
    while isinstance(told := worker.want(voucher.id, model.supplier_id, 98_000), LeaseGranted):
        customer.call(told.hold, 98_000)
        worker.give_back(told.hold)
    rig.flush()

    spent = position(voucher).charged_supply
    assert spendable - spent < 98_000 + 2
    assert told.code == "voucher.balance.insufficient"


def _suspended(rig, voucher) -> None:
    suspend_voucher(OPERATOR, voucher, at=AT, reason="asked")


def _as_it_is(rig, voucher) -> None:
    """Refused by itself."""


@pytest.mark.parametrize(
    ("prepare", "changes", "code"),
    [
        (_suspended, {}, "voucher.state.suspended"),
        (_as_it_is, {"is_issued": False}, "voucher.state.suspended"),
        (_as_it_is, {"expires_at": AT + timedelta(seconds=1)}, "voucher.state.expired"),
        (_as_it_is, {"deposit_won": 0}, "voucher.balance.insufficient"),
    ],
)
def test_refused_lease_names_its_reason(rig, prepare, changes, code) -> None:
    voucher = rig.market.voucher(**changes)
    model = rig.market.model()
    prepare(rig, voucher)

    told = rig.worker().want(voucher.id, model.supplier_id, EST)

    assert isinstance(told, LeaseDenied)
    assert told.code == code


def test_key_revoked_is_told_to_every_worker_within_a_second(rig, shop) -> None:
    customer, voucher, _ = shop
    made = create_key(OPERATOR, voucher, rpm_max=60, at=AT)
    told = customer.worker.line.hear(Snapshot, wait_s_max=1.0)
    assert [(key.no, key.revoked) for key in told.keys] == [(made.key.no, False)]
    assert not told.complete

    revoke_key(OPERATOR, made.key, at=AT)

    told = customer.worker.line.hear(Snapshot, wait_s_max=1.0)
    assert [(key.no, key.revoked) for key in told.keys] == [(made.key.no, True)]


def test_snapshot_carries_prices_that_a_call_can_pin(rig, shop) -> None:
    snapshot = shop[0].worker.snapshot
    assert snapshot.complete
    (offering,) = snapshot.offerings
    (prices,) = offering.price_sets
    assert prices.prices == {"token.in": str(1400 * 10**6), "token.out": str(4200 * 10**6)}
    assert (prices.kinds, prices.valid_until_us) == ([], 0)
    assert [one.code for one in snapshot.vouchers] == ["v-hana"]


def test_one_caller_of_an_idempotency_key_wins(rig, shop) -> None:
    customer, _, _ = shop
    worker, other = customer.worker, rig.worker(1)
    first, second = uuid7(), uuid7()

    assert worker.claim(b"k", b"body", first).outcome == "fresh"
    assert other.claim(b"k", b"body", second).outcome == "in_flight"
    assert other.claim(b"k", b"else", second).outcome == "body_differs"
    worker.store(first, b"sealed")
    worker.claim(b"other", b"body", uuid7())  # answered after the replay was stored
    told = other.claim(b"k", b"body", second)
    assert (told.outcome, told.call, told.replay) == ("done", first, b"sealed")


def test_failed_call_that_cost_nothing_may_be_made_again(rig, shop) -> None:
    worker = shop[0].worker
    first, second = uuid7(), uuid7()
    worker.claim(b"k", b"body", first)
    worker.store(first, b"", free=True)

    assert worker.claim(b"k", b"body", second).outcome == "fresh"


def test_newer_life_of_a_worker_fences_the_older(rig, shop) -> None:
    older = shop[0].worker
    epoch = older.epoch
    assert rig.worker(0).epoch > epoch

    with pytest.raises(ConnectionError):
        older.reconnect([])
    assert WorkerEpoch.objects.get(epoch=epoch).fenced_at is not None


def test_worker_that_outlived_its_till_goes_on_with_its_epoch_and_leases(rig, shop) -> None:
    customer, voucher, model = shop
    worker = customer.worker
    kept = worker.lease(voucher.id, model.supplier_id, EST)
    lost = worker.lease(voucher.id, model.supplier_id, EST)
    epoch = worker.epoch
    rig.kill()
    cost = customer.call(kept, EST)
    rig.start()

    worker.reconnect([kept])
    rig.flush()

    assert worker.epoch == epoch
    states = dict(Lease.objects.values_list("hold", "state"))
    assert (states[kept], states[lost]) == ("open", "resolved")
    assert position(voucher).charged_supply == cost


def test_line_that_speaks_nonsense_is_not_listened_to(rig) -> None:
    line = Line(rig.socket)
    line.say_bytes(b"\xff\xff\xff\xff nonsense")
    with pytest.raises(ConnectionError):
        line.hear(Snapshot, wait_s_max=5.0)
    line.close()


def test_till_stops_in_good_order_and_leaves_no_socket(rig) -> None:
    assert rig.stop() == 0
    assert not rig.socket.exists()
    rig.start()


def test_health_and_metrics_say_how_it_is(rig, shop) -> None:
    from urllib.request import urlopen

    port = int((rig.data / "run" / "till.port").read_text())
    with urlopen(f"http://127.0.0.1:{port}/healthz") as answer:
        assert answer.status == 200
    with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
        assert b"madang_till_workers 1.0" in answer.read()
