"""A connection to slurmrestd is kept between requests, and never trusted when it has ended."""

from __future__ import annotations

import errno
import json
import os
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from madang.compute.engines.slurm import rest as rest_module
from madang.compute.engines.slurm.engine import SlurmEngine
from madang.compute.engines.slurm.rest import CONNECTIONS_KEPT, Rest
from madang.compute.engines.slurm.settings import SlurmSettings
from madang.compute.engines.types import GrantRef, JobSpec
from madang.compute.errors import EngineRefused, EngineUnclear, EngineUnwell

NOW = datetime(2026, 11, 2, tzinfo=UTC)
SPEC = JobSpec(GrantRef("m1", "kim"), "madang-1", 1, "gpu", 60, "exit 0")


class Cluster(ThreadingHTTPServer):
    """Answers what it is told to, and notes by which connection each request came."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.came: list[int] = []
        self.answer: object = {"job_id": 1, "errors": []}
        self.closes = False
        self.gate: threading.Barrier | None = None
        self.ended = threading.Semaphore(0)

    def settings(self) -> SlurmSettings:
        port = self.server_address[1]
        return SlurmSettings(
            site="gwangju", cluster="madang", user="kim", conf="/dev/null",
            address=f"http://127.0.0.1:{port}", jwt_key=b"0" * 32, logs=None,
            records=Path("/nonexistent"), timeout_s=30.0, books_late_s=60,
        )  # fmt: skip

    def rest(self) -> Rest:
        return Rest(self.settings())


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: Cluster

    def do_GET(self) -> None:
        self.do_POST()

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers.get("content-length", "0")))
        self.server.came.append(self.client_address[1])
        if self.server.gate is not None:
            self.server.gate.wait(30)
        if self.server.answer is None:
            self.close_connection = True
            return
        body = json.dumps(self.server.answer).encode()
        self.send_response(200)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)
        self.close_connection = self.server.closes

    def finish(self) -> None:
        super().finish()
        self.connection.close()
        self.server.ended.release()

    def log_message(self, *words: object) -> None:
        pass


@contextmanager
def served(cluster: Cluster):
    thread = threading.Thread(target=cluster.serve_forever)
    thread.start()
    try:
        yield
    finally:
        cluster.shutdown()
        thread.join()


@pytest.fixture
def cluster():
    made = Cluster()
    with served(made):
        yield made
    made.socket.close()


@pytest.fixture
def rest(cluster):
    made = cluster.rest()
    yield made
    for *_, connection in made._kept:
        connection.close()


def ask(rest: Rest) -> dict:
    return rest.call("POST", "job/submit", {"job": {}})


def test_requests_one_after_another_use_one_connection(cluster, rest) -> None:
    for _ in range(3):
        assert ask(rest)["job_id"] == 1
    assert len(set(cluster.came)) == 1


def test_a_refusal_keeps_the_connection(cluster, rest) -> None:
    cluster.answer = {"errors": [{"error_number": 2050, "error": "invalid qos"}]}
    for _ in range(2):
        with pytest.raises(EngineRefused):
            ask(rest)
    assert len(set(cluster.came)) == 1


def test_a_connection_that_has_ended_meanwhile_costs_no_answer(cluster, rest) -> None:
    cluster.closes = True
    ask(rest)
    assert cluster.ended.acquire(timeout=30)  # as after a restart of slurmrestd
    cluster.closes = False
    assert ask(rest)["job_id"] == 1
    assert len(set(cluster.came)) == 2


def test_a_lost_answer_is_unclear_and_its_connection_is_not_used_again(cluster, rest) -> None:
    ask(rest)
    cluster.answer = None
    with pytest.raises(EngineUnclear):
        ask(rest)
    cluster.answer = {"job_id": 2, "errors": []}
    assert ask(rest)["job_id"] == 2
    assert len(set(cluster.came[:2])) == 1
    assert cluster.came[2] != cluster.came[1]
    assert len(cluster.came) == 3  # nothing was sent twice


@pytest.mark.parametrize("answer", [[], "no", 3, {}, {"errors": []}, {"job_id": 0}])
def test_an_answer_that_says_neither_yes_nor_no_is_unclear(cluster, answer) -> None:
    """What stands between us and slurmrestd may answer in its place, in JSON as well."""
    cluster.answer = answer
    with pytest.raises(EngineUnclear):
        SlurmEngine(cluster.settings()).submit(SPEC, "madang-1", since=NOW, is_first=True)


@pytest.mark.parametrize("answer", [[], {}, {"jobs": None, "errors": []}])
def test_a_list_that_is_none_is_no_empty_one(cluster, answer) -> None:
    cluster.answer = answer
    with pytest.raises(EngineUnclear):
        SlurmEngine(cluster.settings()).find("madang-1", SPEC.grant, since=NOW)


def test_an_idle_connection_is_opened_anew(cluster, rest, monkeypatch) -> None:
    ask(rest)
    monkeypatch.setattr(rest_module, "IDLE_S_MAX", 0.0)
    ask(rest)
    assert len(set(cluster.came)) == 2


def test_threads_never_share_a_connection(cluster, rest) -> None:
    many = CONNECTIONS_KEPT + 4
    cluster.gate = threading.Barrier(many)
    threads = [threading.Thread(target=ask, args=[rest]) for _ in range(many)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(cluster.came)) == many


def test_a_process_that_forks_leaves_its_connections_to_the_parent(
    cluster, rest, monkeypatch
) -> None:
    """Two on one connection would read each other's answers, and so take each other's jobs."""
    monkeypatch.setattr(rest_module, "IDLE_S_MAX", 600.0)
    ask(rest)
    child = os.fork()
    if child == 0:
        try:
            ask(rest)
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    ask(rest)
    first, in_child, after = cluster.came
    assert (in_child != first, after) == (True, first)


def test_nobody_listening_means_that_nothing_was_sent(cluster, rest) -> None:
    gone = Cluster()
    other = gone.rest()
    gone.server_close()
    with pytest.raises(EngineUnwell):
        ask(other)


SYSTEM = [errno.EAGAIN, errno.ETIMEDOUT, errno.ECONNREFUSED, errno.ECONNRESET, errno.EPIPE,
          errno.EIO, errno.EINTR, errno.ENOMEM, errno.EMFILE]  # fmt: skip


@pytest.mark.parametrize("number", SYSTEM)
@pytest.mark.parametrize("name", ["error_number", "error_code"])
def test_what_the_system_says_of_a_connection_is_no_word_on_a_submission(
    cluster, rest, number, name
) -> None:
    """slurmrestd passes on what came of its own call; what was sent by then nobody says."""
    cluster.answer = {"errors": [{name: number, "error": "Resource temporarily unavailable"}]}
    for method, path in (("POST", "job/submit"), ("DELETE", "job/7")):
        with pytest.raises(EngineUnclear):
            rest.call(method, path)
    with pytest.raises(EngineUnwell) as caught:
        rest.call("GET", "jobs")
    assert caught.type is EngineUnwell


@pytest.mark.parametrize("number", [errno.EPERM, errno.EACCES, errno.EINVAL])
def test_what_the_system_says_of_the_request_itself_is_a_refusal(cluster, rest, number) -> None:
    cluster.answer = {"errors": [{"error_number": number, "error": "Invalid argument"}]}
    with pytest.raises(EngineRefused):
        ask(rest)
