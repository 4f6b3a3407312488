"""How things end: in good order, too late, too slow, or with a disk that fails."""

from __future__ import annotations

import asyncio
import contextlib
import errno
import json
import os
import socket
import sys
import threading
from pathlib import Path

import httpx
import pytest

sys.path.insert(0, str(Path(__file__).parents[1]))

from gateway_parts.stage import GatewayProcess, Stage, body, wait_for
from gateway_parts.till import FakeTill
from madang.gateway import _journal
from madang.gateway._journal import Journal
from madang.wire.journal import Tail, read_all, read_batch, segments
from madang.wire.record import RecordFlag, RecordKind

LIMITS = {
    "first_byte_s_max": 1.5,
    "idle_s_max": 1.5,
    "head_s_max": 0.6,
    "body_s_max": 0.6,
    "keep_alive_s_max": 1.0,
    "progress_s": 0.3,
}


@pytest.fixture(scope="module")
def stage(tmp_path_factory):
    env = {"MADANG_TEST_LIMITS": json.dumps(LIMITS)}
    found = Stage(tmp_path_factory.mktemp("ends"), env=env)
    yield found
    found.close()


def test_a_supplier_that_never_answers_is_504_and_costs_nothing(stage):
    secret = stage.key()
    response = stage.chat(secret, ask={"mode": "hang"})
    assert response.status_code == 504
    assert response.json()["error"]["code"] == "gateway.upstream.timeout"
    (record,) = commits(stage, response.headers["x-madang-call-id"])
    assert (record.cost_microwon, record.flags) == (0, RecordFlag.ESTIMATED)


def test_a_stream_that_falls_silent_is_broken_off_and_told(stage):
    ask, seen = {"mode": "stall", "out": 9}, []
    with (
        stage.stream(stage.key(), ask=ask) as response,
        pytest.raises(httpx.RemoteProtocolError),
    ):
        call = response.headers["x-madang-call-id"]
        for line in response.iter_lines():
            seen.append(line)
    assert "gateway.upstream.timeout" in "".join(seen)
    (record,) = commits(stage, call)
    assert RecordFlag.ESTIMATED in record.flags
    assert 0 < record.cost_microwon < record.est_microwon


def commits(stage, call: str):
    return [
        r for r in stage.till.records() if str(r.call) == call and r.kind is RecordKind.COMMIT
    ]


SLOW = {
    "a head that never ends": b"POST /v1/models HTTP/1.1\r\nhost:",
    "a body that never comes": b"POST /v1/x HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n",
    "a caller that says nothing": b"",
}


@pytest.mark.parametrize("raw", SLOW.values(), ids=SLOW)
def test_a_caller_too_slow_is_let_go(stage, raw):
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.settimeout(5)
        connection.sendall(raw)
        with contextlib.suppress(ConnectionResetError):
            assert connection.recv(10) == b""


def test_a_reader_that_stops_does_not_fill_the_memory(tmp_path):
    """Back pressure: the supplier is held up, and the reader is let go after its time."""
    limits = {"stalled_client_s_max": 1.0}
    stage = Stage(tmp_path, env={"MADANG_TEST_LIMITS": json.dumps(limits)})
    secret = stage.key(100_000)
    ask = {"say": "x" * 50_000, "out": 400}
    raw = json.dumps(body(stream=True, max_tokens=2000, ask=ask)).encode()
    head = (
        f"POST /v1/chat/completions HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {secret}\r\n"
        f"content-length: {len(raw)}\r\n\r\n"
    ).encode()
    before = rss_bytes(stage.gateway.process.pid)
    with socket.create_connection(stage.netloc, 5) as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.sendall(head + raw)
        wait_for(lambda: stage.gateway.metric("aborted_total") >= 1, "the reader was let go")
    assert rss_bytes(stage.gateway.process.pid) - before < 30 * 1024 * 1024
    wait_for(lambda: stage.gateway.metric("calls_open") == 0, "the call ended", within_s=30)
    stage.close()


def rss_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def test_strict_products_wait_for_the_disk(tmp_path):
    stage = Stage(tmp_path)
    stage.offer("nuri/strict", strict=True)
    secret = stage.key()
    for _ in range(3):
        assert stage.chat(secret, model="nuri/strict").status_code == 200
    with stage.stream(secret, model="nuri/strict") as response:
        assert response.read().endswith(b"data: [DONE]\n\n")
    assert stage.gateway.metric("journal_syncs") >= 8
    stage.close()


def test_a_stop_lets_streams_end_and_gives_everything_back(tmp_path):
    stage = Stage(tmp_path)
    secret, seen = stage.key(), []

    def read() -> None:
        with stage.stream(secret, ask={"out": 60, "pace": 1}) as response:
            seen.append(response.read())

    thread = threading.Thread(target=read)
    thread.start()
    wait_for(lambda: stage.supplier.served, "the stream is on its way")
    assert stage.gateway.stop() == 0
    thread.join(10)
    assert seen[0].endswith(b"data: [DONE]\n\n")
    voucher = stage.voucher(secret).id
    wait_for(lambda: all(hold.is_over for hold in stage.till.holds.values()), "leases are back")
    assert stage.till.spendable[voucher] == 1000 * 10**6 - stage.till.charged(voucher)
    ((_, path),) = segments(stage.till.journal_dir)
    assert read_batch(path, 0, is_last=True).tail is Tail.CLOSED
    stage.close()


