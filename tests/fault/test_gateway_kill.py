"""C3: kill -9 under load. No call that a caller saw complete lacks its COMMIT, none has two.

Callers run whole answers and streams against a gateway in a real process; it is killed at a
random moment; the journal is read as the till would. Then a new worker takes a new epoch and
the same voucher goes on, and at the end what was charged equals what the supplier served.
"""

from __future__ import annotations

import os
import random
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import httpx

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import WON, GatewayProcess, Stage, body, wait_for
from madang.wire.journal import read_batch, segments
from madang.wire.record import RecordKind

KILLS = int(os.environ.get("MADANG_TEST_KILLS", "5"))
CALLERS = 8
TERMINAL = {RecordKind.COMMIT, RecordKind.VOID}


class Caller(threading.Thread):
    """Calls without pause until the gateway is gone; notes what it saw complete."""

    def __init__(self, url: str, secret: str, seed: int) -> None:
        super().__init__(daemon=True)
        self.complete: list[str] = []
        self._url, self._secret, self._rng = url, secret, random.Random(seed)

    def run(self) -> None:
        headers = {"authorization": f"Bearer {self._secret}"}
        with httpx.Client(base_url=self._url, headers=headers, timeout=10) as client:
            try:
                while True:
                    self._call(client)
            except httpx.TransportError:
                return

    def _call(self, client: httpx.Client) -> None:
        ask = {"out": self._rng.randrange(1, 9)}
        if self._rng.random() < 0.5:
            response = client.post("/v1/chat/completions", json=body(ask=ask))
            assert response.status_code == 200, response.text
            self.complete.append(response.headers["x-madang-call-id"])
            return
        with client.stream(
            "POST", "/v1/chat/completions", json=body(stream=True, ask=ask)
        ) as response:
            assert response.status_code == 200
            seen = response.read()
        if seen.endswith(b"data: [DONE]\n\n"):
            self.complete.append(response.headers["x-madang-call-id"])


def check_journal(stage: Stage, complete: list[str]) -> dict[str, int]:
    """Every complete call is committed, every call at most once. Returns the charges."""
    records = stage.till.records()
    kinds = Counter((str(r.call), r.kind) for r in records if r.kind in TERMINAL)
    assert all(count == 1 for count in kinds.values())
    charges = {str(r.call): r.cost_microwon for r in records if r.kind is RecordKind.COMMIT}
    assert [call for call in complete if call not in charges] == []
    for record in records:
        assert record.cost_microwon <= record.est_microwon
    return charges


def check_promises(stage: Stage) -> None:
    """The supplier saw no call whose SENT is not on file; no lease was overspent."""
    records = stage.till.records()
    sent = {str(r.call) for r in records if r.kind is RecordKind.SENT}
    assert set(stage.supplier.served) <= sent
    spent: Counter = Counter()
    for record in records:
        if record.kind is RecordKind.COMMIT:
            spent[record.hold] += record.cost_microwon
    assert all(spent[hold] <= stage.till.holds[hold].amount for hold in spent)


def test_c3_a_killed_gateway_has_recorded_all_that_callers_saw(tmp_path):
    stage = Stage(tmp_path)
    secret = stage.key(100_000)
    rng = random.Random(int(os.environ.get("MADANG_TEST_SEED", "71")))
    complete: list[str] = []
    open_calls = 0
    for kill in range(KILLS):
        callers = [Caller(stage.gateway.url, secret, kill * 100 + n) for n in range(CALLERS)]
        for caller in callers:
            caller.start()
        wait_for(lambda: all(caller.complete for caller in callers), "every caller is at work")  # noqa: B023
        time.sleep(rng.random() * 0.2)  # the moment of the kill is the test's input
        stage.gateway.kill()
        for caller in callers:
            caller.join(15)
            complete += caller.complete
        charges = check_journal(stage, complete)
        check_promises(stage)
        sent = {str(r.call) for r in stage.till.records() if r.kind is RecordKind.SENT}
        open_calls = len(sent - set(charges))
        assert open_calls <= (kill + 1) * CALLERS
        stage.restart()
    served = stage.supplier.served
    prices = (1_400_000_000, 4_200_000_000)
    for call, charge in charges.items():
        tokens = (served[call].prompt_tokens, served[call].completion_tokens)
        total = sum(price * count for price, count in zip(prices, tokens, strict=True))
        assert charge == -(-total // 10**6)
    assert sum(charges.values()) <= 100_000 * WON
    assert len(complete) > KILLS * CALLERS
    stage.close()


def test_a_torn_tail_is_read_to_its_last_whole_record(tmp_path):
    stage = Stage(tmp_path)
    for _ in range(5):
        stage.chat(stage.key())
    stage.gateway.kill()
    ((_, path),) = segments(stage.till.journal_dir)
    whole = read_batch(path, 0, is_last=True)
    with path.open("r+b") as file:
        file.seek(whole.offset_next)
        file.write(b"\x07" * 77)
    torn = read_batch(path, 0, is_last=True)
    assert torn.records == whole.records
    assert torn.tail == "torn"
    stage.http.close()
    stage.till.stop()
    stage.supplier.stop()


def drain(url: str, secret: str, spent: list[int], refusals: list[dict]) -> None:
    """Call until the voucher is empty or the gateway is gone."""
    headers = {"authorization": f"Bearer {secret}"}
    with httpx.Client(base_url=url, headers=headers, timeout=10) as client:
        while True:
            try:
                response = client.post("/v1/chat/completions", json=body(ask={"out": 60}))
            except httpx.TransportError:
                return
            if response.status_code == 402:
                refusals.append(response.json()["error"])
                return
            if response.status_code == 200:
                spent.append(int(response.headers["x-madang-charge-microwon"]))


def holds_over(holds: dict, record) -> bool:
    """A charge of a hold that was resolved: those of the dead worker's others stay inside."""
    return record.hold in holds and holds[record.hold].is_over


def test_c1_two_workers_and_a_kill_never_overspend_a_voucher(tmp_path):
    """Many callers empty one voucher through two workers, and one of these is killed."""
    stage, won = Stage(tmp_path), 30
    second = GatewayProcess(tmp_path, stage.till, worker=1).wait_ready()
    secret = stage.key(won)
    voucher = stage.voucher(secret).id
    spent: list[int] = []
    refusals: list[dict] = []
    urls = [stage.gateway.url, second.url] * 4
    callers = [
        threading.Thread(target=drain, args=(url, secret, spent, refusals)) for url in urls
    ]
    for caller in callers:
        caller.start()
    wait_for(lambda: len(spent) > 40, "money is being spent")
    second.kill()
    for caller in callers:
        caller.join(60)
    assert len(refusals) == 4
    assert all(one["code"] == "voucher.balance.insufficient" for one in refusals)
    wait_for(
        lambda: all(h.is_over for h in stage.till.holds.values() if h.worker == 0),
        "the living worker gave everything back",
    )
    holds = {one: hold for one, hold in stage.till.holds.items() if hold.voucher == voucher}
    still_held = sum(
        hold.amount - hold.given_back for hold in holds.values() if not hold.is_over
    )
    paid = sum(r.cost_microwon for r in stage.till.records() if holds_over(holds, r))
    assert paid + still_held + stage.till.spendable[voucher] == won * WON
    assert stage.till.charged(voucher) >= sum(spent)
    assert stage.till.charged(voucher) + stage.till.spendable[voucher] <= won * WON
    stage.close()
