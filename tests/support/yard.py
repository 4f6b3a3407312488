"""A real portal for browsers and clients: own database, own gunicorn, own movable clock."""

from __future__ import annotations

import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg

SRC = Path(__file__).parents[2] / "src"
PASSWORD = "open-the-yard-2026"
READY_S_MAX = 60
STOP_S_MAX = 30


@dataclass
class Yard:
    """A running portal, and the command line beside it."""

    url: str
    data: Path
    environment: dict[str, str]

    def madang(self, *words: str) -> dict:
        """A command of the installation; its JSON answer."""
        return json.loads(_run(self.environment, "-m", "madang.cli", *words, "--json"))

    def api(self, path: str, body: dict, token: str) -> dict:
        request = urllib.request.Request(
            f"{self.url}/api/v1{path}",
            json.dumps(body).encode(),
            {"content-type": "application/json", "authorization": f"Bearer {token}"},
        )
        with urllib.request.urlopen(request) as response:
            return json.loads(response.read())


@contextmanager
def open_yard(superuser: str, folder: Path, declarations: str) -> Iterator[Yard]:
    """Database, migrations, static files, declarations, gunicorn; all gone at the end."""
    database = f"browser_{secrets.token_hex(4)}"
    _sql(superuser, f"CREATE DATABASE {database} ENCODING 'UTF8' TEMPLATE template0")
    port = _free_port()
    environment = _environment(superuser, database, folder, port)
    try:
        _run(environment, "-m", "django", "migrate", "-v0")
        _run(environment, "-m", "django", "collectstatic", "-v0", "--noinput")
        yard = Yard(f"http://127.0.0.1:{port}", folder, environment)
        yard.madang("apply", str(_declared(folder, declarations)))
        with _gunicorn(environment, port, folder):
            yield yard
    finally:
        _sql(superuser, f"DROP DATABASE {database} WITH (FORCE)")


def _environment(superuser: str, database: str, folder: Path, port: int) -> dict[str, str]:
    url = superuser.replace("/postgres?", f"/{database}?")
    assert database in url, superuser
    return {
        **os.environ,
        "PYTHONPATH": str(SRC),
        "DJANGO_SETTINGS_MODULE": "madang.portal.settings",
        "DATABASE_URL": url,
        "DATABASE_OWNER_URL": url,
        "MADANG_DATA": str(folder),
        "MADANG_TEST": "1",
        "MADANG_SECRET_KEY": "only-for-browser-tests",
        "MADANG_PORTAL_URL": f"http://127.0.0.1:{port}",
        "MADANG_GATEWAY_URL": "http://127.0.0.1:8080",
        "MADANG_PORTAL_BIND": f"127.0.0.1:{port}",
        "MADANG_PORTAL_WORKERS": "1",
    }


def _declared(folder: Path, text: str) -> Path:
    """YEAR and NEXT in the text stand for this year and the one after."""
    year = time.gmtime().tm_year
    path = folder / "yard.toml"
    path.write_text(text.replace("NEXT", str(year + 1)).replace("YEAR", str(year)))
    return path


@contextmanager
def _gunicorn(environment: dict[str, str], port: int, folder: Path) -> Iterator[None]:
    words = [sys.executable, "-m", "gunicorn", "-c", "python:madang.portal.gunicorn_conf"]
    with (folder / "portal.log").open("w") as log:
        process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        try:
            _wait_until_well(process, port, folder / "portal.log")
            yield
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(STOP_S_MAX)


def _wait_until_well(process: subprocess.Popen, port: int, log: Path) -> None:
    deadline = time.monotonic() + READY_S_MAX
    while time.monotonic() < deadline:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz"):
                return
        except (urllib.error.URLError, ConnectionError):
            try:
                process.wait(0.1)
            except subprocess.TimeoutExpired:
                continue
            raise AssertionError(log.read_text()) from None
    raise AssertionError(f"not ready in {READY_S_MAX} s: {log.read_text()}")


def _run(environment: dict[str, str], *words: str) -> str:
    done = subprocess.run(
        [sys.executable, *words], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout


def _sql(superuser: str, statement: str) -> None:
    with psycopg.connect(superuser, autocommit=True) as connection:
        connection.execute(statement)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
