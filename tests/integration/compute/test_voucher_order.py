"""Grants may pay from one voucher, so that the order of grants is none of vouchers: whoever
posts on several locks their vouchers in one order, a reading as well as a group of submissions.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager
from datetime import timedelta

from compute_stage import PLATFORM, ScriptedEngine, Stage, fact, now
from django.db import connection, transaction
from metering_market import OPERATOR

from madang.compute.grants.actions import GrantTerms, give_grant
from madang.compute.grants.queries import standing_of
from madang.compute.jobs import actions
from madang.compute.jobs.intents import Wanted
from madang.compute.jobs.models import Job
from madang.compute.jobs.orders import JobOrder
from madang.compute.lines.models import Line

WAIT_S_MAX = 60
WAITING = "SELECT count(*) FROM pg_locks WHERE NOT granted"


class Meeting:
    """Both have locked a voucher before either locks another one, unless one of them must wait
    for the other: then the other goes on."""

    def __init__(self) -> None:
        self.first = {name: threading.Event() for name in ("reading", "submitting")}

    @contextmanager
    def of(self, name: str):
        with connection.execute_wrapper(lambda *call: self._look(name, *call)):
            yield

    def _look(self, name, execute, sql, params, many, context):
        found = execute(sql, params, many, context)
        is_lock = "metering_voucher" in sql and "FOR NO KEY UPDATE" in sql
        if is_lock and not self.first[name].is_set():
            self.first[name].set()
            self._until_the_other_is_here_or_waits(name)
        return found

    def _until_the_other_is_here_or_waits(self, name: str) -> None:
        (other,) = (event for one, event in self.first.items() if one != name)
        for _ in range(WAIT_S_MAX * 20):
            with connection.cursor() as cursor:
                cursor.execute(WAITING)
                if cursor.fetchone()[0]:
                    return
            if other.wait(0.05):
                return
        raise AssertionError("the other never came")


def crossed(stage: Stage):
    """Four grants on two vouchers. The first two are read and the last two submitted to; in
    the order of their ids the read ones are paid by the later voucher first."""
    with transaction.atomic():
        firm = stage.market.organisation("hana")
        until = stage.at + timedelta(days=200)
        early, late = (
            stage.market.voucher(
                f"v{n}", organisation="hana", offerings=("gj/*",), expires_at=until
            )
            for n in range(2)
        )
        today = stage.at.date()
        begins, ends = today - timedelta(days=5), today + timedelta(days=100)
        return [
            give_grant(
                OPERATOR, firm, stage.gpu_class, voucher,
                GrantTerms(f"g{n}", 36_000, 2, begins, ends, ("1/1",)),
                approved="op-2", at=stage.at,
            )
            for n, voucher in enumerate((late, early, late, early))
        ]  # fmt: skip


def test_a_reading_and_a_group_of_submissions_never_wait_for_each_other_in_a_ring(
    committed_db,
) -> None:
    with transaction.atomic():
        stage = Stage(won_each="1.5")
    grants, engine, meeting = crossed(stage), ScriptedEngine(), Meeting()
    for number, grant in enumerate(grants):
        job = stage.submit(grant, engine, f"first-{number}", cards=1)
        grant.refresh_from_db()
        if number < 2:
            begun = now() - timedelta(seconds=50)
            engine.facts.append(fact(job, starts=begun, lasts_s=30, cards=1))
    failed: list[Exception] = []
    told = []

    def reading() -> None:
        with meeting.of("reading"):
            stage.poll(engine)

    def submitting() -> None:
        order = JobOrder("second", 1, 60, script="exit 0")
        with meeting.of("submitting"):
            told.extend(
                actions._all_or_none(
                    [Wanted(PLATFORM, grant, order) for grant in grants[2:]], engine, now()
                )
            )

    def run(work) -> None:
        try:
            work()
        except Exception as err:  # noqa: BLE001  the test looks at it
            failed.append(err)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=[work]) for work in (reading, submitting)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(2 * WAIT_S_MAX)
    assert ([thread.is_alive() for thread in threads], failed) == ([False, False], [])
    assert [one.job.state for one in told] == ["queued", "queued"]
    assert (Line.objects.count(), Job.objects.count()) == (2, 6)
    assert [standing_of(grant).used for grant in grants] == [30, 30, 0, 0]
    for grant in grants:
        stage.check(grant)
