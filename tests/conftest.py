"""Shared by all tests: one real PostgreSQL for the run, a clock that stands still."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("MADANG_TEST", "1")
os.environ.setdefault("MADANG_SECRET_KEY", "only-for-tests")
os.environ.setdefault("MADANG_DATA", tempfile.mkdtemp(prefix="madang-test-"))

import pytest

from madang.cli.postgres import DatabaseUrls, EmbeddedPostgres
from madang.core.clock import FixedClock

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
"""No test pulls the plug of the machine: a killed server loses nothing without fsync."""


@pytest.fixture(scope="session")
def postgres_urls(tmp_path_factory: pytest.TempPathFactory):
    """A real server for this run: the one in DATABASE_URL, else one from the wheel."""
    given = os.environ.get("MADANG_TEST_DATABASE_URL")
    if given:
        yield DatabaseUrls(owner=given, app=given, superuser=given)
        return
    server = EmbeddedPostgres(Path(tempfile.mkdtemp(prefix="madang-pg-")) / "cluster")
    try:
        yield server.start(FAST)
    finally:
        server.stop()


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_urls: DatabaseUrls) -> None:
    """Point Django at the run's server, as the superuser: tests create and drop databases."""
    from django.db import connections

    from madang.portal.settings import _database

    connections.databases["default"].update(_database(postgres_urls.superuser))


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))
