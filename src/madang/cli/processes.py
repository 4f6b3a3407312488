"""The processes of an installation, each also alone on its own host, and their commands."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

import click

from madang.cli.console import Answer, Console, Option, Text, command
from madang.cli.errors import DatabaseUnwell
from madang.cli.installation import migrate as migrate_database
from madang.cli.installation import opened
from madang.cli.main import set_up_django
from madang.cli.postgres import EmbeddedPostgres, urls_from

UPSTREAM_PREFIX = "MADANG_UPSTREAM_"
SUPERVISED = "MADANG_SUPERVISED"
OWNER_URL = "DATABASE_OWNER_URL"


def child_environment(process: str, data: Path, app_url: str) -> dict[str, str]:
    """What a process may know: only the gateway sees upstream secrets, none sees the owner."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name != OWNER_URL and (process == "gateway" or not name.startswith(UPSTREAM_PREFIX))
    }
    own = {SUPERVISED: str(data), "MADANG_DATA": str(data), "DATABASE_URL": app_url}
    return {**kept, **own, "PYTHONUNBUFFERED": "1"}


def own_command(*words: str) -> list[str]:
    """A command line that runs a verb of this very installation."""
    return [sys.executable, "-m", "madang.cli", *words]


BIND = Text("듣는 주소", "Address to listen on")
PORT = Text("듣는 포트", "Port to listen on")


def _become(words: list[str], environment: Mapping[str, str]) -> None:
    """Turn into another program: signals and exit codes are then its own."""
    os.execve(words[0], words, dict(environment))  # noqa: S606  our own interpreter


@command("portal", ko="포털만 실행합니다.", en="Run the portal alone.")
@click.option("--bind", cls=Option, text=BIND, default="127.0.0.1", show_default=True)
@click.option("--port", cls=Option, text=PORT, type=int, default=8000, show_default=True)
def portal(console: Console, bind: str, port: int) -> None:
    place = f"[{bind}]:{port}" if ":" in bind else f"{bind}:{port}"
    words = [sys.executable, "-m", "gunicorn", "-c", "python:madang.portal.gunicorn_conf"]
    environment = {
        **os.environ,
        "MADANG_DATA": str(console.data),
        "MADANG_PORTAL_BIND": place,
        "DATABASE_URL": database_there(console.data),
        "DJANGO_SETTINGS_MODULE": "madang.portal.settings",
    }
    _become(words, environment)


@command("till", ko="틸만 실행합니다.", en="Run the till alone.")
def till(console: Console) -> Answer | None:
    _need_database(console)
    from madang.metering.till import serve  # a room is loaded only when its verb is called

    serve.main(console.data)
    return None


@command(
    "gateway", ko="게이트웨이 작업자 하나를 실행합니다.", en="Run one gateway worker alone."
)
@click.option("--bind", cls=Option, text=BIND, default="127.0.0.1", show_default=True)
@click.option("--port", cls=Option, text=PORT, type=int, default=8080, show_default=True)
@click.option(
    "--worker",
    cls=Option,
    text=Text("작업자 번호", "Number of this worker"),
    type=int,
    default=0,
    show_default=True,
)
def gateway(console: Console, bind: str, port: int, worker: int) -> Answer | None:
    from madang.gateway import Settings, serve  # a room is loaded only when its verb is called

    def ready(taken: int) -> None:
        console.tell(Answer({"ready": True, "port": taken}, [f"{bind}:{taken}"]))

    settings = Settings(data_dir=console.data, host=bind, port=port, worker=worker)
    code = serve(settings, on_ready=ready)
    return Answer({}, exit_code=code) if code else None


@command("worker", ko="작업자(정기 업무)만 실행합니다.", en="Run the background worker alone.")
@click.option(
    "--health-port",
    cls=Option,
    text=Text("상태 포트 (0: 아무 빈 포트)", "Port of /healthz and /metrics (0: a free one)"),
    type=int,
    default=0,
    show_default=True,
)
def worker(console: Console, health_port: int) -> Answer | None:
    _need_database(console)
    from django.core.management import call_command  # only loaded when Django is

    from madang.cli.health import health_page

    with health_page(health_port, console.data / "run" / "worker.port"):
        call_command("procrastinate", "worker", "--shutdown-graceful-timeout", "20")
    return None


@command(
    "migrate", ko="데이터베이스 구조를 최신으로 만듭니다.", en="Bring the database up to date."
)
def migrate(console: Console) -> Answer:
    with opened(console.data) as installation:
        migrate_database(installation.urls)
    return Answer({"migrated": True}, [str(Text("완료", "done"))])


def _need_database(console: Console) -> None:
    """Set Django up on the database that is there: a process alone starts none."""
    os.environ["MADANG_DATA"] = str(console.data)
    os.environ["DATABASE_URL"] = database_there(console.data)
    set_up_django()


def database_there(data: Path) -> str:
    """DATABASE_URL, else the embedded server while it runs. Raises DatabaseUnwell."""
    given = os.environ.get("DATABASE_URL")
    if given:
        return given
    superuser = EmbeddedPostgres(data / "postgres").running_url
    if superuser is None:
        raise DatabaseUnwell(reason="set DATABASE_URL, or start it with madang up")
    return urls_from(superuser).app
