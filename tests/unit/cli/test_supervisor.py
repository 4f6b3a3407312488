"""Goal: what dies is started again, and everything stops in good order.
Method: real, tiny processes; waits on their state with a deadline."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from pathlib import Path

import pytest

from madang.cli.errors import ProcessNotReady
from madang.cli.probes import at_once
from madang.cli.supervisor import Backoff, Keeper, Service, Supervisor, open_log

DEADLINE_S = 20
WAITS = "import signal; signal.pause()"
STOPS_SLOWLY = """
import signal, sys
def end(*_):
    with open(sys.argv[1], 'a') as file:
        file.write(sys.argv[2] + '\\n')
    sys.exit(0)
signal.signal(signal.SIGTERM, end)
signal.pause()
"""


def service(name: str, program: str, *words: str, is_ready=at_once) -> Service:
    return Service(name, [sys.executable, "-c", program, *words], dict(os.environ), is_ready)


async def until(condition) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not condition():
            await asyncio.sleep(0.01)


async def no_watch(stopped: asyncio.Event) -> None:
    await stopped.wait()


def test_killed_process_is_started_again(tmp_path: Path):
    async def story() -> None:
        keeper = Keeper(service("waits", WAITS), tmp_path / "log", Backoff(first_s=0.01))
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keeper.keep())
            await until(lambda: keeper.statistics().pid)
            first = keeper.statistics().pid
            os.kill(first, signal.SIGKILL)
            await until(lambda: keeper.statistics().pid not in (None, first))
            assert keeper.statistics().starts == 2
            await keeper.stop()
        assert keeper.statistics().pid is None

    asyncio.run(story())


def test_process_that_ignores_the_request_is_ended(tmp_path: Path):
    stubborn = (
        "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "print('deaf', flush=True); signal.pause(); signal.pause()"
    )

    async def story() -> None:
        log = tmp_path / "log"
        keeper = Keeper(service("deaf", stubborn), log)
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(keeper.keep())
            await until(lambda: log.exists() and b"deaf" in log.read_bytes())
            await keeper.stop(limit_s=0.2)
        assert keeper.process.returncode == -signal.SIGKILL

    asyncio.run(story())


def test_services_stop_in_the_reverse_order_of_their_start(tmp_path: Path):
    ends = tmp_path / "ends"
    names = ["first", "second", "third"]

    async def story() -> None:
        supervisor = Supervisor(tmp_path)

        def ready_when_alive(name: str):
            async def probe() -> bool:
                pid = supervisor.pids().get(name)
                if pid is None:
                    return False
                mask = Path(f"/proc/{pid}/status").read_text().split("SigCgt:")[1].split()[0]
                return bool(int(mask, 16) >> (signal.SIGTERM - 1) & 1)

            return probe

        services = [
            service(name, STOPS_SLOWLY, str(ends), name, is_ready=ready_when_alive(name))
            for name in names
        ]
        await supervisor.run(services, supervisor.request_stop, no_watch)
        assert supervisor.pids() == {}

    asyncio.run(story())
    assert ends.read_text().split() == names[::-1]


def test_service_that_never_gets_ready_is_named_and_the_others_are_stopped(
    tmp_path, monkeypatch
):
    async def never() -> bool:
        return False

    monkeypatch.setattr(Keeper.until_ready, "__defaults__", (0.2,))
    supervisor = Supervisor(tmp_path)

    async def story() -> None:
        services = [service("good", WAITS), service("never", WAITS, is_ready=never)]
        await supervisor.run(services, lambda: None, no_watch)

    with pytest.raises(ProcessNotReady) as refused:
        asyncio.run(story())
    assert refused.value.fields["process"] == "never"
    assert supervisor.pids() == {}


def test_backoff_grows_to_its_limit():
    backoff = Backoff(first_s=0.5, factor=2, longest_s=4)
    assert [backoff.delay_s(deaths) for deaths in (1, 2, 3, 4, 5, 1000)] == [0.5, 1, 2, 4, 4, 4]


def test_full_log_makes_room(tmp_path: Path, monkeypatch):
    monkeypatch.setattr("madang.cli.supervisor.LOG_BYTES_MAX", 4)
    log = tmp_path / "till.log"
    for text in (b"12345", b"6"):
        with open_log(log) as output:
            output.write(text)
    assert log.read_bytes() == b"6"
    assert (tmp_path / "till.log.1").read_bytes() == b"12345"
