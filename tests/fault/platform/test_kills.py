"""kill -9 of every process of a running house, at random moments, under load.

Goal: no call that a client saw complete is missing, none is charged twice, the voucher never
exceeds its limit, and the books agree with the supplier's own statement.
Method: `madang up` with a supplier that counts; clients that keep what they saw; a killer that
picks among till, gateway, PostgreSQL, worker and portal, and waits for the house to serve again
before the next. At last the supervisor itself is killed, and the house is started over it.
"""

from __future__ import annotations

import json
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import pytest
from house import FAST, House, folder_for_a_house

from gateway_parts.supplier import Supplier
from madang.cli.installation import make_folders
from madang.cli.postgres import EmbeddedPostgres
from madang.cli.up import leftovers

KILLS = int(os.environ.get("MADANG_TEST_KILLS", "5"))
SEED = int(os.environ.get("MADANG_TEST_SEED", "71"))
DEADLINE_S = 120
PROGRESS_CALLS = 10
PRICE_IN, PRICE_OUT = 1_400_000, 4_200_000  # micro-won per token
SECRET = "mdg_test_kills_0001"
VICTIMS = ("till", "gateway", "postgres", "worker", "portal")

DECLARED = """
[[programme]]
code = "kills"
name = {{ ko = "가", en = "Kills" }}
year = 2026
starts_on = "2020-01-01"
ends_on = "2099-12-31"
subsidy_ratio = "4/5"
vat_rate = "1/10"
budget_won = 10_000_000

[[organisation]]
code = "firm"
name = {{ ko = "나", en = "Firm" }}
kind = "sme"

[[supplier]]
code = "mock"
name = {{ ko = "다", en = "Mock" }}

[[offering]]
code = "mock/model"
supplier = "mock"
meter = "model"
upstream = "{url}"
allow_private = true
upstream_model = "mock"
context_tokens_max = 2048
size_class = "small"
uses = ["chat"]
  [[offering.price]]
  unit = "token.in"
  won_per_million = "1400000"
  valid_from = "2020-01-01T00:00:00+09:00"
  [[offering.price]]
  unit = "token.out"
  won_per_million = "4200000"
  valid_from = "2020-01-01T00:00:00+09:00"

[[voucher]]
code = "v-kills"
programme = "kills"
organisation = "firm"
subsidy_won = 5_000_000
deposit_won = 2_000_000
expires_on = "2099-12-31"
offerings = ["mock/*"]

[[key]]
voucher = "v-kills"
secret = "mdg_test_kills_0001"
rpm_max = 100000
"""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def wait_until(condition, what: str):
    deadline = time.monotonic() + DEADLINE_S
    while True:
        found = condition()
        if found:
            return found
        assert time.monotonic() < deadline, f"no {what} after {DEADLINE_S} s"
        time.sleep(0.05)


@dataclass
class Clients:
    """Threads that call and keep what they saw complete: call id → charge."""

    url: str
    seen: dict[str, int] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    threads: list[threading.Thread] = field(default_factory=list)

    def start(self, count: int = 2) -> None:
        for number in range(count):
            thread = threading.Thread(target=self._run, args=(number,))
            thread.start()
            self.threads.append(thread)

    def stop(self) -> None:
        self.stopping.set()
        for thread in self.threads:
            thread.join()

    def _run(self, number: int) -> None:
        rng = random.Random(SEED + number)
        with httpx.Client(timeout=30, trust_env=False) as client:
            while not self.stopping.is_set():
                try:
                    self._call(client, rng)
                except httpx.HTTPError:
                    self.stopping.wait(0.02)

    def _call(self, client: httpx.Client, rng: random.Random) -> None:
        body = {
            "model": "mock/model",
            "messages": [{"role": "user", "content": "안녕 " * rng.randint(1, 9)}],
            "max_tokens": 16,
            "user": json.dumps({"out": rng.randint(1, 16)}),
        }
        headers = {"Authorization": f"Bearer {SECRET}"}
        answer = client.post(f"{self.url}/v1/chat/completions", json=body, headers=headers)
        if answer.status_code == 200:
            call = answer.headers["x-madang-call-id"]
            assert call not in self.seen, "an id was given twice"
            self.seen[call] = int(answer.headers["x-madang-charge-microwon"])
        else:
            self.stopping.wait(0.02)


