"""A worker dies: its journal is read to the torn end, its open calls are dealt with."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from books import check_books
from metering_market import OPERATOR, balance, position
from till_rig import wait_until

from madang.core.clock import SystemClock
from madang.core.ids import uuid7
from madang.core.units import Unit
from madang.metering.errors import JournalDamaged, VoucherNotCloseable
from madang.metering.till.models import IdemClaim, Lease, OpenCall, WorkerEpoch
from madang.metering.till.recovery import ship_leftovers
from madang.metering.till.settling import (
    reconcile_epoch,
    settle_overdue,
    settle_unsettled,
)
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import close_voucher, expire_due
from madang.metering.vouchers.models import Voucher
from madang.parties.actor import system_actor

EST = 1_000_000


@pytest.fixture
def shop(rig):
    """A voucher, and a worker in a process of its own that serves it."""
    voucher, model = rig.market.voucher(), rig.market.model()
    process = rig.worker_process()
    process.do("customer", voucher.id, model.supplier_id, model.code)
    hold = process.do("lease", voucher.id, model.supplier_id, EST * 10)
    return process, voucher, hold


def refused_to_close(voucher: Voucher, reason: str, at: datetime) -> None:
    with pytest.raises(VoucherNotCloseable) as refused:
        close_voucher(OPERATOR, voucher, at=at)
    assert refused.value.fields["reason"] == reason


def closed(process) -> bool:
    return WorkerEpoch.objects.filter(epoch=process.epoch, closed_at__isnull=False).exists()


def test_what_was_never_sent_is_void_and_every_lease_comes_free(rig, shop) -> None:
    process, voucher, hold = shop
    process.do("call", hold, EST)
    process.do("open", hold, EST, sent=False)
    process.do("tear")
    process.kill()

    wait_until(lambda: closed(process), what="recovery")

    assert sorted(Usage.objects.values_list("outcome", flat=True)) == ["committed", "voided"]
    found = position(voucher)
    assert (found.held, found.deposit_held, found.charged_supply) == (0, 0, 98_000)
    check_books()


def test_what_was_sent_stays_held_until_it_is_settled(rig, shop) -> None:
    process, voucher, hold = shop
    call = process.do("open", hold, EST)
    process.do("call", hold, EST)
    process.kill()
    wait_until(lambda: closed(process), what="recovery")
    assert position(voucher).held == 700_000  # of one million at 7/10
    assert OpenCall.objects.get().state == "unsettled"

    settle_unsettled(
        OPERATOR, call, quantities={Unit.TOKEN_IN: 10}, at=SystemClock().now(),
        reason="the supplier's statement",
    )  # fmt: skip

    found = position(voucher)
    assert (found.held, found.deposit_held) == (0, 0)
    assert found.charged_supply == 98_000 + 14_000
    assert Usage.objects.get(call=call).outcome == "adjusted"
    check_books()


def test_statement_above_what_is_held_goes_to_dispute(rig, shop) -> None:
    process, voucher, hold = shop
    call = process.do("open", hold, EST)
    process.kill()
    wait_until(lambda: closed(process), what="recovery")

    settle_unsettled(OPERATOR, call, quantities={Unit.TOKEN_IN: 1000}, at=SystemClock().now())

    assert position(voucher).charged_supply == EST
    assert balance("K300") == 400_000
    check_books()


def test_nobody_settles_then_the_deadline_charges_what_was_seen(rig, shop) -> None:
    process, voucher, hold = shop
    call = process.do("open", hold, EST)
    process.do("progress", call, hold, EST, 10, 5)
    process.kill()
    wait_until(lambda: closed(process), what="recovery")
    now, system = SystemClock().now(), system_actor("worker")

    assert settle_overdue(system, at=now + timedelta(hours=23)) == 0
    assert settle_overdue(system, at=now + timedelta(hours=25)) == 1
    assert settle_overdue(system, at=now + timedelta(hours=25)) == 0

    assert position(voucher).charged_supply == 10 * 1400 + 5 * 4200
    assert position(voucher).held == 0
    check_books()


def test_after_a_power_loss_nothing_comes_free_until_it_is_reconciled(rig, shop) -> None:
    process, voucher, hold = shop
    process.do("call", hold, EST)
    process.do("open", hold, EST, sent=False)
    rig.flush()
    rig.stop()
    process.kill()
    WorkerEpoch.objects.filter(epoch=process.epoch).update(boot_id="another boot")
    held = position(voucher).held

    ship_leftovers(rig.data)

    assert position(voucher).held == held
    assert OpenCall.objects.get().state == "unsettled"
    epoch = WorkerEpoch.objects.get(epoch=process.epoch)
    reconcile_epoch(OPERATOR, epoch, at=SystemClock().now(), reason="statement compared")
    assert position(voucher).held == 700_000
    settle_unsettled(
        OPERATOR, OpenCall.objects.get().call, quantities={}, at=SystemClock().now()
    )
    assert position(voucher).held == 0
    check_books()


def test_commands_do_the_tills_work_when_no_till_is_up(rig, shop) -> None:
    process, voucher, hold = shop
    rig.stop()
    for _ in range(5):
        process.do("call", hold, EST)
    process.kill()

    assert ship_leftovers(rig.data) == 5
    assert ship_leftovers(rig.data) == 0
    assert position(voucher).charged_supply == 5 * 98_000
    assert position(voucher).held == 0
    check_books()


def test_lease_of_an_expired_voucher_stays_until_its_calls_end(rig, shop) -> None:
    process, voucher, hold = shop
    call = process.do("open", hold, EST)
    rig.flush()
    now = SystemClock().now()
    Voucher.objects.filter(pk=voucher.pk).update(expires_at=now)
    assert expire_due(system_actor("worker"), at=now) == 1
    process.do("give_back", hold, in_flight=EST)
    rig.flush()
    assert Lease.objects.get(hold=hold).state == "draining"
    refused_to_close(voucher, "holds", now)
    process.do("commit", call, hold, EST)
    process.do("give_back", hold)
    rig.flush()

    found = position(voucher, now)
    assert (found.held, found.available, found.charged_supply) == (0, 0, 98_000)
    assert balance("B600") == found.expired
    check_books()


def test_damage_in_the_middle_stops_that_worker_and_no_other(rig, shop) -> None:
    process, voucher, hold = shop
    model = rig.market.model()
    rig.stop()
    (path,) = (rig.data / "journal").glob("*.journal")
    for _ in range(3):
        process.do("call", hold, EST)
    data = bytearray(path.read_bytes())
    data[200] ^= 0xFF
    path.write_bytes(data)
    with pytest.raises(JournalDamaged) as damaged:
        ship_leftovers(rig.data)
    assert damaged.value.fields["segment"] == path.name
    rig.start()
    wait_until(lambda: WorkerEpoch.objects.exclude(damage="").exists(), what="an alarm")

    other = rig.customer(rig.worker(1), voucher, model)
    other_hold = other.worker.lease(voucher.id, model.supplier_id, EST)
    other.call(other_hold, EST)
    rig.flush()

    assert position(voucher).charged_supply == 98_000
    assert position(voucher).held > 700_000  # the damaged worker's lease stays held


@pytest.mark.parametrize(
    ("ends", "outcome"),
    [("sent", "unknown"), ("unsent", "fresh"), ("nothing", "fresh"), ("commit", "done")],
)
def test_claim_of_a_dead_worker_is_made_again_only_when_nothing_was_sent(
    rig, shop, ends, outcome
) -> None:
    process, _, hold = shop
    call = uuid7()
    IdemClaim.objects.create(
        key_no=1, idem_sha256=b"k".ljust(32), body_sha256=b"b".ljust(32), call=call,
        epoch_id=process.epoch, claimed_at=SystemClock().now(),
    )  # fmt: skip
    if ends in {"sent", "commit"}:
        process.do("open", hold, EST, call=f"uuid:{call}")
    if ends == "unsent":
        process.do("open", hold, EST, call=f"uuid:{call}", sent=False)
    if ends == "commit":
        process.do("commit", call, hold, EST)
    process.kill()
    wait_until(lambda: closed(process), what="recovery")

    told = rig.worker(1).claim(b"k", b"b", uuid7())

    assert told.outcome == outcome
