"""Hearing from the database that something changed which gateways must know."""

from __future__ import annotations

import asyncio

import psycopg
from django.db import connections
from psycopg.conninfo import make_conninfo

from madang.metering.till.settings import Backoff

CHANNEL = "madang_snapshot"
_WORDS = {
    "NAME": "dbname",
    "USER": "user",
    "PASSWORD": "password",
    "HOST": "host",
    "PORT": "port",
}


def _conninfo() -> str:
    """The default database as psycopg names it; what is empty is left to its defaults."""
    settings = connections.databases["default"]
    given = {word: str(settings[name]) for name, word in _WORDS.items() if settings[name]}
    return make_conninfo("", **given)


async def hear_changes(changed: asyncio.Event, *, backoff: Backoff) -> None:
    """Set `changed` on every notice, until cancelled; connect again when the line is lost.

    A notice may be missed while there is no line: the till also looks by itself.
    """
    while True:
        try:
            await _hear(changed, backoff)
        except psycopg.OperationalError:
            backoff.grow()
            await asyncio.sleep(backoff.pause_s)


async def _hear(changed: asyncio.Event, backoff: Backoff) -> None:
    connection = await psycopg.AsyncConnection.connect(_conninfo(), autocommit=True)
    async with connection:
        await connection.execute(f"LISTEN {CHANNEL}")
        backoff.reset()
        async for _ in connection.notifies():
            changed.set()
