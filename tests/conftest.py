"""Shared by all tests: one real PostgreSQL for the run, a clock that stands still."""

from __future__ import annotations

import atexit
import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

os.environ.setdefault("MADANG_TEST", "1")
os.environ.setdefault("MADANG_SECRET_KEY", "only-for-tests")
if "MADANG_DATA" not in os.environ:  # a worker of ours finds the one of the run
    data = tempfile.TemporaryDirectory(prefix="madang-test-")
    atexit.register(data.cleanup)
    os.environ["MADANG_DATA"] = data.name

import pytest
from hypothesis import HealthCheck, settings
from steps import claims, watch

from madang.cli.postgres import DatabaseUrls, EmbeddedPostgres
from madang.core.clock import FixedClock

settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")
"""Drawing and running examples takes its time on a slow or busy machine: that is no fault."""

FAST = {"fsync": "off", "full_page_writes": "off", "max_connections": "200"}
"""No test pulls the plug of the machine: a killed server loses nothing without fsync."""


@pytest.fixture(scope="session")
def postgres_urls(tmp_path_factory: pytest.TempPathFactory):
    """A real server for this run: the one in DATABASE_URL, else one from the wheel."""
    given = os.environ.get("MADANG_TEST_DATABASE_URL")
    if given:
        yield DatabaseUrls(owner=given, app=given, superuser=given)
        return
    with tempfile.TemporaryDirectory(prefix="madang-pg-") as folder:
        server = EmbeddedPostgres(Path(folder) / "cluster")
        try:
            yield server.start(FAST)
        finally:
            server.stop()


@pytest.fixture(scope="session", autouse=True)
def own_counters(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Tests that run beside these in another process do not count with them."""
    from django.conf import settings

    settings.CACHES["default"]["LOCATION"] = str(tmp_path_factory.mktemp("counters"))


@pytest.fixture(scope="session")
def django_db_modify_db_settings(postgres_urls: DatabaseUrls) -> None:
    """Point Django at the run's server, as the superuser: tests create and drop databases."""
    from django.db import connections

    from madang.portal.settings import _database

    connections.databases["default"].update(_database(postgres_urls.superuser))


@pytest.fixture(scope="session")
def django_db_setup(django_test_environment, django_db_blocker, django_db_modify_db_settings):
    """The migrated test database, also for tests that ask for it by `database` below."""
    from django.test.utils import setup_databases, teardown_databases

    with django_db_blocker.unblock():
        made = setup_databases(verbosity=0, interactive=False)
    yield
    with django_db_blocker.unblock():
        teardown_databases(made, verbosity=0)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime(2026, 3, 2, 1, 0, tzinfo=UTC))


@pytest.fixture
def committed_db(django_db_setup, django_db_blocker):
    """A database of the test's own in which everything is really committed, for threads and
    processes: a copy of the migrated one, dropped afterwards. Use it in the place of `db`."""
    from databases import own_database
    from django.db import connections

    migrated = connections.databases["default"]["NAME"]
    with django_db_blocker.unblock(), own_database(migrated) as name:
        yield name


@pytest.fixture
def empty_db(django_db_setup, django_db_blocker):
    """A database without a table, in the place of the test database."""
    from databases import EMPTY, own_database

    with django_db_blocker.unblock(), own_database(EMPTY) as name:
        yield name


@pytest.fixture
def database(request: pytest.FixtureRequest) -> None:
    """For fixtures that make rows: rolled back, or committed where the test asks for it."""
    asked = "committed_db" if "committed_db" in request.fixturenames else "db"
    request.getfixturevalue(asked)


@pytest.fixture(scope="session")
def cluster():
    """A real Slurm, started when the first test asks for it."""
    from slurm_rig import start_cluster, stop_cluster

    rig = start_cluster()
    try:
        yield rig
    finally:
        stop_cluster(rig)


@pytest.fixture(autouse=True)
def watched_steps(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch):
    """Hold a test to the steps of the workflow tables that `steps.txt` says it takes.

    MADANG_STEPS names a file to which every test writes what it was seen to do: so one finds
    the test to name for a new step.
    """
    notes = os.environ.get("MADANG_STEPS", "")
    wanted = claims().get(request.node.nodeid, set())
    if not notes and not wanted:
        yield
        return
    seen = watch(monkeypatch)
    yield
    if notes:
        with Path(notes).open("a", encoding="utf-8") as file:
            file.writelines(
                f"{way} {step} {request.node.nodeid}\n" for way, step in sorted(seen.pairs())
            )
    assert wanted <= seen.pairs(), sorted(wanted - seen.pairs())
