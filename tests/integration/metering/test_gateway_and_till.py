"""A real gateway, a real till, a supplier that keeps its own statement: all three agree.

The supplier counts what it served and shares no code with the gateway; the client counts what
it received. Settlement must make the three agree to the micro-won.
"""

from __future__ import annotations

import itertools
import json
import sys
import threading
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[2]))

from books import check_books
from metering_market import AT, OPERATOR, position
from till_rig import wait_until

from gateway_parts.stage import GatewayProcess
from gateway_parts.supplier import Supplier
from madang.core.clock import SystemClock
from madang.metering.charges.models import Charge
from madang.metering.keys.actions import create_key, revoke_key
from madang.metering.statements.actions import close_statement
from madang.metering.till.models import Lease
from madang.metering.usage.models import Usage
from madang.metering.vouchers.actions import suspend_voucher
from madang.metering.vouchers.queries import voucher_report

PRICE_IN, PRICE_OUT = 1400, 4200
_secrets = itertools.count(1)


class House:
    """The rig, a supplier, a gateway, and one voucher with a key."""

    def __init__(self, rig, **voucher) -> None:
        self.rig = rig
        self.supplier = Supplier()
        self.model = rig.market.model(upstream=self.supplier.url)
        self.voucher = rig.market.voucher(**voucher)
        self.secret = f"mdg_test_house_{next(_secrets):04d}"
        self.key = create_key(
            OPERATOR, self.voucher, rpm_max=100_000, at=AT, secret=self.secret
        ).key
        self.gateways = [GatewayProcess(rig.data, rig).wait_ready()]
        self.http = httpx.Client(timeout=20)

    def close(self) -> None:
        self.http.close()
        for gateway in self.gateways:
            gateway.stop()
        self.supplier.stop()

    def chat(self, ask: dict | None = None, **changes) -> httpx.Response:
        headers = {"authorization": f"Bearer {self.secret}", **changes.pop("headers", {})}
        body = {
            "model": "nuri/chat", "messages": [{"role": "user", "content": "안녕"}],
            "max_tokens": 64, "user": json.dumps(ask or {}), **changes,
        }  # fmt: skip
        url = f"{self.gateways[0].url}/v1/chat/completions"
        return self.http.post(url, headers=headers, json=body)

    @property
    def stated(self) -> int:
        """What the supplier's own statement comes to, priced apart from the gateway's code."""
        return sum(
            one.prompt_tokens * PRICE_IN + one.completion_tokens * PRICE_OUT
            for one in self.supplier.served.values()
            if one.completion_tokens
        )


@pytest.fixture
def house(rig):
    made = House(rig)
    yield made
    made.close()


def test_client_supplier_and_books_agree_to_the_micro_won(house) -> None:
    charged = 0
    for out in (1, 5, 17):
        answer = house.chat({"out": out})
        assert answer.status_code == 200
        charged += int(answer.headers["x-madang-charge-microwon"])
    streamed = house.chat({"out": 7}, stream=True)
    assert streamed.text.rstrip().endswith("data: [DONE]")

    house.rig.flush(recall=True)

    report = voucher_report(OPERATOR, house.voucher.code, SystemClock().now())
    assert report["supply"]["charged_microwon"] == house.stated
    assert charged < house.stated  # the stream has no header
    assert report["calls"] == {"committed": 4, "unsettled": 0, "estimated": 0}
    assert report["subsidy"]["held_microwon"] == report["deposit"]["held_microwon"] == 0
    check_books()


def test_failed_calls_cost_nothing_and_are_on_file(house) -> None:
    assert house.chat({"mode": "status", "status": 500}).status_code == 502
    assert house.chat({"out": 3}).status_code == 200
    house.rig.flush(recall=True)

    assert sorted(Usage.objects.values_list("outcome", flat=True)) == ["committed", "voided"]
    assert position(house.voucher).charged_supply == house.stated
    check_books()


