"""The ledger away, silent, back, or set against us: never a false 402, never a won lost."""

from __future__ import annotations

import sys
import threading
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import WON, Stage, wait_for
from madang.wire import messages as m


@pytest.fixture
def stage(tmp_path):
    found = Stage(tmp_path, env={"MADANG_TEST_LIMITS": '{"till_wait_s_max": 2.0}'})
    yield found
    found.close()


def test_held_leases_are_spent_and_then_it_is_503(stage):
    secret = stage.key()
    assert stage.chat(secret).status_code == 200
    stage.till.close()
    wait_for(lambda: stage.http.get("/healthz").json()["status"] == "degraded")
    answers = [stage.chat(secret, ask={"out": 64}) for _ in range(30)]
    assert answers[0].status_code == 200
    assert answers[-1].status_code == 503
    assert answers[-1].json()["error"]["code"] == "gateway.ledger.unavailable"
    assert {one.status_code for one in answers} == {200, 503}
    stage.till.open()
    wait_for(lambda: stage.http.get("/healthz").json()["status"] == "ok")
    assert stage.chat(secret).status_code == 200
    hello = next(one for one in reversed(stage.till.received) if isinstance(one, m.Hello))
    assert (hello.epoch, len(hello.holds)) == (1, 1)
    wait_for(lambda: balanced(stage, secret), "every won is accounted for")


def balanced(stage, secret) -> bool:
    voucher = stage.voucher(secret).id
    return stage.till.spendable[voucher] + stage.till.charged(voucher) == 1000 * WON


def test_a_silent_till_is_503_in_time(stage):
    secret = stage.key()
    stage.till.is_mute = True
    response = stage.chat(secret)
    assert response.json()["error"]["code"] == "gateway.ledger.unavailable"
    stage.till.is_mute = False
    assert stage.chat(secret).status_code == 200


def test_a_claim_without_a_till_is_503(stage):
    secret = stage.key()
    stage.till.close()
    wait_for(lambda: stage.http.get("/healthz").json()["status"] == "degraded")
    response = stage.chat(secret, headers={"idempotency-key": "x"})
    assert response.json()["error"]["code"] == "gateway.ledger.unavailable"
    stage.till.open()


def test_a_recalled_lease_with_a_call_in_flight_is_returned_twice(stage):
    secret, answers = stage.key(), []
    ask = {"gate": "recall"}
    thread = threading.Thread(target=lambda: answers.append(stage.chat(secret, ask=ask)))
    thread.start()
    wait_for(lambda: stage.supplier.served, "the call is in flight")
    stage.till.recall_all()
    returned = wait_for(lambda: returns(stage), "the first return")
    assert returned[0].in_flight_microwon > 0
    stage.supplier.gates["recall"].set()
    thread.join(10)
    assert answers[0].status_code == 200
    wait_for(lambda: balanced(stage, secret), "every won is accounted for")
    assert [one.in_flight_microwon for one in returns(stage)][-1] == 0


def returns(stage) -> list[m.LeaseReturned]:
    return [one for one in stage.till.received if isinstance(one, m.LeaseReturned)]


def test_a_fenced_worker_stops_at_once(tmp_path):
    stage = Stage(tmp_path)
    stage.till.close()
    hello = stage.till._hello

    def fence(told, writer):
        return hello(m.Hello(**{**fields(told), "epoch": 0}), writer)

    stage.till._hello = fence
    stage.till.open()
    assert stage.gateway.process.wait(15) == 3
    stage.gateway.stop()
    stage.till._hello = hello
    stage.restart()
    assert httpx.get(stage.gateway.url + "/healthz").json()["epoch"] == 3
    stage.close()


def fields(told: m.Hello) -> dict:
    return {name: getattr(told, name) for name in told.__struct_fields__}
