"""One installation: its folder, its database, and Django set up for one command.

Commands work with the platform up or down. With the embedded PostgreSQL the last one out turns
off the light: every user of the server holds a shared lock on one file, and whoever, on
leaving, can have that lock alone stops the server. The kernel drops the lock of a process that
dies, so that nothing stays open after a kill.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import psycopg
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from madang.cli.errors import DatabaseUnwell
from madang.cli.main import set_up_django
from madang.cli.postgres import APP, READ, DatabaseUrls, EmbeddedPostgres
from madang.core.clock import Clock, clock_for

FOLDERS = ("run", "journal", "secrets", "objects", "static", "logs")
FOLDER_MODE = 0o700
MIGRATED = "madang-migrated"
EMBEDDED_OPTIONS = {
    "max_connections": "200",
    "shared_buffers": "'256MB'",
    "checkpoint_timeout": "'15min'",
}


@dataclass(frozen=True, slots=True)
class Installation:
    """An open installation: database reachable, schema current, Django ready."""

    data: Path
    clock: Clock
    urls: DatabaseUrls
    is_embedded: bool

    @property
    def till_socket(self) -> Path:
        return self.data / "run" / "till.sock"


def make_folders(data: Path) -> None:
    """The data folder and what it holds, for its owner's eyes only."""
    data.mkdir(parents=True, exist_ok=True)
    for name in FOLDERS:
        (data / name).mkdir(mode=FOLDER_MODE, exist_ok=True)


@contextmanager
def opened(data: Path) -> Iterator[Installation]:
    """The installation of a data folder, its database started for the duration if need be."""
    make_folders(data)
    is_embedded = not os.environ.get("DATABASE_URL")
    with _database(data) as urls:
        os.environ.update(MADANG_DATA=str(data), DATABASE_URL=urls.app)
        set_up_django()
        point_django_at(urls.app)
        if is_embedded:
            migrate_if_stale(data, urls)
        yield Installation(data, clock_for(data), urls, is_embedded)


def point_django_at(url: str) -> None:
    """Use this database from now on: the settings were read before it was started."""
    from django.db import connections  # only loaded when Django is

    from madang.portal.settings import _database as as_django

    connections.close_all()
    connections.databases["default"].update(as_django(url))


@contextmanager
def _database(data: Path) -> Iterator[DatabaseUrls]:
    given = os.environ.get("DATABASE_URL")
    if given:
        owner = os.environ.get("DATABASE_OWNER_URL") or given
        yield DatabaseUrls(owner=owner, app=given, superuser=owner)
        return
    with _shared(data / "run" / "postgres.users") as lock:
        server = EmbeddedPostgres(data / "postgres")
        try:
            yield start_embedded(server)
        finally:
            os.environ.pop("DATABASE_URL", None)
            if _can_have_alone(lock):
                _forget_connections()
                server.stop()


def start_embedded(server: EmbeddedPostgres) -> DatabaseUrls:
    """Start the server, one starter at a time. Raises DatabaseUnwell when it does not start."""
    server.folder.parent.mkdir(parents=True, exist_ok=True)
    with (server.folder.parent / "run" / "postgres.start").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        try:
            return server.start(EMBEDDED_OPTIONS)
        except (OSError, subprocess.SubprocessError, psycopg.Error) as err:
            raise DatabaseUnwell(reason=str(err).rstrip(".")) from err


@contextmanager
def _shared(path: Path) -> Iterator[IO[str]]:
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_SH)
        yield file


def _can_have_alone(lock: IO[str]) -> bool:
    """True when nobody else uses the server. The lock stays with us until the file closes."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _forget_connections() -> None:
    from django.db import connections  # only loaded when Django is

    connections.close_all()


def migrate_if_stale(data: Path, urls: DatabaseUrls) -> None:
    """Migrate the embedded database when the code's migrations changed since the last time."""
    stamp = data / "run" / MIGRATED
    wanted = f"{migrations_digest()} {_cluster(data)}"
    if not stamp.exists() or stamp.read_text() != wanted:
        migrate(urls)
        stamp.write_text(wanted)


def _cluster(data: Path) -> int:
    """What tells one cluster from the next one made in its place."""
    return os.stat(data / "postgres" / "PG_VERSION").st_mtime_ns


def migrations_digest() -> str:
    """A digest of every migration that the installed apps bring."""
    from django.apps import apps  # only loaded when Django is

    digest = hashlib.sha256()
    for app in apps.get_app_configs():
        folder = Path(app.path) / "migrations"
        for path in sorted(folder.glob("*.py")):
            digest.update(f"{app.label}/{path.name} {path.stat().st_size}\n".encode())
    return digest.hexdigest()


def migrate(urls: DatabaseUrls) -> None:
    """Bring the schema up to date as its owner; the application's role gets rows only."""
    from django.core.management import call_command  # only loaded when Django is

    if urls.owner != urls.app:
        _grant_by_default(urls)
    point_django_at(urls.owner)
    try:
        call_command("migrate", verbosity=0, interactive=False)
    finally:
        point_django_at(urls.app)


def _grant_by_default(urls: DatabaseUrls) -> None:
    """Tables that the owner makes from now on: rows for the application, reading for reports.

    What must never change (journals, entries, events) takes UPDATE and DELETE away again in
    its own room's migration.
    """
    app = conninfo_to_dict(urls.app).get("user") or APP
    with psycopg.connect(urls.owner, autocommit=True) as connection:
        roles = {role for (role,) in connection.execute("SELECT rolname FROM pg_roles")}
        for role, rights in (
            (app, "SELECT, INSERT, UPDATE, DELETE ON TABLES"),
            (app, "USAGE, SELECT ON SEQUENCES"),
            (READ, "SELECT ON TABLES"),
        ):
            if role in roles:
                grant = "ALTER DEFAULT PRIVILEGES IN SCHEMA public GRANT {} TO {}"
                words = sql.SQL(rights), sql.Identifier(str(role))
                connection.execute(sql.SQL(grant).format(*words))