def test_many_clients_at_once_never_overspend_and_end_at_402(rig) -> None:
    """C1 and C5: a small voucher, spent by eight clients at once until it is empty."""
    house = House(rig, subsidy_won=35, deposit_won=50)
    spendable = position(house.voucher).spendable_supply
    answers: list[httpx.Response] = []

    def spend() -> None:
        while not answers or answers[-1].status_code == 200:
            answers.append(house.chat({"out": 30}, max_tokens=30))

    clients = [threading.Thread(target=spend) for _ in range(8)]
    for client in clients:
        client.start()
    for client in clients:
        client.join()
    while house.chat({"out": 1}, max_tokens=1).status_code == 200:
        pass
    last = house.chat({"out": 1}, max_tokens=1)
    rig.flush(recall=True)
    house.close()

    assert {one.status_code for one in answers} <= {200, 402}
    assert last.status_code == 402
    assert last.json()["error"]["code"] == "voucher.balance.insufficient"
    spent = position(house.voucher).charged_supply
    assert spent == house.stated
    assert spendable * 98 // 100 <= spent <= spendable
    check_books()


def test_revoked_key_and_suspended_voucher_stop_calls_within_a_second(house) -> None:
    assert house.chat().status_code == 200
    suspend_voucher(OPERATOR, house.voucher, at=AT, reason="asked")
    wait_until(lambda: house.chat().status_code == 403, what="403", wait_s_max=1.5)
    assert house.chat().json()["error"]["code"] == "voucher.state.suspended"
    revoke_key(OPERATOR, house.key, at=AT)
    wait_until(lambda: house.chat().status_code == 401, what="401", wait_s_max=1.5)


def test_gateway_killed_in_the_middle_leaves_no_won_unaccounted_for(house) -> None:
    for _ in range(5):
        house.chat({"out": 3})
    stuck = threading.Thread(target=lambda: _quietly(house, {"gate": "never"}))
    stuck.start()
    wait_until(lambda: len(house.supplier.served) == 6, what="the sixth call")
    house.gateways[0].kill()
    stuck.join()
    wait_until(
        lambda: not Lease.objects.filter(state="open").exists(), what="recovery of its leases"
    )

    report = voucher_report(OPERATOR, house.voucher.code, SystemClock().now())
    assert report["calls"] == {"committed": 5, "unsettled": 1, "estimated": 0}
    assert report["subsidy"]["held_microwon"] > 0
    assert Charge.objects.count() == 5
    check_books()


def _quietly(house, ask) -> None:
    try:
        house.chat(ask)
    except httpx.TransportError:
        return


def test_calls_go_on_while_the_till_is_away_and_are_shipped_by_the_next(house) -> None:
    assert house.chat({"out": 2}).status_code == 200
    house.rig.kill()
    assert house.chat({"out": 2}).status_code == 200
    house.rig.start()
    wait_until(house.gateways[0].is_well, what="the line to the till")
    wait_until(
        lambda: house.chat({"out": 2}).status_code == 200, what="a call through the next till"
    )
    house.rig.flush(recall=True)

    assert position(house.voucher).charged_supply == house.stated
    check_books()


def test_one_idempotency_key_is_one_charge(house) -> None:
    headers = {"idempotency-key": "k-1"}
    first = house.chat({"out": 4}, headers=headers)
    again = house.chat({"out": 4}, headers=headers)
    differs = house.chat({"out": 5}, headers=headers)
    house.rig.flush(recall=True)

    assert first.status_code == again.status_code == 200
    assert again.json()["choices"] == first.json()["choices"]
    assert differs.status_code == 422
    assert Charge.objects.count() == 1
    assert len(house.supplier.served) == 1


def test_statement_of_the_month_takes_what_was_called(house) -> None:
    for _ in range(20):
        house.chat({"out": 50})
    house.rig.flush(recall=True)

    statement = close_statement(
        OPERATOR, house.model.supplier, "2026-03", at=SystemClock().now()
    )

    (line,) = statement.lines.all()
    assert line.charges == 20
    assert line.supply_microwon + line.carried_microwon == house.stated
