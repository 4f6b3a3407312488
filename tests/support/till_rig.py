"""A real till for tests: its own process, its own database, its own data folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit
from uuid import UUID, uuid4

import psycopg
import pytest
from fake_worker import Customer, Worker
from metering_market import Market
from psycopg import sql

from madang.cli.postgres import EmbeddedPostgres
from madang.metering.till import client

SRC = Path(__file__).parents[2] / "src"
WAIT_S_MAX = 120.0
_TILL = """
import sys
import tempfile
from pathlib import Path
import django
django.setup()
from madang.metering.till.serve import main
main(Path(sys.argv[1]))
"""


def on_database(url: str, name: str) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"/{name}"))


def environment(url: str, data: Path) -> dict[str, str]:
    return {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(SRC), str(Path(__file__).parent)]),
        "DJANGO_SETTINGS_MODULE": "madang.portal.settings",
        "DATABASE_URL": url,
        "MADANG_DATA": str(data),
        "MADANG_TEST": "1",
        "MADANG_SECRET_KEY": "only-for-tests",
    }


def migrate(url: str, data: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "django", "migrate", "-v", "0"],
        env=environment(url, data), check=True,
    )  # fmt: skip


def wait_until(is_so, *, what: str, wait_s_max: float = WAIT_S_MAX) -> None:
    """Wait on a state, with a deadline."""
    deadline = time.monotonic() + wait_s_max
    while not is_so():
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what} did not happen within {wait_s_max} s")
        time.sleep(0.01)


@contextmanager
def django_on(url: str) -> Iterator[None]:
    """This process's Django on another database, for the duration."""
    from django.db import connections

    from madang.portal.settings import _database

    default = connections.databases["default"]
    before = dict(default)
    connections.close_all()
    default.update(_database(url))
    try:
        yield
    finally:
        connections.close_all()
        default.clear()
        default.update(before)


class WorkerProcess:
    """A worker in a process of its own, which can be killed."""

    def __init__(self, rig: Rig, number: int) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-m", "fake_worker", str(rig.socket), str(number)],
            env=environment(rig.url, rig.data), stdin=subprocess.PIPE, stdout=subprocess.PIPE,
            text=True,
        )  # fmt: skip
        self.epoch = self._answer()

    def do(self, what: str, *given: object, **options: object):
        words = [what, *(f"uuid:{one}" if isinstance(one, UUID) else one for one in given)]
        self.process.stdin.write(json.dumps([*words, options] if options else words) + "\n")
        self.process.stdin.flush()
        return self._answer()

    def _answer(self):
        value = json.loads(self.process.stdout.readline())
        return UUID(value[5:]) if str(value).startswith("uuid:") else value

    def kill(self) -> None:
        """As a crash does: no warning, no last word."""
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


class Rig:
    """A database, a data folder, and a till that can be started and killed."""

    def __init__(self, url: str, data: Path) -> None:
        self.url = url
        self.data = data
        self.socket = data / "run" / "till.sock"
        self.process: subprocess.Popen[bytes] | None = None
        self.workers: list[WorkerProcess] = []
        self.here: list[Worker] = []
        self.market = Market()

    def start(self) -> None:
        with (self.data / "till.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-c", _TILL, str(self.data)],
                env=environment(self.url, self.data), stderr=log,
            )  # fmt: skip
        wait_until(self._answers, what="a till that listens")

    def _answers(self) -> bool:
        assert self.process is not None
        assert self.process.poll() is None, (self.data / "till.log").read_text()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as line:
            return line.connect_ex(str(self.socket)) == 0

    def kill(self) -> None:
        """kill -9: the socket's name is left behind, nothing else."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    def stop(self) -> int:
        assert self.process is not None
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(timeout=WAIT_S_MAX)

    def close(self) -> None:
        for one in self.here:
            one.close()
        for worker in self.workers:
            if worker.process.poll() is None:
                worker.kill()
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def flush(self, *, recall: bool = False) -> None:
        assert client.flush(self.data, recall=recall)

    def worker(self, number: int = 0) -> Worker:
        self.here.append(Worker(self.socket, number=number))
        return self.here[-1]

    def worker_process(self, number: int = 0) -> WorkerProcess:
        made = WorkerProcess(self, number)
        self.workers.append(made)
        return made

    def customer(self, worker: Worker, voucher, offering) -> Customer:
        return Customer(worker, voucher.id, offering.supplier_id, offering.code)


@pytest.fixture(scope="session")
def template_url(postgres_urls, tmp_path_factory) -> str:
    """A migrated database that others are copied from."""
    name = f"till_template_{uuid4().hex[:8]}"
    _create(postgres_urls.superuser, name, "template0")
    url = on_database(postgres_urls.superuser, name)
    migrate(url, tmp_path_factory.mktemp("migrate"))
    return url


def _create(url: str, name: str, template: str) -> None:
    with psycopg.connect(url, autocommit=True) as connection:
        words = sql.Identifier(name), sql.Identifier(template)
        connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(*words))


@pytest.fixture
def rig(postgres_urls, template_url, tmp_path, django_db_blocker) -> Iterator[Rig]:
    """A till that runs, on a database that holds a programme with money."""
    name = f"till_{uuid4().hex[:12]}"
    _create(postgres_urls.superuser, name, urlsplit(template_url).path.lstrip("/"))
    url = on_database(postgres_urls.superuser, name)
    with django_db_blocker.unblock(), django_on(url):
        made = Rig(url, tmp_path / "data")
        made.data.mkdir()
        made.start()
        try:
            yield made
        finally:
            made.close()


class OwnPostgres:
    """A server for one test, which may be killed and started again."""

    def __init__(self, folder: Path) -> None:
        self.server = EmbeddedPostgres(folder)
        self.url = ""

    def start(self) -> None:
        code = (
            "import sys; from pathlib import Path;"
            "from madang.cli.postgres import EmbeddedPostgres;"
            "print(EmbeddedPostgres(Path(sys.argv[1])).start({'fsync': 'off'}).superuser)"
        )
        made = subprocess.run(
            [sys.executable, "-c", code, str(self.server.folder)], check=True, text=True,
            capture_output=True, env={**os.environ, "PYTHONPATH": str(SRC)},
        )  # fmt: skip
        self.url = on_database(made.stdout.split()[-1], "madang")

    def kill(self) -> None:
        """kill -9 of the postmaster; its sessions notice and end."""
        pid = self.server.pid
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not Path(f"/proc/{pid}").exists(), what="the server's end")


@pytest.fixture
def own_postgres(tmp_path) -> Iterator[OwnPostgres]:
    with tempfile.TemporaryDirectory(prefix="madang-pg-") as folder:
        made = OwnPostgres(Path(folder) / "cluster")
        made.start()
        try:
            migrate(made.url, tmp_path)
            yield made
        finally:
            made.server.stop()


@pytest.fixture
def rig_on_own_postgres(own_postgres, tmp_path, django_db_blocker) -> Iterator[Rig]:
    """A till that runs, on a server that may be killed."""
    with django_db_blocker.unblock(), django_on(own_postgres.url):
        made = Rig(own_postgres.url, tmp_path / "data")
        made.data.mkdir()
        made.start()
        try:
            yield made
        finally:
            made.close()
