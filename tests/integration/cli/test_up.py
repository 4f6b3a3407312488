"""`madang up` on a house: one ready line, one supervisor per folder, commands beside it."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from house import House, folder_for_a_house
from till_rig import wait_until

READY_KEYS = {"ready", "portal", "gateway", "pids"}
STOP_S_MAX = 120


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def running(house):
    ports = ["--portal-port", str(free_port()), "--gateway-port", str(free_port())]
    process = subprocess.Popen(
        [sys.executable, "-m", "madang.cli", "up", *ports, "--workers", "2", "--json"],
        env=house.environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        text=True,
    )
    ready = json.loads(process.stdout.readline())
    yield ready
    process.send_signal(signal.SIGTERM)
    rest = process.stdout.read()
    process.stdout.close()
    assert process.wait(STOP_S_MAX) == 0
    assert rest == "", "one line, nothing else"


def get(url: str, path: str) -> int:
    return asked(url, path)[0]


def asked(url: str, path: str) -> tuple[int, str]:
    """On a connection of its own, so that whichever worker is free answers."""
    line = http.client.HTTPConnection(url.removeprefix("http://"), timeout=30)
    line.request("GET", path)
    answer = line.getresponse()
    told = answer.status, answer.read().decode()
    line.close()
    return told


def workers_of(running) -> set[int]:
    portal = running["pids"]["portal"]
    return {
        int(one) for one in Path(f"/proc/{portal}/task/{portal}/children").read_text().split()
    }


def answered_at(url: str, route: str) -> int:
    lines = asked(url, "/metrics")[1].splitlines()
    mine = [one for one in lines if one.startswith("madang_portal_requests_total")]
    return sum(int(float(one.split()[-1])) for one in mine if f'route="{route}"' in one)


def test_ready_line_names_addresses_and_processes(running):
    assert set(running) == READY_KEYS
    names = {"postgres", "till", "gateway-0", "gateway-1", "worker", "portal"}
    assert set(running["pids"]) == names
    for url in (running["portal"], running["gateway"]):
        assert get(url, "/healthz") == 200


def test_the_portal_has_a_worker_for_each_processor_and_counts_what_all_of_them_answer(running):
    url = running["portal"]
    assert len(workers_of(running)) == min(len(os.sched_getaffinity(0)), 4)
    before = answered_at(url, "healthz")
    for _ in range(30):
        assert get(url, "/healthz") == 200
    assert answered_at(url, "healthz") == before + 30


def test_a_portal_worker_that_is_killed_is_replaced(running):
    before = workers_of(running)
    victim = min(before)
    os.kill(victim, signal.SIGKILL)
    wait_until(lambda: len(workers_of(running) - {victim}) == len(before), what="a worker")
    assert get(running["portal"], "/healthz") == 200


def test_second_supervisor_on_the_same_folder_is_refused(house, running):
    ports = ("--portal-port", str(free_port()), "--gateway-port", str(free_port()))
    refused = house.madang("up", *ports)
    assert (refused.code, refused.error["code"]) == (1, "cli.platform.already_up")


def test_commands_work_beside_the_running_platform(house, running):
    assert house.madang("programme", "list").data == {"programmes": []}
    assert house.madang("ledger", "verify").data["ok"] is True
    doctor = house.madang("doctor")
    assert doctor.code == 0, doctor.data
    assert {one["check"] for one in doctor.data["findings"]} >= {"database", "schema", "till"}


def test_taken_port_is_named(house, running):
    port = running["portal"].rpartition(":")[2]
    with folder_for_a_house() as data:
        ports = "--portal-port", port, "--gateway-port", str(free_port())
        refused = House(data).madang("up", *ports)
    assert (refused.code, refused.error["code"]) == (1, "cli.port.taken")
    assert refused.error["fields"]["port"] == int(port)
