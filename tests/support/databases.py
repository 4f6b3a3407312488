"""A database of a test's own on the run's server, in the place of the test database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from uuid import uuid4

import psycopg
from django.db import connections

EMPTY = "template0"


@contextmanager
def own_database(template: str) -> Iterator[str]:
    """A copy of `template`; dropped afterwards."""
    settings = connections.databases["default"]
    original, copy = settings["NAME"], f"copy_{uuid4().hex[:12]}"
    place = {"host": settings["HOST"], "user": settings["USER"], "dbname": "postgres"}
    if settings["PORT"]:
        place["port"] = settings["PORT"]
    connections["default"].close()
    with psycopg.connect(**place, autocommit=True) as server:
        server.execute(f'CREATE DATABASE "{copy}" TEMPLATE "{template}"')
    settings["NAME"] = copy
    try:
        yield copy
    finally:
        connections.close_all()
        settings["NAME"] = original
        with psycopg.connect(**place, autocommit=True) as server:
            server.execute(f'DROP DATABASE "{copy}" WITH (FORCE)')