def test_segments_follow_one_another_without_a_gap(tmp_path):
    stage = Stage(tmp_path, env={"MADANG_TEST_SEGMENT_BYTES": str(128 * 200)})
    secret = stage.key(100_000)
    for _ in range(300):
        assert stage.chat(secret).status_code == 200
    stage.close()
    names = segments(stage.till.journal_dir)
    assert len(names) >= 2
    seqs = [record.seq for record in stage.till.records()]
    assert seqs == list(range(len(seqs)))
    for _, path in names:
        *_, (_, last) = read_all(path, is_last=True)
        assert last.kind is RecordKind.END


def test_workers_share_one_port(tmp_path):
    stage = Stage(tmp_path)
    second = GatewayProcess(tmp_path, stage.till, worker=1, port=stage.gateway.port)
    wait_for(lambda: len(stage.till._workers) == 2, "both are at the till")
    secret = stage.key()
    for _ in range(40):
        with httpx.Client(base_url=stage.gateway.url) as client:
            headers = {"authorization": f"Bearer {secret}"}
            assert client.post("/v1/chat/completions", headers=headers, json=body()).is_success
    assert {name.worker for name, _ in segments(stage.till.journal_dir)} == {0, 1}
    assert all(stage.till.records(worker) for worker in (0, 1))
    assert second.stop() == 0
    stage.close()


def test_a_worker_that_cannot_open_its_journal_stops(tmp_path):
    till = FakeTill(tmp_path)
    till.journal_dir = tmp_path / "no-folder"
    till.journal_dir.write_text("a file")
    gateway = GatewayProcess(tmp_path, till)
    assert gateway.process.wait(15) == 3
    assert "journal.open.failed" in gateway.log_text()
    gateway.stop()
    till.stop()


# The disk ----------------------------------------------------------------------------------

RECORD = (
    RecordKind.SENT,
    0,
    1,
    b"c" * 16,
    b"v" * 16,
    b"h" * 16,
    1,
    5,
    0,
    0,
    0,
    0,
    0,
    9,
    1,
    0,
    0,
)


async def journal_in(folder: Path, failures: list[str]) -> Journal:
    return Journal(
        asyncio.get_running_loop(),
        folder,
        worker=0,
        epoch=1,
        segment_bytes=128 * 64,
        sync_interval_s=0.001,
        on_failure=failures.append,
    )


async def until(fact) -> None:
    for _ in range(2000):
        if fact():
            return
        await asyncio.sleep(0.001)
    raise AssertionError("did not come about")


def test_one_waiter_that_fails_does_not_keep_the_others_waiting(tmp_path):
    async def run() -> None:
        failures, called = [], []
        journal = await journal_in(tmp_path, failures)
        for durable in (False, True):
            journal.append(RECORD, lambda: 1 / 0, durable=durable)
            journal.append(RECORD, lambda: called.append(1), durable=durable)
        await until(lambda: len(called) == 2)
        journal.append(RECORD, lambda: called.append(1), durable=True)
        await until(lambda: len(called) == 3)
        assert journal.statistics().callback_errors == 2
        await journal.close()
        assert failures == []

    asyncio.run(run())


def broken(name: str, error: int):
    def fail(*_):
        raise OSError(error, os.strerror(error))

    return name, fail


WAYS = {
    "a full disk": broken("pwrite", errno.ENOSPC),
    "a write that fails": broken("pwrite", errno.EIO),
    "a sync that fails": broken("fdatasync", errno.EIO),
    "a short write": ("pwrite", lambda fd, data, at: os.write(fd, data[:200]) and 200),
}


@pytest.mark.parametrize(("name", "way"), WAYS.values(), ids=WAYS)
def test_a_failing_disk_stops_admission_for_good(tmp_path, monkeypatch, name, way):
    async def run() -> None:
        failures, called = [], []
        journal = await journal_in(tmp_path, failures)
        monkeypatch.setattr(_journal.os, name, way)
        journal.append(RECORD, lambda: called.append("written"))
        journal.append(RECORD, lambda: called.append("durable"), durable=True)
        await until(lambda: failures)
        monkeypatch.undo()
        journal.append(RECORD, lambda: called.append("later"))
        await asyncio.sleep(0.02)
        assert len(failures) == 1
        assert "durable" not in called
        assert "later" not in called
        assert ("written" in called) == (name == "fdatasync")
        if name == "pwrite":
            ((_, path),) = segments(tmp_path)
            assert len(path.read_bytes()) % 128 == 0
            assert read_batch(path, 0, is_last=True).tail is Tail.OPEN
        await journal.close()

    asyncio.run(run())
