"""PostgreSQL dies under the till: workers hear "unavailable", nothing is lost."""

from __future__ import annotations

from pathlib import Path

from books import check_books
from django.db import connections
from metering_market import position
from till_rig import wait_until

from madang.metering.till.models import Lease
from madang.metering.usage.models import Usage
from madang.wire.messages import LeaseDenied

EST = 100_000
CALLS = 5_000
GROWTH_BYTES_MAX = 20 * 1024 * 1024


def rss_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * 4096


def test_database_killed_under_shipping_loses_nothing(
    rig_on_own_postgres, own_postgres
) -> None:
    rig = rig_on_own_postgres
    voucher, model = rig.market.voucher(), rig.market.model()
    customer = rig.customer(rig.worker(), voucher, model)
    worker = customer.worker
    hold = worker.lease(voucher.id, model.supplier_id, EST * CALLS * 2)
    for _ in range(CALLS):
        customer.call(hold, EST)
    wait_until(Usage.objects.exists, what="a shipment")
    connections.close_all()

    own_postgres.kill()
    before = rss_bytes(rig.process.pid)
    told = worker.want(voucher.id, model.supplier_id, EST)
    for _ in range(CALLS):
        customer.call(hold, EST)
    worker.give_back(hold)
    again = worker.want(voucher.id, model.supplier_id, EST)

    for one in (told, again):
        assert isinstance(one, LeaseDenied)
        assert one.code == "gateway.ledger.unavailable"
    assert rss_bytes(rig.process.pid) - before < GROWTH_BYTES_MAX
    own_postgres.start()
    wait_until(
        lambda: Lease.objects.filter(state="resolved").exists(), what="the return of the lease"
    )
    assert Usage.objects.count() == 2 * CALLS
    assert position(voucher).charged_supply == 2 * CALLS * 98_000
    assert (position(voucher).held, position(voucher).deposit_held) == (0, 0)
    assert worker.lease(voucher.id, model.supplier_id, EST)
    check_books()
