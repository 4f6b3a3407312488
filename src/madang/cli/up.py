"""`madang up`: everything on one machine, kept alive, stopped cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import hashlib
import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.errors import AlreadyUp, DatabaseUnwell, PortTaken
from madang.cli.installation import Installation, migrate, opened, start_embedded
from madang.cli.postgres import EmbeddedPostgres
from madang.cli.probes import (
    Probe,
    at_once,
    free_port,
    http_ok,
    port_is_free,
    unix_socket_accepts,
)
from madang.cli.processes import SUPERVISED, child_environment, own_command
from madang.cli.supervisor import POLL_S, STOP_S_MAX, Backoff, Service, Supervisor
from madang.core.clock import is_test_mode

WATCH_S = 0.5
PORT = click.IntRange(0, 65535)


@dataclass(frozen=True, slots=True)
class Plan:
    """What to run and where it listens."""

    bind: str
    portal_port: int
    gateway_port: int
    workers: int
    sample_port: int | None

    @property
    def portal_url(self) -> str:
        return f"http://{_host(self.bind)}:{self.portal_port}"

    @property
    def gateway_url(self) -> str:
        return f"http://{_host(self.bind)}:{self.gateway_port}"

    @property
    def ports(self) -> list[int]:
        return [self.portal_port, self.gateway_port] + (
            [self.sample_port] if self.sample_port else []
        )


def _host(bind: str) -> str:
    """An address that one can open, for the address that is listened on."""
    if bind in {"0.0.0.0", "::"}:  # noqa: S104  compared, not bound
        return "127.0.0.1"
    return f"[{bind}]" if ":" in bind else bind


def services_of(plan: Plan, installation: Installation) -> list[Service]:
    """In starting order; they are stopped in the reverse order."""
    data = str(installation.data)
    probe_host = _host(plan.bind).strip("[]")

    def service(name: str, words: list[str], is_ready: Probe) -> Service:
        environment = child_environment(
            name.partition("-")[0], installation.data, installation.urls.app
        )
        environment.setdefault("MADANG_PORTAL_URL", plan.portal_url)
        environment.setdefault("MADANG_GATEWAY_URL", plan.gateway_url)
        return Service(name, own_command(*words), environment, is_ready)

    listening = ["--bind", plan.bind, "--data", data]
    till_ready = unix_socket_accepts(installation.till_socket)
    portal = ["portal", "--port", str(plan.portal_port), *listening]
    gateway = ["gateway", "--port", str(plan.gateway_port), *listening]
    gateway_ready = http_ok(probe_host, plan.gateway_port)
    made = [
        service("till", ["till", "--data", data], till_ready),
        *(
            service(f"gateway-{no}", [*gateway, "--worker", str(no)], gateway_ready)
            for no in range(plan.workers)
        ),
        service("worker", ["worker", "--data", data], at_once),
        service("portal", portal, http_ok(probe_host, plan.portal_port)),
    ]
    if plan.sample_port:
        sample = ["sample-supplier", "--port", str(plan.sample_port)]
        ready = http_ok("127.0.0.1", plan.sample_port, "/health")
        made.insert(0, service("sample", sample, ready))
    return made


@command(
    "up", ko="플랫폼 전체를 시작합니다.", en="Start the whole platform and keep it running."
)
@click.option(
    "--portal-port",
    cls=Option,
    text=Text("포털 포트 (0: 빈 포트)", "Port of the portal (0: a free one)"),
    type=PORT,
    default=8000,
    show_default=True,
)
@click.option(
    "--gateway-port",
    cls=Option,
    text=Text("게이트웨이 포트 (0: 빈 포트)", "Port of the gateway (0: a free one)"),
    type=PORT,
    default=8080,
    show_default=True,
)
@click.option(
    "--workers",
    cls=Option,
    text=Text("게이트웨이 작업자 수", "Number of gateway workers"),
    type=click.IntRange(1, 64),
    default=1,
    show_default=True,
)
@click.option(
    "--bind",
    cls=Option,
    text=Text("듣는 주소", "Address to listen on"),
    default="127.0.0.1",
    show_default=True,
)
@click.option(
    "--demo",
    cls=Option,
    text=Text("시연용 공급기업도 실행", "Also run the demonstration's supplier"),
    is_flag=True,
)
@click.option(
    "--sample-port",
    cls=Option,
    text=Text(
        "시연 모델 포트 (0: 빈 포트)", "Port of the demonstration's model (0: a free one)"
    ),
    type=PORT,
    default=9001,
    show_default=True,
)
def up(
    console: Console,
    portal_port: int,
    gateway_port: int,
    workers: int,
    bind: str,
    demo: bool,
    sample_port: int,
) -> Answer | None:
    asked = (portal_port, gateway_port, sample_port)
    portal, gateway, sample = (port or free_port(bind) for port in asked)
    plan = Plan(bind, portal, gateway, workers, sample if demo else None)
    with held_up(console.data):
        asyncio.run(end_leftovers(console.data))
        for port in plan.ports:
            if not port_is_free(bind, port):
                raise PortTaken(port=port, address=bind)
        _serve(console, plan)
    return None


def _serve(console: Console, plan: Plan) -> None:
    console.progress(ko="데이터베이스를 시작합니다 …", en="Starting the database …")
    with opened(console.data) as installation:
        if not installation.is_embedded:
            migrate(installation.urls)
        collect_static(console.data)
        console.progress(ko="프로세스를 시작합니다 …", en="Starting the processes …")
        asyncio.run(_keep(console, plan, installation))


async def _keep(console: Console, plan: Plan, installation: Installation) -> None:
    supervisor = Supervisor(installation.data / "logs")
    loop = asyncio.get_running_loop()
    for one in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(one, supervisor.request_stop)

    def on_ready() -> None:
        console.tell(ready_answer(plan, supervisor, installation))

    async def watch(stopped: asyncio.Event) -> None:
        await _watch(installation, stopped)

    await supervisor.run(services_of(plan, installation), on_ready, watch)


def ready_answer(plan: Plan, supervisor: Supervisor, installation: Installation) -> Answer:
    pids = _all_pids(supervisor, installation)
    data = {"ready": True, "portal": plan.portal_url, "gateway": plan.gateway_url, "pids": pids}
    lines = [
        f"{Text('포털', 'portal')}: {plan.portal_url}/",
        f"{Text('게이트웨이', 'gateway')}: {plan.gateway_url}/v1",
    ]
    if is_test_mode():
        lines.append(str(Text("시험 모드입니다.", "This is test mode.")))
    return Answer(data, lines)


def _all_pids(supervisor: Supervisor, installation: Installation) -> dict[str, int]:
    postgres = EmbeddedPostgres(installation.data / "postgres").pid
    own = {"postgres": postgres} if installation.is_embedded and postgres else {}
    return {**own, **supervisor.pids()}


async def _watch(installation: Installation, stopped: asyncio.Event) -> None:
    """Restart PostgreSQL when it dies."""
    server = EmbeddedPostgres(installation.data / "postgres")
    backoff, deaths = Backoff(), 0
    while not stopped.is_set():
        pause_s = WATCH_S
        if installation.is_embedded and not server.is_running:
            deaths += 1
            pause_s = backoff.delay_s(deaths)
            with contextlib.suppress(DatabaseUnwell):
                await asyncio.to_thread(start_embedded, server)
        else:
            deaths = 0
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stopped.wait(), pause_s)


@contextlib.contextmanager
def held_up(data: Path) -> Iterator[None]:
    """One supervisor per data folder; the kernel forgets one that was killed."""
    (data / "run").mkdir(parents=True, exist_ok=True)
    with (data / "run" / "up.lock").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as err:
            file.seek(0)
            raise AlreadyUp(pid=file.read().strip()) from err
        file.truncate(0)
        file.write(str(os.getpid()))
        file.flush()
        yield


def leftovers(data: Path) -> list[int]:
    """Processes that a supervisor of this data folder started and did not live to stop."""
    mark = f"{SUPERVISED}={data}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):  # gone meanwhile, or somebody else's
            if mark in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return [pid for pid in found if pid != os.getpid()]


async def end_leftovers(data: Path) -> None:
    """End them in good order, or at all. PostgreSQL stays: it is simply used again."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + STOP_S_MAX
    asked: set[int] = set()
    while pids := leftovers(data):
        late = loop.time() > deadline
        for pid in pids:
            if late or pid not in asked:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL if late else signal.SIGTERM)
        asked.update(pids)
        await asyncio.sleep(POLL_S)


def collect_static(data: Path) -> None:
    """Gather the portal's files where the web server looks, when they are not those there."""
    from django.core.management import call_command  # only loaded when Django is

    stamp = data / "run" / "static-gathered"
    wanted = static_digest()
    if not stamp.exists() or stamp.read_text() != wanted:
        call_command("collectstatic", verbosity=0, interactive=False)
        stamp.write_text(wanted)


def static_digest() -> str:
    """What tells one state of all static files from another: names, sizes, times."""
    from django.contrib.staticfiles.finders import get_finders  # only loaded when Django is

    digest = hashlib.sha256()
    for finder in get_finders():
        for name, storage in finder.list([]):
            found = os.stat(storage.path(name))
            digest.update(f"{name} {found.st_size} {found.st_mtime_ns}\n".encode())
    return digest.hexdigest()