class Running:
    """`madang up` on a house, which may be killed and started again."""

    def __init__(self, house: House) -> None:
        self.house = house
        self.ports = {"portal": free_port(), "gateway": free_port()}
        self.start()

    def start(self) -> None:
        options = [
            word for name, port in self.ports.items() for word in (f"--{name}-port", str(port))
        ]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "madang.cli", "up", *options, "--json"],
            env=self.house.environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )
        ready = json.loads(self.process.stdout.readline() or "{}")
        assert ready.get("ready"), ready

    def pid_of(self, victim: str) -> int | None:
        if victim == "postgres":
            return EmbeddedPostgres(self.house.data / "postgres").pid
        for pid in leftovers(self.house.data):
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode().split("\0")
            if victim in words or (victim == "portal" and "gunicorn" in " ".join(words)):
                return pid
        return None

    def kill(self, victim: str) -> None:
        pid = wait_until(lambda: self.pid_of(victim), what=victim)
        os.kill(pid, signal.SIGKILL)

    def stop(self) -> int:
        self.process.send_signal(signal.SIGTERM)
        self.process.stdout.close()
        return self.process.wait(DEADLINE_S)


@pytest.fixture
def supplier():
    made = Supplier()
    yield made
    made.stop()


@pytest.fixture
def house():
    with folder_for_a_house() as data:
        make_folders(data)
        yield House(data)


def usages(data: Path) -> dict[str, tuple[int, dict, str]]:
    """What the database says of every call: charge, quantities, outcome. One row each."""
    server = EmbeddedPostgres(data / "postgres")
    url = server.start(FAST).superuser.replace("/postgres?", "/madang?")
    try:
        with psycopg.connect(url) as connection:
            rows = connection.execute(
                "SELECT u.call, coalesce(sum(c.amount_microwon), 0), u.quantities, u.outcome"
                " FROM metering_usage u LEFT JOIN metering_charge c ON c.usage_id = u.no"
                " GROUP BY u.no"
            ).fetchall()
    finally:
        server.stop()
    found = {
        str(call): (int(charge), quantities, how) for call, charge, quantities, how in rows
    }
    assert len(found) == len(rows), "a call has two usages"
    return found


def test_killed_processes_lose_nothing_and_charge_nothing_twice(house, supplier):
    rng = random.Random(SEED)
    assert house.apply(DECLARED.format(url=supplier.url)).code == 0
    running = Running(house)
    clients = Clients(f"http://127.0.0.1:{running.ports['gateway']}")
    clients.start()
    try:
        for number in range(KILLS):
            wanted = len(clients.seen) + rng.randint(1, PROGRESS_CALLS)
            wait_until(lambda least=wanted: len(clients.seen) >= least, what="finished call")
            running.kill(VICTIMS[number % len(VICTIMS)])
        wanted = len(clients.seen) + PROGRESS_CALLS
        wait_until(lambda: len(clients.seen) >= wanted, what="finished call")
        running.process.kill()  # the supervisor itself; what it started goes on without it
        running.process.wait()
        running.process.stdout.close()
        running.start()
        wanted = len(clients.seen) + PROGRESS_CALLS
        wait_until(lambda: len(clients.seen) >= wanted, what="finished call")
    finally:
        clients.stop()
        code = running.stop()
    assert code == 0
    assert leftovers(house.data) == []
    check(house, clients, supplier)


def check(house: House, clients: Clients, supplier: Supplier) -> None:
    shown = house.madang("voucher", "show", "v-kills").data
    verified = house.madang("ledger", "verify")
    assert verified.code == 0, verified.data
    assert house.madang("ledger", "trial-balance").data["balanced"] is True
    booked = usages(house.data)
    missing = set(clients.seen) - set(booked)
    assert not missing, f"seen complete, not on file: {missing} (seed {SEED})"
    for call, charge in clients.seen.items():
        assert booked[call][0] == charge, (call, SEED)
    for call, (charge, quantities, outcome) in booked.items():
        if outcome == "committed":
            served = supplier.served[call]
            tokens = served.prompt_tokens, served.completion_tokens
            assert charge == tokens[0] * PRICE_IN + tokens[1] * PRICE_OUT, (call, quantities)
    assert shown["supply"]["charged_microwon"] == sum(one[0] for one in booked.values())
    subsidy = shown["subsidy"]
    parts = ("available_microwon", "held_microwon", "consumed_microwon", "expired_microwon")
    assert sum(subsidy[name] for name in parts) == subsidy["limit_microwon"]
    assert subsidy["available_microwon"] >= 0
