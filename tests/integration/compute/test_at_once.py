"""Groups of submissions at the same moment: none waits for another at its COMMIT, and a key
that comes twice in one group is one job, told as new to one of the two."""

from __future__ import annotations

import threading

import pytest
from compute_stage import PLATFORM, ScriptedEngine, Stage, now
from django.db import connection, transaction

from madang.compute.grants.models import QuotaChange
from madang.compute.grants.queries import locked_grant, quota_for
from madang.compute.jobs import actions
from madang.compute.jobs.intents import Wanted
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.metering import quotas

WAIT_S_MAX = 60
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


def in_a_thread(work) -> tuple[threading.Thread, list[Exception]]:
    failed: list[Exception] = []

    def run() -> None:
        try:
            work()
        except Exception as err:  # noqa: BLE001  the test looks at it
            failed.append(err)
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread, failed


def until_somebody_waits() -> None:
    turns = threading.Event()
    for _ in range(WAIT_S_MAX * 20):
        with connection.cursor() as cursor:
            cursor.execute(WAITING)
            if cursor.fetchone()[0]:
                return
        turns.wait(0.05)
    raise AssertionError("nobody waits")


def test_a_commit_waits_for_no_grant_that_somebody_else_holds(committed_db) -> None:
    """One has the ledger's lock of a grant and has added a row that names the grant; another
    has locked the grant and waits for the ledger. The first one's COMMIT checks that the grant
    exists: would it wait for the grant, both would wait for ever."""
    with transaction.atomic():
        grant = Stage().grant()
    is_held = threading.Event()

    def other() -> None:
        with transaction.atomic():
            row = locked_grant(grant.id)
            is_held.set()
            quotas.lock(quota_for(row))

    with transaction.atomic():
        quotas.lock(quota_for(grant))
        QuotaChange.objects.create(
            grant=grant, kind="tranche", gpu_seconds=1, by="op-1", at=now()
        )
        thread, failed = in_a_thread(other)
        assert is_held.wait(WAIT_S_MAX)
        until_somebody_waits()
    thread.join(WAIT_S_MAX)
    assert (thread.is_alive(), failed) == (False, [])
    assert QuotaChange.objects.filter(grant=grant, gpu_seconds=1).count() == 1


@pytest.mark.django_db
def test_a_key_that_comes_twice_in_one_group_is_told_as_new_once() -> None:
    stage, engine = Stage(), ScriptedEngine()
    grant = stage.grant()
    order = JobOrder("twin", 1, 60, script="exit 0")
    other = JobOrder("single", 1, 60, script="exit 0")
    group = [Wanted(PLATFORM, grant, one) for one in (order, other, order)]
    done = actions._each(group, engine, now())
    assert [one.replayed for one in done] == [False, False, True]
    assert done[0].job.id == done[2].job.id
    assert (Job.objects.count(), len(engine.submitted)) == (2, 2)
    again = actions._each(group, engine, now())
    assert [one.replayed for one in again] == [True, True, True]
    batch = actions.submit_jobs(
        PLATFORM, grant, [JobOrder("two", 1, 60, script="exit 0")] * 2, engine, at=now()
    )
    assert [one.replayed for one in batch] == [False, True]
    stage.check(grant)
