"""Submissions as users send them: POST /api/v1/compute/jobs to a running portal.

The portal is the one that `madang up` starts, on the house's database; each client keeps one
connection and has an organisation, a person, a token and a grant of its own. Used by
compute_engine.py, whose rounds it shares.
"""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from bench.gateway import cpu_s, free_port

ROOT = Path(__file__).parents[1]
READY_S_MAX, CALL_S_MAX = 60, 60
IDLE_S_MAX = 2
"""A connection that was idle for longer is opened again: the portal ends it after five."""
PATH = "/api/v1/compute/jobs"


def enrol(grants: Sequence) -> list[tuple[str, str]]:
    """A person of each grant's organisation: the grant's code and the person's token."""
    from metering_market import AT, OPERATOR

    from madang.parties.actor import system_actor
    from madang.parties.people.actions import declare_person
    from madang.parties.people.tokens import create_token

    told = []
    for number, grant in enumerate(grants):
        person = declare_person(
            OPERATOR, email=f"client{number}@example.kr", roles=["beneficiary"],
            organisation=grant.organisation.code, at=AT,
        ).row  # fmt: skip
        _, secret = create_token(system_actor("bench"), person, at=AT)
        told.append((grant.code, secret))
    return told


def address_site(rig, data: Path) -> None:
    """The portal finds the cluster by the site's row, as in life."""
    from madang.compute.sites.models import Site

    secrets = data / "secrets"
    secrets.mkdir(exist_ok=True)
    (secrets / "jwt.key").write_bytes(rig.jwt_key)
    Site.objects.update(
        address=rig.address, auth="file:jwt.key", records=str(rig.records), user="www-data"
    )


@contextmanager
def portal(house) -> Iterator[tuple[subprocess.Popen, int]]:
    """Its process and its port, once it answers."""
    port = free_port()
    words = [sys.executable, "-m", "madang.cli", "portal", "--port", str(port)]
    environment = house.environment() | {"PYTHONPATH": str(ROOT / "src")}
    with (
        (house.data / "portal.log").open("wb") as log,
        subprocess.Popen(
            [*words, "--data", str(house.data)], env=environment, stdout=log, stderr=log
        ) as process,
    ):
        try:
            _until_ready(port)
            yield process, port
        finally:
            process.terminate()


def _until_ready(port: int) -> None:
    until = time.monotonic() + READY_S_MAX
    while time.monotonic() < until:
        try:
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S_MAX)
            connection.request("GET", "/healthz")
            connection.getresponse().read()
        except OSError:
            time.sleep(0.1)
        else:
            return
    raise SystemExit("the portal did not start")


class Client:
    """One user's script: a connection that is kept, a token, a grant."""

    def __init__(self, port: int, grant: str, secret: str) -> None:
        self._connection = http.client.HTTPConnection("127.0.0.1", port, timeout=CALL_S_MAX)
        self._grant, self._used_s = grant, time.monotonic()
        self._headers = {
            "Authorization": f"Bearer {secret}", "Content-Type": "application/json",
        }  # fmt: skip

    def submit(self, key: str) -> None:
        body = {
            "grant": self._grant, "key": key, "cards": 1, "time_limit_s": 60,
            "script": "exit 0",
        }  # fmt: skip
        if time.monotonic() - self._used_s > IDLE_S_MAX:
            self._connection.close()
        self._connection.request("POST", PATH, json.dumps(body), self._headers)
        answer = self._connection.getresponse()
        read = json.loads(answer.read())
        self._used_s = time.monotonic()
        assert (answer.status, read.get("state")) == (200, "queued"), read


def through_http(port: int, told: Sequence[tuple[str, str]]) -> Callable[[int], None]:
    from madang.core.ids import uuid7

    free, mine = list(told), threading.local()

    def submit(number: int) -> None:
        if not hasattr(mine, "client"):
            mine.client = Client(port, *free.pop())
        mine.client.submit(f"bench-{uuid7().hex}")

    return submit


class Meter:
    """Processor's seconds by name: of this script, and of trees of processes."""

    def __init__(self, **pids: int) -> None:
        self._pids = pids

    def read(self) -> dict[str, float]:
        trees = {name: cpu_s(pid) for name, pid in self._pids.items()}
        return {"script": time.process_time(), **trees}
